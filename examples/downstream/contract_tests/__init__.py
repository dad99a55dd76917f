"""Our own package."""

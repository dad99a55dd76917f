"""One run at one target."""

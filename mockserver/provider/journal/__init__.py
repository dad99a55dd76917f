"""Every call that arrived, what it got and why."""

"""HTTP: the fake provider behind a server of its own, and behind Flask."""

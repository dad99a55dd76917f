"""HTTP: the fake provider behind Flask and behind one ASGI server."""

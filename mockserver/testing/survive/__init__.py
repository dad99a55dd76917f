"""Does a client survive? Scenarios, how they are played, and what a failure points at."""

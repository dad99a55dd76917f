"""The fake provider: plain Python, bytes in, reply out. Knows the contract only."""

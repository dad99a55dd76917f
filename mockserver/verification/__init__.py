"""Judging a target: the fake, or the real endpoint. Knows the contract only."""

"""Request cases: what is sent, and what the contract lets come of it."""

"""One exchange held to the clauses: what somebody outside sees of a call, and what the contract says of it."""

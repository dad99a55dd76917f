"""Golden data in `fixtures/`, for tests in any language: made, and checked."""

"""What docs/benchmarks.md claims, measured."""

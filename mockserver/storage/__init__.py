"""Where the log of changes lives when it outlives the process: a SQLite file, or PostgreSQL."""

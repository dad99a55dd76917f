"""The scenarios of clients that read a project by the status call."""

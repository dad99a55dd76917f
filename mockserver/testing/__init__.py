"""What a downstream test uses."""

"""Ways in which a reply goes wrong on its way, and which calls they hit."""

"""What became of our vouchers, asked from APIGames."""

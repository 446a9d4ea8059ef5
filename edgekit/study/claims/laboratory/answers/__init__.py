"""What a laboratory answers beside ratios."""

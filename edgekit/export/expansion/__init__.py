"""What operators with much inside are made of: material for the longer rewrite rules."""

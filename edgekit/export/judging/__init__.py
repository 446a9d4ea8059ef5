"""How close a file comes to what it was made of."""

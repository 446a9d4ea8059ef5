"""Choosing among exact forms of a file by measuring them."""

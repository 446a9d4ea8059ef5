"""Encodings as a file of their own."""

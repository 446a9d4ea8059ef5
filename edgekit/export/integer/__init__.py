"""Integers: encodings, the graph that they belong to, and the encoded graph."""

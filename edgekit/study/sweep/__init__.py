"""Measuring what the store lacks of a grid, here or on other engines."""

"""Climbing the ladder of rungs only as far as a budget of accuracy asks."""

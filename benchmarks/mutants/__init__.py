"""Mutation check of the rewrite rules."""

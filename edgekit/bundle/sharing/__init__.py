"""Bundles in a registry, and their signatures."""

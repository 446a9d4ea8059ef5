"""Estimates for devices that are not at hand."""

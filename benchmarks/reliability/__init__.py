"""Hostile files, kills and memory: what `make reliability` runs and docs/reliability.md reports."""

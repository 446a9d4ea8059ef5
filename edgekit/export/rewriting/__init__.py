"""Rewrite rules at work: menus, choices among them, and the record of what they changed."""

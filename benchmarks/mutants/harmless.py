"""Conditions whose loss no test can notice, and why."""

from __future__ import annotations

REASONS: dict[str, dict[str, str]] = {}

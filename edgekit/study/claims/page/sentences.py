"""A claim in one sentence."""

from __future__ import annotations

from edgekit.study.claims.claim import Claim, Finding


def sentence(said: Claim | Finding) -> str:
    """Return what the paper says, and where."""
    return f"{said.statement[0].upper()}{said.statement[1:]}. ({said.paper}; {said.where})"

"""SARIF 2.1.0, the form in which code hosts take what a tool found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from edgekit import __version__


def document(rules: Sequence[Mapping[str, object]], results: Sequence[Mapping[str, object]]) -> str:
    """Return the document of one run of edgekit.

    Args:
        rules: SARIF's reportingDescriptor objects: what was looked for.
        results: SARIF's result objects: what was found.
    """
    driver = {"name": "edgekit", "version": __version__, "rules": list(rules)}
    whole = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": list(results)}],
    }
    return json.dumps(whole, indent=2) + "\n"

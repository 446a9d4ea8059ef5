"""The process that reads a file of somebody else's starts before this one has imported much."""

from __future__ import annotations

import click


def started_ahead(what: str) -> None:
    """Start the process that will read ``what``, if it is such a file; the command ends it."""
    if not what.lower().endswith(".onnx"):
        return
    from edgekit.export.sources.onnx_file import READER
    from edgekit.processes import limited

    click.get_current_context().with_resource(limited.ahead(READER))

"""Doubts and remarks about a file: what it computed, and who ran which part of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from edgekit.devices.reports.issues.issue import Issue
from edgekit.runtimes import ModelInfo


def outputs_differ(file: str, outputs_sha256: Collection[str]) -> Iterator[Issue]:
    """Yield that processes computed different outputs; each has a hash of its own."""
    if len(set(outputs_sha256)) > 1:
        yield Issue(
            "outputs-differ",
            f"{file} computed different outputs from the same inputs",
            "compare the file with its source before using it",
        )


def delegate(info: ModelInfo) -> Iterator[Issue]:
    """Yield what a delegate leaves to other kernels, and that it runs the graph in pieces."""
    if info.operators_outside:
        yield Issue(
            "outside-delegate",
            f"{info.delegate} leaves {', '.join(info.operators_outside)} to slower kernels",
            "replace these operators if the time matters",
            doubtful=False,
        )
    if info.partitions is not None and info.partitions != 1:
        yield Issue(
            "partitions",
            f"the delegate runs {info.partitions} pieces of the graph, not 1",
            "expect other runtimes and devices to split it elsewhere",
            doubtful=False,
        )


def runtimes(infos: Sequence[ModelInfo]) -> Iterator[Issue]:
    """Yield that files which took turns ran on different runtimes."""
    if len({info.runtime for info in infos}) > 1:
        yield Issue(
            "runtimes",
            "the files ran on different runtimes in one process",
            "expect other ratios on other processors",
            doubtful=False,
        )

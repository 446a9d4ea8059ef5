"""Time of each operator on ONNX Runtime, by its own profiler."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import RefusedError
from edgekit.runtimes.operators import Operand, Operator, OperatorTime
from edgekit.runtimes.ort import operators as onnx_operators
from edgekit.runtimes.ort import session as ort

_DISCARDED = 5  # first runs, which allocate and fill the caches
_LEAST_RUNS = 20
_MOST_EVENTS = 200_000  # the profiler stops at a million, and its file takes 600 bytes for each


def profile(
    path: Path, threads: int, feeds: Mapping[str, np.ndarray], num_runs: int
) -> tuple[tuple[Operator, ...], tuple[OperatorTime, ...]]:
    """Run an .onnx file under the profiler.

    Args:
        path: the file.
        threads: threads to compute with.
        feeds: its inputs.
        num_runs: runs to keep; fewer, at least 20, of graphs of very many operators.

    Returns:
        The operators of the graph as ONNX Runtime optimized it, and the time of each.

    Raises:
        UnreadableModelError: ONNX Runtime rejects the file.
        RefusedError: the profile does not fit the graph: it branches, or is no .onnx file.
    """
    if path.suffix.lower() == ".ort":
        raise _refused(f"{path}: only .onnx files can be profiled on ONNX Runtime")
    with tempfile.TemporaryDirectory(prefix="edgekit-") as folder:
        saved = Path(folder, "optimized.onnx")
        session = ort.load(path, threads, profile=Path(folder, "profile"), optimized=saved)
        graph = onnx_operators.read(saved)
        kept = min(num_runs, max(_LEAST_RUNS, _MOST_EVENTS // max(1, len(graph.nodes))))
        session.set_inputs(feeds)
        for _ in range(_DISCARDED + kept):
            session.invoke()
        events = json.loads(Path(session.end_profiling()).read_text())
    nodes = [event for event in events if event["cat"] == "Node"]
    count = len(graph.nodes)
    last = nodes[-count:]
    kinds = [event["args"]["op_name"] for event in last]
    if kinds != [node.kind for node in graph.nodes] or len(nodes) != count * (_DISCARDED + kept):
        raise _refused(f"{path}: the profile does not fit the graph, which may branch or loop")
    inputs = {name: Operand(tuple(array.shape), array.dtype.name) for name, array in feeds.items()}
    operators = onnx_operators.operators(
        onnx_operators.read(path),
        graph,
        inputs,
        [event["args"]["output_type_shape"] for event in last],
    )
    times = [_time(nodes[count * _DISCARDED + number :: count]) for number in range(count)]
    return operators, tuple(times)


def _time(events: list[dict[str, Any]]) -> OperatorTime:
    # Durations are cut off to whole microseconds: each stands for the microsecond from there on.
    median_us = statistics.median_grouped([event["dur"] + 0.5 for event in events], 1)
    return OperatorTime(1e3 * median_us, len(events))


def _refused(message: str) -> RefusedError:
    return RefusedError(message, reason_code="profile-unfit")

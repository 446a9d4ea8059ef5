"""Time of each class of layers of an .onnx file, by ONNX Runtime's own profiler, on one thread.

    python onnxruntime_layers.py MODEL.onnx

Prints one JSON document: for each class the time of a run in microseconds, which is the sum of
its kernels' median times, and the multiply-accumulates. Layers without any are the class "other".
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

RUNS = 30
_END = "_kernel_time"
_LAYERS = ("Conv", "Gemm", "MatMul")  # also as FusedConv, QLinearConv, QGemm and the like


def profile(path: Path) -> list[dict[str, Any]]:
    """Return the profiler's events of all runs but the first few."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder, "profile"))
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        (image,) = session.get_inputs()
        feeds = {image.name: np.random.default_rng(0).standard_normal(image.shape, np.float32)}
        for _ in range(RUNS):
            session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text())
    return [e for e in events if e["cat"] == "Node" and e["name"].endswith(_END)]


def weights(path: Path) -> dict[str, list[int]]:
    """Return the shape of the weight of each layer of a file, by the layer's name."""
    graph = onnx.load(path).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in shapes:
            shapes[node.output[0]] = shapes[node.input[0]]
    layers = [n for n in graph.node if n.op_type in _LAYERS and len(n.input) > 1]
    return {node.name: shapes[node.input[1]] for node in layers if node.input[1] in shapes}


def layer_class(event: dict[str, Any], known: dict[str, list[int]]) -> tuple[str, int]:
    """Return the class of a kernel's layer, and its multiply-accumulates."""
    if not any(name in event["args"]["op_name"] for name in _LAYERS):
        return "other", 0
    shapes = [s for entry in event["args"]["input_type_shape"] for s in entry.values()]
    (output,) = event["args"]["output_type_shape"][0].values()
    # The runtime names a kernel after the layer, or after what it fuses with it.
    named = [name for name in known if name and name in event["name"]]
    weight = known[max(named, key=len)] if named else []
    if len(shapes) > 1 and len(shapes[1]) == 4:
        weight = shapes[1]
    if not weight:
        return "other", 0
    if len(weight) == 2:
        return "fully connected", math.prod(weight)
    macs = math.prod(output) * math.prod(weight[1:])
    if weight[2:] == [1, 1]:
        channels = shapes[0][1 if output[1] == weight[0] else -1]  # NCHW, or NHWC
        return "1x1" if weight[1] == channels else "1x1 grouped", macs
    return "depthwise" if weight[1] == 1 else "spatial", macs


def main() -> None:
    """Profile one file."""
    parser = argparse.ArgumentParser(description="Profile with ONNX Runtime.")
    parser.add_argument("model", type=Path)
    path = parser.parse_args().model
    known = weights(path)
    times: dict[str, list[int]] = defaultdict(list)
    events = profile(path)
    for event in events:
        times[event["name"]].append(event["dur"])
    first = {event["name"]: event for event in reversed(events)}
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"time_us": 0.0, "macs": 0})
    for name, event in first.items():
        kind, macs = layer_class(event, known)
        found[kind]["time_us"] += float(np.median(times[name]))
        found[kind]["macs"] += macs
    print(json.dumps(found))


if __name__ == "__main__":
    main()

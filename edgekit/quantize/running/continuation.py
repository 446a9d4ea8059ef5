"""Go on through a graph from values that are known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
import onnx_ir as ir

from edgekit.quantize.running.segments import Values
from edgekit.quantize.running.session import load_graph
from edgekit.runtimes import Session


def run(graph: ir.Model, names: Sequence[str], known: Mapping[str, Values]) -> dict[str, Values]:
    """Return values of a graph, computing only what the known ones do not spare.

    Args:
        graph: standard ONNX with static shapes; it is left as it is.
        names: of the values wanted.
        known: values by name, one array a sample; the graph's inputs among them.
    """
    proto = ir.to_proto(graph)
    found = {name: list(known[name]) for name in names if name in known}
    missing = [name for name in dict.fromkeys(names) if name not in known]
    if not missing:
        return found
    nodes = _leading_to(missing, proto.graph, known)
    read = {name for node in nodes for name in node.input}
    inputs = [name for name in known if name in read]
    session = _session(proto, nodes, inputs, missing)
    found |= {name: [] for name in missing}
    for number in range(len(known[inputs[0]]) if inputs else 0):
        answers = session.run({name: known[name][number] for name in inputs})
        for name in missing:
            found[name].append(answers[name])
    return found


def _leading_to(
    names: Sequence[str], graph: onnx.GraphProto, known: Mapping[str, Values]
) -> list[onnx.NodeProto]:
    """Return the nodes between the known values and the named ones, in order."""
    wanted = set(names)
    nodes = []
    for node in reversed(graph.node):
        if not wanted.isdisjoint(node.output):
            nodes.append(node)
            wanted.update(name for name in node.input if name not in known)
    return nodes[::-1]


def _session(
    proto: onnx.ModelProto, nodes: list[onnx.NodeProto], inputs: list[str], outputs: list[str]
) -> Session:
    graph = proto.graph
    types = {v.name: v for v in (*graph.input, *graph.value_info, *graph.output)}
    read = {name for node in nodes for name in node.input}
    rest = onnx.helper.make_graph(
        nodes,
        "rest",
        [types[name] for name in inputs],
        [types[name] for name in outputs],
        [tensor for tensor in graph.initializer if tensor.name in read],
    )
    return load_graph(
        onnx.helper.make_model(rest, opset_imports=proto.opset_import, ir_version=proto.ir_version)
    )

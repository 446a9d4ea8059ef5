"""Where the largest and smallest values are: ArgMax, ArgMin, TopK, Hardmax."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit import types
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.orders import last, reduced_axes
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_CODES = {"ArgMax": "ARG_MAX", "ArgMin": "ARG_MIN"}


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit ARG_MAX or ARG_MIN; the last of equal values is the first from the other end."""
    steps, source = Steps(writer, node), g.operand(node, 0)
    axis = orders.axis(reduced_axes(node)[0], writer.order(source))
    number = types.fitted(writer, node, _CODES[node.op_type], writer.tensor(source))
    from_end = bool(node.attributes.get_int("select_last_index", 0))
    if from_end:
        number = _reversed(steps, number, axis)
    found = _argument(steps, _CODES[node.op_type], number, axis, "int64")
    if from_end:
        last = writer.program.tensors[number].shape[axis] - 1
        found = steps.apply("SUB", float(last), found)
    steps.finish(found)


def _argument(steps: Steps, code: str, source: int, axis: int, kind: str) -> int:
    shape = list(steps.writer.program.tensors[source].shape)
    del shape[axis]
    result = steps.temporary(shape, kind)
    options = "ArgMaxOptions" if code == "ARG_MAX" else "ArgMinOptions"
    dimension = steps.writer.constant("axis", np.array(axis, dtype=np.int32))
    values = {"outputType": int(getattr(schema.TensorType, kind.upper()))}
    steps.writer.emit(code, [source, dimension], [result], options, values)
    return result


def _reversed(steps: Steps, source: int, axis: int) -> int:
    result = steps.temporary(steps.writer.program.tensors[source].shape, steps.kind(source))
    axes = steps.writer.constant("axes", np.array([axis], dtype=np.int32))
    steps.writer.emit("REVERSE_V2", [source, axes], [result], "ReverseV2Options")
    return result


def emit_top(writer: Writer, node: ir.Node) -> None:
    """Emit TOPK_V2, which runs over the last stored dimension; for the smallest, of -x."""
    count, steps = g.scalar(node.inputs[1]), Steps(writer, node)
    if count is None:
        raise refuse(node, "the number of values must be constant", "dynamic-count")
    largest = bool(node.attributes.get_int("largest", 1))
    value = g.operand(node, 0)
    source = writer.tensor(value, last(writer.order(value), node.attributes.get_int("axis", -1)))
    source = types.fitted(writer, node, "TOPK_V2" if largest else "NEG", source)
    if not largest:
        source = steps.apply("NEG", source)
    shape = (*writer.program.tensors[source].shape[:-1], int(count))
    found, places = steps.temporary(shape, steps.kind(source)), steps.temporary(shape, "int32")
    amount = writer.constant("count", np.array(int(count), dtype=np.int32))
    writer.emit("TOPK_V2", [source, amount], [found, places], "TopKV2Options")
    steps.finish(found if largest else steps.apply("NEG", found))
    steps.finish(places, 1)


def emit_hardmax(writer: Writer, node: ir.Node) -> None:
    """Emit ONE_HOT of the place of the first largest value."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    axis = orders.axis(node.attributes.get_int("axis", -1), order)
    source = writer.part(node, 0)
    shape = writer.program.tensors[source].shape
    places = _argument(steps, "ARG_MAX", source, axis, "int32")
    inputs = [
        places,
        writer.constant("depth", np.array(shape[axis], dtype=np.int32)),
        writer.constant("on", np.array(1, dtype=np.float32)),
        writer.constant("off", np.array(0, dtype=np.float32)),
    ]
    result = steps.temporary(shape, "float32")
    writer.emit("ONE_HOT", inputs, [result], "OneHotOptions", {"axis": axis})
    steps.finish(result)


EMITTERS: Emitters = {
    ("", "ArgMax"): emit,
    ("", "ArgMin"): emit,
    ("", "Hardmax"): emit_hardmax,
    ("", "TopK"): emit_top,
}
VERSIONS: Versions = {"ARG_MAX": (2, 1), "ARG_MIN": (2, 1), "REVERSE_V2": (3, 1), "TOPK_V2": (2, 3)}

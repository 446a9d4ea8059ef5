"""MatMul: FULLY_CONNECTED for a constant matrix on the right, else BATCH_MATMUL."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit import activation, gemm, weights
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.orders import last
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_MOST_RANKS = 5  # of BATCH_MATMUL
_KEEPS_DIMENSIONS_VERSION = 5


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit one operator; products of vectors, and of more dimensions, are reshaped around it."""
    left, right = g.operand(node, 0), g.operand(node, 1)
    weight = g.constant(right)
    if left.dtype not in (None, ir.DataType.FLOAT):
        raise refuse(node, "products of plain integers are not supported", "dtype")
    if weight is not None and weight.ndim == 2 and g.constant(left) is None:
        if len(g.shape_of(left)) == 2:
            gemm.emit(writer, node)
        else:
            _emit_layer(writer, node, weight)
        return
    _emit_batch(writer, node)


def _emit_layer(writer: Writer, node: ir.Node, weight: np.ndarray) -> None:
    """Emit FULLY_CONNECTED over the last dimension of a value of any other rank than 2."""
    source, result = g.operand(node, 0), node.outputs[0]
    rank = len(g.shape_of(source))
    stored = writer.order(result)  # of size one, another dimension may stand behind the last
    needed = orders.natural(rank) if rank == 1 else last(stored, rank - 1)
    number = writer.tensor(source, needed)
    if rank == 1:
        number = writer.reshape(number, (1, weight.shape[0]), f"{source.name}_row")
    keeps = rank > 2
    values: dict[str, OptionValue] = {
        "fusedActivationFunction": activation.fused(node),
        "keepNumDims": keeps,
    }
    if weights.is_dynamic(node):
        values["asymmetricQuantizeInputs"] = True
    inputs = [
        number,
        weights.add_weight(writer, node, weight.T, 0),
        weights.add_bias(writer, node, _bias(node, weight.shape[1])),
    ]
    version = _KEEPS_DIMENSIONS_VERSION if keeps else 1
    final = target = writer.output(result)
    if not keeps or needed != stored:
        shape = orders.shape(g.shape_of(result), needed) if keeps else (1, weight.shape[1])
        target = writer.temporary(f"{result.name}_rows", shape, final)
    writer.emit(
        "FULLY_CONNECTED", inputs, [target], "FullyConnectedOptions", values, version=version
    )
    if target != final:
        writer.reshape(target, writer.shape(result), str(result.name), final)


def _bias(node: ir.Node, channels: int) -> np.ndarray:
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.zeros(channels, dtype=np.float32)
    return np.broadcast_to(np.asarray(g.constant(node.inputs[2])).reshape(-1), (channels,))


def _emit_batch(writer: Writer, node: ir.Node) -> None:
    """Emit BATCH_MATMUL; a Transpose of the last two dimensions is read where it is stored."""
    left, right, result = g.operand(node, 0), g.operand(node, 1), node.outputs[0]
    shapes = [list(g.shape_of(value)) for value in (left, right)]
    if len(shapes[0]) == 1:
        shapes[0].insert(0, 1)
    if len(shapes[1]) == 1:
        shapes[1].append(1)
    rank = max(len(shape) for shape in shapes)
    shapes = [[1] * (rank - len(shape)) + shape for shape in shapes]
    batch = np.broadcast_shapes(shapes[0][:-2], shapes[1][:-2])
    made = (*batch, shapes[0][-2], shapes[1][-1])
    if rank > _MOST_RANKS:
        shapes = [_merged(node, shape, batch) for shape in shapes]
    operands, turned = zip(
        *(_read(writer, value, shape) for value, shape in zip((left, right), shapes, strict=True)),
        strict=True,
    )
    merged = (math.prod(batch), *made[-2:]) if rank > _MOST_RANKS else made
    values: dict[str, OptionValue] = {"adjX": turned[0], "adjY": turned[1]}
    plain = writer.shape(result) == merged
    number = (
        writer.output(result)
        if plain
        else writer.temporary(f"{result.name}_product", merged, operands[0])
    )
    writer.emit("BATCH_MATMUL", operands, [number], "BatchMatMulOptions", values)
    if not plain:
        writer.reshape(number, writer.shape(result), str(result.name), writer.output(result))


def _merged(node: ir.Node, shape: list[int], batch: tuple[int, ...]) -> list[int]:
    """Return a shape whose leading dimensions are one; only those of a full batch can be merged."""
    size = math.prod(shape[:-2])
    if size not in (1, math.prod(batch)):
        raise refuse(node, f"a batch of {shape[:-2]} beside {batch} is not supported", "batch-rank")
    return [size, *shape[-2:]]


def _read(writer: Writer, value: ir.Value, shape: list[int]) -> tuple[int, bool]:
    """Return the tensor of an operand, and whether its last two dimensions are swapped."""
    rank = len(g.shape_of(value))
    swapped = (*range(rank - 2), rank - 1, rank - 2) if rank > 1 else ()
    array = g.constant(value)
    if array is not None:
        return writer.constant(value.name or "matrix", array.reshape(shape)), False
    is_swapped = rank > 1 and writer.order(value) == swapped
    number = writer.tensor(value, swapped if is_swapped else orders.natural(rank))
    stored = [*shape[:-2], shape[-1], shape[-2]] if is_swapped else shape
    if writer.program.tensors[number].shape != tuple(stored):
        number = writer.reshape(number, stored, f"{value.name}_matrix")
    return number, is_swapped


EMITTERS: Emitters = {("", "MatMul"): emit}
VERSIONS: Versions = {"BATCH_MATMUL": (2, 3)}

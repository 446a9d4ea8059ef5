"""Operators that move or bound stored integers do so with real numbers between two pairs."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import known

_MOVES = (
    "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad",
    "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze",
)  # fmt: skip

_OF_ONE = (
    "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose",
    "Unsqueeze",
)  # fmt: skip

_Scale = tuple[ir.Value | None, ...]


def of_constants(model: ir.Model) -> None:
    """Dequantize constants before they are moved, as the rows of a stored table, in place.

    What is computed of constants alone, such as weights that are bounded or cast, becomes one.
    """
    for node in list(model.graph):
        if not g.is_op(node, "DequantizeLinear"):
            continue
        value, scale, movers = node.inputs[0], edit.constant(node.inputs[1]), list[ir.Node]()
        while value is not None and (mover := value.producer()) is not None:
            if not g.is_op(mover, "Cast", "Clip", *_OF_ONE):
                break
            movers.append(mover)
            value = mover.inputs[0]
        if not movers or edit.constant(value) is None:
            continue
        codes = known.value_of(node.inputs[0])
        if codes is not None:
            node.replace_input_with(0, edit.literal(node, codes))
            continue
        if scale is None or scale.size != 1 or any(g.is_op(m, "Cast", "Clip") for m in movers):
            continue
        inputs = [value, *node.inputs[1:]]
        real = edit.copied(node, "DequantizeLinear", inputs, node.attributes)
        for mover in reversed(movers):
            inputs = [real, *mover.inputs[1:]]
            real = edit.copied(node, mover.op_type, inputs, mover.attributes)
        edit.become(node, "Identity", [real])


def between_pairs(model: ir.Model) -> None:
    """Put pairs around whatever moves stored integers, in place.

    Moving commutes with storing, so nothing changes but the type that is moved.
    """
    scaled: dict[ir.Value, _Scale] = {}
    for value in model.graph.inputs:
        readers = [use.node for use in value.uses() if g.is_op(use.node, "DequantizeLinear")]
        if readers:
            scaled[value] = tuple(readers[0].inputs[1:])
    for node in list(model.graph):
        if g.is_op(node, "QuantizeLinear"):
            scaled[node.outputs[0]] = tuple(node.inputs[1:])
        elif g.is_op(node, "Clip", *_MOVES):
            scales = [scaled[v] for v in node.inputs if v is not None and v in scaled]
            if scales and all(each == scales[0] for each in scales):
                scaled |= _moved(node, scales[0], scaled)


def _moved(node: ir.Node, scale: _Scale, scaled: dict[ir.Value, _Scale]) -> dict[ir.Value, _Scale]:
    if g.is_op(node, "Pad", "Clip") and not _say_in_real(node, scale):
        return {}
    for index, value in enumerate(node.inputs):
        if value is not None and value in scaled:
            node.replace_input_with(index, edit.insert(node, "DequantizeLinear", [value, *scale]))
    made = {}
    for output in node.outputs:
        if g.is_op(node, "MaxPool") and output.index() == 1:
            continue  # the places of the largest
        stored_type = output.type
        quantize = ir.node("QuantizeLinear", [output, *scale], version=edit.CANONICAL_OPSET)
        stored = quantize.outputs[0]
        stored.shape, stored.type = output.shape, stored_type
        output.type = ir.TensorType(ir.DataType.FLOAT)
        name = output.name
        output.replace_all_uses_with(stored, replace_graph_outputs=True)
        quantize.replace_input_with(0, output)
        output.name, stored.name = f"{name}_real", name
        edit.owner(node).insert_after(node, quantize)
        made[stored] = scale
    return made


def _say_in_real(node: ir.Node, scale: _Scale) -> bool:
    """Let a Pad fill with, or a Clip end at, the real numbers that its integers stand for.

    Rounding keeps the order of numbers, so a bound is the same before and after it. Tell whether
    those integers are known.
    """
    step, zero = edit.constant(scale[0]), edit.constant(scale[1]) if len(scale) > 1 else None
    if step is None or (zero is None and len(scale) > 1 and scale[1] is not None):
        return False
    if step.size != 1:
        return False
    offset = 0 if zero is None else int(zero.reshape(()))
    found: dict[int, float] = {}
    for index in (2,) if g.is_op(node, "Pad") else (1, 2):
        given = node.inputs[index] if len(node.inputs) > index else None
        code = np.array(0) if given is None else edit.constant(given)
        if code is None:
            return False
        if given is not None or g.is_op(node, "Pad"):
            found[index] = (int(code.reshape(())) - offset) * float(step.reshape(()))
    for index, real in found.items():
        node.resize_inputs(max(index + 1, len(node.inputs)))
        node.replace_input_with(index, edit.literal(node, np.asarray(real, np.float32)))
    return True

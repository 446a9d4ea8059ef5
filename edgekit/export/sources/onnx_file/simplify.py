"""Everything constant is computed, shapes are inferred, and onnxsim's simplifications are made."""

from __future__ import annotations

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import (
    LiftConstantsToInitializersPass,
    LiftSubgraphInitializersToMainGraphPass,
)

from edgekit.errors import EdgekitError, RefusedError
from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import checks
from edgekit.export.sources.onnx_file.interface import sizes as fixed_sizes
from edgekit.export.stored_weights import reading, writing
from edgekit.export.stored_weights import tensor as stored
from edgekit.export.stored_weights.writing import Weights
from edgekit.files import scratch

_SAME_SHAPE = ("GroupNormalization",)
"""Operators whose result onnx infers no shape for, though it has its source's."""


def simplify(proto: onnx.ModelProto, weights: Weights, name: str) -> ir.Model:
    """Return an equal model without Constant nodes, every shape inferred from its inputs'.

    Native code works on the graph here: on files of others only in a process of its own.

    Args:
        proto: of static input shapes; it may be changed.
        weights: those that ``proto`` only names.
        name: what to call it in messages.

    Raises:
        RefusedError: the graph contradicts itself (``invalid-graph``).
    """
    try:
        known = _with_output_ranks(proto, weights, name)
        sizes = {
            value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in known.graph.input
        }
        model = _simplified(known, weights, sizes)
        lift_constants(model)
        for value in model.graph.initializers.values():
            g.constant(value)  # fails where a tensor's bytes are not its shape
        result, left = writing.without_weights(model)
        fixed_sizes.forget_shapes(result)
        result = _inferred(result, strict=True)
        onnx.checker.check_model(writing.as_inputs(result), full_check=True)
        model = ir.from_proto(result)
        writing.put_back(model, left)
    except (EdgekitError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # three libraries, whose errors share no base class
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise RefusedError(
            f"{name}: the graph contradicts itself or cannot be simplified ({reason}): check it "
            "with onnx.checker.check_model(..., full_check=True)",
            reason_code="invalid-graph",
        ) from error
    return model


_HARMFUL = ["fuse_pad_into_pool", "fuse_attention", "fuse_gqa", "fuse_rope"]
"""What onnxsim must not do.

The first makes borders wider than windows, which ONNX Runtime refuses; the others operators
that ONNX Runtime alone has.
"""


def _simplified(
    proto: onnx.ModelProto, weights: Weights, sizes: dict[str, list[int]] | None = None
) -> ir.Model:
    """Run onnxsim from file to file: it takes half the memory that it takes from bytes to bytes."""
    import onnxsim

    with scratch.folder() as folder:
        given, made = folder / "given.onnx", folder / "made.onnx"
        with given.open("wb") as file:
            writing.write(proto, weights, file)
        onnxsim.simplify(
            str(given),
            overwrite_input_shapes=sizes,
            skipped_optimizers=_HARMFUL,
            output_path=str(made),
            external_data_threshold="2GB",
        )
        model = ir.from_proto(reading.load(made))
        stored.keep(model)
    return model


def lift_constants(model: ir.Model) -> None:
    """Make every Constant node an initializer of the main graph, in place."""
    LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    LiftSubgraphInitializersToMainGraphPass()(model)


def _inferred(proto: onnx.ModelProto, *, strict: bool = False) -> onnx.ModelProto:
    """Infer shapes, of outputs that are constants too, and of operators that onnx leaves out."""
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    for value in proto.graph.output:  # what reads them is inferred of them
        shape = value.type.tensor_type.shape
        if value.name in constants and not value.type.tensor_type.HasField("shape"):
            shape.SetInParent()  # also where there are no sizes to add
            for size in constants[value.name].dims:
                shape.dim.add().dim_value = size
    left_out = any(node.op_type in _SAME_SHAPE for node in proto.graph.node)
    result = _shaped(proto, strict=strict and not left_out)
    while left_out and _hinted(result.graph):
        result = _shaped(result)
    if left_out and strict:  # whose readers have no shapes before
        result = _shaped(result, strict=True)
    return result


def _shaped(proto: onnx.ModelProto, *, strict: bool = False) -> onnx.ModelProto:
    """Infer shapes as onnx does, from the data of shapes too where it can follow them.

    It takes vectors for shapes, and cannot add those of two lengths that other axes part.
    """
    infer = onnx.shape_inference.infer_shapes
    try:
        return infer(proto, strict_mode=strict, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return infer(infer(proto, data_prop=True), strict_mode=strict)


def _hinted(graph: onnx.GraphProto) -> bool:
    """Give results the shape of their source where onnx does not know that they have it."""
    known = {
        value.name: value
        for value in (*graph.value_info, *graph.input, *graph.output)
        if value.type.tensor_type.HasField("shape")
    }
    found = False
    for node in graph.node:
        if node.op_type in _SAME_SHAPE and node.output[0] not in known and node.input[0] in known:
            result = next((v for v in graph.output if v.name == node.output[0]), None)
            (graph.value_info.add() if result is None else result).CopyFrom(known[node.input[0]])
            (graph.value_info[-1] if result is None else result).name = node.output[0]
            found = True
    return found


def _with_output_ranks(proto: onnx.ModelProto, weights: Weights, name: str) -> onnx.ModelProto:
    """Infer what onnx can; onnxsim wants to know the rank of every output beforehand.

    Where even that stays open, the output's shape is made the output: its own rank is one, and
    folding finds its value.
    """
    inferred = _inferred(proto)
    unknown = [v.name for v in inferred.graph.output if not v.type.tensor_type.HasField("shape")]
    if not unknown:
        return inferred
    asked = onnx.ModelProto()
    asked.CopyFrom(inferred)
    del asked.graph.output[:]
    for index, output in enumerate(unknown):
        asked.graph.node.add(op_type="Shape", input=[output], output=[f"{output}_shape_{index}"])
        asked.graph.output.append(
            onnx.helper.make_tensor_value_info(
                f"{output}_shape_{index}", onnx.TensorProto.INT64, ["rank"]
            )
        )
    model = _simplified(asked, weights)
    checks.after(model, name)
    for output, value in zip(unknown, model.graph.outputs, strict=True):
        found = ir.convenience.get_const_tensor(value)
        if found is None:
            raise ValueError(f"the rank of the output {output!r} cannot be inferred")
        entry = next(v for v in inferred.graph.output if v.name == output)
        for size in found.numpy().tolist():
            entry.type.tensor_type.shape.dim.add().dim_value = size
        entry.type.tensor_type.shape.SetInParent()
    return inferred

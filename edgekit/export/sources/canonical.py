"""The canonical graph: ONNX, opset 18, static shapes, float32, batch norm folded, simplified.

Everything after works on this graph. Two doors lead to it: a torch module and an .onnx file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import onnx.inliner
import onnx_ir as ir
from google.protobuf.message import DecodeError
from onnx_ir.passes.common import (
    ClearMetadataAndDocStringPass,
    DeduplicateInitializersPass,
    RemoveUnusedNodesPass,
)

from edgekit import __version__
from edgekit.errors import (
    InvalidPathError,
    RefusedError,
    UnreadableModelError,
    UnsupportedOperatorError,
)
from edgekit.export import lowering
from edgekit.export.graph import nodes as g
from edgekit.export.rewriting import rules
from edgekit.export.sources import output_names, shapes, torch_graph
from edgekit.export.sources.shapes import USUAL, Declared, InputShapes, Shape

if TYPE_CHECKING:
    from torch import nn

IR_VERSION = 10


def from_module(module: nn.Module, inputs: Mapping[str, Shape], outputs: Sequence[str]) -> ir.Model:
    """Return the canonical graph of a torch module.

    Args:
        module: the network; all its inputs are float32.
        inputs: static shapes by name, in the order of ``forward``.
        outputs: names of the outputs, tuples and dicts flattened.

    Raises:
        RefusedError: torch cannot export the module.
    """
    return from_proto(
        output_names.kept(lambda names: torch_graph.to_onnx(module, inputs, names), outputs)
    )


def from_file(path: Path, asked: InputShapes = USUAL) -> ir.Model:
    """Return the canonical graph of an .onnx file.

    The file is data: it is parsed and checked, never executed, and must hold its own weights.

    Args:
        path: the file.
        asked: sizes for what the file leaves open; the batch is 1 unless it says otherwise.

    Raises:
        InvalidPathError: there is no such file.
        UnreadableModelError: the file is not a valid ONNX model.
        UsageError: ``asked`` contradicts the file.
        RefusedError: external weights, custom opsets below 18 that cannot be raised, inputs that
            are not float32, or sizes that stay open.
    """
    return from_proto(_raise_opset(read(path), path), str(path), asked)


def read(path: Path) -> onnx.ModelProto:
    """Parse and check an .onnx file; raises as `from_file` does."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    try:
        proto = onnx.load_model_from_string(data)
        external = any(tensor.external_data for tensor in proto.graph.initializer)
        if not external:
            onnx.checker.check_model(proto)
    except (DecodeError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "not protobuf"
        raise UnreadableModelError(
            f"{path} is not a valid ONNX model ({reason}): export it again from its source"
        ) from error
    if external:
        raise RefusedError(
            f"{path} keeps weights in other files: save it as one file "
            "(onnx.save with save_as_external_data=False)",
            reason_code="external-data",
        )
    return proto


def _raise_opset(proto: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    opset = next((entry.version for entry in proto.opset_import if not entry.domain), 0)
    if opset >= torch_graph.OPSET:
        return proto
    try:
        return onnx.version_converter.convert_version(proto, torch_graph.OPSET)
    except (RuntimeError, ValueError) as error:
        raise RefusedError(
            f"{path} has opset {opset} and cannot be raised to {torch_graph.OPSET} "
            f"({str(error).splitlines()[0]}): export it again with a newer opset",
            reason_code="opset",
        ) from error


def _declared_inputs(proto: onnx.ModelProto, name: str) -> dict[str, Declared]:
    """Return what the model says about the size of each input."""
    constants = {tensor.name for tensor in proto.graph.initializer}
    declared: dict[str, Declared] = {}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        tensor = value.type.tensor_type
        if tensor.elem_type != onnx.TensorProto.FLOAT:
            raise RefusedError(
                f"{name}: input {value.name!r} is not float32: quantized and integer models "
                "are not exported again",
                reason_code="input-dtype",
            )
        # Some exporters write -1 or 0 for an open size.
        declared[value.name] = [d.dim_value if d.dim_value > 0 else None for d in tensor.shape.dim]
    return declared


def from_proto(
    proto: onnx.ModelProto, name: str = "the module", asked: InputShapes = USUAL
) -> ir.Model:
    """Return the canonical graph of a valid ONNX model of opset 18 or newer.

    Args:
        proto: the model; it is left as it is.
        name: what to call it in messages.
        asked: sizes for what the model leaves open.

    Raises:
        UsageError, RefusedError: as for `from_file`.
    """
    import onnxsim

    inputs = shapes.settle(asked, _declared_inputs(proto, name), name)
    if proto.functions:
        proto = onnx.inliner.inline_local_functions(proto)
    _refuse_foreign_operators(proto)
    sizes = {key: list(shape) for key, shape in inputs.items()}
    try:
        simplified, _ = onnxsim.simplify(proto, overwrite_input_shapes=sizes)
        onnx.checker.check_model(simplified, full_check=True)
        model: ir.Model = ir.from_proto(simplified)
        for value in model.graph.initializers.values():
            g.constant(value)  # fails where a tensor's bytes are not its shape
    except Exception as error:  # three libraries, whose errors share no base class
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise RefusedError(
            f"{name}: the graph contradicts itself or cannot be simplified ({reason}): check it "
            "with onnx.checker.check_model(..., full_check=True)",
            reason_code="invalid-graph",
        ) from error
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "edgekit", __version__
    model.graph.name = "main"
    _refuse_open_shapes(model, name)
    _refuse_constant_outputs(model, name)
    ClearMetadataAndDocStringPass()(model)
    rules.apply(model, lowering.CANONICAL)
    DeduplicateInitializersPass()(model)
    RemoveUnusedNodesPass()(model)
    return model


def _refuse_foreign_operators(proto: onnx.ModelProto) -> None:
    refused = [
        UnsupportedOperatorError(
            f"{node.domain}.{node.op_type}",
            node.name or node.output[0],
            "operators outside the ONNX standard are not exported",
            "export the model again without private operators",
            reason_code="foreign-operator",
        )
        for node in proto.graph.node
        if node.domain not in ("", "ai.onnx")
    ]
    if refused:
        raise refused[0].among(refused[1:])


def _refuse_constant_outputs(model: ir.Model, name: str) -> None:
    for value in model.graph.outputs:
        if value.const_value is not None:
            raise RefusedError(
                f"{name}: the output {value.name!r} is the same for every input: leave it out",
                reason_code="constant-output",
            )


def _refuse_open_shapes(model: ir.Model, name: str) -> None:
    for node in model.graph:
        for value in node.outputs:
            known = value.shape is not None and value.shape.is_static()
            if not known and value.name:
                raise RefusedError(
                    f"{name}: the shape of {value.name!r} ({node.op_type}) is not fixed: "
                    "edgekit exports networks with static shapes",
                    reason_code="dynamic-shape",
                )

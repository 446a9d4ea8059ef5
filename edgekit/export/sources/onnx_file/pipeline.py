"""A valid model of any opset becomes one of standard operators, static shapes and float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx
import onnx_ir as ir
from onnx_ir.passes.common import InlinePass, NameFixPass

from edgekit.errors import EdgekitError, MissingPackageError
from edgekit.export.sources import shapes
from edgekit.export.sources.onnx_file import (
    checks,
    float32,
    flow,
    foreign,
    opsets,
    parse,
    simplify,
)
from edgekit.export.sources.onnx_file.foreign import defined, dilated_padding
from edgekit.export.sources.onnx_file.interface import ends, inputs, sizes
from edgekit.export.sources.onnx_file.opsets import last_windows
from edgekit.export.sources.onnx_file.stored import constants, dynamic, moves, sparse
from edgekit.export.sources.onnx_file.stored.constants import StoredTensor
from edgekit.export.sources.shapes import InputShapes, Shape
from edgekit.export.stored_weights import tensor as stored_tensor
from edgekit.export.stored_weights import writing
from edgekit.export.stored_weights.writing import Weights

_NEEDS_RANKS = 13
"""Below this opset, some operators can only be said anew where ranks are known."""


_RANKED = frozenset({
    "GroupNormalization", *foreign.REWRITES["ai.onnx.ml"], *foreign.REWRITES["com.microsoft"],
})  # fmt: skip
"""Operators that need them, or types, at any opset."""


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        simplified: everything constant is folded and every shape known.
        faithful: the model in that opset and in float32, not simplified; None where that is the
            model itself.
        from_half: it was of half precision.
        from_double: it was of double precision.
        is_dynamic: it was quantized, with scales that are found as it runs.
        dtypes: numpy's name of each input's element type, as the model has it.
        stored: constants that the model holds as integers, float32 in what was read.
        cut: the model itself up to the tensors asked for; None where all of it was.
    """

    simplified: ir.Model
    faithful: ir.Model | None
    from_half: bool
    from_double: bool
    is_dynamic: bool
    dtypes: Mapping[str, str]
    stored: tuple[StoredTensor, ...] = ()
    cut: ir.Model | None = None


def read(proto: onnx.ModelProto, name: str, asked: InputShapes) -> Reading:
    """Read a valid model.

    Args:
        proto: the model; it is left as it is.
        name: what to call it in messages.
        asked: sizes for what the model leaves open.

    Raises:
        UnreadableModelError: the model is not valid ONNX.
        UsageError: ``asked`` contradicts the model.
        RefusedError: sizes that stay open, or operators and types that are not taken.
    """
    try:
        return _read(proto, name, asked)
    except (EdgekitError, MemoryError):
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "onnxsim").partition(".")[0].replace("_", "-")
        raise MissingPackageError(package, "reading a network") from error
    except Exception as error:  # whatever a library makes of a graph that is none
        raise parse.invalid(name, error) from error


def _read(proto: onnx.ModelProto, name: str, asked: InputShapes) -> Reading:
    cut = ends.cut(proto, asked.ends, name)
    proto = inputs.with_values(cut, asked.fixed, name)
    settled = shapes.settle(asked, inputs.inputs_of(proto, name), name)
    fixed = _fixed(proto, settled)
    is_other = sparse.make_dense(fixed, name)
    before = opset_of(fixed)
    # Newer versions let in further types, so what a node says depends on those of its operands.
    kinds = {node.op_type for node in fixed.graph.node}
    if kinds & {*flow.KINDS, *defined.KINDS}:
        fixed = _known(fixed)
        defined.define(fixed, before)
    elif not _NEEDS_RANKS <= before <= opsets.CANONICAL or kinds & _RANKED:
        fixed = onnx.shape_inference.infer_shapes(fixed, data_prop=True)
    model = _kept(fixed)
    model = _standard(model, name)
    if model.functions:
        InlinePass()(model)
    if model.functions or kinds & {*foreign.LAID_OUT}:
        NameFixPass()(model)  # before constants are known by their names
    simplify.lift_constants(model)
    if kinds & {*defined.KINDS, *foreign.LAID_OUT}:
        model = ir.from_proto(_known(ir.to_proto(model)))
    while flow.flatten(model) and flow.is_left(model):
        NameFixPass()(model)
        model = ir.from_proto(_known(ir.to_proto(model)))
    moves.of_constants(model)
    is_dynamic = dynamic.compute_in_float(model)
    stored = constants.fold(model)
    moves.between_pairs(model)
    checks.before(model, name)
    is_other |= dilated_padding.spell_out(model)
    model = last_windows.leave_out(model, _inferred)
    from_half = float32.convert(model, float32.HALVES)
    NameFixPass()(model)
    standard, weights = writing.without_weights(model)
    from_double = float32.convert(model, float32.DOUBLE)
    is_other |= from_half or from_double or opset_of(standard) != before
    is_other |= proto.ir_version > sizes.IR_VERSION
    sizes.forget_shapes(standard)
    return Reading(
        _simplified(standard, weights, name),
        model if is_other else None,
        from_half,
        from_double,
        is_dynamic,
        inputs.dtypes_of(fixed),
        tuple(stored),
        _kept(cut) if asked.ends else None,
    )


def _standard(model: ir.Model, name: str) -> ir.Model:
    """Return the model in standard operators of one opset.

    Where a private operator needs ranks that others hide, those go first.
    """
    while foreign.rewrite(model, name, last=False):
        opsets.convert(model, name)
        if not foreign.is_left(model):
            return model
        model = _inferred(model)
    foreign.rewrite(model, name)
    opsets.convert(model, name)
    return model


def _inferred(model: ir.Model) -> ir.Model:
    NameFixPass()(model)
    return _kept(_known(ir.to_proto(model)))


def _kept(proto: onnx.ModelProto) -> ir.Model:
    """Return a model whose large weights stay in the files where they lie."""
    model = ir.from_proto(proto)
    stored_tensor.keep(model)
    return model


def _known(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with every shape inferred that can be, whatever it says itself."""
    sizes.forget_shapes(proto)
    return onnx.shape_inference.infer_shapes(proto, data_prop=True)


def opset_of(proto: onnx.ModelProto) -> int:
    """Return the version of the standard operators that a model uses."""
    return next((e.version for e in proto.opset_import if e.domain in ("", "ai.onnx")), 0)


def _fixed(proto: onnx.ModelProto, settled: Mapping[str, Shape]) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    sizes.fix(copy, settled)
    for position, node in enumerate(copy.graph.node):
        node.name = node.name or f"{node.op_type}_{position}"  # so that messages can say which
    return copy


def _simplified(proto: onnx.ModelProto, weights: Weights, name: str) -> ir.Model:
    model = simplify.simplify(proto, weights, name)
    checks.after(model, name)
    if not float32.convert(model, float32.DOUBLE):
        return model
    return simplify.simplify(*writing.without_weights(model), name)

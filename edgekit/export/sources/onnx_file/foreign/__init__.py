"""Operators outside the standard: those that have a standard form get it, the others are refused.

Adding one: a function in the file of its kind, one line of the table.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgekit.errors import RefusedError, UnsupportedOperatorError
from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file.foreign import (
    activations,
    embeddings,
    experimental,
    fused_layers,
    normalizations,
    scikit,
    spelled_otherwise,
    trees,
)
from edgekit.export.sources.onnx_file.foreign.attention import layers, rotary
from edgekit.export.sources.onnx_file.foreign.base import (
    UnknownFormError,
    UnknownRankError,
    take_as_standard,
)
from edgekit.export.sources.onnx_file.foreign.quantized import (
    blockwise_weights,
    dynamic_lstm,
    dynamic_operators,
    integer_operators,
)

_WINDOW = ("auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides")
_MICROSOFT: dict[str, Callable[[ir.Node], None]] = {
    "Attention": layers.attention,
    "BiasGelu": activations.gelu,
    "CDist": spelled_otherwise.distances,
    "ConvTransposeWithDynamicPads": spelled_otherwise.transposed_conv,
    "DequantizeLinear": take_as_standard,
    "DynamicQuantizeLSTM": dynamic_lstm.lstm,
    "DynamicQuantizeMatMul": dynamic_operators.quantize_matmul,
    "EmbedLayerNormalization": embeddings.normalized,
    "ExpandDims": spelled_otherwise.expand_dims,
    "FastGelu": activations.fast_gelu,
    "FusedConv": fused_layers.conv,
    "FusedGemm": fused_layers.gemm,
    "FusedMatMul": fused_layers.matmul,
    "GatherBlockQuantized": embeddings.rows_in_blocks,
    "GatherND": take_as_standard,
    "Gelu": activations.gelu,
    "GridSample": take_as_standard,
    "GroupQueryAttention": layers.grouped_query,
    "LayerNormalization": take_as_standard,
    "MatMulIntegerToFloat": dynamic_operators.matmul_to_float,
    "MatMulNBits": blockwise_weights.matmul,
    "MultiHeadAttention": layers.multi_head,
    "NhwcMaxPool": integer_operators.pool_of_last_channels,
    "Pad": spelled_otherwise.pad,
    "QAttention": layers.quantized_attention,
    "QEmbedLayerNormalization": embeddings.quantized,
    "QGemm": integer_operators.gemm,
    "QLinearAdd": integer_operators.binary("Add"),
    "QLinearAveragePool": integer_operators.unary("AveragePool", _WINDOW),
    "QLinearConcat": integer_operators.concat,
    "QLinearConv": integer_operators.conv,
    "QLinearGlobalAveragePool": integer_operators.unary("GlobalAveragePool"),
    "QLinearLeakyRelu": integer_operators.unary("LeakyRelu", ("alpha",)),
    "QLinearMul": integer_operators.binary("Mul"),
    "QLinearReduceMean": integer_operators.mean,
    "QLinearSigmoid": integer_operators.unary("Sigmoid"),
    "QLinearSoftmax": integer_operators.unary("Softmax", ("axis",)),
    "QLinearWhere": integer_operators.where,
    "QuantizeLinear": take_as_standard,
    "QuickGelu": activations.quick_gelu,
    "Range": spelled_otherwise.range_,
    "RotaryEmbedding": rotary.embedding,
    "SimplifiedLayerNormalization": normalizations.root_mean_square,
    "SkipLayerNormalization": normalizations.skip_layer,
    "SkipSimplifiedLayerNormalization": normalizations.skip_root_mean_square,
    "TransposeMatMul": fused_layers.matmul,
    "Trilu": take_as_standard,
}
_STANDARD: dict[str, Callable[[ir.Node], None]] = {
    "Affine": experimental.affine,
    "Crop": experimental.crop,
    "ImageScaler": experimental.image_scaler,
    "ParametricSoftplus": experimental.parametric_softplus,
    "QLinearConv": integer_operators.conv,
    "QLinearMatMul": integer_operators.matmul,
    "Scale": experimental.scaled,
    "ScaledTanh": experimental.scaled_tanh,
    "SimplifiedLayerNormalization": normalizations.root_mean_square,
}
_SCIKIT: dict[str, Callable[[ir.Node], None]] = {
    "ArrayFeatureExtractor": scikit.picked,
    "Binarizer": scikit.binarizer,
    "FeatureVectorizer": scikit.side_by_side,
    "Imputer": scikit.imputer,
    "LinearClassifier": scikit.classifier,
    "LinearRegressor": scikit.regressor,
    "Normalizer": scikit.normalizer,
    "Scaler": scikit.scaler,
    "TreeEnsemble": trees.ensemble,
    "TreeEnsembleClassifier": trees.classifier,
    "TreeEnsembleRegressor": trees.regressor,
}
REWRITES = {
    "": _STANDARD,
    "ai.onnx": _STANDARD,
    "ai.onnx.ml": _SCIKIT,
    "com.microsoft": _MICROSOFT,
}
"""By domain and operator, what makes a node of it standard ones, of the canonical opset."""

LAID_OUT = ("DynamicQuantizeLSTM",)
"""Those that become Scans, whose number of steps has to be known then."""

_QUANTIZED = ("QGather",)


def rewrite(model: ir.Model, name: str, *, last: bool = True) -> int:
    """Say in standard operators what private ones say, in place; return how many were rewritten.

    Args:
        model: its functions may hold private operators too, or be called by their domain.
        name: what to call it in messages.
        last: refuse what cannot be rewritten; else leave to the next time what needs the rank of
            an operand that is not known yet.

    Raises:
        UnsupportedOperatorError: there are others; all of them are listed.
        RefusedError: they compute on integers (``already-quantized``).
    """
    refused, count = [], 0
    holders: list[ir.Graph | ir.Function] = [model.graph, *model.functions.values()]
    for holder in holders:
        for node in list(ir.traversal.RecursiveGraphIterator(holder)):
            convert = REWRITES.get(node.domain, {}).get(node.op_type)
            if node.op_identifier() in model.functions:
                continue
            if convert is not None:
                try:
                    convert(node)
                    count += 1
                except UnknownFormError as error:
                    refused.append(_refusal(node, f"{error}, which has no standard form here"))
                except UnknownRankError:
                    why = "the rank of its operands is not known, which a standard form needs"
                    refused += [_refusal(node, why)] if last else []
            elif node.domain not in ("", "ai.onnx"):
                _refuse_quantized(node, name)
                refused.append(
                    _refusal(node, "operators outside the ONNX standard are not exported")
                )
    if refused:
        raise refused[0].among(refused[1:])
    return count


def is_left(model: ir.Model) -> bool:
    """Tell whether a private operator waits for what others become."""
    return any(
        node.domain not in ("", "ai.onnx") and node.op_type in REWRITES.get(node.domain, {})
        for node in ir.traversal.RecursiveGraphIterator(model.graph)
    )


def _refuse_quantized(node: ir.Node, name: str) -> None:
    if node.op_type in _QUANTIZED or node.op_type.startswith("QLinear"):
        raise RefusedError(
            f"{name} is already quantized, in a form without scales that are fixed or that either "
            f"runtime has ({g.qualified(node)} {g.label(node)!r}): give the float32 network that "
            "it was made of",
            reason_code="already-quantized",
        )


def _refusal(node: ir.Node, why: str) -> UnsupportedOperatorError:
    return UnsupportedOperatorError(
        g.qualified(node),
        g.label(node),
        why,
        "export the model again without private operators",
        reason_code="foreign-operator",
    )

"""What is known about each ONNX operator: one row of traits, which every part of edgekit reads.

Adding an operator: one row here, one emitter (`edgekit.export.tflite.emit`), one specimen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

import onnx_ir as ir

from edgekit.export.graph.affine import Affine


class Order(Enum):
    """How an operator cares for the order of dimensions in which its operands are stored."""

    CHANNELS_LAST = "channels last"  # windows over space: LiteRT's kernels are NHWC
    NATURAL = "natural"  # as ONNX numbers the dimensions
    FOLLOWS = "follows"  # elementwise: any order that its operands share
    AXES = "axes"  # names axes, which are renumbered: any order
    MOVES = "moves"  # makes a new order: Transpose, Reshape and their kin


_UNIT = Affine(1 / 256, -128)  # 0 to 1
_SIGNED_UNIT = Affine(1 / 128, 0)  # -1 to 1


@dataclass(frozen=True)
class Traits:
    """One operator.

    Attributes:
        order: what it needs of the order of dimensions.
        layer_class: the class that a profile sums it up in.
        integer: both runtimes can compute it on 8-bit integers.
        shares_scale: it moves, chooses or joins stored integers, so all that it touches has one
            encoding.
        unites: of those that share a scale: several values meet in it, so one with another
            encoding can be requantized before it.
        prescribed: the 8-bit encoding that the TFLite quantization specification fixes for its
            result; None where it is free.
        fusable: TFLite's form of it can clip its result at no cost.
        channelwise: each channel of its result comes from that channel alone, and grows in
            proportion with it.
        joins: like ``channelwise``, of several operands alike.
        non_negative: its result is never below zero.
        keeps_sign: its result is never below zero if no operand is.
    """

    order: Order = Order.NATURAL
    layer_class: str = "other"
    integer: bool = False
    shares_scale: bool = False
    unites: bool = False
    prescribed: Affine | None = None
    fusable: bool = False
    channelwise: bool = False
    joins: bool = False
    non_negative: bool = False
    keeps_sign: bool = False


_CONVOLUTION = Traits(Order.CHANNELS_LAST, "convolution", integer=True, fusable=True)
_PRODUCT = Traits(Order.NATURAL, "fully connected", integer=True)
_POOL = Traits(Order.CHANNELS_LAST, "pooling", fusable=True, keeps_sign=True)
_ARITHMETIC = Traits(Order.FOLLOWS, "elementwise", integer=True, fusable=True)
_EXTREMUM = Traits(
    Order.FOLLOWS, "elementwise", integer=True, shares_scale=True, unites=True, joins=True
)
_CURVE = Traits(Order.FOLLOWS, "elementwise")
_POSITIVE_CURVE = Traits(Order.FOLLOWS, "elementwise", non_negative=True)
_CAST = Traits(Order.FOLLOWS, "elementwise", keeps_sign=True)
_REDUCTION = Traits(Order.AXES, "pooling")
_POSITIVE_REDUCTION = Traits(Order.AXES, "pooling", non_negative=True)
_SIGN_KEEPING_REDUCTION = Traits(Order.AXES, "pooling", keeps_sign=True)
_INTEGER_EXTREMUM = replace(_SIGN_KEEPING_REDUCTION, integer=True, shares_scale=True)
_NORMALIZATION = Traits(Order.AXES, "elementwise")
_PRODUCT_OF_FLOATS = Traits(Order.NATURAL, "fully connected")
_MOVE = Traits(Order.MOVES, "data movement", integer=True, shares_scale=True, keeps_sign=True)
_AXES_MOVE = Traits(Order.AXES, "data movement", integer=True, shares_scale=True, keeps_sign=True)

TRAITS: dict[str, Traits] = {
    "Abs": Traits(Order.FOLLOWS, "elementwise", non_negative=True),
    "Acos": _CURVE,
    "Acosh": _CURVE,
    "Add": Traits(
        Order.FOLLOWS, "elementwise", integer=True, fusable=True, joins=True, keeps_sign=True
    ),
    "And": _POSITIVE_CURVE,
    "ArgMax": _POSITIVE_REDUCTION,
    "ArgMin": _POSITIVE_REDUCTION,
    "Asin": _CURVE,
    "Asinh": _CURVE,
    "Atan": _CURVE,
    "Atanh": _CURVE,
    "Attention": _PRODUCT_OF_FLOATS,
    "AveragePool": _POOL,
    "BatchNormalization": Traits(Order.FOLLOWS, "elementwise"),
    "BitShift": _CURVE,
    "BitwiseAnd": _CURVE,
    "BitwiseNot": _CURVE,
    "BitwiseOr": _CURVE,
    "BitwiseXor": _CURVE,
    "Cast": _CAST,
    "CastLike": _CAST,
    "Ceil": _CURVE,
    "Celu": _CURVE,
    "Clip": Traits(Order.FOLLOWS, "elementwise", integer=True),
    "Concat": replace(_AXES_MOVE, unites=True),
    "Conv": _CONVOLUTION,
    "Cos": _CURVE,
    "Cosh": _CURVE,
    "CumSum": _SIGN_KEEPING_REDUCTION,
    "DFT": _PRODUCT_OF_FLOATS,
    "DeformConv": Traits(Order.CHANNELS_LAST, "convolution"),
    "DepthToSpace": Traits(
        Order.CHANNELS_LAST, "data movement", integer=True, shares_scale=True, keeps_sign=True
    ),
    "ConvTranspose": Traits(Order.CHANNELS_LAST, "convolution", fusable=True),
    "Div": Traits(Order.FOLLOWS, "elementwise", fusable=True),
    "Elu": _CURVE,
    "Equal": _POSITIVE_CURVE,
    "Erf": _CURVE,
    "Exp": _POSITIVE_CURVE,
    "Expand": replace(_AXES_MOVE, order=Order.FOLLOWS),
    "Floor": _CURVE,
    "Gather": _AXES_MOVE,
    "GatherElements": Traits(Order.NATURAL, "data movement", keeps_sign=True),
    "GatherND": Traits(Order.NATURAL, "data movement", keeps_sign=True),
    "Gelu": _CURVE,
    "Gemm": Traits(Order.NATURAL, "fully connected", integer=True, fusable=True),
    "GlobalAveragePool": Traits(
        Order.CHANNELS_LAST, "pooling", integer=True, channelwise=True, keeps_sign=True
    ),
    "Greater": _POSITIVE_CURVE,
    "GreaterOrEqual": _POSITIVE_CURVE,
    "GroupNormalization": _NORMALIZATION,
    "GridSample": Traits(Order.CHANNELS_LAST, "data movement"),
    "GRU": _PRODUCT_OF_FLOATS,
    "Hardmax": _POSITIVE_REDUCTION,
    "HardSigmoid": Traits(Order.FOLLOWS, "elementwise", non_negative=True),
    "HardSwish": _CURVE,
    "Identity": Traits(
        Order.FOLLOWS, "data movement", integer=True, shares_scale=True, channelwise=True,
        keeps_sign=True,
    ),
    "InstanceNormalization": _NORMALIZATION,
    "IsInf": _POSITIVE_CURVE,
    "IsNaN": _POSITIVE_CURVE,
    "LayerNormalization": _NORMALIZATION,
    "LeakyRelu": Traits(Order.FOLLOWS, "elementwise", integer=True, channelwise=True),
    "Less": _POSITIVE_CURVE,
    "LessOrEqual": _POSITIVE_CURVE,
    "Log": _CURVE,
    "LogSoftmax": Traits(Order.AXES, "elementwise"),
    "LpNormalization": _NORMALIZATION,
    "LSTM": _PRODUCT_OF_FLOATS,
    "MatMul": _PRODUCT,
    "Max": _EXTREMUM,
    "MaxPool": Traits(
        Order.CHANNELS_LAST, "pooling", integer=True, shares_scale=True, fusable=True,
        channelwise=True, keeps_sign=True,
    ),
    "MaxUnpool": Traits(Order.NATURAL, "data movement"),
    "Mean": _CURVE,
    "MeanVarianceNormalization": _NORMALIZATION,
    "Min": _EXTREMUM,
    "Mish": _CURVE,
    "Mod": _CURVE,
    "Mul": Traits(
        Order.FOLLOWS, "elementwise", integer=True, fusable=True, keeps_sign=True
    ),
    "Neg": _CURVE,
    "Not": _POSITIVE_CURVE,
    "OneHot": Traits(Order.NATURAL, "elementwise"),
    "Or": _POSITIVE_CURVE,
    "Pad": _AXES_MOVE,
    "Pow": _CURVE,
    "PRelu": _CURVE,
    "Reciprocal": _CURVE,
    "ReduceL1": _POSITIVE_REDUCTION,
    "ReduceL2": _POSITIVE_REDUCTION,
    "ReduceLogSum": _REDUCTION,
    "ReduceLogSumExp": _REDUCTION,
    "ReduceMax": _INTEGER_EXTREMUM,
    "ReduceMean": _SIGN_KEEPING_REDUCTION,
    "ReduceMin": _INTEGER_EXTREMUM,
    "ReduceProd": _SIGN_KEEPING_REDUCTION,
    "ReduceSum": _SIGN_KEEPING_REDUCTION,
    "ReduceSumSquare": _POSITIVE_REDUCTION,
    "Relu": Traits(
        Order.FOLLOWS, "elementwise", integer=True, channelwise=True, non_negative=True
    ),
    "Reshape": _MOVE,
    "RoiAlign": Traits(Order.CHANNELS_LAST, "pooling"),
    "RMSNormalization": _NORMALIZATION,
    "RNN": _PRODUCT_OF_FLOATS,
    "ReverseSequence": Traits(Order.AXES, "data movement", keeps_sign=True),
    "Round": _CURVE,
    "ScatterElements": Traits(Order.NATURAL, "data movement"),
    "ScatterND": Traits(Order.NATURAL, "data movement"),
    "STFT": _PRODUCT_OF_FLOATS,
    "Selu": _CURVE,
    "Shrink": _CURVE,
    "Resize": Traits(
        Order.CHANNELS_LAST, "data movement", integer=True, shares_scale=True, keeps_sign=True
    ),
    "Sigmoid": Traits(
        Order.FOLLOWS, "elementwise", integer=True, prescribed=_UNIT, non_negative=True
    ),
    "Sign": _CURVE,
    "Sin": _CURVE,
    "Sinh": _CURVE,
    "Slice": _AXES_MOVE,
    "Softmax": Traits(
        Order.AXES, "elementwise", integer=True, prescribed=_UNIT, non_negative=True
    ),
    "Softplus": _POSITIVE_CURVE,
    "Softsign": _CURVE,
    "SpaceToDepth": Traits(
        Order.CHANNELS_LAST, "data movement", integer=True, shares_scale=True, keeps_sign=True
    ),
    "Split": _AXES_MOVE,
    "Sqrt": _CURVE,
    "Sub": Traits(Order.FOLLOWS, "elementwise", integer=True, fusable=True, joins=True),
    "Sum": Traits(Order.FOLLOWS, "elementwise", keeps_sign=True),
    "Swish": _CURVE,
    "Tan": _CURVE,
    "Tanh": Traits(Order.FOLLOWS, "elementwise", integer=True, prescribed=_SIGNED_UNIT),
    "ThresholdedRelu": _CURVE,
    "Tile": _AXES_MOVE,
    "TopK": _REDUCTION,
    "Transpose": _MOVE,
    "Trilu": Traits(Order.NATURAL, "elementwise", keeps_sign=True),
    "Where": Traits(Order.FOLLOWS, "elementwise"),
    "Xor": _POSITIVE_CURVE,
}  # fmt: skip
"""By operator type of the ONNX standard."""

_PRIVATE = Traits(Order.CHANNELS_LAST, "data movement", keeps_sign=True)
_REQUANTIZE = Traits(Order.FOLLOWS, "quantize/dequantize", keeps_sign=True)
_CONVERSIONS = ("Give", "Requantize", "Take")
_UNKNOWN = Traits()


def of(node: ir.Node) -> Traits:
    """Return the traits of a node's operator; those of nothing in particular for unknown ones."""
    if node.domain == "edgekit":
        return _REQUANTIZE if node.op_type in _CONVERSIONS else _PRIVATE
    return TRAITS.get(node.op_type, _UNKNOWN) if node.domain == "" else _UNKNOWN


_QUANTIZED = "Requantize"

_CALLED = {
    "Concat": "CONCATENATION PACK",
    "Conv": "DEPTHWISE_CONV_2D",
    "ConvTranspose": "TRANSPOSE_CONV",
    "Clip": "RELU6 RELU_0_TO_1 RELU_N1_TO_1",
    "Div": "FLOOR_DIV",
    "DepthToSpace": "BATCH_TO_SPACE_ND",
    "Expand": "BROADCAST_TO",
    "Gemm": "FULLY_CONNECTED",
    "GreaterOrEqual": "GREATER_EQUAL",
    "LessOrEqual": "LESS_EQUAL",
    "LpNormalization": "L2_NORMALIZATION",
    "MatMul": "BATCH_MATMUL",
    "Max": "MAXIMUM",
    "MaxPool": "GlobalMaxPool",
    "AveragePool": "L2_POOL_2D LpPool GlobalLpPool",
    "Min": "MINIMUM",
    "Mod": "FLOOR_MOD",
    "Mul": "SQUARE",
    "Not": "LOGICAL_NOT",
    "And": "LOGICAL_AND",
    "Or": "LOGICAL_OR",
    "Equal": "NOT_EQUAL",
    "Pad": "MIRROR_PAD PADV2",
    "ReduceMean": "MEAN",
    "ReduceSum": "SUM",
    "Reshape": "EXPAND_DIMS SQUEEZE Flatten Squeeze Unsqueeze",
    "ReverseSequence": "REVERSE_V2",
    "Resize": "RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR",
    "Reciprocal": "RSQRT",
    "Sigmoid": "LOGISTIC",
    "Slice": "STRIDED_SLICE",
    "SpaceToDepth": "SPACE_TO_BATCH_ND",
    "Split": "SPLIT_V UNPACK",
    "Sub": "SQUARED_DIFFERENCE",
    "Sum": "ADD_N",
    "TopK": "TOPK_V2",
    "Transpose": "ReorderInput ReorderOutput",
    "Where": "SELECT SELECT_V2",
    _QUANTIZED: "QUANTIZE DEQUANTIZE QuantizeLinear DequantizeLinear DynamicQuantizeLinear",
}
"""Operator of the standard to what a runtime calls it, or what it is most like, where the name is
neither the standard's in other letters nor that with an affix."""

_STANDARD = {name: kind for kind, names in _CALLED.items() for name in names.split()}
_IN_SMALL = {kind.lower(): kind for kind in TRAITS}
_AFFIXES = re.compile(
    "(?:QLinear|Nhwc|Fused|DynamicQuantize|Quick|Q|Bias|Fast)*(.+?)(?:Integer|ToFloat|NBits)*"
)


def of_runtime(kind: str) -> Traits:
    """Return the traits of an operator by the name that a runtime gives it.

    Args:
        kind: an operator type of ONNX Runtime, fused and integer ones too, or of LiteRT's schema.
    """
    plain = _AFFIXES.fullmatch(kind)
    small = kind.removesuffix("_2D").replace("_", "").lower() if kind.isupper() else ""
    found = _STANDARD.get(kind) or _IN_SMALL.get(small) or (plain[1] if plain else kind)
    if found == _QUANTIZED:
        return _REQUANTIZE
    return TRAITS.get(found, _UNKNOWN)

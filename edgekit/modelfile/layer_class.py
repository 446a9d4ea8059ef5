"""The classes of layers that a profile is summed up by, over both runtimes' operator types."""

from __future__ import annotations

from edgekit.runtimes.operators import Operator

_CONVOLUTIONS = frozenset({
    "Conv", "FusedConv", "NhwcFusedConv", "QLinearConv", "ConvInteger", "ConvTranspose",
    "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV",
})  # fmt: skip

# Class to operator types: ONNX Runtime writes them as GlobalAveragePool, LiteRT as AVERAGE_POOL_2D.
_TYPES = {
    "fully connected": (
        "Gemm FusedGemm QGemm MatMul FusedMatMul QLinearMatMul MatMulInteger MatMulIntegerToFloat "
        "DynamicQuantizeMatMul MatMulNBits FULLY_CONNECTED BATCH_MATMUL"
    ),
    "elementwise": (
        "Abs Add BatchNormalization BiasGelu Cast Ceil Clip Div Elu Erf Exp FastGelu Floor Gelu "
        "HardSigmoid HardSwish LeakyRelu Log Max Min Mul Neg Not PRelu Pow QLinearAdd "
        "QLinearLeakyRelu QLinearMul QLinearSigmoid QuickGelu Reciprocal Relu Round Sigmoid Sign "
        "Softplus Sqrt Sub Sum Tanh Where "
        "ABS ADD ADD_N CAST CEIL DIV ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC "
        "MAXIMUM MINIMUM MUL NEG POW PRELU RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SELECT "
        "SELECT_V2 SIGN SQRT SQUARE SQUARED_DIFFERENCE SUB TANH"
    ),
    "data movement": (
        "Concat DepthToSpace Expand Flatten Gather GatherElements GatherND Identity Pad "
        "QLinearConcat ReorderInput ReorderOutput Reshape Slice SpaceToDepth Split Squeeze Tile "
        "Transpose Unsqueeze "
        "BROADCAST_TO CONCATENATION DEPTH_TO_SPACE EXPAND_DIMS GATHER GATHER_ND MIRROR_PAD PACK "
        "PAD PADV2 RESHAPE SLICE SPACE_TO_DEPTH SPLIT SPLIT_V SQUEEZE STRIDED_SLICE TILE "
        "TRANSPOSE UNPACK"
    ),
    "pooling": (
        "AveragePool GlobalAveragePool GlobalMaxPool MaxPool QLinearAveragePool "
        "QLinearGlobalAveragePool QLinearReduceMean ReduceMax ReduceMean ReduceSum "
        "AVERAGE_POOL_2D L2_POOL_2D MAX_POOL_2D MEAN REDUCE_MAX SUM"
    ),
    "quantize/dequantize": (
        "DequantizeLinear DynamicQuantizeLinear QuantizeLinear DEQUANTIZE QUANTIZE"
    ),
}
_CLASS_OF = {kind: name for name, kinds in _TYPES.items() for kind in kinds.split()}

CLASSES = (
    "1x1 convolution", "1x1 grouped", "depthwise", "spatial convolution", *_TYPES, "other",
)  # fmt: skip
"""Every class, in the order of reports."""


def layer_class(operator: Operator) -> str:
    """Return the class of an operator, one of `CLASSES`.

    A convolution is depthwise if each output channel reads one input channel of several, "1x1
    grouped" if it reads some of them at one pixel, and "1x1 convolution" if it reads all of them
    there. A 1x1 convolution that a file holds as a matrix product counts as fully connected.
    """
    if operator.kind not in _CONVOLUTIONS or operator.filter is None:
        return _CLASS_OF.get(operator.kind, "other")
    read, *spatial = operator.filter[1:]
    if operator.kind == "DEPTHWISE_CONV_2D" or (read == 1 and operator.groups > 1):
        return "depthwise"
    if any(size > 1 for size in spatial):
        return "spatial convolution"
    return "1x1 grouped" if operator.groups > 1 else "1x1 convolution"

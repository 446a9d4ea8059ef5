"""Every operator that has an integer form in a small graph, drafted once a process."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from edgekit.quantize import Draft
from tests.specimens import integers
from tests.specimens.graphs import weights

CLIP = "<float low = {%s}, float high = {%s}>"
IMAGE = "g (float[1,4,6,6] x) => (float[1,4,6,6] y)"
CONV = "a = Conv(x, w)\n"
SQUARE = {"w": weights(4, 4, 1, 1)}


@dataclasses.dataclass(frozen=True)
class Case:
    """One operator in a small graph.

    Attributes:
        text: the graph.
        constants: its constants.
        whole: whether the XNNPACK delegate takes all of the .tflite file.
        floats: whether some of it stays float32.
    """

    text: str
    constants: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    whole: bool = True
    floats: bool = False


CASES = {
    "few outputs": Case(
        """g (float[1,12,3,8] x) => (float[1,6,3,8] y) {
             a = Conv(x, w, b)
             y = Relu(a) }""",
        {"w": weights(6, 12, 1, 1), "b": weights(6)},
    ),
    "few channels, doubled": Case(
        """g (float[1,3,6,8] x) => (float[1,8,6,8] y) {
             a = Conv(x, w)
             y = Conv<group=4, pads=[1,0,1,0]>(a, v) }""",
        {"w": weights(4, 3, 1, 1), "v": weights(8, 1, 3, 1)},
    ),
    "larger of two sums of scaled maps": Case(
        """g (float[1,4,6,6] x) => (float[1,4,6,6] y) {
             c = Conv(x, w)
             d = Conv(x, v)
             p = GlobalAveragePool(c)
             q = GlobalAveragePool(d)
             i = Mul(c, p)\n j = Mul(d, q)\n k = Add(i, j)
             l = Mul(c, q)\n m = Mul(d, p)\n n = Add(l, m)
             o = Max(k, n)
             y = Conv(o, w) }""",
        {"w": weights(4, 4, 1, 1), "v": weights(4, 4, 1, 1, seed=1)},
        floats=True,
    ),
    "depth to space": Case(
        """g (float[1,8,3,3] x) => (float[1,2,6,6] y) {
             a = Conv(x, w)
             y = DepthToSpace<blocksize=2>(a) }""",
        {"w": weights(8, 8, 1, 1)},
    ),
    "space to depth": Case(
        """g (float[1,2,6,6] x) => (float[1,8,3,3] y) {
             a = SpaceToDepth<blocksize=2>(x)
             y = Conv(a, w) }""",
        {"w": weights(8, 8, 1, 1)},
    ),
    "convolution": Case(
        "g (float[1,4,6,6] x) => (float[1,5,6,6] y) { y = Conv<pads=[1,1,1,1]>(x, w, b) }",
        {"w": weights(5, 4, 3, 3), "b": weights(5)},
    ),
    "strided": Case(
        "g (float[1,4,7,7] x) => (float[1,5,4,4] y)"
        "{ y = Conv<pads=[1,1,1,1], strides=[2,2]>(x, w) }",
        {"w": weights(5, 4, 3, 3)},
    ),
    "dilated": Case(
        "g (float[1,4,8,8] x) => (float[1,5,4,4] y) { y = Conv<dilations=[2,2]>(x, w) }",
        {"w": weights(5, 4, 3, 3)},
    ),
    "uneven padding": Case(
        "g (float[1,4,6,6] x) => (float[1,5,3,3] y)"
        "{ y = Conv<pads=[0,0,1,1], strides=[2,2]>(x, w) }",
        {"w": weights(5, 4, 3, 3)},
    ),
    "grouped": Case(
        "g (float[1,4,6,6] x) => (float[1,6,6,6] y) { y = Conv<group=2>(x, w, b) }",
        {"w": weights(6, 2, 1, 1), "b": weights(6)},
    ),
    "depthwise": Case(
        f"{IMAGE} {{ a = Conv<group=4, pads=[1,1,1,1]>(x, w, b)\n y = Relu(a) }}",
        {"w": weights(4, 1, 3, 3), "b": weights(4)},
    ),
    "depth multiplier": Case(
        "g (float[1,4,6,6] x) => (float[1,8,6,6] y) { y = Conv<group=4, pads=[1,1,1,1]>(x, w) }",
        {"w": weights(8, 1, 3, 3)},
    ),
    "gemm": Case(
        "g (float[1,6] x) => (float[1,5] y) { y = Gemm(x, w, b) }",
        {"w": weights(6, 5), "b": weights(5)},
    ),
    "gemm, transposed": Case(
        "g (float[1,6] x) => (float[1,5] y) { y = Gemm<transB=1>(x, w, b) }",
        {"w": weights(5, 6), "b": weights(5)},
    ),
    "gemm without a bias": Case(
        "g (float[1,6] x) => (float[1,5] y) { y = Gemm<transB=1>(x, w) }", {"w": weights(5, 6)}
    ),
    "matmul": Case("g (float[1,6] x) => (float[1,5] y) { y = MatMul(x, w) }", {"w": weights(6, 5)}),
    "batch of two": Case(
        "g (float[2,4,6,6] x) => (float[2,5] y) { a = Conv(x, w)\n p = GlobalAveragePool(a)\n"
        "f = Flatten(p)\n y = Gemm<transB=1>(f, v) }",
        {**SQUARE, "v": weights(5, 4)},
    ),
    "relu6": Case(
        f"{IMAGE} {CLIP % (0.0, 6.0)} {{ {CONV} y = Clip(a, low, high) }}",
        {"w": 3 * SQUARE["w"]},
    ),
    "relu6 before a wider concat": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,6] y) {CLIP % (0.0, 6.0)}"
        f"{{ {CONV} c = Clip(a, low, high)\n z = Conv(x, v)\n y = Concat<axis=1>(c, z) }}",
        {"w": 3 * SQUARE["w"], "v": 9 * weights(4, 4, 1, 1, seed=1)},
    ),
    "clip from -1 to 1": Case(
        f"{IMAGE} {CLIP % (-1.0, 1.0)} {{ {CONV} y = Clip(a, low, high) }}", SQUARE
    ),
    "odd clip": Case(f"{IMAGE} {CLIP % (-0.7, 1.3)} {{ {CONV} y = Clip(a, low, high) }}", SQUARE),
    "odd clip before a wider concat": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,6] y) {CLIP % (0.0, 5.0)}"
        f"{{ {CONV} c = Clip(a, low, high)\n z = Conv(x, v)\n y = Concat<axis=1>(c, z) }}",
        {"w": 3 * SQUARE["w"], "v": 9 * weights(4, 4, 1, 1, seed=1)},
        floats=True,
    ),
    "clip that leaves out zero": Case(
        f"{IMAGE} {CLIP % (0.5, 1.3)} {{ {CONV} y = Clip(a, low, high) }}", SQUARE, floats=True
    ),
    "clip of the input": Case(f"{IMAGE} {CLIP % (-0.7, 1.3)} {{ y = Clip(x, low, high) }}"),
    "relu of the input": Case(f"{IMAGE} {{ y = Relu(x) }}"),
    "relu after concat": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,6] y)"
        f"{{ {CONV} c = Concat<axis=1>(a, x)\n y = Relu(c) }}",
        SQUARE,
    ),
    "relu after concat, both are outputs": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,6] y, float[1,8,6,6] c)"
        f"{{ {CONV} c = Concat<axis=1>(a, x)\n y = Relu(c) }}",
        SQUARE,
    ),
    "residual": Case(f"{IMAGE} {{ {CONV} s = Add(a, x)\n y = Relu(s) }}", SQUARE),
    "residual chain": Case(
        f"{IMAGE} {{ {CONV} s = Add(a, x)\n r = Relu(s)\n b = Conv(r, v)\n t = Add(r, b)\n"
        "y = Relu(t) }",
        {**SQUARE, "v": weights(4, 4, 1, 1, seed=3)},
    ),
    "sub": Case(f"{IMAGE} {{ {CONV} y = Sub(a, x) }}", SQUARE),
    "add a constant": Case(
        f"{IMAGE} {{ {CONV} y = Add(a, v) }}", {**SQUARE, "v": weights(4, 6, 6)}
    ),
    "mul by a constant": Case(
        f"{IMAGE} {{ {CONV} y = Mul(a, v) }}", {**SQUARE, "v": weights(1, 4, 6, 6)}
    ),
    "swish": Case(f"{IMAGE} {{ {CONV} s = Sigmoid(a)\n y = Mul(a, s) }}", SQUARE),
    "squeeze and excite": Case(
        f"{IMAGE} {{ {CONV} p = GlobalAveragePool(a)\n b = Conv(p, v)\n s = Sigmoid(b)\n"
        "y = Mul(a, s) }",
        {**SQUARE, "v": weights(4, 4, 1, 1, seed=3)},
    ),
    "concat": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,6] y) {{ {CONV} y = Concat<axis=1>(a, x) }}", SQUARE
    ),
    "shuffle": Case(
        "g (float[1,6,4,4] x) => (float[1,6,4,4] y) { a = Relu(x)\n s = Gather<axis=1>(a, order)\n"
        "y = Conv<group=6, pads=[1,1,1,1]>(s, v) }",
        {"v": weights(6, 1, 3, 3), "order": np.array([0, 2, 4, 1, 3, 5])},
    ),
    "any order of channels": Case(
        "g (float[1,24,4,4] x) => (float[1,24,4,4] y) { a = Conv<group=24>(x, w)\n"
        "y = Gather<axis=1>(a, order) }",
        {"w": weights(24, 1, 1, 1), "order": np.random.default_rng(0).permutation(24)},
    ),
    "any order of many channels": Case(
        "g (float[1,100,4,4] x) => (float[1,100,4,4] y) { a = Conv<group=100>(x, w)\n"
        "y = Gather<axis=1>(a, order) }",
        {"w": weights(100, 1, 1, 1), "order": np.random.default_rng(0).permutation(100)},
        whole=False,
    ),
    "split": Case(
        "g (float[1,6,4,4] x) => (float[1,6,4,4] y) <int64[2] n = {2, 4}>"
        "{ a = Conv(x, w)\n s, t = Split<axis=1>(a, n)\n y = Concat<axis=1>(t, s) }",
        {"w": weights(6, 6, 1, 1)},
    ),
    "slice": Case(
        "g (float[1,6,4,4] x) => (float[1,3,4,4] y)"
        "<int64[1] from = {1}, int64[1] to = {4}, int64[1] axis = {1}>"
        "{ a = Conv(x, w)\n y = Slice(a, from, to, axis) }",
        {"w": weights(6, 6, 1, 1)},
    ),
    "pad": Case(
        "g (float[1,4,6,6] x) => (float[1,4,9,8] y) <int64[8] p = {0,0,1,1,0,0,2,1}>"
        f"{{ {CONV} y = Pad(a, p) }}",
        SQUARE,
    ),
    "one axis": Case(
        "g (float[1,4,12] x) => (float[1,4,6] y) { a = Conv<pads=[1,1]>(x, w)\n b = Relu(a)\n"
        "c = Add(b, x)\n y = MaxPool<kernel_shape=[2], strides=[2]>(c) }",
        {"w": weights(4, 4, 3)},
    ),
    "transposed": Case(
        "g (float[1,4,6,6] x) => (float[1,3,12,12] y)"
        "{ a = ConvTranspose<strides=[2,2], pads=[1,1,1,1]>(x, w, b)\n y = Relu(a) }",
        {"w": weights(4, 3, 4, 4), "b": weights(3)},
    ),
    "transposed along one axis": Case(
        "g (float[1,4,12] x) => (float[1,3,24] y)"
        "{ y = ConvTranspose<strides=[2], pads=[1,0]>(x, w) }",
        {"w": weights(4, 3, 3)},
    ),
    "transposed by channel": Case(
        "g (float[1,4,6,6] x) => (float[1,4,13,13] y)"
        "{ y = ConvTranspose<strides=[2,2], group=4>(x, w) }",
        {"w": weights(4, 1, 3, 3)},
    ),
    "nearest": Case(
        f"g (float[1,4,6,6] x) => (float[1,4,12,18] y)"
        f'{{ {CONV} y = Resize<coordinate_transformation_mode="asymmetric",'
        f'nearest_mode="floor">(a, , s) }}',
        {**SQUARE, "s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "linear": Case(
        f"g (float[1,4,6,6] x) => (float[1,4,12,18] y)"
        f'{{ {CONV} y = Resize<mode="linear">(a, , s) }}',
        {**SQUARE, "s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "global max pool": Case(
        f"g (float[1,4,6,6] x) => (float[1,4,1,1] y) {{ {CONV} y = GlobalMaxPool(a) }}", SQUARE
    ),
    "max pool": Case(
        "g (float[1,4,6,6] x) => (float[1,4,3,3] y)"
        f"{{ {CONV} y = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(a) }}",
        SQUARE,
    ),
    "average pool": Case(
        "g (float[1,4,6,6] x) => (float[1,4,3,3] y)"
        f"{{ {CONV} y = AveragePool<kernel_shape=[2,2], strides=[2,2]>(a) }}",
        SQUARE,
    ),
    "average pool that skips its padding": Case(
        f"{IMAGE} {{ {CONV} y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(a) }}",
        SQUARE,
        floats=True,
    ),
    "global pool": Case(
        f"g (float[1,4,6,6] x) => (float[1,4,1,1] y) {{ {CONV} y = GlobalAveragePool(a) }}", SQUARE
    ),
    "flatten": Case(
        "g (float[1,4,2,2] x) => (float[1,5] y)"
        f"{{ {CONV} f = Flatten(a)\n y = Gemm<transB=1>(f, v) }}",
        {**SQUARE, "v": weights(5, 16)},
    ),
    "hard-swish": Case(f"{IMAGE} {{ {CONV} y = HardSwish(a) }}", {"w": 3 * SQUARE["w"]}),
    "hard-sigmoid": Case(
        f"{IMAGE} {{ {CONV} y = HardSigmoid<alpha=0.16666667>(a) }}", {"w": 3 * SQUARE["w"]}
    ),
    "sigmoid": Case(f"{IMAGE} {{ {CONV} y = Sigmoid(a) }}", SQUARE),
    "tanh": Case(f"{IMAGE} {{ {CONV} y = Tanh(a) }}", SQUARE),
    "softmax": Case(
        "g (float[1,6] x) => (float[1,5] y) { a = Gemm(x, w)\n y = Softmax<axis=1>(a) }",
        {"w": weights(6, 5)},
        whole=False,
    ),
    "leaky relu": Case(f"{IMAGE} {{ {CONV} y = LeakyRelu<alpha=0.2>(a) }}", SQUARE),
    "max": Case(f"{IMAGE} {{ {CONV} y = Max(a, x) }}", SQUARE, whole=False),
    "min": Case(f"{IMAGE} {{ {CONV} y = Min(a, x) }}", SQUARE, whole=False),
    "max of three": Case(
        f"{IMAGE} {{ {CONV} b = Conv(x, v)\n y = Max(a, x, b) }}",
        {**SQUARE, "v": weights(4, 4, 1, 1, seed=2)},
        whole=False,
    ),
    "max with a constant": Case(
        f"{IMAGE} {{ {CONV} y = Max(a, v) }}",
        {**SQUARE, "v": weights(1, 4, 1, 1, seed=2)},
        whole=False,
    ),
    "largest of the channels": Case(
        f"g (float[1,4,6,6] x) => (float[1,1,6,6] y) <int64[1] axes = {{1}}>"
        f"{{ {CONV} y = ReduceMax(a, axes) }}",
        SQUARE,
    ),
    "smallest of the places": Case(
        f"g (float[1,4,6,6] x) => (float[1,4] y) <int64[2] axes = {{2,-1}}>"
        f"{{ {CONV} y = ReduceMin<keepdims=0>(a, axes) }}",
        SQUARE,
    ),
    "tile": Case(
        f"g (float[1,4,6,6] x) => (float[1,8,6,12] y) <int64[4] times = {{1,2,1,2}}>"
        f"{{ {CONV} y = Tile(a, times) }}",
        SQUARE,
        whole=False,
    ),
    "expand": Case(
        f"g (float[1,4,6,6] x) => (float[2,4,6,6] y) <int64[4] size = {{2,4,6,6}}>"
        f"{{ {CONV} y = Expand(a, size) }}",
        SQUARE,
        whole=False,
    ),
    "transpose": Case(f"{IMAGE} {{ {CONV} y = Transpose<perm=[0,1,3,2]>(a) }}", SQUARE),
    "reshape": Case(
        "g (float[1,4,6,6] x) => (float[1,4,4,9] y) <int64[4] size = {1,4,4,9}>"
        f"{{ {CONV} y = Reshape(a, size) }}",
        SQUARE,
    ),
    "two inputs": Case(
        "g (float[1,4,6,6] x, float[1,4,6,6] z) => (float[1,4,6,6] y) { y = Add(x, z) }"
    ),
}


def network(name: str) -> ir.Model:
    case = CASES[name]
    return integers.network(case.text, **case.constants)


@functools.cache
def drafted(name: str) -> Draft:
    return fresh(name)


def fresh(name: str) -> Draft:
    graph = network(name)
    return integers.drafted(graph, integers.noise(graph))


def coarsest(draft: Draft) -> float:
    """The widest step on the way to an output, in its own: an error of one step there shows."""
    affines = draft.encodings.activations
    outputs = [affines[str(v.name)].scale for v in draft.graph.graph.outputs]
    widest = max(affine.scale for affine in affines.values())
    return widest / min(outputs)


ISLANDS = """g (float[1,4,6,6] x) => (float[1,5] y) {
  a = Conv(x, first)
  b = Relu(a)
  c = Conv<group=4, pads=[1,1,1,1]>(b, middle)
  s = Add(b, c)
  d = Relu(s)
  p = GlobalAveragePool(d)
  f = Flatten(p)
  y = Gemm<transB=1>(f, last) }"""


def islands() -> Draft:
    graph = integers.network(
        ISLANDS, first=weights(4, 4, 1, 1), middle=weights(4, 1, 3, 3), last=weights(5, 4)
    )
    return integers.drafted(graph, integers.noise(graph))

"""Graphs that a rule must leave alone or do right, beyond one step from its specimen."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.further_canonical import CANONICAL
from tests.specimens.rules.further_integers import QUANTIZED
from tests.specimens.rules.further_layers import LAYERS
from tests.specimens.rules.further_lowered import LOWERED
from tests.specimens.rules.further_norms import NORMS

ORDER = np.array([2, 0, 3, 1])
MAP, ROWS = "float[1,4,3,5]", "float[3,4]"
STATISTICS = {
    "s": weights(3), "b": weights(3, seed=1), "m": weights(3, seed=2),
    "v": weights(3, seed=3) ** 2 + 1,
}  # fmt: skip
GELU = {
    "root": np.float32(0.5**0.5), "one": np.float32(1), "half": np.float32(0.5),
    "three": np.float32(3), "part": np.float32(0.044715), "scale": np.float32(0.7978845608),
}  # fmt: skip
_NORM_OF_A_PRODUCT = (
    """g (float[1,3,4,5] x) => (float[1,3,4,5] y) { a = MatMul(x, w)
         y = BatchNormalization(a, s, b, m, v) }""",
    {"w": weights(5, 5), **STATISTICS},
)


def _gelu(beside: str, cubed: str) -> str:
    """Return x by its tanh gate, if both names are x."""
    return f"""g (float[3,4] x, float[3,4] z) => (float[3,4] y) {{ a = Pow({cubed}, three)
         b = Mul(a, part)
         c = Add({beside}, b)
         d = Mul(c, scale)
         e = Tanh(d)
         f = Add(e, one)
         h = Mul(x, f)
         y = Mul(h, half) }}"""


FURTHER_AWAY = {
    **CANONICAL,
    **LAYERS,
    **LOWERED,
    **NORMS,
    **QUANTIZED,
    "add_into_bias: by row": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(1, 6, 3, 1)},
    ),
    "add_into_bias: everywhere": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(c, a) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(6, 3, 5)},
    ),
    "add_into_bias: of more channels": (
        f"g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(1, 4, 1, 1), "c": weights(6, 1, 1)},
    ),
    "add_into_bias: of more dimensions": (
        f"g ({MAP} x) => (float[2,1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(2, 1, 6, 1, 1)},
    ),
    "add_into_bias: one number of more dimensions": (
        f"g ({MAP} x) => (float[1,1,6,3,5] y) {{ a = Conv(x, w)\n y = Add(a, c) }}",
        {"w": weights(6, 4, 1, 1), "c": weights(1, 1, 1, 1, 1)},
    ),
    "add_into_bias: of rows of a product": (
        f"g ({ROWS} x) => (float[3,3] y) {{ a = Gemm(x, w)\n y = Add(a, c) }}",
        {"w": weights(4, 3), "c": weights(3, 1)},
    ),
    "add_into_bias: of another operator": (
        f"g ({ROWS} x) => ({ROWS} y) {{ a = Mul(x, k)\n y = Add(a, c) }}",
        {"k": weights(4), "c": weights(4, seed=1)},
    ),
    "canonical_batch_norm: behind a bias for every row": (
        f"""g ({ROWS} x) => (float[3,3] y) {{ a = Gemm(x, w, c)
             y = BatchNormalization(a, s, b, m, v) }}""",
        {"w": weights(4, 3), "c": weights(3, 1), **STATISTICS},
    ),
    "canonical_batch_norm: behind products that others read": (
        f"""g ({ROWS} x) => (float[3,3] y, float[3,3] z) {{ a = Gemm(x, w)
             y = BatchNormalization(a, s, b, m, v)
             z = Relu(a) }}""",
        {"w": weights(4, 3), **STATISTICS},
    ),
    "canonical_batch_norm: behind more than a matrix": (
        """g (float[2,3,4] x) => (float[2,3,5] y) { a = MatMul(x, w)
             y = BatchNormalization(a, s, b, m, v) }""",
        {"w": weights(4, 5), **STATISTICS},
    ),
    "fuse_activation: one that cuts what another left": (
        f"""g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)
             b = Clip(a, minus, plus)
             y = Relu(b) }}""",
        {"w": weights(6, 4, 1, 1), "minus": np.float32(-1), "plus": np.float32(1)},
    ),
    "fuse_activation: a narrow one behind a wide one": (
        f"""g ({MAP} x) => (float[1,6,3,5] y) {{ a = Conv(x, w)
             b = Relu(a)
             y = Clip(b, minus, plus) }}""",
        {"w": weights(6, 4, 1, 1), "minus": np.float32(-1), "plus": np.float32(1)},
    ),
    "average_pool_as_depthwise: padding that does not count": (
        f"""g ({MAP} x) => (float[1,4,3,5] y) {{
             y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x) }}""",
        {},
    ),
    "average_pool_as_depthwise: a last window behind the padding": (
        """g (float[1,4,6,6] x) => (float[1,4,3,3] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1,
                             count_include_pad=1>(x) }""",
        {},
    ),
    "batch_norm_as_depthwise: of a volume": (
        """g (float[1,3,2,4,5] x) => (float[1,3,2,4,5] y) {
             y = BatchNormalization(x, s, b, m, v) }""",
        STATISTICS,
    ),
    "activation_before_permutation: of another operator": (
        f"""g ({MAP} x) => ({MAP} y) {{ a = Gather<axis=1>(x, order)
             b = Mul(a, k)
             y = Neg(b) }}""",
        {"order": ORDER, "k": weights(4, 1, 1)},
    ),
    "activation_before_permutation: that is read as it is": (
        f"""g ({MAP} x) => ({MAP} y, {MAP} z) {{ a = Gather<axis=1>(x, order)
             y = Relu(a)
             z = Neg(a) }}""",
        {"order": ORDER},
    ),
    "batch_norm_into_transposed: behind one that others read": (
        f"""g ({MAP} x) => (float[1,3,5,7] y, float[1,3,5,7] z) {{
             a = ConvTranspose(x, w)
             y = BatchNormalization(a, s, b, m, v)
             z = Neg(a) }}""",
        {"w": weights(4, 3, 3, 3), **STATISTICS},
    ),
    "batch_norm_into_transposed: behind a plain convolution of as many channels": (
        """g (float[1,3,5,5] x, float[3,3,1,1] w) => (float[1,3,5,5] y) {
             a = Conv(x, w)
             y = BatchNormalization(a, s, b, m, v) }""",
        STATISTICS,
    ),
    "batch_norm_as_depthwise: behind another product": _NORM_OF_A_PRODUCT,
    "batch_norm_into_transposed: behind another product": _NORM_OF_A_PRODUCT,
    "batch_norm_into_transposed: with a bias": (
        f"""g ({MAP} x) => (float[1,3,5,7] y) {{
             a = ConvTranspose(x, w, c)
             y = BatchNormalization(a, s, b, m, v) }}""",
        {"w": weights(4, 3, 3, 3), "c": weights(3), **STATISTICS},
    ),
    "canonical_batch_norm: behind another operator": (
        """g (float[4,3] x) => (float[4,3] y) {
             a = Add(x, k)
             y = BatchNormalization(a, s, b, m, v) }""",
        {"k": weights(3, 3)[:1], **STATISTICS},
    ),
    "canonical_batch_norm: behind scaled products": (
        f"""g ({ROWS} x) => (float[3,3] y) {{ a = Gemm<alpha=2.0, beta=0.5>(x, w, c)
             y = BatchNormalization(a, s, b, m, v) }}""",
        {"w": weights(4, 3), "c": weights(3), **STATISTICS},
    ),
    "canonical_depth_to_space: another operator of that mode": (
        """g (float[1,4,4,6] x) => (float[1,16,2,3] y) { y = SpaceToDepth<blocksize=2>(x) }""",
        {},
    ),
    "canonical_division: of whole numbers": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, hundred)
             b = Cast<to=6>(a)
             c = Div(b, k)
             y = Cast<to=1>(c) }""",
        {"hundred": np.float32(100), "k": np.array([2, 3, 4, 5], np.int32)},
    ),
    "canonical_division: by large numbers": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, large)
             y = Div(a, k) }""",
        {"large": np.float32(1e38), "k": np.float32([3e38, 2e38, 1e38, 3e38])},
    ),
    "flat_mean: the sum of what was pooled": (
        f"""g ({MAP} x) => (float[1,4] y) {{ a = GlobalAveragePool(x)
             y = ReduceL1<keepdims=0>(a, axes) }}""",
        {"axes": np.array([2, 3])},
    ),
    "flat_mean: pooled numbers that others read": (
        f"""g ({MAP} x) => (float[1,4] y, float[1,4,1,1] z) {{ a = GlobalAveragePool(x)
             y = Reshape(a, shape)
             z = Neg(a) }}""",
        {"shape": np.array([1, 4])},
    ),
    "flatten_into_gemm: that is read as it is": (
        f"""g ({MAP} x) => (float[1,5] y, float[1,60] z) {{ z = Reshape(x, shape)
             y = Gemm(z, w) }}""",
        {"shape": np.array([1, 60]), "w": weights(60, 5)},
    ),
    "flatten_into_gemm: of a volume": (
        """g (float[1,2,3,2,2] x) => (float[1,5] y) { a = Reshape(x, shape)
             y = Gemm(a, w) }""",
        {"shape": np.array([1, 24]), "w": weights(24, 5)},
    ),
    "flatten_into_gemm: of other rows": (
        """g (float[2,3,2,2] x) => (float[4,5] y) { a = Reshape(x, shape)
             y = Gemm(a, w) }""",
        {"shape": np.array([4, 6]), "w": weights(6, 5)},
    ),
    "flatten_into_gemm: of images in turn": (
        """g (float[2,3,2,2] x) => (float[3,5] y) { a = Reshape(x, shape)
             y = Gemm(a, w) }""",
        {"shape": np.array([3, 8]), "w": weights(8, 5)},
    ),
    "flatten_into_gemm: added to a matrix": (
        """g (float[1,3,2,2] x) => (float[5,12] y) { a = Reshape(x, shape)
             y = Add(a, w) }""",
        {"shape": np.array([1, 12]), "w": weights(5, 12)},
    ),
    "flatten_into_gemm: times a vector": (
        """g (float[2,3,2,2] x) => (float[2] y) { a = Reshape(x, shape)
             y = MatMul(a, w) }""",
        {"shape": np.array([2, 12]), "w": weights(12)},
    ),
    "flatten_into_gemm: times several matrices": (
        """g (float[2,3,2,2] x) => (float[4,2,5] y) { a = Reshape(x, shape)
             y = MatMul(a, w) }""",
        {"shape": np.array([2, 12]), "w": weights(4, 12, 5)},
    ),
    "flatten_into_gemm: turned": (
        """g (float[1,3,2,2] x) => (float[12,5] y) { a = Reshape(x, shape)
             y = Gemm<transA=1>(a, w) }""",
        {"shape": np.array([1, 12]), "w": weights(1, 5)},
    ),
    "flatten_into_gemm: turned behind an activation": (
        """g (float[2,3,2,2] x) => (float[12,5] y) { a = Reshape(x, shape)
             b = Relu(a)
             y = Gemm<transA=1>(b, w) }""",
        {"shape": np.array([2, 12]), "w": weights(2, 5)},
    ),
    "folded_columns: with gaps": (
        """g (float[1,3,8,16] x) => (float[1,4,8,16] y) {
             y = Conv<dilations=[1,2], pads=[1,2,1,2]>(x, w) }""",
        {"w": weights(4, 3, 3, 3)},
    ),
    "folded_columns: with gaps between rows": (
        """g (float[1,3,8,16] x) => (float[1,4,8,16] y) {
             y = Conv<dilations=[2,1], pads=[2,1,2,1]>(x, w) }""",
        {"w": weights(4, 3, 3, 3)},
    ),
    "folded_columns: of a volume": (
        """g (float[1,3,2,8,8] x) => (float[1,4,2,8,8] y) {
             y = Conv<pads=[1,1,1,1,1,1]>(x, w) }""",
        {"w": weights(4, 3, 3, 3, 3)},
    ),
    "folded_columns: in groups": (
        """g (float[1,6,8,16] x) => (float[1,4,8,16] y) {
             y = Conv<group=2, pads=[1,1,1,1]>(x, w) }""",
        {"w": weights(4, 3, 3, 3)},
    ),
    "folded_columns: padded by name": (
        """g (float[1,3,8,16] x) => (float[1,4,8,16] y) {
             y = Conv<auto_pad="SAME_LOWER">(x, w) }""",
        {"w": weights(4, 3, 4, 4)},
    ),
    "folded_columns: every other column": (
        """g (float[1,3,8,18] x) => (float[1,4,8,9] y) {
             y = Conv<strides=[1,2], pads=[1,1,1,0]>(x, w) }""",
        {"w": weights(4, 3, 3, 3)},
    ),
    "grouped_transposed_as_conv: of a volume": (
        """g (float[1,4,2,3,3] x) => (float[1,4,4,5,5] y) {
             y = ConvTranspose<group=2>(x, w) }""",
        {"w": weights(4, 2, 3, 3, 3)},
    ),
    "grouped_transposed_as_conv: padded by name": (
        """g (float[1,4,3,3] x) => (float[1,4,6,6] y) {
             y = ConvTranspose<group=2, strides=[2,2], auto_pad="SAME_UPPER">(x, w) }""",
        {"w": weights(4, 2, 3, 3)},
    ),
    "grouped_transposed_as_conv: of a size that is given": (
        """g (float[1,4,3,3] x) => (float[1,4,6,7] y) {
             y = ConvTranspose<group=2, strides=[2,2], output_shape=[6,7]>(x, w) }""",
        {"w": weights(4, 2, 3, 3)},
    ),
    "fuse_activation: behind what takes none": (
        f"""g ({MAP} x) => ({MAP} y) {{ a = Neg(x)
             y = Relu(a) }}""",
        {},
    ),
    "gemm_as_matmul: with a computed bias for every row": (
        f"""g ({ROWS} x, float[3,1] c) => (float[3,5] y) {{
             y = Gemm<beta=2.0>(x, w, c) }}""",
        {"w": weights(4, 5)},
    ),
    "grouped_as_dense: before a convolution with a window": (
        f"""g ({MAP} x) => ({MAP} y) {{ a = Gather<axis=1>(x, order)
             y = Conv<group=2, pads=[1,1,1,1]>(a, w) }}""",
        {"order": ORDER, "w": weights(4, 2, 3, 3)},
    ),
    "batch_norm_as_depthwise: in training": (
        """g (float[2,3,4,5] x) => (float[2,3,4,5] y) {
             y, mean, variance = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        STATISTICS,
    ),
    "batch_norm_into_transposed: in training": (
        f"""g ({MAP} x) => (float[1,3,5,7] y) {{ a = ConvTranspose(x, w)
             y, mean, variance = BatchNormalization<training_mode=1>(a, s, b, m, v) }}""",
        {"w": weights(4, 3, 3, 3), **STATISTICS},
    ),
    "canonical_batch_norm: in training": (
        """g (float[5,3] x) => (float[5,3] y) {
             y, mean, variance = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        STATISTICS,
    ),
    "batch_norm_into_transposed: without a bias": (
        f"""g ({MAP} x) => (float[1,3,5,7] y) {{ a = ConvTranspose(x, w)
             y = BatchNormalization(a, s, b, m, v) }}""",
        {"w": weights(4, 3, 3, 3), **STATISTICS},
    ),
    "canonical_gelu: with the cube of another value": (
        _gelu("x", "z"),
        GELU,
    ),
    "canonical_gelu: with another value beside the cube": (
        _gelu("z", "x"),
        GELU,
    ),
    "canonical_gelu: times the value again": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, root)
             b = Erf(a)
             c = Add(b, one)
             d = Mul(x, c)
             e = Mul(d, x)
             y = Mul(e, half) }""",
        GELU,
    ),
    "canonical_gelu: halved by a number of more dimensions": (
        """g (float[3,4] x) => (float[1,1,3,4] y) { a = Mul(x, root)
             b = Erf(a)
             c = Add(b, one)
             d = Mul(x, c)
             y = Mul(d, halves) }""",
        {**GELU, "halves": np.full((1, 1, 1, 1), 0.5, np.float32)},
    ),
    "canonical_global_pool: of more dimensions": (
        "g (float[1,4,3,5,2] x) => (float[1,4,2] y) { y = ReduceMean<keepdims=0>(x, axes) }",
        {"axes": np.array([2, 3])},
    ),
    "canonical_global_pool: of fewer dimensions": (
        "g (float[4,3,5] x) => (float[4] y) { y = ReduceMean<keepdims=0>(x, axes) }",
        {"axes": np.array([-2, -1])},
    ),
    "canonical_global_pool: over everything": (
        f"g ({MAP} x) => (float[1,1,1,1] y) {{ y = ReduceMean(x) }}",
        {},
    ),
    "canonical_global_pool: beyond the map": (
        f"""g ({MAP} x) => (float[1,4,3,3] y) {{
             y = AveragePool<kernel_shape=[3,5], pads=[1,1,1,1]>(x) }}""",
        {},
    ),
}

REFUSED = {
    "attention_as_products: what a mask leaves out": "unsupported-output",
    "attention_as_products: what a mask of truth leaves out": "unsupported-output",
    "attention_as_products: what a softcap bounds": "unsupported-output",
    "batch_norm_as_depthwise: in training": "training-mode",
    "batch_norm_into_transposed: in training": "training-mode",
    "canonical_batch_norm: in training": "training-mode",
    "grouped_transposed_as_conv: of a volume": "grouped-transposed",
    "parallel_convs: beside statistics of the batch": "training-mode",
    "pool_indices_as_argmax: by columns": "second-output",
    "pool_indices_as_argmax: of a series": "second-output",
    "pool_indices_as_argmax: of bytes": "second-output",
    "power_as_roots: reciprocals of whole numbers": "dtype",
    "power_as_roots: roots of whole numbers": "dtype",
    "reshape_past_elementwise: statistics of a batch": "training-mode",
    "resize_as_map: to sizes that are rounded": "resize-sizes",
    "resize_as_products: to sizes that are rounded": "resize-sizes",
    "roi_align_as_gathers: as many points as a region takes": "dynamic-shape",
    "roi_align_as_gathers: the largest": "unsupported-mode",
    "spectrum_as_products: by a computed window": "dynamic-shape",
    "unpool_as_scatter: of windows that overlap": "unsupported-window",
    "unrolled_recurrence: of no steps": "unsupported-recurrence",
}
"""Those that no .tflite holds, and the code of the reason; all others come out in every form."""

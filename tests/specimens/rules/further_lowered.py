"""Graphs that a rule of a format must leave alone or do right, of windows, moves and samples."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray]]

_ROUNDED: Case = (
    """g (float[1,2,3,5] x) => (float[1,2,4,6] y) {
         y = Resize<axes=[2,3], keep_aspect_ratio_policy="not_larger", mode="linear">
                   (x, , , s) }""",
    {"s": np.array([5, 6])},
)

LOWERED: dict[str, Case] = {
    "affine_grid_as_product: from corner to corner": (
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[2,2,3] x) => (float[2,4,5,2] y) <int64[4] size = {2, 1, 4, 5}> {
             y = AffineGrid<align_corners=1>(x, size) }""",
        {},
    ),
    "average_pool_as_depthwise: the largest": (
        "g (float[1,4,4,6] x) => (float[1,4,2,3] y)"
        "{ y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) }",
        {},
    ),
    "bias_into_matmul: of one number": (
        "g (float[2,3,4] x) => (float[2,3,5] y) { a = MatMul(x, w)\n y = Add(a, c) }",
        {"w": weights(4, 5), "c": np.float32(0.3)},
    ),
    "bias_into_matmul: of rows": (
        "g (float[2,3,4] x) => (float[2,3,5] y) { a = MatMul(x, w)\n y = Add(a, c) }",
        {"w": weights(4, 5), "c": weights(3, 5)},
    ),
    "bias_into_matmul: of more dimensions": (
        "g (float[2,3,4] x) => (float[1,2,3,5] y) { a = MatMul(x, w)\n y = Add(a, c) }",
        {"w": weights(4, 5), "c": weights(1, 1, 1, 5)},
    ),
    "bias_into_matmul: of two sums": (
        "g (float[2,3,4] x) => (float[2,3,5] y) {"
        " a = MatMul(x, w)\n b = Add(a, c)\n y = Add(b, d) }",
        {"w": weights(4, 5), "c": weights(5), "d": weights(5, seed=1)},
    ),
    "bias_into_matmul: of a vector": (
        "g (float[4] x) => (float[5] y) { a = MatMul(x, w)\n y = Add(a, c) }",
        {"w": weights(4, 5), "c": weights(5)},
    ),
    "shuffle_as_ranges: of channels that are read twice": (
        """g (float[1,2,3,5] x) => (float[1,3,3,5] y, float[1,3,3,5] z)
           <int64[4] order = {2,0,3,1}> {
             a = Concat<axis=1>(x, x)
             b = Gather<axis=1>(a, order)
             y = Conv(b, w)
             z = Conv(b, v) }""",
        {"w": weights(3, 4, 1, 1), "v": weights(3, 4, 1, 1, seed=1)},
    ),
    "grid_as_gathers: of each of a batch": (
        """g (float[2,4,5] x) => (float[2,5] y) <int64[2,1] i = {2,1}> {
             y = GatherND<batch_dims=1>(x, i) }""",
        {},
    ),
    "grid_as_gathers: behind another operator": (
        """g (float[3,4,5] x) => (float[2,2,5] y) <int64[2,2,2] i = {2,-1,2,1,0,-1,0,1}> {
             a = Neg(x)
             y = GatherND(a, i) }""",
        {},
    ),
    "attention_as_products: what a softcap bounds": (
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,4] x, float[1,2,5,4] k) => (float[1,2,3,4] y, float[1,2,3,5] q) {
             y, , , q = Attention<softcap=2.0>(x, k, k) }""",
        {},
    ),
    "attention_as_products: what a mask of truth leaves out": (
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,4] x, float[1,2,5,4] k) => (float[1,2,3,4] y, float[1,2,3,5] q) {
             y, , , q = Attention<qk_matmul_output_mode=2>(x, k, k, mask) }""",
        {"mask": np.arange(15).reshape(3, 5) % 4 != 1},
    ),
    "attention_as_products: what a mask of truth leaves of its shares": (
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,4] x, float[1,2,5,4] k) => (float[1,2,3,4] y, float[1,2,3,5] q) {
             y, , , q = Attention<qk_matmul_output_mode=3>(x, k, k, mask) }""",
        {"mask": np.arange(15).reshape(3, 5) % 4 != 1},
    ),
    "attention_as_products: what a mask leaves out": (
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,4] x, float[1,2,5,4] k) => (float[1,2,3,4] y, float[1,2,3,5] q) {
             y, , , q = Attention<is_causal=1, qk_matmul_output_mode=2>(x, k, k) }""",
        {},
    ),
    "softmax_as_columns: its logarithm, its peak, and behind one axis": (
        """g (float[2,3,4,5] x) => (float[2,3,4,5] y, float[2,3,4,5] z, float[2,3,4,5] v,
                float[3,1,1] w) {
             y = LogSoftmax<axis=0>(x)
             z = Hardmax<axis=-3>(x)
             v = Softmax<axis=2>(x)
             s = Slice(x, start, end)
             m = ReduceSum<keepdims=0>(s, ends)
             c = Reshape(m, column)
             w = Softmax<axis=0>(c) }""",
        {"start": np.array([0, 0, 0, 0]), "end": np.array([1, 3, 2, 5]),
         "ends": np.array([0, 2, 3]), "column": np.array([3, 1, 1])},
    ),
    "mask_as_addend: the other side is what is seen": (
        "g (float[3,4] x) => (float[3,4] y) { s = Where(seen, x, never)\n y = Softmax(s) }",
        {"seen": np.tri(3, 4, dtype=np.bool_), "never": np.full((4,), -1e9, np.float32)},
    ),
    "mask_as_addend: a number of which something is left": (
        "g (float[3,4] x) => (float[3,4] y) { s = Where(seen, x, less)\n y = Softmax(s) }",
        {"seen": np.tri(3, 4, dtype=np.bool_), "less": np.float32(-3)},
    ),
    "mask_as_addend: a row that sees nothing": (
        "g (float[3,4] x) => (float[3,4] y) { s = Where(seen, x, never)\n y = Softmax(s) }",
        {"seen": np.tri(3, 4, -1, dtype=np.bool_), "never": np.float32(-1e9)},
    ),
    "mask_as_addend: along another axis": (
        "g (float[3,4] x) => (float[3,4] y) { s = Where(seen, x, never)\n y = Softmax<axis=0>(s) }",
        {"seen": ~np.tri(3, 4, -1, dtype=np.bool_), "never": np.float32(-1e9)},
    ),
    "mask_as_addend: what is masked is an output": (
        """g (float[3,4] x) => (float[3,4] s, float[3,4] y) { s = Where(seen, x, never)
             y = Softmax(s) }""",
        {"seen": np.tri(3, 4, dtype=np.bool_), "never": np.float32(-1e9)},
    ),
    "mask_as_addend: what is seen is stretched": (
        "g (float[1,4] x) => (float[3,4] y) { s = Where(seen, x, never)\n y = Softmax(s) }",
        {"seen": np.tri(3, 4, dtype=np.bool_), "never": np.float32(-1e9)},
    ),
    "channel_roll: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.roll(12, 3)},
    ),
    "channel_shuffle: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.shuffle(12, 3)},
    ),
    "dilated_max_as_slices: of a convolution": (
        """g (float[1,2,6,6] x) => (float[1,2,4,4] y) {
             y = Conv<kernel_shape=[2,2], dilations=[2,2], group=2>(x, w) }""",
        {"w": weights(2, 1, 2, 2)},
    ),
    "dilated_max_as_slices: padded at the beginning": (
        """<ir_version: 10, opset_import: ["" : 19]>
           g (float[1,2,6,6] x) => (float[1,2,5,6] y) {
             y = MaxPool<kernel_shape=[2,1], dilations=[2,1], pads=[1,0,0,0]>(x) }""",
        {},
    ),
    "drop_redundant_relu: between two outputs": (
        """g (float[3,4] x) => (float[3,4] y, float[3,4] z) { z = Sigmoid(x)
             y = Relu(z) }""",
        {},
    ),
    "expansion_by_reader: of rows of a product": (
        """g (float[2,1,4] x) => (float[2,4,4] y) { a = Expand(x, shape)
             y = MatMul(a, w) }""",
        {"shape": np.array([2, 4, 4]), "w": weights(2, 4, 4)},
    ),
    "grid_sample_as_gathers: one row folded at its middle": (
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[1,2,1,3] x, float[1,2,2,2] p) => (float[1,2,2,2] y) {
             y = GridSample<align_corners=1, padding_mode="reflection">(x, p) }""",
        {},
    ),
    "pad_with_axes: by elements of the map": (
        """g (float[1,4,3,3] x) => (float[1,4,4,4] y) { a = Pad<mode="reflect">(x, pads)
             y = MaxPool<kernel_shape=[2,2]>(a) }""",
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])},
    ),
    "padding_as_concat: by its edge": (
        """g (float[1,4,3,3] x) => (float[1,4,4,3] y) { y = Pad<mode="edge">(x, pads, one) }""",
        {"pads": np.array([0, 0, 0, 0, 0, 0, 1, 0]), "one": np.float32(1)},
    ),
    "padding_as_concat: by infinity": (
        """g (float[1,4,3,3] x) => (float[1,4,3,3] y) { a = Pad(x, pads, lowest)
             y = MaxPool<kernel_shape=[2,1]>(a) }""",
        {"pads": np.array([0, 0, 0, 0, 0, 0, 1, 0]), "lowest": np.float32(-np.inf)},
    ),
    "padding_as_concat: of whole numbers": (
        """g (float[3,4] x) => (float[4,4] y) { a = Cast<to=6>(x)
             b = Pad(a, pads, one)
             y = Cast<to=1>(b) }""",
        {"pads": np.array([0, 0, 1, 0]), "one": np.int32(1)},
    ),
    "pool_indices_as_argmax: halves of a map": (
        """g (float[1,4,3,3] x) => (float[1,2,3,3] y, float[1,2,3,3] z) {
             y, z = Split<axis=1, num_outputs=2>(x) }""",
        {},
    ),
    "pool_indices_as_argmax: padded on one side": (
        """g (float[1,2,4,4] x) => (float[1,2,4,4] y, int64[1,2,4,4] i, float[1,2,4,4] z,
                                   int64[1,2,4,4] j) {
             y, i = MaxPool<kernel_shape=[2,2], pads=[1,1,0,0]>(x)
             z, j = MaxPool<kernel_shape=[2,2], pads=[0,0,1,1]>(x) }""",
        {},
    ),
    "pool_indices_as_argmax: padded by name": (
        """g (float[1,2,4,4] x) => (float[1,2,4,4] y, int64[1,2,4,4] i) {
             y, i = MaxPool<kernel_shape=[2,2], auto_pad="SAME_UPPER">(x) }""",
        {},
    ),
    "pool_indices_as_argmax: by columns": (
        """g (float[1,2,4,4] x) => (float[1,2,3,3] y, int64[1,2,3,3] i) {
             y, i = MaxPool<kernel_shape=[2,2], storage_order=1>(x) }""",
        {},
    ),
    "pool_indices_as_argmax: of a series": (
        """g (float[1,2,6] x) => (float[1,2,5] y, int64[1,2,5] i) {
             y, i = MaxPool<kernel_shape=[2]>(x) }""",
        {},
    ),
    "pool_indices_as_argmax: that are read": (
        """g (float[1,2,4,4] x) => (float[1,2,3,3] z) {
             y, i = MaxPool<kernel_shape=[2,2]>(x)
             z = Cast<to=1>(i) }""",
        {},
    ),
    "pool_indices_as_argmax: of bytes": (
        """g (float[1,2,4,4] x) => (float[1,2,4,4] z, int64[1,2,4,4] i) { a = Abs(x)
             b = Cast<to=2>(a)
             y, i = MaxPool<kernel_shape=[2,2], pads=[1,1,0,0]>(b)
             z = Cast<to=1>(y) }""",
        {},
    ),
    "pools_3d_as_2d: a convolution": (
        "g (float[1,2,3,3,3] x) => (float[1,2,2,2,2] y) { y = Conv(x, w) }",
        {"w": weights(2, 2, 2, 2, 2)},
    ),
    "pools_3d_as_2d: another operator": (
        "g (float[1,2,3,3,3] x) => (float[1,2,3,3,3] y) { y = Neg(x) }", {},
    ),
    "reshape_past_elementwise: other operators and values": (
        """g (float[1,4,9] x, float[1,4,1,9] m, float[1,4,3,3] n, float[2,18] o)
               => (float[1,4,9] p, float[2,1,4,9] q, float[1,4,9] r, float[1,4,9] s,
                   float[1,4,9] t, float[1,4,9] u) {
             a = Conv(x, w)
             p = Softmax<axis=2>(a)
             q = Add(a, deep)
             b = ReduceL1<keepdims=0>(m, height)
             r = Neg(b)
             c = Reshape(n, flat)
             s = Add(c, vector)
             f = Reshape(o, rows)
             t = Add(a, f)
             h = Sub(two, a)
             u = Mul(h, vector) }""",
        {"w": weights(4, 4, 1), "deep": weights(2, 1, 4, 9), "height": np.array([2]),
         "flat": np.array([1, 4, 9]), "rows": np.array([4, 9]),
         "two": np.float32(2), "vector": weights(9)},
    ),
    "reshape_past_elementwise: statistics of a batch": (
        """g (float[2,4,5] x) => (float[2,4,5] y, float[4] m) { a = Conv(x, w)
             y, m, v = BatchNormalization<training_mode=1>(a, s, o, u, t) }""",
        {"w": weights(4, 4, 1), "s": weights(4), "o": weights(4, seed=1),
         "u": weights(4, seed=2), "t": weights(4, seed=3) ** 2 + 1},
    ),
    "resize_as_map: a mean": (
        "g (float[2,3,4] x) => (float[2,3,1] y) { y = ReduceMean(x, axes) }",
        {"axes": np.array([2])},
    ),
    "large_depthwise_in_parts: of a volume": (
        "g (float[1,2,4,4,4] x) => (float[1,2,2,2,2] y) { y = Conv<group=2>(x, w) }",
        {"w": weights(2, 1, 3, 3, 3)},
    ),
    "large_depthwise_in_parts: larger than what is taken apart": (
        "g (float[1,2,33,34] x) => (float[1,2,1,2] y) { y = Conv<group=2>(x, w) }",
        {"w": weights(2, 1, 33, 33)},
    ),
    "losses_as_picks: their sum": (
        """g (float[3,4] x) => (float y) <int64[3] t = {0, 3, 1}> {
             y = NegativeLogLikelihoodLoss<reduction="sum">(x, t) }""",
        {},
    ),
    "resize_as_products: a pool": (
        """g (float[1,2,4,4] x) => (float[1,2,2,2] y) {
             y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) }""",
        {},
    ),
    "resize_as_products: to sizes that are rounded": _ROUNDED,
    "resize_as_map: to sizes that are rounded": _ROUNDED,
    "resize_as_map: of a volume": (
        """g (float[1,2,2,3,3] x) => (float[1,2,4,6,6] y) { y = Resize<mode="linear">(x, , s) }""",
        {"s": np.array([1, 1, 2, 2, 2], np.float32)},
    ),
    "rotary_as_products: of whole heads": (
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,4] x) => (float[1,2,3,4] y) { y = RotaryEmbedding(x, c, s) }""",
        {"c": weights(1, 3, 2), "s": weights(1, 3, 2, seed=1)},
    ),
    "roi_align_as_gathers: the largest": (
        """g (float[2,3,8,9] x, float[2,4] r) => (float[2,3,2,2] y) <int64[2] i = {1, 0}> {
             y = RoiAlign<output_height=2, output_width=2, sampling_ratio=2, mode="max">(x, r, i)
           }""",
        {},
    ),
    "roi_align_as_gathers: as many points as a region takes": (
        """g (float[2,3,8,9] x) => (float[2,3,2,2] y) <int64[2] i = {1, 0}> {
             y = RoiAlign<output_height=2, output_width=2>(x, r, i) }""",
        {"r": np.float32([[0, 0, 4, 4], [1, 1, 7, 6]])},
    ),
    "transposed_padding: that is given": (
        """g (float[1,2,3,3] x) => (float[1,2,4,6] y) {
             y = ConvTranspose<strides=[1,2], pads=[0,1,1,0]>(x, w) }""",
        {"w": weights(2, 2, 3, 3)},
    ),
    "transposed_padding: of a size that is given": (
        """g (float[1,2,3,3] x) => (float[1,2,6,7] y) {
             y = ConvTranspose<strides=[2,2], output_shape=[6,7]>(x, w) }""",
        {"w": weights(2, 2, 3, 3)},
    ),
    "unpool_as_scatter: of windows that overlap": (
        """g (float[1,2,5,5] x) => (float[1,2,5,5] y) {
             a, i = MaxPool<kernel_shape=[3,3], strides=[2,2]>(x)
             y = MaxUnpool<kernel_shape=[3,3], strides=[2,2]>(a, i) }""",
        {},
    ),
    "unrolled_recurrence: both ways, by other activations": (
        """g (float[3,2,4] x) => (float[3,2,2,3] y) {
             a = RNN<hidden_size=3, direction="bidirectional", activations=["Relu", "Sigmoid"]>
                    (x, w, r)
             y = Neg(a) }""",
        {"w": weights(2, 3, 4), "r": weights(2, 3, 3, seed=1)},
    ),
    "unrolled_recurrence: of no steps": (
        """g (float[3,1,2] x) => (float[1,1,4] y) { a = Slice(x, none, none)
             , y = LSTM<hidden_size=4>(a, w, r) }""",
        {"none": np.array([0]), "w": weights(1, 16, 2), "r": weights(1, 16, 4)},
    ),
    "weighted_average_pool: a last window behind padding that counts": (
        """g (float[1,2,7,3] x) => (float[1,2,4,3] y) {
             y = AveragePool<kernel_shape=[5,1], strides=[2,1], pads=[2,0,1,0], ceil_mode=1,
                             count_include_pad=1>(x) }""",
        {},
    ),
    "weighted_average_pool: a last window behind the padding": (
        """g (float[1,4,6,6] x) => (float[1,4,3,3] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1,
                             count_include_pad=1>(x) }""",
        {},
    ),
    "spectrum_as_products: by a computed window": (
        """g (float[1,30,1] x, float[10] w) => (float[1,3,10,2] y) {
             y = STFT<onesided=0>(x, s, w, n) }""",
        {"s": np.array(9), "n": np.array(10)},
    ),
    "spectrum_as_products: of one signal": (
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[2,9,1] x, float[2,7,2] z) => (float[2,5,2] y, float[2,7,2] u,
                                                  float[2,12,1] v) {
             y = DFT<onesided=1>(x)
             u = DFT<inverse=1>(z)
             v = DFT<inverse=1, onesided=1>(z) }""",
        {},
    ),
    "split_concat: a slice in steps": (
        "g (float[4,6] x) => (float[4,3] y) { y = Slice(x, none, six, one, two) }",
        {"none": np.array([0]), "six": np.array([6]), "one": np.array([1]), "two": np.array([2])},
    ),
}  # fmt: skip

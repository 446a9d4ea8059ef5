"""Specimens of the rules about matrix products, attention and recurrence."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

PRODUCTS = {
    "attention_as_products": Specimen(
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,3,8] x, float[1,5,4] k, float[1,5,4] v) => (float[1,3,8] y) {
             y = Attention<q_num_heads=4, kv_num_heads=2>(x, k, v) }""",
        lambda ops: ops["BATCH_MATMUL"] == 2 and ops["SOFTMAX"] == 1 and ops["TRANSPOSE"] == 4,
    ),
    "mask_as_addend": Specimen(
        """g (float[2,3,4] x) => (float[2,3,4] y) {
             s = Where(hidden, never, x)
             y = Softmax(s) }""",
        lambda ops: ops == {"ADD": 1, "SOFTMAX": 1},
        {"hidden": ~np.tri(3, 4, 1, dtype=np.bool_), "never": np.float32(-np.inf)},
    ),
    "softmax_as_columns": Specimen(
        "g (float[2,3,4,5] x) => (float[2,3,4,5] y) { y = Softmax<axis=1>(x) }",
        lambda ops: ops == {"Reshape": 2, "Softmax": 1},
    ),
    "rotary_as_products": Specimen(
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,8] x) => (float[1,2,3,8] y) {
             y = RotaryEmbedding<rotary_embedding_dim=6>(x, c, s, p) }""",
        lambda ops: ops["MUL"] == 4 and ops["CONCATENATION"] == 2,
        {"c": weights(7, 3), "s": weights(7, 3, seed=1), "p": np.array([[2, 0, 6]])},
    ),
    "grid_sample_as_gathers": Specimen(
        """g (float[2,3,4,5] x, float[2,2,3,2] p) => (float[2,3,2,3] y) { y = GridSample(x, p) }""",
        lambda ops: ops["GATHER"] == ops["CAST"] == 4,
        outside=("CAST", "FLOOR_MOD", "GATHER", "RESHAPE"),
    ),
    "affine_grid_as_product": Specimen(
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[2,2,3] x) => (float[2,4,5,2] y) <int64[4] size = {2, 1, 4, 5}> {
             y = AffineGrid(x, size) }""",
        lambda ops: ops["FULLY_CONNECTED"] + ops["BATCH_MATMUL"] == 1,
    ),
    "columns_as_transposed_conv": Specimen(
        """g (float[1,12,6] x) => (float[1,3,4,6] y)
           <int64[2] image = {4, 6}, int64[2] block = {2, 2}> {
             y = Col2Im<strides=[2,2]>(x, image, block) }""",
        lambda ops: not any("Col2Im" in name for name in ops),
    ),
    "unrolled_recurrence": Specimen(
        """g (float[6,1,3] x) => (float[6,1,1,4] y) { y = LSTM<hidden_size=4>(x, w, r) }""",
        lambda ops: ops["FULLY_CONNECTED"] == 6 and not any("LSTM" in name for name in ops),
        {"w": weights(1, 16, 3), "r": weights(1, 16, 4, seed=1)},
    ),
    "gemm_as_matmul": Specimen(
        """g (float[3,2] x, float[4,3] z) => (float[2,4] y) {
             y = Gemm<transA=1, transB=1, alpha=0.5>(x, z) }""",
        lambda ops: ops == {"BATCH_MATMUL": 1, "MUL": 1},
    ),
    "pointwise_gemm": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y)
           <int64[2] flat = {1,8}, int64[4] map = {1,8,1,1}> {
             pooled = GlobalAveragePool(x)
             a = Reshape(pooled, flat)
             b = Gemm<transB=1>(a, w0, b0)
             c = Relu(b)
             d = Gemm<transB=1>(c, w1, b1)
             e = Mul(d, vector)
             f = Reshape(e, map)
             y = Mul(x, f) }""",
        lambda ops: ops == {"MEAN": 1, "CONV_2D": 2, "MUL": 2},
        {
            "w0": weights(4, 8),
            "b0": weights(4),
            "w1": weights(8, 4),
            "b1": weights(8),
            "vector": weights(8),
        },
    ),
    "flatten_into_gemm": Specimen(
        """g (float[1,4,3,5] x) => (float[1,7] y) <int64[2] flat = {1,60}> {
             a = Reshape(x, flat)
             b = Relu(a)
             y = Gemm<transB=1>(b, w, bias) }""",
        lambda ops: ops == {"RESHAPE": 1, "RELU": 1, "FULLY_CONNECTED": 1},
        {"w": weights(7, 60), "bias": weights(7)},
    ),
    "bias_into_matmul": Specimen(
        """g (float[2,3,8] x) => (float[2,3,4] y) {
             p = MatMul(x, w)
             y = Add(b, p) }""",
        lambda ops: ops == {"FULLY_CONNECTED": 1},
        {"w": weights(8, 4), "b": weights(4)},
    ),
    "rows_as_matrix": Specimen(
        """g (float[2,3,8] x) => (float[2,3,5] y, float[2,3,5] z) {
             a = MatMul(x, w)
             b = Add(offset, a)
             y = Relu(b)
             z = MatMul(x, v) }""",
        lambda ops: ops == {"Gemm": 2, "Relu": 1, "Reshape": 4},
        {"w": weights(8, 5), "v": weights(8, 5, seed=2), "offset": weights(5, seed=1)},
    ),
}

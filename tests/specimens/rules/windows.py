"""Specimens of the rules about windows over space."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

STATISTICS = {
    "s": weights(3),
    "b": weights(3, seed=1),
    "m": weights(3, seed=2),
    "v": np.abs(weights(3, seed=3)),
}
MAP, SERIES, VOLUME = "float[1,4,6,6]", "float[1,4,9]", "float[2,4,5,6,6]"

WINDOWS = {
    "windows_1d_as_2d": Specimen(
        f"g ({SERIES} x) => (float[1,6,3] y) {{ y = Conv<strides=[2], dilations=[2]>(x, w) }}",
        lambda ops: ops == {"CONV_2D": 1, "RESHAPE": 2, "TRANSPOSE": 2},
        {"w": weights(6, 4, 3)},
    ),
    "reshape_past_elementwise": Specimen(
        f"""g ({SERIES} x) => (float[1,6,9] y) {{
              a = Conv<pads=[1,1]>(x, w)
              b = Relu(a)
              c = Mul(b, f)
              d = Concat<axis=1>(c, a)
              y = Conv(d, u) }}""",
        lambda ops: ops["RESHAPE"] == 2 and ops["TRANSPOSE"] == 2 and ops["RELU"] <= 1,
        {"w": weights(6, 4, 3), "f": weights(6, 1), "u": weights(6, 12, 1)},
    ),
    "pools_3d_as_2d": Specimen(
        f"g ({VOLUME} x) => (float[2,4,3,3,3] y)"
        "{ y = MaxPool<kernel_shape=[3,2,2], strides=[1,2,2]>(x) }",
        lambda ops: ops["MAX_POOL_2D"] == 2 and ops["TRANSPOSE"] <= 3,
    ),
    "channels_as_map": Specimen(
        f"g ({VOLUME} x) => (float[2,4,1,1,1] y) {{ y = GlobalAveragePool(x) }}",
        lambda ops: ops["MEAN"] == 1,
    ),
    "lp_pool_as_sums": Specimen(
        f"g ({MAP} x) => (float[1,4,3,3] y)"
        "{ y = LpPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,0,0]>(x) }",
        lambda ops: ops["DEPTHWISE_CONV_2D"] == ops["MUL"] == ops["SQRT"] == 1,
    ),
    "dilated_average_as_conv": Specimen(
        f'<ir_version: 10, opset_import: ["" : 19]> g ({MAP} x) => ({MAP} y)'
        "{ y = AveragePool<kernel_shape=[3,3], dilations=[2,2], pads=[2,2,2,2]>(x) }",
        lambda ops: ops == {"DEPTHWISE_CONV_2D": 1, "MUL": 1},
    ),
    "large_depthwise_in_parts": Specimen(
        f"g ({MAP} x) => (float[1,4,6,4] y)"
        "{ y = Conv<group=4, kernel_shape=[5,7], pads=[2,2,2,2]>(x, w, b) }",
        lambda ops: (ops["DEPTHWISE_CONV_2D"], ops["ADD"], ops["CONV_2D"]) == (2, 1, 0),
        {"w": weights(4, 1, 5, 7), "b": weights(4)},
    ),
    "parts_as_large_depthwise": Specimen(
        f"g ({MAP} x) => ({MAP} y)"
        """{ a = Conv<group=4, dilations=[2,1], pads=[1,0,1,0]>(x, w, b)
             c = Conv<group=4>(x, u)
             y = Add(a, c) }""",
        lambda ops: ops == {"Conv": 1},
        {"w": weights(4, 1, 2, 1), "u": weights(4, 1, 1, 1), "b": weights(4)},
    ),
    "dilated_max_as_slices": Specimen(
        f"g ({MAP} x) => (float[1,4,4,6] y)"
        "{ y = MaxPool<kernel_shape=[2,1], dilations=[2,1]>(x) }",
        lambda ops: ops == {"SLICE": 2, "MAXIMUM": 1},
    ),
    "batch_norm_into_transposed": Specimen(
        f"g ({MAP} x) => (float[1,3,12,12] y)"
        "{ a = ConvTranspose<strides=[2,2], pads=[1,1,1,1]>(x, w, c)\n"
        "  n = BatchNormalization(a, s, b, m, v)\n y = Relu(n) }",
        lambda ops: ops["TRANSPOSE_CONV"] == 1 and ops["DEPTHWISE_CONV_2D"] == ops["MUL"] == 0,
        {"w": weights(4, 3, 4, 4), "c": weights(3), **STATISTICS},
    ),
    "transposed_padding": Specimen(
        f"g ({MAP} x) => (float[1,3,12,12] y)"
        '{ y = ConvTranspose<auto_pad="SAME_UPPER", strides=[2,2]>(x, w) }',
        lambda ops: ops == {"TRANSPOSE_CONV": 1},
        {"w": weights(4, 3, 4, 4)},
    ),
    "grouped_transposed_as_conv": Specimen(
        f"g ({MAP} x) => (float[1,4,12,12] y)"
        "{ a = Conv(x, u)\n y = ConvTranspose<group=4, strides=[2,2], pads=[1,1,1,1]>(a, w) }",
        lambda ops: ops["DEPTHWISE_CONV_2D"] == 1 and ops["TRANSPOSE"] == 0,
        {"u": weights(4, 4, 1, 1), "w": weights(4, 1, 4, 4)},
    ),
    "transposed_as_blocks": Specimen(
        f"g ({MAP} x) => (float[1,3,12,12] y)"
        "{ a = ConvTranspose<strides=[2,2], pads=[1,1,1,1]>(x, w)\n y = Relu(a) }",
        lambda ops: ops == {"Conv": 1, "Relu": 1, "DepthToSpace": 1, "Slice": 2},
        {"w": weights(4, 3, 4, 4)},
    ),
    "resize_as_map": Specimen(
        'g (float[2,5,6,3] x) => (float[2,10,12,3] y){ y = Resize<mode="linear">(x, , s) }',
        lambda ops: ops["RESIZE_BILINEAR"] == 1,
        {"s": np.array([1, 2, 2, 1], np.float32)},
    ),
    "resize_as_products": Specimen(
        f'g ({MAP} x) => (float[1,4,12,9] y) {{ y = Resize<mode="cubic">(x, , s) }}',
        lambda ops: ops["FULLY_CONNECTED"] == 2,
        {"s": np.array([1, 1, 2, 1.5], np.float32)},
    ),
}

"""Windows over space and resampling: convolutions, transposed ones, pools, Resize."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import MAP, Form

SERIES, VOLUME = "float[2,4,9]", "float[2,4,5,6,7]"


def _window(operator: str, x: str, y: str, attributes: str = "", **constants: np.ndarray) -> Form:
    """One windowed operator from x to y, of the weights w and bias b if these are given."""
    operands = ", ".join(["x", *constants])
    return operator, f"g ({x} x) => ({y} y) {{ y = {operator}{attributes}({operands}) }}", constants


def _resize(x: str, y: str, attributes: str, **constants: np.ndarray) -> Form:
    operands = "x, , s" if "s" in constants else "x, , , n" if "n" in constants else "x, r, , m"
    return (
        "Resize",
        f"g ({x} x) => ({y} y) {{ y = Resize<{attributes}>({operands}) }}",
        constants,
    )


_SERIES_CONV = _window(
    "Conv", SERIES, "float[2,6,5]", "<strides=[2], pads=[1,1]>", w=weights(6, 4, 3), b=weights(6)
)
_TWICE, _HALF = np.array([1, 1, 2, 3], np.float32), np.array([1, 1, 0.6, 0.5], np.float32)

CONVOLUTIONS: list[Form] = [
    _SERIES_CONV,
    _window("Conv", SERIES, "float[2,4,5]", "<dilations=[2], group=4>", w=weights(4, 1, 3)),
    _window("Conv", SERIES, "float[2,6,9]", '<auto_pad="SAME_UPPER">', w=weights(6, 4, 4)),
    _window("Conv", MAP, "float[1,6,3,3]", '<auto_pad="SAME_LOWER", strides=[2,2]>',
            w=weights(6, 4, 4, 2)),
    _window("Conv", MAP, "float[1,6,4,4]", "<dilations=[3,2], pads=[3,0,2,0]>",
            w=weights(6, 4, 3, 2)),
    _window("Conv", VOLUME, "float[2,6,3,4,7]", "<strides=[2,1,1], pads=[1,0,1,1,0,1]>",
            w=weights(6, 4, 3, 3, 3), b=weights(6)),
    _window("Conv", VOLUME, "float[2,8,4,5,6]", "<group=4>", w=weights(8, 1, 2, 2, 2)),
    (
        "Conv",
        "g (float[1,4,5,6] x, float[6,2,3,3] k, float[6] b) => (float[1,6,5,6] y)"
        "{ y = Conv<group=2, pads=[1,1,1,1]>(x, k, b) }",
        {},
    ),
    (
        "Conv",
        "g (float[1,4,8] x, float[6,4,3] k) => (float[1,6,6] y) { y = Conv(x, k) }",
        {},
    ),
]  # fmt: skip

TRANSPOSED: list[Form] = [
    _window("ConvTranspose", MAP, "float[1,3,10,12]", "<strides=[2,2]>",
            w=weights(4, 3, 2, 2), b=weights(3)),
    _window("ConvTranspose", MAP, "float[1,3,10,12]", "<strides=[2,2], pads=[1,1,1,1]>",
            w=weights(4, 3, 4, 4)),
    _window("ConvTranspose", MAP, "float[1,3,10,12]",
            "<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>", w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", MAP, "float[1,3,11,14]",
            "<strides=[2,3], pads=[0,1,0,2], output_padding=[0,1]>", w=weights(4, 3, 3, 1)),
    _window("ConvTranspose", MAP, "float[1,3,16,20]",
            "<strides=[3,3], output_padding=[2,2]>", w=weights(4, 3, 2, 3), b=weights(3)),
    _window("ConvTranspose", MAP, "float[1,3,9,8]", "<dilations=[2,1]>", w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", MAP, "float[1,3,13,15]", "<strides=[2,2], dilations=[2,2]>",
            w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", MAP, "float[1,3,10,12]",
            '<auto_pad="SAME_UPPER", strides=[2,2]>', w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", MAP, "float[1,3,10,12]",
            "<output_shape=[10,12], strides=[2,2]>", w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", MAP, "float[1,4,11,13]", "<group=4, strides=[2,2]>",
            w=weights(4, 1, 3, 3), b=weights(4)),
    _window("ConvTranspose", MAP, "float[1,6,9,11]",
            "<group=2, strides=[2,2], pads=[1,1,1,1]>", w=weights(4, 3, 3, 3)),
    _window("ConvTranspose", SERIES, "float[2,3,18]", "<strides=[2], pads=[1,1]>",
            w=weights(4, 3, 4), b=weights(3)),
    _window("ConvTranspose", "float[1,4,3,4,5]", "float[1,3,7,9,11]", "<strides=[2,2,2]>",
            w=weights(4, 3, 3, 3, 3), b=weights(3)),
    _window("ConvTranspose", "float[1,4,3,4,5]", "float[1,3,5,8,9]",
            "<strides=[2,2,2], pads=[1,0,1,1,1,1]>", w=weights(4, 3, 3, 3, 3)),
    (
        "ConvTranspose",
        f"g ({MAP} x) => (float[1,3,10,12] y) {{ a = ConvTranspose<strides=[2,2]>(x, w)\n"
        "n = BatchNormalization(a, s, b, m, v)\n y = Relu(n) }",
        {"w": weights(4, 3, 2, 2), "s": weights(3), "b": weights(3), "m": weights(3),
         "v": np.abs(weights(3))},
    ),
    (
        "ConvTranspose",
        "g (float[1,4,5,6] x, float[4,3,2,2] k) => (float[1,3,10,12] y)"
        "{ y = ConvTranspose<strides=[2,2]>(x, k) }",
        {},
    ),
]  # fmt: skip

POOLS: list[Form] = [
    _window("MaxPool", SERIES, "float[2,4,4]", "<kernel_shape=[3], strides=[2]>"),
    _window("MaxPool", SERIES, "float[2,4,9]", '<kernel_shape=[4], auto_pad="SAME_LOWER">'),
    _window("AveragePool", SERIES, "float[2,4,5]",
            "<kernel_shape=[3], strides=[2], pads=[1,1]>"),
    _window("MaxPool", VOLUME, "float[2,4,3,3,4]",
            "<kernel_shape=[3,2,3], strides=[2,2,2], pads=[1,0,1,1,0,1]>"),
    _window("AveragePool", VOLUME, "float[2,4,3,3,4]",
            "<kernel_shape=[3,2,3], strides=[2,2,2], pads=[1,0,1,1,0,1]>"),
    _window("AveragePool", VOLUME, "float[2,4,5,6,7]",
            "<kernel_shape=[3,3,3], pads=[1,1,1,1,1,1], count_include_pad=1>"),
    _window("MaxPool", MAP, "float[1,4,3,4]", "<kernel_shape=[2,3], dilations=[2,1]>"),
    _window("MaxPool", MAP, "float[1,4,2,2]",
            "<kernel_shape=[2,2], dilations=[2,2], strides=[2,2]>"),
    _window("MaxPool", MAP, "float[1,4,5,6]",
            "<kernel_shape=[3,3], dilations=[2,2], pads=[2,2,2,2]>"),
    (
        "MaxPool",
        f"g ({MAP} x) => (float[1,4,5,6] y) {{ a = Relu(x)\n"
        "y = MaxPool<kernel_shape=[3,3], dilations=[2,2], pads=[2,2,2,2]>(a) }",
        {},
    ),
    _window("MaxPool", SERIES, "float[2,4,5]", "<kernel_shape=[3], dilations=[2]>"),
    _window("MaxPool", MAP, "float[1,4,3,3]",
            "<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>"),
    _window("GlobalMaxPool", MAP, "float[1,4,1,1]"),
    _window("GlobalMaxPool", SERIES, "float[2,4,1]"),
    _window("GlobalMaxPool", VOLUME, "float[2,4,1,1,1]"),
    _window("GlobalAveragePool", SERIES, "float[2,4,1]"),
    _window("GlobalAveragePool", VOLUME, "float[2,4,1,1,1]"),
    _window("LpPool", MAP, "float[1,4,3,3]",
            "<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>"),
    _window("LpPool", MAP, "float[1,4,4,4]", "<kernel_shape=[2,3], p=3>"),
    _window("LpPool", MAP, "float[1,4,4,4]", "<kernel_shape=[2,3], p=1>"),
    _window("LpPool", MAP, "float[1,4,3,2]", "<kernel_shape=[2,3], dilations=[2,2]>"),
    _window("LpPool", MAP, "float[1,4,3,3]",
            "<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>"),
    _window("LpPool", SERIES, "float[2,4,8]", "<kernel_shape=[2]>"),
    _window("LpPool", VOLUME, "float[2,4,4,5,6]", "<kernel_shape=[2,2,2]>"),
    _window("GlobalLpPool", MAP, "float[1,4,1,1]"),
]  # fmt: skip

NORMALIZATIONS: list[Form] = [
    (
        "BatchNormalization",
        f"g ({shape} x) => ({shape} y) {{ a = Relu(x)\n y = BatchNormalization(a, s, b, m, v) }}",
        {"s": weights(4), "b": weights(4, seed=1), "m": weights(4, seed=2),
         "v": np.abs(weights(4))},
    )
    for shape in (SERIES, VOLUME, MAP, "float[3,4]")
]  # fmt: skip

CHAINS: list[Form] = [
    (
        "Conv",
        f"""g ({SERIES} x) => ({SERIES} y) {{
          a = Conv<pads=[1,1]>(x, w)
          b = BatchNormalization(a, s, s, s, v)
          c = Relu(b)
          d = Conv<pads=[1,1]>(c, w)
          e = Add(d, c)
          f = Mul(e, t)
          h = Concat<axis=1>(f, c)
          y = Conv(h, u) }}""",
        {"w": weights(4, 4, 3), "s": weights(4), "v": np.abs(weights(4)), "t": weights(4, 1),
         "u": weights(4, 8, 1)},
    ),
]  # fmt: skip

RESIZES: list[Form] = [
    *[
        _resize(MAP, "float[1,4,10,18]", f'mode="{mode}", coordinate_transformation_mode="{how}"',
                s=_TWICE)
        for mode in ("nearest", "linear")
        for how in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    ],
    *[
        _resize(MAP, "float[1,4,10,18]", f'mode="nearest", nearest_mode="{how}", '
                'coordinate_transformation_mode="asymmetric"', s=_TWICE)
        for how in ("floor", "ceil", "round_prefer_ceil")
    ],
    _resize(MAP, "float[1,4,8,11]", 'mode="nearest", nearest_mode="floor"',
            n=np.array([1, 4, 8, 11])),
    _resize(MAP, "float[1,4,3,3]", 'mode="linear"', n=np.array([1, 4, 3, 3])),
    *[
        _resize(MAP, "float[1,4,10,18]", f'mode="cubic", coordinate_transformation_mode="{how}"',
                s=_TWICE)
        for how in ("half_pixel", "asymmetric", "align_corners")
    ],
    _resize(MAP, "float[1,4,3,3]", 'mode="linear"', s=_HALF),
    _resize(MAP, "float[1,4,3,3]", 'mode="linear", antialias=1', n=np.array([1, 4, 3, 3])),
    _resize("float[1,1,5,6]", "float[1,1,3,3]", 'mode="cubic"', s=_HALF),
    _resize(MAP, "float[1,4,3,3]", 'mode="cubic", exclude_outside=1', s=_HALF),
    _resize(MAP, "float[1,4,3,4]", 'mode="linear", extrapolation_value=10.0, '
            'coordinate_transformation_mode="tf_crop_and_resize"', m=np.array([1, 4, 3, 4]),
            r=np.array([0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7], np.float32)),
    _resize(MAP, "float[1,4,5,1]", 'mode="linear", '
            'coordinate_transformation_mode="pytorch_half_pixel"', n=np.array([1, 4, 5, 1])),
    _resize(SERIES, "float[2,4,18]", 'mode="linear"', s=np.array([1, 1, 2], np.float32)),
    _resize(SERIES, "float[2,4,18]", 'mode="nearest"', n=np.array([2, 4, 18])),
    _resize(VOLUME, "float[2,4,10,12,14]", 'mode="nearest"', n=np.array([2, 4, 10, 12, 14])),
    _resize(VOLUME, "float[2,4,10,9,7]", 'mode="linear"', n=np.array([2, 4, 10, 9, 7])),
    _resize("float[1,5,6,3]", "float[1,10,12,3]", 'mode="linear"',
            s=np.array([1, 2, 2, 1], np.float32)),
    _resize("float[5,6]", "float[10,9]", 'mode="linear"', n=np.array([10, 9])),
    _resize(MAP, "float[1,8,10,6]", 'mode="nearest"', n=np.array([1, 8, 10, 6])),
]  # fmt: skip

FORMS: list[Form] = [
    *CONVOLUTIONS,
    *TRANSPOSED,
    *POOLS,
    *NORMALIZATIONS,
    *CHAINS,
    *RESIZES,
]

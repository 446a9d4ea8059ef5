"""The precisions that need no sample data, one a file, and the table of them.

Adding one: a file with its transforms, one line in the table.
"""

from __future__ import annotations

from edgekit.errors import UsageError
from edgekit.export.precisions import dynamic_int8, float16, float16_compute, weight_int8
from edgekit.export.precisions.base import Precision, Transform
from edgekit.registry import Registry

__all__ = [
    "AUTO",
    "CALIBRATED",
    "FLOAT16_COMPUTE",
    "FLOAT32",
    "PRECISIONS",
    "Precision",
    "Transform",
    "get",
]

FLOAT32 = "float32"

AUTO = "auto"
"""Stands for `FLOAT32` or `FLOAT16_COMPUTE`, whichever costs a target less."""

FLOAT16_COMPUTE = "float16-compute"

CALIBRATED = ("int8", "w8a8", "int16x8", "w8a16")
"""Precisions, and their aliases, that `edgekit.quantize` makes."""

_ALL = (
    Precision(FLOAT32, 1e-4, {}),
    Precision("float16", 1e-4, float16.FORMS, float16.round_weights),
    Precision(FLOAT16_COMPUTE, 1e-4, float16_compute.FORMS, only="tflite"),
    Precision("weight-int8", 1e-4, weight_int8.FORMS, weight_int8.round_weights),
    Precision(
        "dynamic-int8",
        1e-2,
        dynamic_int8.FORMS,
        weight_int8.round_weights,
        dynamic_int8.simulate,
        leeway=3.0,
    ),
)

PRECISIONS: Registry[Precision] = Registry(
    "precision",
    ((entry.name, entry) for entry in _ALL),
    aliases={"fp32": FLOAT32, "fp16": "float16"},
)
"""Tolerances stand well above what was measured over the registered networks: float32, float16 and
weight-int8 files are within 2e-5. The XNNPACK delegate quantizes the input of a 1x1 convolution
pixel by pixel, where the simulation does it once a tensor, so dynamic-int8 .tflite files differ
from it by 0.8 to 2.3 times what the rounding of inputs changes: by 0.01 in a trained network, by
0.4 in an untrained MobileNetV1, whose answers hang on every digit."""


def calibrated(name: str) -> str:
    """Return the proper name of a precision that `edgekit.quantize` makes, else ``name``."""
    return {"w8a8": "int8", "w8a16": "int16x8"}.get(name.casefold(), name.casefold())


def get(name: str) -> Precision:
    """Return a precision by name or alias.

    Raises:
        UnknownNameError: there is no such precision.
        UsageError: it needs sample data, and is `edgekit.quantize`'s.
    """
    if name.casefold() in CALIBRATED:
        raise UsageError(
            f"the precision {name} takes its ranges from sample data: say which with "
            "--calibration-data, or see `edgekit quantize`"
        )
    return PRECISIONS.find(name)

"""Which real values the codes of a tensor cover: estimated from calibration images, in a stream.

The first pass gives each image's smallest and largest value (``Extremes``), the second, for the
methods that need it, the values themselves (``Histogram``). Memory is the same for any number of
images.

Adding a method: one file with a ``METHOD``, one line in the table below.
"""

from __future__ import annotations

from edgekit.quantize.ranges import entropy, minmax, moving_average, mse, percentile
from edgekit.quantize.ranges.affine import code_limits, to_affine
from edgekit.quantize.ranges.histogram import Histogram
from edgekit.quantize.ranges.method import Method
from edgekit.quantize.ranges.summary import Extremes, Summary
from edgekit.quantize.ranges.weights import WeightMethod, weight_scales
from edgekit.registry import Registry

_ALL = (minmax.METHOD, moving_average.METHOD, percentile.METHOD, entropy.METHOD, mse.METHOD)

METHODS: Registry[Method] = Registry("range method", ((each.name, each) for each in _ALL))
"""Every method by its name."""


def get(name: str) -> Method:
    """Return the method of a name.

    Raises:
        UnknownNameError: there is none.
    """
    return METHODS.find(name)


__all__ = [
    "METHODS",
    "Extremes",
    "Histogram",
    "Method",
    "Summary",
    "WeightMethod",
    "code_limits",
    "get",
    "to_affine",
    "weight_scales",
]

"""The classes of layers that a profile is summed up by, over both runtimes' operator types."""

from __future__ import annotations

from edgekit.runtimes.operators import Operator

CLASSES = (
    "1x1 convolution",
    "1x1 grouped",
    "depthwise",
    "spatial convolution",
    "fully connected",
    "elementwise",
    "data movement",
    "pooling",
    "quantize/dequantize",
    "other",
)
"""Every class, in the order of reports."""


def layer_class(operator: Operator) -> str:
    """Return the class of an operator, one of `CLASSES`.

    A convolution is depthwise if each output channel reads one input channel of several, "1x1
    grouped" if it reads some of them at one pixel, and "1x1 convolution" if it reads all of them
    there. A 1x1 convolution that a file holds as a matrix product counts as fully connected.
    """
    from edgekit.export.graph import operators  # not by whoever only names the classes

    found = operators.of_runtime(operator.kind).layer_class
    if found != "convolution":
        return found
    if operator.filter is None:
        return "other"
    read, *spatial = operator.filter[1:]
    if operator.kind == "DEPTHWISE_CONV_2D" or (read == 1 and operator.groups > 1):
        return "depthwise"
    if any(size > 1 for size in spatial):
        return "spatial convolution"
    return "1x1 grouped" if operator.groups > 1 else "1x1 convolution"

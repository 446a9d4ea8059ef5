"""The building blocks of all families; torch is imported when the first of them is touched.

A family file composes these and defines no ``nn.Module`` of its own.
"""

from typing import TYPE_CHECKING

from edgekit.models import lazy

if TYPE_CHECKING:
    from torch.nn import (
        AvgPool2d,
        BatchNorm1d,
        Conv2d,
        Dropout,
        Hardswish,
        Linear,
        MaxPool2d,
        Module,
        ReLU,
        ReLU6,
    )

    from edgekit.models.layers.compose import chain, named
    from edgekit.models.layers.conv import BnAct, ConvBnAct
    from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
    from edgekit.models.layers.join import ConcatShortcut, Residual
    from edgekit.models.layers.pool import GlobalAvgPool
    from edgekit.models.layers.same_conv import SameConv2d
    from edgekit.models.layers.shift import Shift
    from edgekit.models.layers.shift_module import csc, sc2
    from edgekit.models.layers.shuffle import ChannelShuffle
    from edgekit.models.layers.squeeze_excite import SqueezeExcite
else:
    __getattr__ = lazy.attributes(
        __name__,
        {
            "AvgPool2d": "torch.nn",
            "BatchNorm1d": "torch.nn",
            "BnAct": f"{__name__}.conv",
            "ChannelShuffle": f"{__name__}.shuffle",
            "ConcatShortcut": f"{__name__}.join",
            "Conv2d": "torch.nn",
            "ConvBnAct": f"{__name__}.conv",
            "Dropout": "torch.nn",
            "DynamicShiftMax": f"{__name__}.dynamic_shift_max",
            "GlobalAvgPool": f"{__name__}.pool",
            "Hardswish": "torch.nn",
            "Linear": "torch.nn",
            "MaxPool2d": "torch.nn",
            "Module": "torch.nn",
            "ReLU": "torch.nn",
            "ReLU6": "torch.nn",
            "Residual": f"{__name__}.join",
            "SameConv2d": f"{__name__}.same_conv",
            "Shift": f"{__name__}.shift",
            "SqueezeExcite": f"{__name__}.squeeze_excite",
            "chain": f"{__name__}.compose",
            "csc": f"{__name__}.shift_module",
            "named": f"{__name__}.compose",
            "sc2": f"{__name__}.shift_module",
        },
    )

__all__ = [
    "AvgPool2d",
    "BatchNorm1d",
    "BnAct",
    "ChannelShuffle",
    "ConcatShortcut",
    "Conv2d",
    "ConvBnAct",
    "Dropout",
    "DynamicShiftMax",
    "GlobalAvgPool",
    "Hardswish",
    "Linear",
    "MaxPool2d",
    "Module",
    "ReLU",
    "ReLU6",
    "Residual",
    "SameConv2d",
    "Shift",
    "SqueezeExcite",
    "chain",
    "csc",
    "named",
    "sc2",
]

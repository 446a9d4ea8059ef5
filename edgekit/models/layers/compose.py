"""Modules one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from torch import nn


def chain(*modules: nn.Module) -> nn.Sequential:
    """Run ``modules`` in order; their names are 0, 1, 2, ..."""
    return nn.Sequential(*modules)


def named(modules: Mapping[str, nn.Module]) -> nn.Sequential:
    """Run ``modules`` in order under the given names, which are the state dict's prefixes."""
    return nn.Sequential(OrderedDict(modules))

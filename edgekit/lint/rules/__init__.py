"""Every rule. Adding one: its file with a ``RULE``, and a line here."""

from __future__ import annotations

from edgekit.lint.rule import Rule
from edgekit.lint.rules import (
    bias_overflow,
    constant_operator,
    dense_zeros,
    dynamic_shapes,
    float16_constants,
    float_island,
    gather_splits_delegate,
    int16_activations,
    large_depthwise,
    missing_metadata,
    outside_delegate,
    per_tensor_weights,
    saturation_without_vnni,
    stored_twice,
    transpose,
    unfused_activation,
    unfused_padding,
)
from edgekit.registry import Registry

_ALL = (
    outside_delegate,
    gather_splits_delegate,
    transpose,
    unfused_padding,
    unfused_activation,
    large_depthwise,
    float_island,
    constant_operator,
    int16_activations,
    per_tensor_weights,
    bias_overflow,
    saturation_without_vnni,
    float16_constants,
    dense_zeros,
    stored_twice,
    dynamic_shapes,
    missing_metadata,
)

RULES: Registry[Rule] = Registry(
    "lint rule",
    ((each.RULE.code, each.RULE) for each in _ALL),
    listing="docs/lint.md has all there are",
)
"""Rules by code, in the order of reports."""

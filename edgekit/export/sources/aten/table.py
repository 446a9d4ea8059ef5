"""Which function translates which ATen operator.

Adding an operator: one function in the file of its kind, one line here, one module among the
specimens of ``tests/export/test_torch_graph.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from edgekit.export.sources.aten.builder import Operand
from edgekit.export.sources.aten.operators import (
    activations,
    arithmetic,
    convolution,
    joining,
    linear,
    pooling,
    reshaping,
)
from edgekit.export.sources.aten.operators.joining import Parts

Translate = Callable[..., Operand | Parts]

OPERATORS: MappingProxyType[str, Translate] = MappingProxyType(
    {
        "aten.adaptive_avg_pool2d.default": pooling.adaptive_avg_pool2d,
        "aten.add.Tensor": arithmetic.add,
        "aten.addmm.default": linear.addmm,
        "aten.avg_pool2d.default": pooling.avg_pool2d,
        "aten.batch_norm.default": convolution.batch_norm,
        "aten.cat.default": joining.cat,
        "aten.chunk.default": joining.chunk,
        "aten.contiguous.default": reshaping.contiguous,
        "aten.conv2d.default": convolution.conv2d,
        "aten.div.Tensor": arithmetic.div,
        "aten.dropout.default": activations.dropout,
        "aten.flatten.using_ints": reshaping.flatten,
        "aten.hardsigmoid.default": activations.hardsigmoid,
        "aten.hardswish.default": activations.hardswish,
        "aten.hardtanh.default": activations.hardtanh,
        "aten.index_select.default": joining.index_select,
        "aten.leaky_relu.default": activations.leaky_relu,
        "aten.linear.default": linear.linear,
        "aten.matmul.default": linear.matmul,
        "aten.max_pool2d.default": pooling.max_pool2d,
        "aten.maximum.default": arithmetic.maximum,
        "aten.mean.dim": pooling.mean,
        "aten.minimum.default": arithmetic.minimum,
        "aten.mul.Tensor": arithmetic.mul,
        "aten.pad.default": convolution.pad,
        "aten.permute.default": reshaping.permute,
        "aten.relu.default": activations.relu,
        "aten.relu6.default": activations.relu6,
        "aten.reshape.default": reshaping.reshape,
        "aten.rsub.Scalar": arithmetic.rsub,
        "aten.select.int": joining.select,
        "aten.sigmoid.default": activations.sigmoid,
        "aten.silu.default": activations.silu,
        "aten.slice.Tensor": joining.slice_,
        "aten.softmax.int": activations.softmax,
        "aten.split.Tensor": joining.split,
        "aten.split_with_sizes.default": joining.split_with_sizes,
        "aten.sub.Tensor": arithmetic.sub,
        "aten.tanh.default": activations.tanh,
        "aten.transpose.int": reshaping.transpose,
        "aten.view.default": reshaping.view,
        "<built-in function getitem>": joining.getitem,
    }
)
"""By fx's name of the operator."""

IN_PLACE: MappingProxyType[str, Translate] = MappingProxyType(
    {
        "aten.add_.Tensor": arithmetic.add,
        "aten.hardsigmoid_.default": activations.hardsigmoid,
        "aten.hardswish_.default": activations.hardswish,
        "aten.hardtanh_.default": activations.hardtanh,
        "aten.leaky_relu_.default": activations.leaky_relu,
        "aten.mul_.Tensor": arithmetic.mul,
        "aten.relu6_.default": activations.relu6_in_place,
        "aten.relu_.default": activations.relu,
        "aten.sigmoid_.default": activations.sigmoid,
        "aten.silu_.default": activations.silu,
        "aten.sub_.Tensor": arithmetic.sub,
    }
)
"""The same for operators that overwrite their first operand."""

VIEWS = frozenset(
    {
        "aten.chunk.default",
        "aten.contiguous.default",
        "aten.dropout.default",
        "aten.flatten.using_ints",
        "aten.permute.default",
        "aten.reshape.default",
        "aten.select.int",
        "aten.slice.Tensor",
        "aten.split.Tensor",
        "aten.split_with_sizes.default",
        "aten.transpose.int",
        "aten.view.default",
        "<built-in function getitem>",
    }
)
"""Operators whose result may share memory with their first operand."""

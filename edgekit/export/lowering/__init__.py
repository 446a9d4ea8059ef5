"""The rewrite rules, one a file, and the ordered list that each stage applies.

Adding a rule: one file with a ``rewrite(node) -> bool``, one line in a list below.
"""

from __future__ import annotations

from edgekit.export.lowering import (
    activation_before_permutation,
    add_into_bias,
    batch_norm_as_depthwise,
    canonical_global_pool,
    canonical_hard_swish,
    canonical_reshape,
    canonical_shuffle,
    channel_roll,
    channel_shuffle,
    drop_redundant_relu,
    explicit_pool_padding,
    flat_mean,
    fuse_activation,
    hard_sigmoid_as_relu6,
    merge_permutations,
    merge_scales,
    permutation_as_conv,
    permutation_into_conv,
    permutation_into_small_conv,
    pointwise_gemm,
    relu_through_concat,
    split_concat,
)
from edgekit.export.rewrite import Rule

CANONICAL = (
    Rule("canonical_shuffle", canonical_shuffle.rewrite),
    Rule("canonical_global_pool", canonical_global_pool.rewrite),
    Rule("canonical_reshape", canonical_reshape.rewrite),
    Rule("canonical_hard_swish", canonical_hard_swish.rewrite),
    Rule("activation_before_permutation", activation_before_permutation.rewrite),
    Rule("merge_permutations", merge_permutations.rewrite),
    Rule("permutation_into_conv", permutation_into_conv.rewrite),
)
"""One form for every construct; runtime-neutral."""

TFLITE = (
    Rule("hard_sigmoid_as_relu6", hard_sigmoid_as_relu6.rewrite),
    Rule("pointwise_gemm", pointwise_gemm.rewrite),
    Rule("batch_norm_as_depthwise", batch_norm_as_depthwise.rewrite),
    Rule("flat_mean", flat_mean.rewrite),
    Rule("merge_scales", merge_scales.rewrite),
    Rule("add_into_bias", add_into_bias.rewrite),
    Rule("permutation_into_small_conv", permutation_into_small_conv.rewrite),
    Rule("permutation_as_conv", permutation_as_conv.rewrite),
    Rule("channel_shuffle", channel_shuffle.rewrite),
    Rule("channel_roll", channel_roll.rewrite),
    Rule("split_concat", split_concat.rewrite),
    Rule("drop_redundant_relu", drop_redundant_relu.rewrite),
    Rule("relu_through_concat", relu_through_concat.rewrite),
    Rule("explicit_pool_padding", explicit_pool_padding.rewrite),
    Rule("fuse_activation", fuse_activation.rewrite),
)
"""What the XNNPACK delegate takes whole and runs fast."""

ONNXRUNTIME: tuple[Rule, ...] = ()
"""Nothing yet beats the canonical graph: ONNX Runtime optimises it when it loads the file, and
takes a channel Gather at least as fast as reshape, transpose, reshape."""

"""The rewrite rules, one a file, and the ordered list that each stage applies.

Adding a rule: one file with a ``rewrite(node) -> bool``, one line in a list below.
"""

from __future__ import annotations

from edgekit.export.lowering import (
    activation_before_permutation,
    add_into_bias,
    average_pool_as_depthwise,
    batch_norm_as_depthwise,
    canonical_batch_norm,
    canonical_depth_to_space,
    canonical_division,
    canonical_einsum,
    canonical_gather_nd,
    canonical_gelu,
    canonical_gemm,
    canonical_global_pool,
    canonical_hard_sigmoid,
    canonical_hard_swish,
    canonical_identity,
    canonical_layer_norm,
    canonical_lp_pool,
    canonical_one_hot,
    canonical_pad_axes,
    canonical_padding,
    canonical_reduction,
    canonical_reshape,
    canonical_shuffle,
    canonical_softmax,
    canonical_sum,
    canonical_triangle,
    channel_roll,
    channel_shuffle,
    drop_redundant_relu,
    edge_pool_padding,
    explicit_pool_padding,
    flat_mean,
    flatten_into_gemm,
    folded_columns,
    fuse_activation,
    gemm_as_matmul,
    grid_sample_as_gathers,
    grouped_as_dense,
    hard_sigmoid_as_relu6,
    hard_swish_as_gate,
    instance_norm_as_group_norm,
    lrn_as_conv,
    max_as_relu,
    merge_permutations,
    merge_scales,
    permutation_as_conv,
    permutation_into_conv,
    permutation_into_small_conv,
    permutation_past_depthwise,
    pointwise_gemm,
    power_as_roots,
    relu_through_concat,
    repeated_channels,
    scale_into_layers,
    shift_as_slices,
    shuffle_as_ranges,
    shuffle_as_transpose,
    split_concat,
    tiled_factor,
    training_batch_norm,
    unrolled_recurrence,
    weighted_average_pool,
)
from edgekit.export.rewriting.rules import Menu, Rule

CANONICAL = (
    Rule("canonical_identity", canonical_identity.rewrite),
    Rule("canonical_sum", canonical_sum.rewrite),
    Rule("canonical_einsum", canonical_einsum.rewrite),
    Rule("canonical_gemm", canonical_gemm.rewrite),
    Rule("canonical_batch_norm", canonical_batch_norm.rewrite),
    Rule("canonical_reduction", canonical_reduction.rewrite),
    Rule("canonical_pad_axes", canonical_pad_axes.rewrite),
    Rule("canonical_padding", canonical_padding.rewrite),
    Rule("canonical_shuffle", canonical_shuffle.rewrite),
    Rule("canonical_depth_to_space", canonical_depth_to_space.rewrite),
    Rule("canonical_one_hot", canonical_one_hot.rewrite),
    Rule("canonical_triangle", canonical_triangle.rewrite),
    Rule("canonical_gather_nd", canonical_gather_nd.rewrite),
    Rule("canonical_global_pool", canonical_global_pool.rewrite),
    Rule("canonical_lp_pool", canonical_lp_pool.rewrite),
    Rule("canonical_reshape", canonical_reshape.rewrite),
    Rule("canonical_softmax", canonical_softmax.rewrite),
    Rule("canonical_gelu", canonical_gelu.rewrite),
    Rule("canonical_layer_norm", canonical_layer_norm.rewrite),
    Rule("canonical_division", canonical_division.rewrite),
    Rule("canonical_hard_swish", canonical_hard_swish.rewrite),
    Rule("canonical_hard_sigmoid", canonical_hard_sigmoid.rewrite),
    Rule("activation_before_permutation", activation_before_permutation.rewrite),
    Rule("merge_permutations", merge_permutations.rewrite),
    Rule("permutation_into_conv", permutation_into_conv.rewrite),
    Rule("permutation_past_depthwise", permutation_past_depthwise.rewrite),
)
"""One form for every construct; runtime-neutral."""

TFLITE = Menu(
    "tflite",
    (
        Rule("grid_sample_as_gathers", grid_sample_as_gathers.rewrite),
        Rule("unrolled_recurrence", unrolled_recurrence.rewrite),
        Rule("hard_sigmoid_as_relu6", hard_sigmoid_as_relu6.rewrite),
        Rule("gemm_as_matmul", gemm_as_matmul.rewrite),
        Rule("pointwise_gemm", pointwise_gemm.rewrite),
        Rule("lrn_as_conv", lrn_as_conv.rewrite),
        Rule("power_as_roots", power_as_roots.rewrite),
        Rule("batch_norm_as_depthwise", batch_norm_as_depthwise.rewrite),
        Rule("instance_norm_as_group_norm", instance_norm_as_group_norm.rewrite),
        Rule("flat_mean", flat_mean.rewrite),
        Rule("flatten_into_gemm", flatten_into_gemm.rewrite),
        Rule("merge_scales", merge_scales.rewrite),
        Rule("add_into_bias", add_into_bias.rewrite),
        Rule("shuffle_as_ranges", shuffle_as_ranges.rewrite, optional=True),
        Rule("permutation_into_small_conv", permutation_into_small_conv.rewrite, optional=True),
        Rule("repeated_channels", repeated_channels.rewrite, optional=True),
        Rule("permutation_as_conv", permutation_as_conv.rewrite, optional=True),
        Rule("channel_shuffle", channel_shuffle.rewrite),
        Rule("channel_roll", channel_roll.rewrite),
        Rule("drop_redundant_relu", drop_redundant_relu.rewrite),
        Rule("relu_through_concat", relu_through_concat.rewrite),
        Rule("explicit_pool_padding", explicit_pool_padding.rewrite),
        Rule("edge_pool_padding", edge_pool_padding.rewrite),
        Rule("weighted_average_pool", weighted_average_pool.rewrite),
        Rule("split_concat", split_concat.rewrite),
        Rule("tiled_factor", tiled_factor.rewrite, optional=True),
        Rule("fuse_activation", fuse_activation.rewrite, final=True),
    ),
    (
        Rule("grouped_as_dense", grouped_as_dense.rewrite),
        Rule("hard_swish_as_gate", hard_swish_as_gate.rewrite),
        Rule("average_pool_as_depthwise", average_pool_as_depthwise.rewrite),
        Rule("max_as_relu", max_as_relu.rewrite),
        Rule("shift_as_slices", shift_as_slices.rewrite),
        Rule("folded_columns", folded_columns.rewrite),
    ),
)
"""What the XNNPACK delegate takes whole and runs fast."""

INTEGER = Menu(
    "int8",
    (
        Rule("training_batch_norm", training_batch_norm.rewrite),
        Rule("hard_swish_as_gate", hard_swish_as_gate.rewrite),
        Rule("hard_sigmoid_as_relu6", hard_sigmoid_as_relu6.rewrite),
        Rule("gemm_as_matmul", gemm_as_matmul.rewrite),
        Rule("pointwise_gemm", pointwise_gemm.rewrite),
        Rule("lrn_as_conv", lrn_as_conv.rewrite),
        Rule("power_as_roots", power_as_roots.rewrite),
        Rule("batch_norm_as_depthwise", batch_norm_as_depthwise.rewrite),
        Rule("merge_scales", merge_scales.rewrite),
        Rule("scale_into_layers", scale_into_layers.rewrite, optional=True),
        Rule("add_into_bias", add_into_bias.rewrite),
        Rule("shuffle_as_ranges", shuffle_as_ranges.rewrite, optional=True),
        Rule("permutation_into_small_conv", permutation_into_small_conv.rewrite, optional=True),
        Rule("repeated_channels", repeated_channels.rewrite, optional=True),
        Rule("drop_redundant_relu", drop_redundant_relu.rewrite),
        Rule("relu_through_concat", relu_through_concat.rewrite),
        Rule("average_pool_as_depthwise", average_pool_as_depthwise.rewrite, optional=True),
        Rule("explicit_pool_padding", explicit_pool_padding.rewrite),
        Rule("edge_pool_padding", edge_pool_padding.rewrite),
        Rule("weighted_average_pool", weighted_average_pool.rewrite),
        Rule("split_concat", split_concat.rewrite),
    ),
    (
        Rule("shuffle_as_transpose", shuffle_as_transpose.rewrite),
        Rule("grouped_as_dense", grouped_as_dense.rewrite),
        Rule("max_as_relu", max_as_relu.rewrite),
        Rule("shift_as_slices", shift_as_slices.rewrite),
    ),
)
"""One form for both runtimes, in standard operators: what is calibrated and encoded.

Every value that either file will hold as integers has its name here, so one set of encodings
serves both."""

TFLITE_INTEGER = Menu(
    "int8 tflite",
    (
        Rule("grid_sample_as_gathers", grid_sample_as_gathers.rewrite),
        Rule("unrolled_recurrence", unrolled_recurrence.rewrite),
        Rule("permutation_as_conv", permutation_as_conv.rewrite, optional=True),
        Rule("instance_norm_as_group_norm", instance_norm_as_group_norm.rewrite),
        Rule("flat_mean", flat_mean.rewrite),
        Rule("flatten_into_gemm", flatten_into_gemm.rewrite),
        Rule("channel_shuffle", channel_shuffle.rewrite),
        Rule("channel_roll", channel_roll.rewrite),
        Rule("tiled_factor", tiled_factor.rewrite, optional=True),
        Rule("folded_columns", folded_columns.rewrite, optional=True),
        Rule("fuse_activation", fuse_activation.rewrite, final=True),
    ),
)
"""Of an encoded graph: what only moves or renames integers."""

ONNXRUNTIME = Menu(
    "onnx",
    (Rule("training_batch_norm", training_batch_norm.rewrite),),
    (
        Rule("shuffle_as_transpose", shuffle_as_transpose.rewrite),
        Rule("permutation_into_small_conv", permutation_into_small_conv.rewrite),
        Rule("grouped_as_dense", grouped_as_dense.rewrite),
        Rule("repeated_channels", repeated_channels.rewrite),
        Rule("permutation_as_conv", permutation_as_conv.rewrite),
        Rule("hard_swish_as_gate", hard_swish_as_gate.rewrite),
        Rule("max_as_relu", max_as_relu.rewrite),
        Rule("shift_as_slices", shift_as_slices.rewrite),
        Rule("tiled_factor", tiled_factor.rewrite),
    ),
)
"""By default almost nothing: ONNX Runtime optimises the canonical graph when it loads the file, and
takes a channel Gather at least as fast as reshape, transpose, reshape."""

ONNXRUNTIME_INTEGER = Menu(
    "int8 onnx",
    (),
    (
        Rule("permutation_as_conv", permutation_as_conv.rewrite),
        Rule("tiled_factor", tiled_factor.rewrite),
        Rule("folded_columns", folded_columns.rewrite),
    ),
)
"""The same for the encoded graph."""

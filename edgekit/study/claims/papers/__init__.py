"""The claims, one file for each experiment: a file with ``CLAIMS``, and its line below."""

from __future__ import annotations

from edgekit.registry import Registry
from edgekit.study.claims.claim import Claim
from edgekit.study.claims.papers import (
    beyond_this_machine,
    depthwise_needs_batch_norm,
    depthwise_rate,
    float16_speed,
    groups_at_equal_macs,
    guideline_1_equal_width,
    guideline_2_groups,
    guideline_3_fragments,
    guideline_4_elementwise,
    int8_gain,
    micronet_costs,
    mobileone_bottlenecks,
    networks_side_by_side,
    partial_convolution,
    per_tensor_weights,
    pointwise_share,
    price_of_shuffle,
    price_of_squeeze_excite,
    roofline_ranking,
    separable_convolution,
    shift_beside_depthwise,
    shiftresnet_beside_resnet,
    shuffle_and_groups,
    shufflenet_against_others,
    sparse_pointwise,
    start_up,
    thin_beside_shallow,
    time_follows_area,
    ways_to_run,
)

FILES = (
    pointwise_share,
    separable_convolution,
    thin_beside_shallow,
    networks_side_by_side,
    shufflenet_against_others,
    time_follows_area,
    groups_at_equal_macs,
    price_of_shuffle,
    price_of_squeeze_excite,
    shift_beside_depthwise,
    depthwise_rate,
    micronet_costs,
    guideline_1_equal_width,
    guideline_2_groups,
    guideline_3_fragments,
    guideline_4_elementwise,
    mobileone_bottlenecks,
    partial_convolution,
    roofline_ranking,
    int8_gain,
    float16_speed,
    sparse_pointwise,
    ways_to_run,
    start_up,
    per_tensor_weights,
    depthwise_needs_batch_norm,
    shuffle_and_groups,
    shiftresnet_beside_resnet,
    beyond_this_machine,
)

CLAIMS: Registry[Claim] = Registry(
    "claim",
    ((claim.name, claim) for file in FILES for claim in file.CLAIMS),
    listing="`edgekit claims --list` shows all there are",
)
"""Every claim by its name, in the order of reports."""

"""Networks that nobody here made, or that are shaped as those are; a file for each kind."""

from __future__ import annotations

from benchmarks.foreign.networks import (
    detection,
    phone_sizes,
    segmentation,
    sequences,
    timm_names,
    torchvision_names,
    transformers_library,
)

NETWORKS = {
    network.name: network
    for part in (
        timm_names, torchvision_names, segmentation, detection, sequences, transformers_library,
        phone_sizes,
    )
    for network in part.NETWORKS
}  # fmt: skip
"""All of them by name."""

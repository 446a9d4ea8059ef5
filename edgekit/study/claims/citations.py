"""The texts whose claims are tested."""

from __future__ import annotations

MOBILENET_V1 = (
    "Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
    "Applications, arXiv:1704.04861"
)
MOBILENET_V2 = (
    "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381"
)
SHUFFLENET_V1 = (
    "Zhang et al., ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile "
    "Devices, arXiv:1707.01083"
)
SHUFFLENET_V2 = (
    "Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design, "
    "arXiv:1807.11164"
)
SHIFT = (
    "Wu et al., Shift: A Zero FLOP, Zero Parameter Alternative to Spatial Convolutions, "
    "arXiv:1711.08141"
)
FEW_SHIFTS = (
    "Chen et al., All You Need is a Few Shifts: Designing Efficient Convolutional Neural Networks "
    "for Image Classification, arXiv:1903.05285"
)
MICRONET = (
    "Li et al., MicroNet: Improving Image Recognition with Extremely Low FLOPs, arXiv:2108.05894"
)
MOBILEONE = "Vasu et al., MobileOne: An Improved One Millisecond Mobile Backbone, arXiv:2206.04040"
FASTERNET = (
    "Chen et al., Run, Don't Walk: Chasing Higher FLOPS for Faster Neural Networks, "
    "arXiv:2303.03667"
)
MOBILENET_V4 = (
    "Qin et al., MobileNetV4: Universal Models for the Mobile Ecosystem, arXiv:2404.10518"
)
REPVIT = "Wang et al., RepViT: Revisiting Mobile CNN From ViT Perspective, arXiv:2307.09283"
WHITEPAPER = (
    "Krishnamoorthi, Quantizing deep convolutional networks for efficient inference: A "
    "whitepaper, arXiv:1806.08342"
)
HOSTED = "TensorFlow, hosted models: Pixel 3, Android 10, 4 CPU threads"
XNNPACK_BLOG = "TensorFlow blog, November 2023: half-precision inference with XNNPACK"
SPARSE_BLOG = "Google AI blog, March 2021: sparse inference with XNNPACK"
LITERT = "LiteRT's documentation of its CompiledModel interface"
XNNPACK_ISSUE = "google/XNNPACK, issue 8721"
CONDENSENET = "ShichenLiu/CondenseNet, README of 2018: an ARM processor and the software of then"
SEED_NOTES = "Notes on the papers that edgekit grew out of"
ARM = "Arm, learning path on KleidiAI and SME2: SqueezeSAM in ExecuTorch"

QUOTED = "; figures as other texts have them"
"""Goes behind a place whose printed figures were not compared with the statement."""

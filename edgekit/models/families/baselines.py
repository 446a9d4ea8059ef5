"""Baselines: the networks that papers compare with, taken from other packages.

edgekit holds their cards; ``pip install 'edgekit-mobile[baselines]'`` brings the structure of all
but two. GoogLeNet is torchvision's and EfficientNet-Lite0 timm's: both import only beside a
torchvision of the same build as torch.

The published accuracies belong to the network of that structure, wherever its weights are from.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from edgekit.models import libraries
from edgekit.models.preprocessing import Preprocessing, imagenet
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPERS = {
    "alexnet": "Krizhevsky, One weird trick for parallelizing convolutional neural networks, "
    "arXiv:1404.5997",
    "vgg": "Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image "
    "Recognition, arXiv:1409.1556",
    "squeezenet": "Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters "
    "and <0.5MB model size, arXiv:1602.07360",
    "googlenet": "Szegedy et al., Going Deeper with Convolutions, arXiv:1409.4842",
    "inception": "Szegedy et al., Rethinking the Inception Architecture for Computer Vision, "
    "arXiv:1512.00567",
    "resnet": "He et al., Deep Residual Learning for Image Recognition, arXiv:1512.03385",
    "resnext": "Xie et al., Aggregated Residual Transformations for Deep Neural Networks, "
    "arXiv:1611.05431",
    "xception": "Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, "
    "arXiv:1610.02357",
    "mobilenet-v3": "Howard et al., Searching for MobileNetV3, arXiv:1905.02244",
    "shufflenet-v2": "Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN "
    "Architecture Design, arXiv:1807.11164",
    "mnasnet": "Tan et al., MnasNet: Platform-Aware Neural Architecture Search for Mobile, "
    "arXiv:1807.11626",
    "efficientnet": "Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural "
    "Networks, arXiv:1905.11946",
    "regnet": "Radosavovic et al., Designing Network Design Spaces, arXiv:2003.13678",
    "vovnet": "Lee et al., An Energy and GPU-Computation Efficient Backbone Network for Real-Time "
    "Object Detection, arXiv:1904.09730",
}

# Where the figures stand.
TORCHVISION = "torchvision 0.28.0, weights IMAGENET1K_V1"
TIMM = "timm, results-imagenet.csv"
SLIM = "authors' code, tensorflow/models slim mobilenet README"
LITE = "authors' code, tensorflow/tpu efficientnet/lite README"
MEGVII = "authors' code, megvii-model/ShuffleNet-Series"
PYTORCHCV = "pytorchcv, table of its models"
QUOTED = "paper (as quoted by other texts)"

_IMAGENET_299 = imagenet(crop=299, resize=342)
_CENTRED_224 = Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3, crop=224, resize=256)
_BICUBIC_224 = Preprocessing(
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    crop=224,
    resize=256,
    interpolation="bicubic",
)


class _Card(NamedTuple):
    """One row: exact counts, and published (metric, value, unit, source)."""

    name: str
    family: str
    library: str
    params: int
    macs: int
    published: tuple[tuple[str, float, str, str], ...]
    note: str = ""
    preprocessing: Preprocessing = imagenet()
    aliases: tuple[str, ...] = ()


_CARDS = (
    _Card(
        "alexnet", "alexnet", "pytorchcv:alexnetb", 61_100_840, 714_188_480,
        (("top-1", 56.522, "%", TORCHVISION), ("params", 61.1, "M", TORCHVISION),
         ("macs", 714, "M", TORCHVISION)),
        note="one column and no local response normalization, as in torchvision",
    ),
    _Card(
        "vgg-16", "vgg", "pytorchcv:vgg16", 138_357_544, 15_470_264_320,
        (("top-1", 71.592, "%", TORCHVISION), ("params", 138, "M", QUOTED),
         ("macs", 15_470, "M", TORCHVISION)),
        aliases=("vgg16",),
    ),
    _Card(
        "squeezenet-1.0", "squeezenet", "pytorchcv:squeezenet_v1_0", 1_248_424, 818_924_576,
        (("top-1", 58.092, "%", TORCHVISION), ("params", 1.25, "M", QUOTED),
         ("macs", 819, "M", TORCHVISION)),
    ),
    _Card(
        "squeezenet-1.1", "squeezenet", "pytorchcv:squeezenet_v1_1", 1_235_496, 349_151_936,
        (("top-1", 58.178, "%", TORCHVISION), ("params", 1.235, "M", TORCHVISION),
         ("macs", 349, "M", TORCHVISION)),
    ),
    _Card(
        "googlenet", "googlenet", "torchvision:googlenet", 6_624_904, 1_498_376_192,
        (("top-1", 69.778, "%", TORCHVISION), ("params", 6.8, "M", QUOTED),
         ("macs", 1550, "M", QUOTED)),
        note="with batch norm, 3x3 in place of the paper's 5x5 convolutions, and without the "
        "auxiliary classifiers; the input is in [-1, 1] (torchvision's transform_input is off)",
        preprocessing=_CENTRED_224,
    ),
    _Card(
        "inception-v3", "inception", "pytorchcv:inceptionv3", 23_834_568, 5_713_216_096,
        (("top-1", 77.294, "%", TORCHVISION), ("params", 23.8, "M", QUOTED),
         ("macs", 5713, "M", TORCHVISION)),
        note="without the auxiliary classifier",
        preprocessing=_IMAGENET_299,
    ),
    _Card(
        "resnet-18", "resnet", "pytorchcv:resnet18", 11_689_512, 1_814_073_344,
        (("top-1", 69.758, "%", TORCHVISION), ("params", 11.7, "M", QUOTED),
         ("macs", 1814, "M", TORCHVISION)),
        aliases=("resnet18",),
    ),
    _Card(
        "resnet-50", "resnet", "pytorchcv:resnet50b", 25_557_032, 4_089_184_256,
        (("top-1", 76.13, "%", TORCHVISION), ("params", 25.6, "M", QUOTED),
         ("macs", 4089, "M", TORCHVISION)),
        note="a block's stride is in its 3x3 convolution, as in torchvision; the paper has it in "
        "the first 1x1 (pytorchcv:resnet50, 3858 million MACs)",
        aliases=("resnet50",),
    ),
    _Card(
        "resnext-50-32x4d", "resnext", "pytorchcv:resnext50_32x4d", 25_028_904, 4_230_479_872,
        (("top-1", 77.618, "%", TORCHVISION), ("params", 25, "M", QUOTED),
         ("macs", 4230, "M", TORCHVISION)),
        aliases=("resnext50-32x4d",),
    ),
    _Card(
        "xception", "xception", "pytorchcv:xception", 22_855_952, 8_357_403_496,
        (("top-1", 79.058, "%", TIMM), ("params", 22.86, "M", TIMM), ("macs", 8400, "M", TIMM)),
        preprocessing=_IMAGENET_299,
    ),
    _Card(
        "mobilenet-v3-small-1.0", "mobilenet-v3", "pytorchcv:mobilenetv3_small_w1", 2_945_288,
        56_913_856,
        (("top-1", 67.5, "%", SLIM), ("params", 2.9, "M", SLIM), ("macs", 56, "M", QUOTED)),
        note="the last layer but one has 1280 channels, as in the authors' code; torchvision's "
        "has 1024 (2,542,856 parameters, top-1 67.668 %)",
    ),
    _Card(
        "mobilenet-v3-large-1.0", "mobilenet-v3", "pytorchcv:mobilenetv3_large_w1", 5_481_752,
        216_589_760,
        (("top-1", 75.2, "%", SLIM), ("params", 5.4, "M", SLIM), ("macs", 217, "M", SLIM)),
    ),
    _Card(
        "shufflenet-v2-0.5x", "shufflenet-v2", "pytorchcv:shufflenetv2_wd2", 1_366_792, 40_476_448,
        (("top-1 error", 38.9, "%", MEGVII), ("top-1", 60.552, "%", TORCHVISION),
         ("params", 1.4, "M", MEGVII), ("macs", 41, "M", MEGVII)),
    ),
    _Card(
        "shufflenet-v2-1.0x", "shufflenet-v2", "pytorchcv:shufflenetv2_w1", 2_278_604, 144_907_992,
        (("top-1 error", 30.6, "%", MEGVII), ("top-1", 69.362, "%", TORCHVISION),
         ("params", 2.3, "M", MEGVII), ("macs", 146, "M", MEGVII)),
    ),
    _Card(
        "mnasnet-1.0", "mnasnet", "pytorchcv:mnasnet_b1", 4_383_312, 314_415_872,
        (("top-1", 73.456, "%", TORCHVISION), ("params", 4.4, "M", QUOTED),
         ("macs", 315, "M", QUOTED)),
        note="the paper's B1, without squeeze-and-excite",
    ),
    _Card(
        "efficientnet-b0", "efficientnet", "pytorchcv:efficientnet_b0", 5_288_548, 385_814_752,
        (("top-1", 77.692, "%", TORCHVISION), ("params", 5.3, "M", QUOTED),
         ("macs", 390, "M", QUOTED)),
    ),
    _Card(
        "efficientnet-lite0", "efficientnet", "timm:efficientnet_lite0", 4_652_008, 385_187_552,
        (("top-1", 75.1, "%", LITE), ("top-1", 75.488, "%", TIMM), ("params", 4.7, "M", LITE),
         ("macs", 407, "M", LITE)),
        note="no squeeze-and-excite, and ReLU6 for swish",
        preprocessing=_BICUBIC_224,
    ),
    _Card(
        "regnet-x-200mf", "regnet", "pytorchcv:regnetx002", 2_684_792, 199_039_872,
        (("top-1", 68.758, "%", TIMM), ("params", 2.68, "M", TIMM), ("macs", 200, "M", QUOTED)),
    ),
    _Card(
        "vovnet-27s", "vovnet", "pytorchcv:vovnet27s", 3_525_736, 2_176_695_296,
        (("top-1 error", 29.28, "%", PYTORCHCV), ("params", 3.53, "M", PYTORCHCV)),
    ),
)  # fmt: skip


def _build(reference: str) -> nn.Module:
    return libraries.find(reference).build()


for _card in _CARDS:
    register(
        ModelSpec(
            name=_card.name,
            family=_card.family,
            build=partial(_build, _card.library),
            input_shape=(1, 3, _card.preprocessing.crop, _card.preprocessing.crop),
            classes=1000,
            params=_card.params,
            macs=_card.macs,
            preprocessing=_card.preprocessing,
            paper=PAPERS[_card.family],
            published=tuple(
                Published(metric, value, unit, "ImageNet" if unit == "%" else "", source)
                for metric, value, unit, source in _card.published
            ),
            note=_card.note,
            library=_card.library,
        ),
        _card.aliases,
    )

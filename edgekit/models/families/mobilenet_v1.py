"""MobileNetV1: depthwise separable convolutions, thinned by width and by resolution.

Structure and numerics are those of the authors' slim code, so that its checkpoints run
unchanged: SAME padding, ReLU6, batch norm epsilon 1e-3. The state dict has
``features.{0..26}.conv`` and ``.bn`` (0 the stem, odd depthwise, even pointwise) and ``fc``.
Checkpoints have 1001 classes, the first of them "background"; here are the 1000 others.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from edgekit.models import layers, preprocessing
from edgekit.models.families import cifar10
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPER = "Howard et al., MobileNets: Efficient CNNs for Mobile Vision Applications, arXiv:1704.04861"
SLIM = "tensorflow/models, research/slim/nets/mobilenet_v1.md"

# Output channels and stride of the thirteen separable convolutions. The paper's Table 1 prints
# stride 2 for the last one, which its own output sizes and the code contradict.
_UNITS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1),
    (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


def _build(width: float, classes: int = 1000, small_images: bool = False) -> nn.Module:
    """The network; for small images the first two of its strides are 1 instead of 2."""

    def scaled(channels: int) -> int:
        return max(int(channels * width), 8)

    def conv(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Module:
        return layers.ConvBnAct(
            inputs, outputs, kernel,
            stride=stride, groups=groups, act="relu6", tf_same=True, eps=1e-3,
        )  # fmt: skip

    channels = scaled(32)
    strides = [2, *(stride for _, stride in _UNITS)]
    if small_images:
        strides = [1, 1, 1, *strides[3:]]
    features = [conv(3, channels, 3, strides[0])]
    for (outputs, _), stride in zip(_UNITS, strides[1:], strict=True):
        features.append(conv(channels, channels, 3, stride, groups=channels))
        features.append(conv(channels, scaled(outputs), 1, 1))
        channels = scaled(outputs)
    return layers.named(
        {
            "features": layers.chain(*features),
            "pool": layers.GlobalAvgPool(),
            "dropout": layers.Dropout(0.001),
            "fc": layers.Linear(channels, classes),
        }
    )


class _Card(NamedTuple):
    """One row; accuracies in percent, float then quantization-aware trained uint8."""

    width: float
    resolution: int
    params: int
    macs: int
    top1: float
    top5: float
    top1_uint8: float
    top5_uint8: float


_CARDS = (
    _Card(1.0, 224, 4_231_976, 568_740_352, 70.9, 89.9, 69.7, 89.5),
    _Card(1.0, 192, 4_231_976, 418_121_728, 70.0, 89.2, 69.0, 88.9),
    _Card(1.0, 160, 4_231_976, 290_675_200, 68.0, 87.7, 67.3, 87.7),
    _Card(1.0, 128, 4_231_976, 186_400_768, 65.2, 85.8, 64.0, 85.5),
    _Card(0.75, 224, 2_585_560, 325_400_448, 68.4, 88.2, 67.9, 88.1),
    _Card(0.75, 192, 2_585_560, 239_273_472, 67.2, 87.3, 66.2, 87.1),
    _Card(0.75, 160, 2_585_560, 166_396_800, 65.3, 86.0, 63.9, 85.5),
    _Card(0.75, 128, 2_585_560, 106_770_432, 62.1, 83.9, 59.8, 82.8),
    _Card(0.5, 224, 1_331_592, 149_497_088, 63.3, 84.9, 62.2, 84.5),
    _Card(0.5, 192, 1_331_592, 109_970_432, 61.7, 83.6, 60.4, 83.2),
    _Card(0.5, 160, 1_331_592, 76_524_800, 59.1, 81.9, 57.7, 81.3),
    _Card(0.5, 128, 1_331_592, 49_160_192, 56.3, 79.4, 54.9, 78.9),
    _Card(0.25, 224, 470_072, 41_030_272, 49.8, 74.2, 48.2, 73.8),
    _Card(0.25, 192, 470_072, 30_212_608, 47.7, 72.3, 45.8, 71.9),
    _Card(0.25, 160, 470_072, 21_059_200, 45.5, 70.3, 43.5, 69.1),
    _Card(0.25, 128, 470_072, 13_570_048, 41.5, 66.3, 39.9, 65.8),
)


def _published(card: _Card) -> tuple[Published, ...]:
    figures = (
        ("top-1", card.top1, "float"),
        ("top-5", card.top5, "float"),
        ("top-1 uint8", card.top1_uint8, "quantization-aware training"),
        ("top-5 uint8", card.top5_uint8, "quantization-aware training"),
    )
    return tuple(
        Published(metric, value, "%", "ImageNet", f"{SLIM}, {how}")
        for metric, value, how in figures
    )


for _card in _CARDS:
    register(
        ModelSpec(
            name=f"mobilenet-v1-{_card.width}-{_card.resolution}",
            family="mobilenet-v1",
            build=partial(_build, _card.width),
            input_shape=(1, 3, _card.resolution, _card.resolution),
            classes=1000,
            params=_card.params,
            macs=_card.macs,
            preprocessing=preprocessing.minus_one_to_one(
                crop=_card.resolution, resize=round(_card.resolution / 0.875)
            ),
            paper=PAPER,
            published=_published(_card),
        )
    )

register(
    ModelSpec(
        name="mobilenet-v1-0.25-cifar10",
        family="mobilenet-v1",
        build=partial(_build, 0.25, classes=10, small_images=True),
        input_shape=(1, 3, 32, 32),
        classes=10,
        params=215_642,
        macs=12_038_656,
        preprocessing=preprocessing.cifar10(),
        paper=PAPER,
        published=(),
        note="for 32x32 images: the strides of the stem and of the first strided unit are 1",
        trained=cifar10.trained(top1_percent=82.63, epochs=50, weight_decay=5e-4),
    )
)

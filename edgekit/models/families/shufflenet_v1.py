"""ShuffleNet v1: grouped pointwise convolutions, mixed by channel shuffle.

The paper's structure: shuffle after the first grouped convolution of a unit, FC with bias. The
authors' code shuffles after the depthwise convolution, which is the same function with its
depthwise weights reordered, and drops the bias.

The paper does not say how it rounds channels that do not divide into groups. Here a stage has
``ceil(width * scale / 4g) * 4g`` channels and the stem ``ceil(24 * scale / g) * g``; at scale
1.0 this changes nothing.
"""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from edgekit.models import layers, preprocessing
from edgekit.models.families import cifar10
from edgekit.models.registry import register
from edgekit.models.spec import ModelSpec, Published

if TYPE_CHECKING:
    from torch import nn

PAPER = (
    "Zhang et al., ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile "
    "Devices, arXiv:1707.01083"
)
# As other texts quote them; not compared with the printed tables.
PAPER_TABLE = "paper (as quoted by other texts), Table"
README = "megvii-model/ShuffleNet-Series, ShuffleNetV1/README"

_STAGE_2_WIDTH = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # by groups; it doubles per stage
_UNITS_PER_STAGE = (4, 8, 4)


def _build(
    scale: float,
    groups: int,
    squeeze_excite: bool = False,
    classes: int = 1000,
    small_images: bool = False,
) -> nn.Module:
    """The network; for small images the stem has stride 1 and no max pooling follows it."""
    stem = _round_up(24 * scale, groups)
    widths = [_round_up(_STAGE_2_WIDTH[groups] * 2**i * scale, 4 * groups) for i in range(3)]
    stages = []
    inputs = stem
    for stage, (width, units) in enumerate(zip(widths, _UNITS_PER_STAGE, strict=True)):
        # The stem is too narrow to split: the first convolution after it has one group.
        first_groups = 1 if stage == 0 else groups
        chain = [_unit(inputs, width, 2, first_groups, groups, squeeze_excite)]
        chain += [_unit(width, width, 1, groups, groups, squeeze_excite) for _ in range(units - 1)]
        stages.append(layers.chain(*chain))
        inputs = width
    stride = 1 if small_images else 2
    pooling = {} if small_images else {"maxpool": layers.MaxPool2d(3, stride=2, padding=1)}
    return layers.named(
        {
            "stem": layers.ConvBnAct(3, stem, 3, stride=stride, act="relu"),
            **pooling,
            "stages": layers.chain(*stages),
            "pool": layers.GlobalAvgPool(),
            "fc": layers.Linear(inputs, classes),
        }
    )


def _unit(
    inputs: int, outputs: int, stride: int, first_groups: int, groups: int, squeeze_excite: bool
) -> nn.Module:
    """The paper's Figure 2 (b) at stride 1, (c) at stride 2."""
    middle = outputs // 4
    added = outputs if stride == 1 else outputs - inputs
    branch: list[nn.Module] = [layers.ConvBnAct(inputs, middle, 1, groups=first_groups, act="relu")]
    if groups > 1:
        branch.append(layers.ChannelShuffle(groups))
    branch.append(layers.ConvBnAct(middle, middle, 3, stride=stride, groups=middle))
    branch.append(layers.ConvBnAct(middle, added, 1, groups=groups))
    if squeeze_excite:
        branch.append(layers.SqueezeExcite(added, squeeze=outputs // 16))
    body = layers.chain(*branch)
    if stride == 1:
        return layers.chain(layers.Residual(body), layers.ReLU())
    pooled = layers.AvgPool2d(3, stride=2, padding=1)
    return layers.chain(layers.ConcatShortcut(body, pooled), layers.ReLU())


def _round_up(channels: float, multiple: int) -> int:
    return ceil(channels / multiple) * multiple


class _Card(NamedTuple):
    """One row: what is built, and its exact counts."""

    scale: float
    groups: int
    params: int
    macs: int
    squeeze_excite: bool = False


_CARDS = (
    _Card(0.25, 1, 209_746, 11_003_184),
    _Card(0.25, 2, 268_652, 11_964_312),
    _Card(0.25, 3, 305_902, 11_009_808),
    _Card(0.25, 4, 340_936, 13_019_056),
    _Card(0.25, 8, 454_504, 12_426_240),
    _Card(0.5, 1, 534_484, 38_517_408),
    _Card(0.5, 2, 644_320, 38_914_784),
    _Card(0.5, 3, 718_324, 37_589_856),
    _Card(0.5, 4, 778_592, 37_943_936),
    _Card(0.5, 8, 1_011_448, 40_469_760),
    _Card(1.0, 1, 1_531_936, 143_078_976),
    _Card(1.0, 2, 1_733_848, 140_836_512),
    _Card(1.0, 3, 1_865_728, 137_460_672),
    _Card(1.0, 4, 1_968_344, 134_339_776),
    _Card(1.0, 8, 2_434_768, 138_365_952),
    _Card(1.5, 1, 2_993_356, 313_684_704),
    _Card(1.5, 2, 3_274_180, 309_765_152),
    _Card(1.5, 3, 3_443_212, 299_612_448),
    _Card(1.5, 4, 3_576_796, 294_882_496),
    _Card(1.5, 8, 4_272_400, 302_607_360),
    _Card(2.0, 1, 4_918_744, 550_334_592),
    _Card(2.0, 2, 5_257_896, 539_138_624),
    _Card(2.0, 3, 5_450_776, 524_045_184),
    _Card(2.0, 3, 8_056_768, 526_634_304, squeeze_excite=True),
    _Card(2.0, 4, 5_593_528, 510_289_536),
    _Card(2.0, 8, 6_522_232, 521_942_016),
)

# Top-1 error in %, by scale and groups, of the paper.
_PAPER_ERRORS = {
    2: {
        (1.0, 1): 33.6, (1.0, 2): 32.7, (1.0, 3): 32.6, (1.0, 4): 32.8, (1.0, 8): 32.4,
        (0.5, 1): 45.1, (0.5, 2): 44.4, (0.5, 3): 43.2, (0.5, 4): 41.6, (0.5, 8): 42.3,
        (0.25, 1): 57.1, (0.25, 2): 56.8, (0.25, 3): 55.0, (0.25, 4): 54.2, (0.25, 8): 52.7,
    },
    5: {(1.5, 3): 28.5, (2.0, 3): 26.3},
}  # fmt: skip

# MACs in millions, top-1 and top-5 error in %, by scale and groups, of the authors' own nets.
_README_FIGURES = {
    (0.5, 3): (38, 42.7, 20.0),
    (0.5, 8): (40, 41.2, 19.0),
    (1.0, 3): (138, 32.2, 12.3),
    (1.0, 8): (138, 32.0, 13.6),
    (1.5, 3): (292, 28.4, 9.8),
    (1.5, 8): (290, 29.0, 10.4),
    (2.0, 3): (524, 25.9, 8.6),
    (2.0, 8): (522, 27.1, 9.2),
}

_NOTES = {
    0.25: "the paper's budget of 13 M MACs suggests a wider stem than its scale gives",
    1.5: "the authors' code keeps a stem of 24 channels, which saves 8 to 13 M MACs",
}
_SE_NOTE = (
    "gate at the end of the branch, squeezed to 1/16 of the unit's output channels: the paper "
    "does not say, and this reading gives its 527 M MACs"
)


def _published(card: _Card) -> tuple[Published, ...]:
    if card.squeeze_excite:
        return (
            Published("top-1 error", 24.7, "%", "ImageNet", f"{PAPER_TABLE} 5"),
            Published("macs", 527, "M", "", f"{PAPER_TABLE} 5"),
        )
    key = (card.scale, card.groups)
    figures = []
    if key in _README_FIGURES:
        macs, top1, top5 = _README_FIGURES[key]
        figures += [
            Published("top-1 error", top1, "%", "ImageNet", README),
            Published("top-5 error", top5, "%", "ImageNet", README),
            Published("macs", macs, "M", "", README),
        ]
    figures += [
        Published("top-1 error", errors[key], "%", "ImageNet", f"{PAPER_TABLE} {table}")
        for table, errors in _PAPER_ERRORS.items()
        if key in errors
    ]
    return tuple(figures)


for _card in _CARDS:
    register(
        ModelSpec(
            name=f"shufflenet-v1-{_card.scale}x-g{_card.groups}"
            + ("-se" if _card.squeeze_excite else ""),
            family="shufflenet-v1",
            build=partial(_build, _card.scale, _card.groups, _card.squeeze_excite),
            input_shape=(1, 3, 224, 224),
            classes=1000,
            params=_card.params,
            macs=_card.macs,
            preprocessing=preprocessing.imagenet(),
            paper=PAPER,
            published=_published(_card),
            note=_SE_NOTE if _card.squeeze_excite else _NOTES.get(_card.scale, ""),
        )
    )

register(
    ModelSpec(
        name="shufflenet-v1-0.5x-g3-cifar10",
        family="shufflenet-v1",
        build=partial(_build, 0.5, 3, classes=10, small_images=True),
        input_shape=(1, 3, 32, 32),
        classes=10,
        params=242_134,
        macs=11_126_976,
        preprocessing=preprocessing.cifar10(),
        paper=PAPER,
        published=(),
        note="for 32x32 images: stem of stride 1, no max pooling",
        trained=cifar10.trained(top1_percent=83.44, epochs=40, weight_decay=5e-4),
    )
)

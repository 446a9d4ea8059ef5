"""One file, run in other ways: LiteRT's newer interface, no optimized kernels, more threads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from torch import nn

_NETS = tuple(
    Specimen(name) for name in ("mobilenet-v1-1.0-224", "shufflenet-v1-1.0x-g3", "micronet-m0")
)
_V1, _SHUFFLENET, _MICRONET = _NETS


def _pointwise(groups: int) -> nn.Module:
    return layers.chain(*[
        layers.ConvBnAct(240, 240, 1, groups=groups, act="relu") for _ in range(2)
    ])  # fmt: skip


_DENSE = Specimen("pointwise-240-g1", partial(_pointwise, 1), (1, 240, 28, 28))
_GROUPED = Specimen("pointwise-240-g3", partial(_pointwise, 3), (1, 240, 28, 28))


def _compiled(lab: Laboratory) -> Iterator[Measured]:
    found = lab.session_ratios(_NETS, "interpreter", "compiled-model")
    for net, each in zip(_NETS, found, strict=True):
        yield each.measured("time ratio", subject=f"CompiledModel / Interpreter, {net.label}")


def _built_in(lab: Laboratory) -> Iterator[Measured]:
    pair = (_DENSE, _GROUPED)
    found = lab.session_ratios(pair, "interpreter", "built-in")
    slower = dict(zip(pair, found, strict=True))
    for each, one in slower.items():
        yield one.measured(
            "time without XNNPACK, times", subject=f"{each.label}, {each.name[-1]} groups"
        )
    (with_xnnpack,) = [found for found in lab.ratios((_DENSE, _GROUPED)) if found.target == "local"]
    # grouped and dense without it = (grouped with it / dense with it) * what each loses
    lost = ratio.quotient(slower[_GROUPED], slower[_DENSE], "loss ratio", "g = 3 beside dense")
    value = with_xnnpack.value * lost.value
    ends = [a * b for a, b in zip(with_xnnpack.interval, lost.interval, strict=True)]
    yield Measured(
        "time ratio",
        "1x1 with g = 3 / dense, without XNNPACK",
        value,
        (ends[0], ends[1]),
        lost.samples + with_xnnpack.samples,
        conditions=lost.conditions,
    )


def _two_threads(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.thread_ratios((_V1,), 2):
        yield found.measured("speed-up", ratio.inverse, f"two threads / one, {_V1.label}")


def _small(lab: Laboratory) -> Iterator[Measured]:
    large, small = lab.thread_ratios((_V1, _MICRONET), 2)
    yield ratio.quotient(large, small, "speed-up of the small over the large", "two threads / one")


CLAIMS = (
    Claim(
        name="compiled-model-is-faster",
        paper=citations.LITERT,
        where="its introduction",
        statement="CompiledModel is faster than Interpreter",
        experiment="mobilenet-v1-1.0-224, shufflenet-v1-1.0x-g3 and micronet-m0, float32, run by "
        "one and by the other in turns on the processor; at most 0.95 of the time",
        kind="latency",
        bars=(Bar("time ratio", high=0.95),),
        measure=_compiled,
    ),
    Claim(
        name="groups-need-an-optimized-kernel",
        paper=citations.SEED_NOTES,
        where="note on grouped convolutions",
        statement="without an optimized kernel a grouped 1x1 convolution with g = 3, a third of "
        "the MACs, takes longer than the dense one",
        experiment="two 1x1 layers of 240 channels at 28x28, LiteRT float32 with XNNPACK off",
        kind="latency",
        bars=(Bar("time ratio", low=1.0),),
        measure=_built_in,
    ),
    Claim(
        name="two-threads-nearly-halve-the-time",
        paper=citations.SEED_NOTES,
        where="a common reading of tables that are taken with several threads",
        statement="two threads nearly halve the time",
        experiment="mobilenet-v1-1.0-224 with two threads and with one, LiteRT float32; at least "
        "1.6 times",
        kind="latency",
        bars=(Bar("speed-up", low=1.6),),
        measure=_two_threads,
    ),
    Claim(
        name="small-networks-gain-less-from-threads",
        paper=citations.SHUFFLENET_V2,
        where="G3, applied to whole networks",
        statement="a network of many small operators uses parallel processors less well",
        experiment="what a second thread gains micronet-m0, over what it gains "
        "mobilenet-v1-1.0-224, LiteRT float32; at most 0.9",
        kind="latency",
        bars=(Bar("speed-up of the small over the large", high=0.9),),
        measure=_small,
    ),
)

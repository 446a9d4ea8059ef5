"""Whether a file is like those that the estimate was fitted to; of others it knows nothing.

A network's own size, the size of its operators, and what its multiply-accumulates are spent on have
to be near those of the fitted networks: no constant was ever held against anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgekit.devices.prediction.roofline import Outline, Work

BEYOND = 2.0
"""Factor by which a size may lie outside those of the fitted networks."""
_OF_FLOAT32 = {"int8": 4, "float16": 2}
FARTHEST = 0.15
"""Share of the multiply-accumulates that may be spent otherwise than in the nearest of them.

All but ShuffleNetV1, which alone has grouped convolutions, are within 0.11 of another.
"""

_SIZES: Mapping[str, Callable[[Outline], float]] = {
    "MACs": lambda each: each.macs,
    "MACs an operator": lambda each: each.macs / each.operators,
    "bytes an operator": lambda each: each.size_bytes / each.operators,
}


@dataclass(frozen=True)
class Likeness:
    """A network beside the fitted ones.

    Attributes:
        nearest: the fitted network that spends its multiply-accumulates most alike.
        distance: share of them that would have to be spent otherwise to be like that one.
        unlike: why no estimate can be given, a reason each; empty if one can.
    """

    nearest: str
    distance: float
    unlike: tuple[str, ...]


def outline(work: Sequence[Work]) -> Outline:
    """Sum up what a network's operators do."""
    macs: Counter[str] = Counter()
    for each in work:
        macs[each.layer_class] += each.macs
    total = sum(macs.values()) or 1
    return Outline(
        macs=sum(macs.values()),
        operators=len(work),
        size_bytes=sum(each.size_bytes * _OF_FLOAT32.get(each.precision, 1) for each in work),
        shares={name: each / total for name, each in sorted(macs.items()) if each / total >= 5e-4},
    )


def likeness(work: Sequence[Work], fitted: Mapping[str, Outline]) -> Likeness:
    """Compare a network with the fitted ones.

    Args:
        work: what its operators do; at least one.
        fitted: the networks of the fit, by name.
    """
    found = outline(work)
    distances = {name: _distance(found, each) for name, each in fitted.items()}
    nearest = min(distances, key=distances.__getitem__)
    unlike = [each for noun in _SIZES if (each := _beyond(noun, found, fitted))]
    if distances[nearest] > FARTHEST:
        unlike.append(
            f"{distances[nearest]:.0%} of its MACs are spent otherwise than in the nearest fitted "
            f"network, {nearest}"
        )
    return Likeness(nearest, distances[nearest], tuple(unlike))


def _distance(one: Outline, other: Outline) -> float:
    """Return the share of one's multiply-accumulates that another class of layer has in other."""
    names = one.shares.keys() | other.shares.keys()
    apart = sum(abs(one.shares.get(name, 0.0) - other.shares.get(name, 0.0)) for name in names)
    return max(apart / 2, 0.0 if one.shares else 1.0)


def _beyond(noun: str, found: Outline, fitted: Mapping[str, Outline]) -> str:
    """Say how far a size is outside; "" if it is not."""
    size = _SIZES[noun]
    value, sizes = size(found), [size(each) for each in fitted.values()]
    least, most = min(sizes), max(sizes)
    if least / BEYOND <= value <= most * BEYOND:
        return ""
    return (
        f"it has {_number(value)} {noun}, the fitted networks {_number(least)} to {_number(most)}"
    )


def _number(value: float) -> str:
    return f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value / 1e3:.3g} k"

"""Which files take turns in one measurement.

Claims look at the same files again and again, and most of what a short measurement takes is the
start of its processes. So all files that any claim compares, directly or by way of others, are
measured together, once.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgekit.study.claims.laboratory.specimen import Specimen

MOST_FILES = 12
"""Of a group that several small ones are put together for; one that belongs together is kept."""

Pair = tuple[Specimen, Specimen]


def groups(pairs: Iterable[Pair]) -> tuple[tuple[Specimen, ...], ...]:
    """Return the files of each measurement, every file in one, those of a pair in the same.

    Args:
        pairs: base and candidate, in the order in which claims ask for them.
    """
    joined: list[dict[Specimen, None]] = []  # of each the keys, in the order asked for
    for pair in pairs:
        apart = [each for each in joined if each.keys() & set(pair)]
        whole = {each: None for part in apart for each in part} | dict.fromkeys(pair)
        kept = [each for each in joined if not any(each is part for part in apart)]
        joined = [*kept, whole]
    packed: list[dict[Specimen, None]] = []
    for each in joined:
        if packed and len(packed[-1]) + len(each) <= MOST_FILES:
            packed[-1].update(each)
        else:
            packed.append(each)
    return tuple(map(tuple, packed))

"""What a specimen of a rewrite rule is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Ops = Counter[str]


@dataclass(frozen=True)
class Specimen:
    """The smallest graph that a rule fires on, and what must be true of the operators after."""

    text: str
    effect: Callable[[Ops], bool]
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    outside: tuple[str, ...] = ()  # operators that the XNNPACK delegate has no form of

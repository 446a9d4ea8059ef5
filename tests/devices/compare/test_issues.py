"""Each doubt about a comparison is found, and only then."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from edgekit.devices import (
    Comparison,
    MeasureSettings,
)
from edgekit.runtimes.timing import WarmUp
from tests.devices.compare.made import (
    CHILDREN,
    codes,
    comparison,
)
from tests.specimens.printed.reports import CALM, INFO, MACHINE, block, turns


def everywhere(made: Comparison, **changes: Any) -> Comparison:
    return dataclasses.replace(
        made, runs=tuple(dataclasses.replace(one, **changes) for one in made.runs)
    )


def disturbed(made: Comparison) -> Comparison:
    blocks = tuple(block(n, 1.0, switched=1) for n in (0, 1, 1, 0))
    return everywhere(made, blocks=blocks)


QUIET = comparison(1.0, 1.0)
SMALL = dataclasses.replace(INFO, runtime="onnxruntime")
TRIGGERS = {
    "cpu-time": disturbed(QUIET),
    "busy": disturbed(dataclasses.replace(QUIET, settings=MeasureSettings(2, CHILDREN))),
    "warm-up": everywhere(QUIET, warm_ups=(WarmUp(9, 1.5, stationary=False),) * 2),
    "governor": everywhere(QUIET, before=dataclasses.replace(CALM, governors=("schedutil",))),
    "load": everywhere(QUIET, before=dataclasses.replace(CALM, load_average=4.0)),
    "outputs-differ": dataclasses.replace(
        QUIET, runs=(*QUIET.runs[1:], turns(1.0, 1.0, outputs_sha256=("0", "other")))
    ),
    "timer": comparison(0.02, 0.02),
    "runtimes": dataclasses.replace(
        QUIET, subjects=(QUIET.base, dataclasses.replace(QUIET.base, info=SMALL))
    ),
    "virtual-machine": dataclasses.replace(
        QUIET, machine=dataclasses.replace(MACHINE, virtual=True)
    ),
}


@pytest.mark.parametrize("code", TRIGGERS)
def test_each_issue_is_found_and_only_then(code: str) -> None:
    assert QUIET.issues == ()
    assert code in codes(TRIGGERS[code])

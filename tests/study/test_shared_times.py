"""What claims compare is measured once, and one file that fails keeps no other from it."""

from __future__ import annotations

import dataclasses
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgekit import devices
from edgekit.devices import CompareRequest, Comparison, Progress
from edgekit.errors import UnknownNameError, WorkerError
from edgekit.models import layers
from edgekit.progress import silent
from edgekit.study.claims import CLAIMS
from edgekit.study.claims.laboratory import settings, survey, together
from edgekit.study.claims.laboratory.live import LiveLaboratory
from edgekit.study.claims.laboratory.specimen import Specimen

if TYPE_CHECKING:
    from torch import nn

NAMES = ("layer-4", "layer-8", "layer-16", "layer-32")


def _layer(size: int) -> nn.Module:
    return layers.chain(layers.ReLU(), layers.ConvBnAct(size, size, 1))


def _specimen(size: int) -> Specimen:
    return Specimen(f"layer-{size}", partial(_layer, size), (1, size, 4, 4))


@pytest.mark.parametrize("is_quick", [True, False])
def test_every_file_is_in_one_group_and_every_pair_in_the_same(*, is_quick: bool) -> None:
    experiments = [
        each.measure for each in CLAIMS.values() if each.measure and each.kind != "accuracy"
    ]
    asked = survey.of(experiments, is_quick=is_quick).compared
    found = together.groups(asked)
    every = [each for group in found for each in group]
    assert len(every) == len(set(every)) == len({each for pair in asked for each in pair})
    for pair in asked:
        assert any(set(pair) <= set(group) for group in found)
    # Far fewer measurements than claims, and no two small groups that fit into one.
    assert len(found) < len(experiments) / 3
    assert all(len(a) + len(b) > together.MOST_FILES for a, b in pairwise(found))


def test_pairs_that_share_a_file_are_joined_late() -> None:
    a, b, c, d = map(Specimen, NAMES)
    assert together.groups([(a, b), (c, d), (b, c)]) == ((a, b, c, d),)
    assert together.groups([]) == ()


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Measure as shortly as can be, and note which files were measured together."""
    shortest = dataclasses.replace(
        settings.QUICK, children=3, num_runs=1, min_secs=0.0, warmup_secs=0.0, warmup_runs=1
    )
    monkeypatch.setattr(settings, "QUICK", shortest)
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path))
    noted: list[list[str]] = []
    compare = devices.compare

    def noting(request: CompareRequest, progress: Progress = silent) -> Comparison:
        noted.append([file.model or "" for file in request.files])
        if "layer-32" in noted[-1] and len(noted[-1]) > 2:
            raise WorkerError("child 1 died")
        return compare(request, progress)

    monkeypatch.setattr(devices, "compare", noting)
    return noted


def test_two_claims_share_one_measurement(measured: list[list[str]]) -> None:
    a, b, c = map(_specimen, (4, 8, 16))
    unknown = Specimen("no-such-network")
    laboratory = LiveLaboratory(is_quick=True, together=((a, b, unknown, c),))
    (first,) = laboratory.ratios((a, b))
    second, again = laboratory.ratios((b, c), (a, b))
    assert measured == [
        ["layer-4", "layer-8", "layer-16"]
    ]  # the one that cannot be made is left out
    assert again == first
    assert second.conditions["processes"] == "3"
    with pytest.raises(UnknownNameError):
        laboratory.ratios((a, unknown))


def test_a_group_that_dies_is_measured_pair_by_pair(measured: list[list[str]]) -> None:
    a, b, bad = map(_specimen, (4, 8, 32))
    laboratory = LiveLaboratory(is_quick=True, together=((a, b, bad),))
    laboratory.ratios((a, b))
    assert measured == [["layer-4", "layer-8", "layer-32"], ["layer-4", "layer-8"]]


def test_threads_and_start_up_share_their_processes(
    measured: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measured == []
    asked: list[tuple[int, ...]] = []
    measure = devices.measure

    def noting(
        request: devices.MeasureRequest, progress: Progress = silent
    ) -> tuple[devices.LatencyReport, ...]:
        asked.append(tuple(each.threads for each in request.settings))
        return measure(request, progress)

    monkeypatch.setattr(devices, "measure", noting)
    laboratory = LiveLaboratory(is_quick=True)
    a = _specimen(4)
    assert laboratory.thread_ratios((a,), 2) == laboratory.thread_ratios((a,), 2)
    assert len(laboratory.startup(a)) == 3
    assert asked == [(1, 2)]

"""How answers are compared, and what becomes of a file that answers wrongly."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export
from edgekit.errors import (
    ParityError,
)
from edgekit.export import artifact, parity
from edgekit.export.sources import source
from tests.export.files.made import BOTH, SMALL, listing
from tests.specimens import graphs
from tests.specimens.graphs import weights


def test_wrong_file_is_kept_under_another_name_and_marked(
    small: export.Source, tmp_path: Path
) -> None:
    skewed = tuple({k: v * 1.01 for k, v in answer.items()} for answer in small.answers)
    wrong = dataclasses.replace(small, answers=skewed)
    with pytest.raises(ParityError, match="largest error") as caught:
        export.to_files(wrong, BOTH, tmp_path)
    assert caught.value.exit_code == 1
    stem = f"{SMALL}_float32.failed"
    names = {f"{stem}.onnx", f"{stem}.tflite"}
    assert listing(tmp_path) == names | {f"{name}.json" for name in names}
    kept = artifact.load(tmp_path / f"{stem}.tflite")
    assert kept is not None
    assert kept.verified == "failed"


def _compare(truth: list[float], answer: list[float]) -> parity.Parity:
    pair = [{"y": np.array([values], dtype=np.float32)} for values in (truth, answer)]
    return parity.compare("test", pair[:1], pair[1:])


def test_parity_measures() -> None:
    same = _compare([0, 1, 2], [0, 1, 2])
    assert (same.max_abs_error, same.top1_agreement, same.passed) == (0, 1, True)
    off = _compare([0, 1, 2], [0, 1, 2.2])
    assert off.max_abs_error == pytest.approx(0.2)
    assert off.max_rel_error == pytest.approx(0.1)
    assert not off.passed
    swapped = _compare([0, 1.0, 1.00001], [0, 1.00001, 1.0])
    assert swapped.passed, "a tie within the tolerance agrees"
    broken = _compare([0, 1, 2], [0, 1, float("nan")])
    assert not broken.passed
    assert json.dumps(dataclasses.asdict(broken), allow_nan=False)
    assert not parity.compare("t", [{"y": np.zeros((1, 2))}], [{}]).passed


def test_a_single_number_is_judged_by_what_it_is_for_all_inputs() -> None:
    truth = [{"y": np.array([[value]])} for value in (0.1, 4e-6)]
    last_digit = [{"y": np.array([[value]])} for value in (0.1, 4.02e-6)]
    assert parity.compare("t", truth, last_digit).passed
    for wrong in ((0.1, 4.5e-6), (0.10002, 4e-6)):
        given = [{"y": np.array([[value]])} for value in wrong]
        assert not parity.compare("t", truth, given).passed


def test_an_output_that_is_one_number_for_all_inputs_is_judged_by_its_size() -> None:
    truth = [{"y": np.full((1, 4, 4), 0.5)} for _ in range(2)]
    for size, passes in ((1e-5, True), (1e-3, False)):
        given = [{"y": each["y"] + size} for each in truth]
        assert parity.compare("t", truth, given).passed == passes
    moves = [truth[0], {"y": truth[1]["y"] + np.eye(4) * 1e-5}]
    given = [{"y": each["y"] + 1e-5} for each in moves]
    assert not parity.compare("t", moves, given).passed


def test_masked_scores_are_equal_where_they_are_masked() -> None:
    truth = np.array([[0, -np.inf, 1, np.nan]])
    assert parity.compare("t", [{"y": truth}], [{"y": truth.copy()}]).passed
    for place, wrong in ((0, 0.1), (0, -np.inf), (1, np.inf), (1, -1e9), (3, 0.0)):
        given = truth.copy()
        given[0, place] = wrong
        assert not parity.compare("t", [{"y": truth}], [{"y": given}]).passed
    nothing = np.full((1, 4), np.nan)
    assert not parity.compare("t", [{"y": nothing}], [{"y": nothing}]).passed


def test_the_wider_of_two_least_ranges_holds() -> None:
    """What is known of a value, and what its answers to all inputs say."""
    expected = [{"y": np.float32([[3e-5]])}, {"y": np.float32([[3e-2]])}]
    answers = [{"y": np.float32([[3e-5 + 5e-8]])}, expected[1]]
    assert not parity.compare("t", expected, answers).passed
    assert parity.compare("t", expected, answers, spans={"y": parity.SHARE_OF_ALL}).passed


def test_the_far_end_of_a_sigmoid_is_judged_by_the_range_of_sigmoids(tmp_path: Path) -> None:
    """ONNX Runtime's is exact to 6e-8, LiteRT's far beyond: neither is wrong there."""
    path = tmp_path / "end.onnx"
    model = graphs.proto(
        "g (float[1,4,8,8] x) => (float[1,4,8,8] y) { c = Conv<pads=[1,1,1,1]>(x, w, b)\n"
        " s = Sigmoid(c)\n t = Transpose<perm=[0,1,3,2]>(s)\n y = Mul(s, t) }",
        w=weights(4, 4, 3, 3) / 3,
        b=np.full(4, -12, np.float32),
    )
    onnx.save(model, path)
    found = export.to_files(source.from_file(path), BOTH, tmp_path)
    assert [artifact.verified for artifact in found] == ["passed", "passed"]

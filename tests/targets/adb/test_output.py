"""What benchmark_model prints: every version's output is read, contradictions are no result."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from edgekit.devices.targets import benchmark_output
from tests.targets.adb.asked import LAST, OUTCOMES, TRANSCRIPTS


@pytest.mark.parametrize("version", TRANSCRIPTS)
def test_the_output_of_each_version_is_read(version: str) -> None:
    assert asdict(benchmark_output.parse(TRANSCRIPTS[version])) == OUTCOMES[version]


def test_every_transcript_has_its_outcome() -> None:
    assert sorted(OUTCOMES) == sorted(TRANSCRIPTS)


def test_carriage_returns_and_streams_do_not_matter() -> None:
    text = TRANSCRIPTS["tensorflow_2_3"]
    head, separator, tail = text.partition("Inference timings")
    moved = f"{separator}{tail}\n{head}".replace("\n", "\r\n")
    assert benchmark_output.parse(moved) == benchmark_output.parse(text)


def test_a_run_without_warm_up_has_one_line_of_statistics() -> None:
    lines = TRANSCRIPTS[LAST].splitlines()
    first = next(line for line in lines if "count=" in line)
    outcome = benchmark_output.parse("\n".join(line for line in lines if line != first))
    assert outcome.warm_up is None
    assert outcome.timed.count == 123


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count=", "n=", "no line with count="),
        ("Inference timings in us", "Timings", "no line `Inference timings"),
        ("Inference (avg): 8102.77", "Inference (avg): 9102.77", "8102.77 us once and 9102.77 us"),
        ("avg=8102.77", "avg=81", "no runs have these statistics"),
        ("std=203", "std=5000", "no runs have these statistics"),
        ("count=123", "count=0", "no runs have these statistics"),
        ("std=203", "std=-nan", "8190.31 us once"),
        ("INFO: STARTING!", "INFO: count=2 curr=5", "3 lines with count="),
    ],
)
def test_output_that_contradicts_itself_is_no_result(old: str, new: str, words: str) -> None:
    assert old in TRANSCRIPTS[LAST]
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        benchmark_output.parse(TRANSCRIPTS[LAST].replace(old, new))

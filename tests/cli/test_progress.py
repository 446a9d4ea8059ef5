"""What long work tells: counted steps with the time left, on a terminal one live line."""

from __future__ import annotations

import re
import time

import pytest

from edgekit.cli.shared import output, progress
from edgekit.cli.shared.progress import TimeLeft, counted, words_of, working
from edgekit.progress import Counter, Step, Whole
from tests.specimens.printed.terminal import CONTROL, terminal


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_that_of_the_steps_done() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    found = []
    for done in range(4):
        left.take(Step("learning", done, 4))
        found.append(left.secs)
        clock.now += 10
    assert found == [None, 30, 20, 10]
    assert left.secs == 0  # the last step takes as long as one, and no less than nothing is left
    left.take(Step("other steps", 0, 3))
    assert left.secs is None
    clock.now += 200
    left.take(Step("other steps", 1, 3))
    assert left.secs == 400
    clock.now += 100
    assert left.secs == 300
    assert words_of(Step("x", 1, 3), left) == "x (2/3), about 5 min left"
    assert words_of("a line", left) == "a line"


def test_the_time_left_is_that_of_the_whole_command_where_it_is_known() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.take(Step("testing a", 0, 4, of_all=True))
    left.take(Step("comparing", 0, 6))
    clock.now += 60
    left.take(Step("testing b", 1, 4, of_all=True))
    left.take(Step("comparing", 5, 6))
    left.take(Step("a thing"))
    assert left.secs == 180
    for step in ("a line", Step("a thing"), Step("comparing", 5, 6)):
        assert words_of(step, left) == f"{step}, about 3 min left in all"


def test_pieces_of_work_are_told_as_one() -> None:
    told: list[Step] = []
    whole = Whole(told.append, 5)
    for steps in (2, 3):
        counter = Counter(whole.part(steps), steps)
        for _ in range(steps):
            counter.begin("comparing")
    assert [str(each) for each in told] == [f"comparing ({n}/5)" for n in range(1, 6)]
    assert all(each.of_all for each in told)


@pytest.mark.parametrize(
    ("secs", "words"), [(0.2, "1 s"), (61, "61 s"), (120, "2 min"), (7200, "2.0 h")]
)
def test_durations_are_rounded(secs: float, words: str) -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.take(Step("x", 0, 2))
    clock.now += secs
    left.take(Step("x", 1, 2))
    assert words_of(Step("x", 1, 2), left) == f"x (2/2), about {words} left"


def test_a_log_has_the_first_the_last_and_all_that_is_not_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with working("work") as tell:
        tell("reading")
        for done in range(100):
            tell(Step("learning", done, 100))
        for done in range(3):
            counted(tell)(done, 2)
    lines = [re.sub(", about .* left", "", each) for each in capsys.readouterr().err.splitlines()]
    assert lines[:3] == ["work: reading", "work: learning (1/100)", "work: learning (100/100)"]
    assert lines[3] == "work: 0/2"


def test_a_terminal_has_one_line_that_is_gone_before_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "_SECS_BETWEEN_FRAMES", 0.01)
    with terminal(40) as screen:
        with working("work") as tell:
            tell("reading a file whose name is much longer than the terminal is wide")
            time.sleep(0.05)
            for done in range(3):
                tell(Step("learning", done, 3))
        output.print_table(["found"], [["12.5 ms"]])
    frames = screen.raw.split("\r")
    assert any("learning (2/3), about 1 s left" in frame for frame in frames)
    assert "\n" not in "".join(frames[:-1])
    assert all(len(CONTROL.sub("", frame)) < 40 for frame in frames[:-1])
    assert CONTROL.sub("", frames[-1]).split() == ["found", "12.5", "ms"]

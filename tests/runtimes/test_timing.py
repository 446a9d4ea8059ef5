"""Warming up and sampling, by a clock that only moves when the model runs."""

from __future__ import annotations

import pytest

from edgekit.runtimes import timing


class FakeClock:
    """A clock that only moves when the model runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, run_ns: list[int]) -> None:
        self.now_ns = 0
        self.run_ns = run_ns
        monkeypatch.setattr(timing, "perf_counter_ns", lambda: self.now_ns)

    def invoke(self) -> None:
        self.now_ns += self.run_ns.pop(0) if len(self.run_ns) > 1 else self.run_ns[0]


@pytest.mark.parametrize(
    ("run_ms", "num_runs", "min_secs", "max_secs", "expected"),
    [(1, 50, 0, 10, 50), (1, 50, 0.2, 10, 200), (100, 50, 0, 1, 10), (5000, 50, 0, 1, 1)],
)
def test_sampling_stops_where_it_should(
    monkeypatch: pytest.MonkeyPatch,
    run_ms: int,
    num_runs: int,
    min_secs: float,
    max_secs: float,
    expected: int,
) -> None:
    clock = FakeClock(monkeypatch, [run_ms * 1_000_000])
    samples = timing.sample(clock.invoke, num_runs, min_secs, max_secs)
    assert samples.wall_ns == (run_ms * 1_000_000,) * expected
    assert len(samples.cpu_ns) == len(samples.involuntary_switches) == expected


def test_warming_up_ends_once_the_times_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    settling = [20_000_000 - 100_000 * n for n in range(100)] + [10_000_000]
    warm_up = timing.warm_up(FakeClock(monkeypatch, settling).invoke, 5, 1.0)
    assert warm_up.stationary
    assert 100 < warm_up.runs < 150
    assert 1.0 <= warm_up.secs < 5.0


def test_warming_up_gives_up_on_restless_times(monkeypatch: pytest.MonkeyPatch) -> None:
    growing = [int(1_000_000 * 1.02**n) for n in range(400)]
    warm_up = timing.warm_up(FakeClock(monkeypatch, growing).invoke, 5, 1.0)
    assert not warm_up.stationary
    assert warm_up.secs >= 5.0


def test_warming_up_by_count_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timing.warm_up(FakeClock(monkeypatch, [1000]).invoke, 7, 0).runs == 7


def test_samples_are_complete() -> None:
    with pytest.raises(ValueError, match="every sample"):
        timing.TimeSamples((1, 2), (1,), (0,))
    with pytest.raises(ValueError, match="at least one"):
        timing.TimeSamples((), (), ())


class FakeFiles:
    """Two files of known length on one clock; remembers who ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *run_ms: float) -> None:
        self.clock = FakeClock(monkeypatch, [0])
        self.ran: list[int] = []
        self.invokes = [lambda n=n, ms=ms: self.run(n, ms) for n, ms in enumerate(run_ms)]

    def run(self, number: int, ms: float) -> None:
        self.ran.append(number)
        self.clock.now_ns += round(1e6 * ms)


def test_files_take_turns_in_blocks_there_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    files = FakeFiles(monkeypatch, 2.0, 1.0, 3.0)
    blocks = timing.sample_in_turns(files.invokes, 60, 0, 100, seed=0)
    rounds = [[b.file for b in blocks[i : i + 6]] for i in range(0, len(blocks), 6)]
    assert len(blocks) % 6 == 0
    for one in rounds:
        assert sorted(one) == [0, 0, 1, 1, 2, 2]
        assert one == one[::-1]
    assert len({tuple(one) for one in rounds}) > 1
    for number, ms in enumerate((2, 1, 3)):
        taken = [ns for b in blocks if b.file == number for ns in b.samples.wall_ns]
        assert set(taken) == {ms * 1_000_000}
        assert len(taken) >= 60
    again = timing.sample_in_turns(FakeFiles(monkeypatch, 2, 1, 3).invokes, 60, 0, 100, seed=0)
    assert [b.file for b in again] == [b.file for b in blocks]


@pytest.mark.parametrize(("run_ms", "kept", "dropped"), [(4, 5, 1), (0.5, 40, 4), (0.02, 200, 100)])
def test_a_block_drops_its_start_and_lasts_20_ms(
    monkeypatch: pytest.MonkeyPatch, run_ms: float, kept: int, dropped: int
) -> None:
    files = FakeFiles(monkeypatch, run_ms, run_ms)
    blocks = timing.sample_in_turns(files.invokes, 1, 0, 100, seed=0)
    assert [len(b.samples.wall_ns) for b in blocks] == [kept] * 4
    assert len(files.ran) == 4 * (kept + dropped) + 10  # and five each to learn the length


def test_what_takes_microseconds_ends_by_the_time_that_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The samples of such a file last less than the clock around them and the dropped runs."""
    files = FakeFiles(monkeypatch, 0.002, 0.002)
    blocks = timing.sample_in_turns(files.invokes, 30, 1.0, 100, seed=0)
    assert 3.0 <= files.clock.now_ns / 1e9 < 3.1
    sampled_secs = sum(ns for b in blocks for ns in b.samples.wall_ns) / 1e9
    assert 0.3 < sampled_secs < 1.0
    assert sum(len(b.samples.wall_ns) for b in blocks) > 100_000
    slow_clock = FakeClock(monkeypatch, [2_000])

    def reading_takes_a_run() -> int:
        slow_clock.invoke()
        return 0

    monkeypatch.setattr(timing, "process_time_ns", reading_takes_a_run)
    samples = timing.sample(slow_clock.invoke, 30, 0.1, 100)
    assert 0.15 <= slow_clock.now_ns / 1e9 < 0.16
    assert sum(samples.wall_ns) / 1e9 == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize(("min_secs", "max_secs", "rounds"), [(0.1, 9, 3), (9, 0.15, 2)])
def test_turns_end_with_whole_rounds(
    monkeypatch: pytest.MonkeyPatch, min_secs: float, max_secs: float, rounds: int
) -> None:
    files = FakeFiles(
        monkeypatch, 4, 4
    )  # a round is 40 ms of each and 16 ms dropped; 40 ms go before
    blocks = timing.sample_in_turns(files.invokes, 1, min_secs, max_secs, seed=0)
    assert len(blocks) == 4 * rounds

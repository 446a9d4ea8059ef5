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
        timing.Samples((1, 2), (1,), (0,))
    with pytest.raises(ValueError, match="at least one"):
        timing.Samples((), (), ())

"""The statistics of a comparison, from made-up samples: known ratios, noise, disturbances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.devices.statistics import ratio, student_t
from edgekit.devices.statistics import verdict as contrast
from edgekit.devices.statistics.ratio import Estimate, Timed
from edgekit.devices.statistics.verdict import Contrast
from edgekit.runtimes.timing import TimeSamples

PROCESSES, ROUNDS, RUNS = 6, 10, 20


def samples(wall_ms: np.ndarray, switches: np.ndarray | None = None) -> TimeSamples:
    wall_ns = tuple(int(1e6 * ms) for ms in wall_ms)
    return TimeSamples(
        wall_ns, wall_ns, tuple(int(n) for n in (switches if switches is not None else 0 * wall_ms))
    )


def measured(
    factor: float, seed: int, between: float = 0.005, processes: int = PROCESSES
) -> list[Timed]:
    """Scattered times of a file: a slow wander shared by all files, a shift of each process."""
    wander = np.random.default_rng(1)
    own = np.random.default_rng(seed)
    made = []
    for _ in range(processes):
        shift = 1 + between * own.standard_normal()
        rounds = []
        for _ in range(ROUNDS):
            speed = 1 + 0.2 * wander.random()
            rounds.append(samples(factor * shift * speed * (1 + 0.01 * own.exponential(size=RUNS))))
        made.append(Timed(tuple(rounds)))
    return made


def contrasted(factor: float, seed: int, between: float = 0.005) -> Contrast:
    base, candidate = measured(1, 2 * seed, between), measured(factor, 2 * seed + 1, between)
    return contrast.of_turns(base, candidate, threads=1, seed=0)


T_TABLE = [
    (0.975, 1, 12.7062),
    (0.975, 2, 4.3027),
    (0.975, 5, 2.5706),
    (0.975, 30, 2.0423),
    (0.975, 1000, 1.9623),
    (0.95, 3, 2.3534),
    (0.8, 4, 0.9410),
]


@pytest.mark.parametrize(("probability", "freedom", "expected"), T_TABLE)
def test_the_quantiles_of_t_are_the_printed_tables(
    probability: float, freedom: int, expected: float
) -> None:
    assert student_t.quantile(probability, freedom) == pytest.approx(expected, abs=1e-4)


def test_a_file_beside_itself_raises_no_alarm_too_often() -> None:
    found = [contrasted(1.0, seed) for seed in range(60)]
    assert sum(one.verdict in ("faster", "slower") for one in found) <= 5
    covered = sum(one.interval[0] <= 1 <= one.interval[1] for one in found)
    assert covered >= 54


@pytest.mark.parametrize(("factor", "verdict"), [(1.05, "slower"), (0.95, "faster")])
def test_a_change_is_found_and_its_interval_holds_it(factor: float, verdict: str) -> None:
    found = [contrasted(factor, seed) for seed in range(20)]
    assert {one.verdict for one in found} == {verdict}
    assert sum(one.interval[0] <= factor <= one.interval[1] for one in found) >= 17
    assert found[0].ratio == pytest.approx(factor, rel=0.02)
    assert found[0].candidate_ms / found[0].base_ms == pytest.approx(found[0].ratio)
    assert found[0].more_processes == 0


def test_disturbed_runs_do_not_count() -> None:
    calm = measured(1.0, 1)
    disturbed = []
    for process in measured(1.0, 2):
        rounds = []
        for one in process.rounds:
            hit = np.arange(RUNS) % 2 == 0
            wall_ms = np.array(one.wall_ns) / 1e6 + 4.0 * hit
            rounds.append(samples(wall_ms, hit))
        disturbed.append(Timed(tuple(rounds)))
    found = contrast.of_turns(calm, disturbed, threads=1, seed=0)
    assert found.clock == "undisturbed wall"
    assert found.ratio == pytest.approx(1, abs=0.01)
    assert found.samples == PROCESSES * ROUNDS * RUNS * 3 // 2


def all_disturbed(made: list[Timed], waiting_ms: float) -> list[Timed]:
    return [
        Timed(
            tuple(
                TimeSamples(
                    tuple(ns + int(1e6 * waiting_ms) for ns in one.wall_ns),
                    one.cpu_ns,
                    (1,) * len(one.wall_ns),
                )
                for one in process.rounds
            )
        )
        for process in made
    ]


def test_where_every_run_is_disturbed_cpu_time_decides() -> None:
    base, candidate = measured(1.0, 1), all_disturbed(measured(1.0, 2), 4.0)
    on_one_thread = contrast.of_turns(base, candidate, threads=1, seed=0)
    assert (on_one_thread.clock, on_one_thread.verdict) == ("CPU", "same")
    # The CPU time of two threads is not the time until the answer.
    on_two_threads = contrast.of_turns(base, candidate, threads=2, seed=0)
    assert (on_two_threads.clock, on_two_threads.verdict) == ("wall", "slower")


def test_undisturbed_runs_in_different_rounds_are_compared_as_a_whole() -> None:
    level = np.full(30, 1.0)
    first, second = samples(level), samples(2 * level, np.ones(30))
    base = [Timed((first, second))] * 3
    candidate = [Timed((second, first))] * 3
    assert contrast.of_turns(base, candidate, threads=1, seed=0).ratio == pytest.approx(1)


def test_scattered_processes_widen_the_interval_and_say_how_many_more_are_needed() -> None:
    quiet, noisy = contrasted(1.01, 3, between=0.001), contrasted(1.01, 3, between=0.05)
    assert noisy.verdict == "cannot tell"
    assert noisy.smallest_change > 2 * quiet.smallest_change
    assert noisy.more_processes is not None
    assert noisy.more_processes > 10


def test_more_processes_bring_the_verdict_that_was_promised() -> None:
    def at(processes: int) -> Estimate:
        half = 0.06 * student_t.quantile(0.975, processes - 1) / math.sqrt(processes)
        return Estimate(0.05, 0.05 - half, 0.05 + half, processes, processes - 1)

    more = contrast.more_processes(at(5))
    assert more is not None
    assert at(5 + more).low > 0 >= at(5 + more - 1).low
    assert contrast.more_processes(Estimate(0.0, -9.0, 9.0, 5, 4)) is None


@pytest.mark.parametrize(
    ("center", "half", "verdict"),
    [
        (0.05, 0.01, "slower"),
        (-0.05, 0.01, "faster"),
        (0.001, 0.01, "same"),
        (0.004, 0.001, "same"),  # proven, and too small to mean anything
        (0.01, 0.015, "cannot tell"),
        (0.05, 0.06, "cannot tell"),
    ],
)
def test_verdicts(center: float, half: float, verdict: str) -> None:
    low, high = math.exp(center - half), math.exp(center + half)
    assert contrast.judge(math.exp(center), low, high) == verdict


def test_slower_beyond_doubt_looks_at_the_lower_end() -> None:
    found = contrasted(1.10, 0)
    assert found.slower_by_more_than(5)
    assert not found.slower_by_more_than(10)


def test_apart_is_less_sure_than_in_turns() -> None:
    base, candidate = measured(1, 1, processes=4), measured(1.1, 2)
    found = contrast.of_apart(base, candidate, threads=1, seed=0)
    assert found.ratio == pytest.approx(1.1, rel=0.05)
    assert found.processes == 4
    # The wander that both share cancels in turns only.
    turns = contrast.of_turns(base, candidate[:4], threads=1, seed=0)
    assert found.smallest_change > turns.smallest_change


def test_identical_samples_leave_no_doubt() -> None:
    still = [Timed((samples(np.full(40, 1.0)),))] * 3
    for found in (
        contrast.of_turns(still, still, threads=1, seed=0),
        contrast.of_apart(still, still, threads=1, seed=0),
    ):
        assert (found.ratio, found.interval, found.verdict) == (1, (1, 1), "same")


def test_the_same_seed_gives_the_same_interval() -> None:
    assert contrasted(1.02, 5) == contrasted(1.02, 5)
    base, candidate = measured(1, 1), measured(1.02, 2)
    clock = ratio.choose_clock([*base, *candidate], 1)
    assert ratio.in_turns(base, candidate, clock, 1) != ratio.in_turns(base, candidate, clock, 2)

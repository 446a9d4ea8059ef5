"""What a sweep on three nodes has to do: run as a program, a case at a time."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from edgekit import study
from edgekit.devices import MeasureSettings
from edgekit.errors import EnvironmentMissingError
from edgekit.study.sweep.lock import Lock
from edgekit.study.sweep.ray_engine import RayEngine
from tests.specimens.machines import fake_targets

NETS = 15


def undisturbed(cluster: Cluster, folder: Path, _beside_b: Any) -> None:
    swept = _sweep(cluster, folder)
    rows = study.read_rows(folder / "s.sqlite")
    assert {row.cell.key for row in rows} == set(swept.keys)
    assert len(rows) == 4 * NETS
    assert all(row.is_ok for row in rows)
    del os.environ[fake_targets.LOG]  # the nodes keep theirs
    here = study.SweepRequest(
        fake_targets.plan(folder, NETS), folder / "here.sqlite", resolve=fake_targets.resolve
    )
    assert set(study.sweep(here).keys) == set(swept.keys)
    assert _sweep(cluster, folder).measured == 0
    _check_log(folder, losses=0)


def a_node_is_killed(cluster: Cluster, folder: Path, beside_b: Any) -> None:
    engine = RayEngine(cluster.address)
    with ThreadPoolExecutor(1) as other:  # nodes are added in the main thread alone
        sweeping = other.submit(_sweep, cluster, folder, engine=engine)
        while _log(folder).count("end b") < 20 and not sweeping.done():
            time.sleep(0.05)
        cluster.remove_node(beside_b, allow_graceful=False)
        time.sleep(1)
        cluster.add_node(num_cpus=1, resources={"board_b": 1})
        swept = sweeping.result()
    rows = study.read_rows(folder / "s.sqlite")
    assert {row.cell.key for row in rows} == set(swept.keys)
    assert len(rows) == 4 * NETS
    assert all(row.is_ok for row in rows), [row.message for row in rows if not row.is_ok]
    _check_log(folder, losses=1)


def no_board(cluster: Cluster, folder: Path, _beside_b: Any) -> None:
    plan = fake_targets.plan(folder, 1, targets=("a", "ssh:pi@c"))
    with pytest.raises(EnvironmentMissingError, match='"board_ssh_pi_c": 1') as found:
        _sweep(cluster, folder, plan)
    assert found.value.reason_code == "no-board"


def files_are_made_on_workers(cluster: Cluster, folder: Path, _beside_b: Any) -> None:
    plan = study.Plan(
        ("micronet-m0-cifar10",),
        runtimes=("tflite",),
        targets=("a",),
        measure=MeasureSettings(children=3),
    )
    swept = _sweep(cluster, folder, plan)
    (row,) = study.read_rows(folder / "s.sqlite")
    assert swept.failed == 0, row.message
    assert (row.cell.model, row.cell.precision) == ("micronet-m0-cifar10", "float32")
    assert row.cell.params is not None


def no_lock(cluster: Cluster, folder: Path, _beside_b: Any) -> None:
    plan = fake_targets.plan(folder, 1)
    with pytest.raises(EnvironmentMissingError) as found:
        _sweep(cluster, folder, plan, Lock("false"))
    assert found.value.reason_code == "lock-failed"
    assert study.read_rows(folder / "s.sqlite") == []


def _sweep(
    cluster: Cluster,
    folder: Path,
    plan: study.Plan | None = None,
    lock: Lock | None = None,
    engine: RayEngine | None = None,
) -> study.SweepResult:
    return study.sweep(
        study.SweepRequest(
            plan or fake_targets.plan(folder, NETS),
            folder / "s.sqlite",
            engine or RayEngine(cluster.address, lock),
            fake_targets.resolve,
        )
    )


def _log(folder: Path) -> str:
    path = folder / "log"
    return path.read_text() if path.exists() else ""


def _check_log(folder: Path, losses: int) -> None:
    """Nothing is done twice but what was cut short, and nothing at once on one board."""
    lines = [line.split() for line in _log(folder).splitlines()]
    ended = Counter((board, net, threads) for what, board, net, threads in lines if what == "end")
    assert set(ended.values()) <= {3, 4}
    assert sum(ended.values()) <= 3 * 4 * NETS + losses
    for name in ("a", "b"):
        own = [what for what, board, *_ in lines if board == name]
        at_once = sum(own[n : n + 2] == ["start", "start"] for n in range(len(own)))
        assert at_once <= losses, name


CASES: dict[str, Callable[[Cluster, Path, Any], None]] = {
    each.__name__: each
    for each in (undisturbed, a_node_is_killed, no_board, files_are_made_on_workers, no_lock)
}


def main(case: str, folder: Path) -> None:
    os.environ[fake_targets.LOG] = str(folder / "log")
    os.environ[fake_targets.SECONDS] = "0.02"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1, resources={"board_a": 1})
    beside_b = cluster.add_node(num_cpus=1, resources={"board_b": 1})
    cluster.wait_for_nodes()
    try:
        CASES[case](cluster, folder, beside_b)
    finally:
        ray.shutdown()
        cluster.shutdown()
    sys.stdout.write("passed\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

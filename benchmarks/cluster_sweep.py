"""A dry run of a large sweep on a Ray cluster of three nodes on this machine.

Targets are fakes that sleep, so what is left is the price of the scheduler and of the store.

    python -m benchmarks.cluster_sweep [CELLS] [SLEEP_MS]

Needs ray (`pip install 'edgekit-mobile[cluster]'`). Prints cells lost and doubled, seconds, and
what a cell costs beyond the sleeping; exits with 1 if a cell was lost or doubled.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from edgekit import study
from edgekit.study.sweep.ray_engine import RayEngine
from tests.specimens.machines import fake_targets

BOARDS = ("a", "b", "c")
THREADS = 5
CHILDREN = 3


def main(cells: int, sleep_ms: float) -> int:
    files = cells // (THREADS * len(BOARDS))
    os.environ[fake_targets.SECONDS] = str(sleep_ms / 1e3)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for name in BOARDS:
        cluster.add_node(num_cpus=1, resources={f"board_{name}": 1})
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            plan = fake_targets.plan(place, files, THREADS, BOARDS)
            path = place / "sweep.sqlite"
            engine = RayEngine(cluster.address)
            request = study.SweepRequest(plan, path, engine, fake_targets.resolve)
            start, cpu_start = time.monotonic(), time.process_time()
            result = study.sweep(request)
            seconds, cpu_seconds = time.monotonic() - start, time.process_time() - cpu_start
            rows = study.read_rows(path)
            with sqlite3.connect(path) as connection:
                (doubled,) = connection.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM process GROUP BY cell, number "
                    "HAVING count(*) > 1)"
                ).fetchone()
                (processes,) = connection.execute("SELECT count(*) FROM process").fetchone()
            lost = result.cells - sum(row.is_ok for row in rows)
            slept = processes * sleep_ms / 1e3 / len(BOARDS)
            print(f"{result.cells} cells, {processes} processes: {lost} lost, {doubled} doubled")
            print(f"{seconds:.0f} s, of which {slept:.0f} s would be spent asleep")
            print(
                f"{1e3 * cpu_seconds / result.cells:.1f} ms of the processor a cell for who "
                f"schedules and keeps, {1e3 * (seconds - slept) / result.cells:.1f} ms by the clock"
            )
            print(f"store: {path.stat().st_size / result.cells:.0f} bytes a cell")
            complete = processes == result.cells * CHILDREN
            return int(bool(lost or doubled or not complete))
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    arguments = [float(each) for each in sys.argv[1:]]
    sys.exit(main(int(arguments[0]) if arguments else 7500, *(arguments[1:] or [5.0])))

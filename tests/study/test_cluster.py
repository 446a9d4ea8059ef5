"""The same sweep on a real Ray cluster of three nodes on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "ray", reason="the cluster's tests need ray: pip install 'edgekit-mobile[cluster]'"
)
CASES = Path(__file__).parent.parent / "specimens" / "cluster_cases.py"


@pytest.mark.parametrize(
    "case", ["undisturbed", "a_node_is_killed", "no_board", "files_are_made_on_workers", "no_lock"]
)
@pytest.mark.usefixtures("cache")
def test_on_three_nodes(case: str, repository: Path, tmp_path: Path) -> None:
    # In a process of its own: ray keeps threads, sockets and handlers to its end.
    done = subprocess.run(
        [sys.executable, "-m", "tests.specimens.cluster_cases", case, str(tmp_path)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "passed"

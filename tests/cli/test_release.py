"""What a release uploads works without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgekit import __version__


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_has_the_version_and_all_that_the_program_reads(
    wheel: Path, repository: Path
) -> None:
    assert f"-{__version__}-" in wheel.name
    package = repository / "edgekit"
    wanted = {
        str(path.relative_to(repository))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted | {"edgekit/constraints.txt"} <= held
    assert not [name for name in held if name.startswith(("tests/", "docs/", "benchmarks/"))]


def test_the_program_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(place)
    for arguments in (["--version"], ["list", "micronet*"], ["info", "micronet-m0"]):
        done = subprocess.run(
            [sys.executable, "-m", "edgekit", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout

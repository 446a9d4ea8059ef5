"""The hashes cover what an installation needs, in the versions that are tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def _name(text: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", text)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _pins(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if re.match(r"[a-zA-Z].*==", line)]
    return {_name(line): re.split(r"==|[ ;\\]", line)[2 if " ==" in line else 1] for line in lines}


def test_hashed_versions_are_the_tested_ones(repository: Path) -> None:
    tested, hashed = (
        _pins(repository / name) for name in ("constraints.txt", "constraints.hashes.txt")
    )
    both = tested.keys() & hashed.keys()
    assert {name: hashed[name] for name in both} == {name: tested[name] for name in both}


def test_all_that_is_declared_is_hashed(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    hashed = _pins(repository / "constraints.hashes.txt")
    assert {_name(each) for each in project["dependencies"]} - hashed.keys() == set()
    text = (repository / "constraints.hashes.txt").read_text()
    assert text.count("--hash=sha256:") >= len(hashed)

"""docs/app.md, followed literally: every command as printed, every line as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SHIPPED, _OWN = "With weights that ship with edgekit", "With your own weights and photos"


def _blocks(repository: Path, heading: str) -> list[list[str]]:
    text = (repository / "docs" / "app.md").read_text(encoding="utf-8")
    (section,) = [part for part in text.split("\n## ") if part.startswith(heading)]
    return [
        block.splitlines() for block in re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)
    ]


def _follow(blocks: list[list[str]], folder: Path) -> None:
    """Run each block in a shell of its own, and compare all that it prints."""
    (folder / "bin").mkdir()
    edgekit = folder / "bin" / "edgekit"
    edgekit.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgekit "$@"\n')
    edgekit.chmod(0o755)
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "EDGEKIT_CACHE": str(folder / "cache")}
    for lines in blocks:
        script = "\n".join(line[2:] for line in lines if line.startswith("$ "))
        expected = [line for line in lines if not line.startswith("$ ")]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        assert done.stdout.splitlines() == expected, script


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here")


def test_the_walk_with_shipped_weights(repository: Path, tmp_path: Path) -> None:
    blocks = _blocks(repository, _SHIPPED)
    assert len(blocks) == 4
    _follow(blocks, tmp_path)


def test_the_walk_with_real_weights(repository: Path, tmp_path: Path) -> None:
    data = os.environ.get("EDGEKIT_DATA")
    if data is None or not (Path(data) / "images" / "coral4" / "grace_hopper.jpg").is_file():
        pytest.skip("EDGEKIT_DATA names no folder with MobileNetV1's weights and a photo")
    (block,) = _blocks(repository, _OWN)
    _follow([block], tmp_path)

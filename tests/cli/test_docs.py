"""The documents cannot lie: commands run as printed, pages and links exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.cli import COMMANDS

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "docs/compare.md",
    "docs/contributing.md",
    "docs/evaluate.md",
    "docs/export.md",
    "docs/isa.md",
    "docs/latency.md",
    "docs/predict.md",
    "docs/python.md",
    "docs/quantize.md",
    "docs/weights.md",
)


def _console_blocks(text: str) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", text, flags=re.M | re.S)


def _sessions(block: str) -> list[tuple[str, list[str]]]:
    """Split a block into commands and the lines that each is said to print."""
    sessions: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            sessions.append((line[2:], []))
        else:
            sessions[-1][1].append(line)
    return sessions


def _normal(line: str) -> str:
    """Hide what differs from machine to machine: errors, and in rows with an interval all but MACs.

    Params, MACs, file sizes, counts of operators and partitions stay and must be right.
    """
    line = re.sub(r"\b\d+\.\d+e[-+]\d+", "<error>", line)
    if re.search(r"\[[\d.]+, [\d.]+\]", line):
        line = re.sub(r"\b\d+(\.\d+)?(?! M |\.)\b", "<varies>", line)
    return re.sub(r"\s+", " ", line).strip()


def _matches(expected: list[str], printed: list[str]) -> bool:
    """Compare line by line; a line `...` stands for any number of lines."""
    if not expected:
        return not printed
    if expected[0] == "...":
        return any(_matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and (
        _normal(expected[0]) == _normal(printed[0]) and _matches(expected[1:], printed[1:])
    )


def test_readme_prints_what_it_says(repository: Path, tmp_path: Path) -> None:
    blocks = _console_blocks((repository / "README.md").read_text())
    assert blocks
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "EDGEKIT_CACHE": str(tmp_path / "cache"),
    }
    for block in blocks:
        for command, expected in _sessions(block):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            printed = done.stdout.splitlines()
            assert _matches(expected, printed), "\n".join([command, "prints:", *printed])


def test_matching_sees_a_difference() -> None:
    line = "net_float32.tflite  4.1 MB  372  1 partition  8.0e-06  4/4  passed"
    assert _matches([line], [line.replace("8.0e-06", "7.1e-06")])
    assert not _matches([line], [line.replace("372", "371")])
    assert not _matches([line], [line.replace("passed", "failed")])
    assert not _matches([line], [])
    assert not _matches([], [line])
    assert _matches([line, "..."], [line, "more", "and more"])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str, repository: Path) -> None:
    path = repository / page
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_readme_names_its_commands_and_targets(repository: Path) -> None:
    readme = (repository / "README.md").read_text()
    for command in COMMANDS:
        assert f"edgekit {command}" in readme or f"`{command}`" in readme, command
    makefile = (repository / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", readme, flags=re.M):
        assert f"\n{target}:" in makefile


def test_ci_runs_the_readme_test_command(repository: Path) -> None:
    assert "make test" in (repository / ".ci" / "run").read_text()
    assert ".ci/run" in (repository / ".github" / "workflows" / "ci.yml").read_text()


def test_constraints_cover_every_dependency(repository: Path) -> None:
    pinned = {
        line.split("==")[0]
        for line in (repository / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    project = (repository / "pyproject.toml").read_text()
    dependencies = re.search(r"^dependencies = \[(.*?)^\]", project, flags=re.M | re.S)
    assert dependencies is not None
    names = re.findall(r'^  "([\w-]+)', dependencies.group(1), flags=re.M)
    assert names
    assert set(names) <= pinned


def test_the_house_is_as_the_page_draws_it(repository: Path) -> None:
    """Every path of docs/contributing.md exists, and every table is in the file it names."""
    page = (repository / "docs" / "contributing.md").read_text()
    for path in re.findall(r"`((?:edgekit|tests)/[\w/.]*)`", page):
        assert (repository / path).exists(), path
    for path in re.findall(r"`((?:cli|export|devices|runtimes|processes)/[\w/.]+)`", page):
        assert (repository / "edgekit" / path).exists(), path
    tables = re.findall(r"`(\w+)` in `((?:edgekit|tests)/[\w/.]+\.py)`", page)
    assert len(tables) >= 10
    for name, path in tables:
        found = re.search(rf"^{name}\b.*=", (repository / path).read_text(), flags=re.M)
        assert found is not None, f"{name} in {path}"

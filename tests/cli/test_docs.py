"""The documents cannot lie: commands run as printed, pages and links exist."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from edgekit.cli import COMMANDS
from tests.specimens.printed import console

REPOSITORY = Path(__file__).parent.parent.parent
PAGES = sorted(
    str(path.relative_to(REPOSITORY))
    for path in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"))
)


def test_readme_prints_what_it_says(repository: Path, tmp_path: Path) -> None:
    page = repository / "README.md"
    assert console.console_blocks(page.read_text())
    assert console.failures(page, tmp_path, Path(sys.executable).parent) == []


@pytest.mark.slow  # as long as a reader takes; `make newcomer` does it before a release too
def test_a_newcomer_can_follow_the_first_page(repository: Path, tmp_path: Path) -> None:
    pictures = Path("docs", "start", "pictures")
    shutil.copytree(repository / pictures, tmp_path / pictures)
    page = repository / "docs" / "start.md"
    assert len(console.console_blocks(page.read_text())) >= 6
    assert console.failures(page, tmp_path, Path(sys.executable).parent) == []


def test_matching_sees_a_difference() -> None:
    line = "net_float32.tflite  4.1 MB  372  1 partition  8.0e-06  4/4  passed"
    assert console.matches([line], [line.replace("8.0e-06", "7.1e-06")])
    assert not console.matches([line], [line.replace("372", "371")])
    assert not console.matches([line], [line.replace("passed", "failed")])
    assert not console.matches([line], [])
    assert not console.matches([], [line])
    assert console.matches([line, "..."], [line, "more", "and more"])


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


def test_every_page_has_a_place_in_the_site(repository: Path) -> None:
    places = re.findall(r": ([\w/-]+\.md)$", (repository / "mkdocs.yml").read_text(), flags=re.M)
    pages = {str(path.relative_to(repository / "docs")) for path in repository.glob("docs/**/*.md")}
    assert sorted(places) == sorted(pages)

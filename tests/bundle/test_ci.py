"""The shell steps of action.yml and of the GitLab job, run as they are written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgekit import bundle
from edgekit.bundle import read_config
from edgekit.errors import InvalidPathError, RefusedError

# gh, as far as the action calls it: comments live in a JSON file, artifacts in a folder.
_GH = """
import json, pathlib, shutil, sys
state, given = pathlib.Path(__file__).parent.parent / "host", sys.argv[1:]
comments = state / "comments.json"
known = json.loads(comments.read_text()) if comments.exists() else []
option = lambda name: given[given.index(name) + 1]
if given[:2] == ["run", "list"]:
    print("7" if (state / "artifact").is_dir() else "")
elif given[:2] == ["run", "download"]:
    assert option("--name") == "edgekit-bundle"
    shutil.copytree(state / "artifact", option("--dir"))
elif "--method" not in given:
    marker = option("--jq").split('"')[1].rstrip("\\\\")
    print("\\n".join(str(i) for i, body in enumerate(known) if body.startswith(marker)))
else:
    body = pathlib.Path(option("-F").removeprefix("body=@")).read_text()
    if option("--method") == "PATCH":
        known[int(next(e for e in given if e.startswith("repos/")).rpartition("/")[2])] = body
    else:
        known.append(body)
    comments.write_text(json.dumps(known))
"""
# curl, as far as the job calls it: an artifact if there is one, else the code of --fail.
_CURL = """
import pathlib, shutil, sys
archive = pathlib.Path(__file__).parent.parent / "host" / "artifact.zip"
assert "jobs/artifacts/main/download?job=edgekit-check" in sys.argv[-1]
if not archive.exists():
    sys.exit(22)
shutil.copy(archive, sys.argv[sys.argv.index("--output") + 1])
"""


@pytest.fixture
def runner(exported: Path, tmp_path: Path) -> Path:
    """A checkout with a model, and programs as a runner has them."""
    (tmp_path / "host").mkdir()
    checkout = tmp_path / "checkout"
    shutil.copytree(exported, checkout / "models")
    (checkout / "edgekit.toml").write_text(
        '[bundle]\nfiles = ["models/*float32.tflite"]\nlabels = "models/labels.txt"\n'
    )
    (tmp_path / "bin").mkdir()
    for name, text in (("gh", _GH), ("curl", _CURL)):
        (tmp_path / "bin" / f"{name}.py").write_text(text)
        _program(tmp_path / "bin" / name, f'"{tmp_path / "bin" / name}.py"')
    _program(tmp_path / "bin" / "edgekit", "-m edgekit")
    return tmp_path


def _program(path: Path, arguments: str) -> None:
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
    path.chmod(0o755)


def _environment(runner: Path, **more: str) -> dict[str, str]:
    path = f"{runner / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **more}


class Action:
    """action.yml, run step by step as a runner would; what other actions do is left out."""

    def __init__(self, repository: Path, runner: Path) -> None:
        self.document = yaml.safe_load((repository / "action.yml").read_text())
        self.runner = runner

    def run(self, **inputs: str) -> int:
        values = {f"inputs.{name}": row["default"] for name, row in self.document["inputs"].items()}
        values |= {f"inputs.{name}": value for name, value in inputs.items()}
        values |= {
            "github.base_ref || github.event.repository.default_branch": "main",
            "github.event.pull_request.number": "3",
        }
        code = 0
        for step in self.document["runs"]["steps"]:
            if "uses" in step or code:
                assert "run" not in step or code
                continue
            output = self.runner / "output"
            output.write_text("")
            environment = {
                name: _filled(text, values) for name, text in step.get("env", {}).items()
            }
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.runner / "checkout",
                env=_environment(
                    self.runner,
                    RUNNER_TEMP=str(self.runner / "temp"), GITHUB_OUTPUT=str(output),
                    GITHUB_STEP_SUMMARY=str(self.runner / "summary.md"), GITHUB_SHA="abc",
                    GITHUB_REPOSITORY="o/r", GITHUB_WORKFLOW="w",
                    GITHUB_WORKSPACE=str(self.runner / "checkout"), **environment,
                ),
                capture_output=True, text=True,
            )  # fmt: skip
            code = done.returncode
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                values[f"steps.{step['id']}.outputs.{name}"] = value
            self.said = done.stdout + done.stderr
        return code


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values.get(found[1], found[1]), str(text))


def test_the_action_passes_an_unchanged_bundle_and_edits_its_comment(
    repository: Path, runner: Path
) -> None:
    action = Action(repository, runner)
    assert action.run(package="") == 0, action.said
    new = runner / "temp" / "edgekit" / "new"
    shutil.copytree(new, runner / "host" / "artifact")  # what the upload keeps
    limit = "[size_bytes]\nmax_increase = 0\nif_missing = 'fail'\n"
    (runner / "checkout" / "budgets.toml").write_text(limit)
    assert action.run(package="", budget="budgets.toml") == 0, action.said
    comments = json.loads((runner / "host" / "comments.json").read_text())
    assert len(comments) == 1
    assert comments[0].startswith("<!-- edgekit check -->")
    assert "edgekit check passed" in comments[0]
    assert "old/brightest" in comments[0]
    assert (runner / "summary.md").read_text().count("edgekit check passed") == 2
    report = json.loads((runner / "temp" / "edgekit" / "check.json").read_text())
    assert report["passed"]
    (made,) = new.glob("*.edgekit")
    assert json.loads((made / "edgekit.json").read_text())["revision"] == "abc"


def test_the_action_fails_where_the_check_does(repository: Path, runner: Path) -> None:
    (runner / "checkout" / "budgets.toml").write_text("[size_bytes]\nmax = 1\n")
    action = Action(repository, runner)
    assert action.run(package="", budget="budgets.toml") == 1
    (comment,) = json.loads((runner / "host" / "comments.json").read_text())
    assert "edgekit check failed" in comment
    (runner / "checkout" / "budgets.toml").write_text("[size_bytes")
    assert action.run(package="", budget="budgets.toml") == 4  # it could not be checked


def test_the_gitlab_job(repository: Path, runner: Path) -> None:
    job: dict[str, Any] = yaml.safe_load((repository / "docs" / "ci" / "gitlab.yml").read_text())[
        "edgekit-check"
    ]
    checkout = runner / "checkout"
    (runner / "budgets.toml").write_text("[size_bytes]\nmax_increase = 0\n")
    (runner / "bin" / "edgekit").write_text(  # the bundle's own budgets would time for minutes
        f'#!/bin/sh\n[ "$1" != check ] || set -- "$@" --budget "{runner / "budgets.toml"}"\n'
        f'exec "{sys.executable}" -m edgekit "$@"\n'
    )
    environment = _environment(
        runner, PACKAGE="", CONFIG=job["variables"]["CONFIG"], BASE="", CI_DEFAULT_BRANCH="main",
        CI_COMMIT_SHA="abc", CI_API_V4_URL="https://host/api/v4", CI_PROJECT_ID="1",
        CI_JOB_TOKEN="t",
    )  # fmt: skip
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    for turn in range(2):
        done = subprocess.run(
            ["bash", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        text = (checkout / "edgekit-check.md").read_text()
        assert (" beside " in text) == (turn == 1)
        # What GitLab keeps of the job are its artifacts' paths in one archive.
        shutil.make_archive(
            str(runner / "host" / "artifact"), "zip", checkout, job["artifacts"]["paths"][0]
        )
    assert (checkout / job["artifacts"]["reports"]["junit"]).is_file()


def test_the_config(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported, tmp_path / "models")
    path = tmp_path / "edgekit.toml"
    path.write_text(
        '[bundle]\nfiles = ["models/*float32.*x", "micronet-m0-cifar10"]\nname = "n"\nzip = true\n'
        'labels = "models/labels.txt"\nscore_threshold = 1\n'
    )
    request = read_config(path)
    assert [Path(each).name for each in request.subjects] == [
        "brightest.source_float32.onnx",
        "micronet-m0-cifar10",
    ]
    assert (request.name, request.as_zip, request.score_threshold) == ("n", True, 1)
    assert request.labels == tmp_path / "models" / "labels.txt"
    given = bundle.BundleRequest(request.subjects, folder=tmp_path, name="other")
    both = bundle.with_options(request, given)
    assert (both.name, both.folder, both.labels) == ("other", tmp_path, request.labels)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[bundle", "no TOML"),
        ("[budget]", r"no \[bundle\]"),
        ("[bundle]\nfiles = []", "files is a list"),
        ("[bundle]\nfiles = ['m']\nfile = 'x'", "has no file; known"),
        ("[bundle]\nfiles = ['m']\nlimit = '5'", "limit is a number"),
        ("[bundle]\nfiles = ['m']\nzip = 1", "zip is true or false"),
        ("[bundle]\nfiles = ['m']\nname = 1", "name is a text"),
    ],
)
def test_a_config_that_cannot_be_read(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "edgekit.toml").write_text(text)
    with pytest.raises(RefusedError, match=words) as caught:
        read_config(tmp_path / "edgekit.toml")
    assert caught.value.reason_code == "bad-config"


def test_files_of_a_config_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "edgekit.toml").write_text("[bundle]\nfiles = ['out/*.onnx']")
    with pytest.raises(InvalidPathError, match="nor one that fits"):
        read_config(tmp_path / "edgekit.toml")
    with pytest.raises(InvalidPathError, match="cannot read"):
        read_config(tmp_path / "absent.toml")

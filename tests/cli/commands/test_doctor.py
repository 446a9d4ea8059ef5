"""`edgekit doctor`, and packages that are missing."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

from tests.cli.commands.made import SMALL, one_error_line
from tests.specimens.commands import Cli


def test_doctor(cli: Cli) -> None:
    code, out, _ = cli("doctor")
    assert code == 0
    assert "onnxruntime" in out
    document = json.loads(cli("doctor", "--json")[1])
    assert {package["verdict"] for package in document["packages"]} <= {
        "as tested",
        "differs from the tested set",
    }
    assert document["machine"]["cores"] == os.cpu_count()


def test_doctor_prints_for_people(cli: Cli) -> None:
    _, out, _ = cli("doctor")
    assert re.search(r"^memory +\d+\.\d GB$", out, flags=re.M)
    assert "unix_time_s" not in out
    assert "_bytes" not in out


def test_doctor_misses_a_package(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    whole = metadata.version

    def without_onnxsim(name: str) -> str:
        if name == "onnxsim":
            raise metadata.PackageNotFoundError(name)
        return whole(name)

    monkeypatch.setattr(metadata, "version", without_onnxsim)
    code, out, err = cli("doctor")
    assert code == 3
    assert "not installed" in out
    assert "pip install onnxsim" in one_error_line(err)
    code, out, _ = cli("doctor", "--json")
    assert (code, json.loads(out)["schema"]) == (3, "edgekit.doctor")


def test_missing_package_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxsim", None)
    code, out, err = cli("export", SMALL)
    assert (code, out) == (3, "")
    assert "pip install onnxsim" in one_error_line(err)

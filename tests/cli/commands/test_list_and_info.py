"""`edgekit list` and `edgekit info`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from edgekit import models
from tests.cli.commands.made import SMALL, one_error_line
from tests.specimens.commands import Cli


def test_list(cli: Cli) -> None:
    code, out, err = cli("list")
    assert (code, err) == (0, "")
    shown = [line.split()[0] for line in out.splitlines()[1:]]
    assert shown == models.names()


def test_list_pattern_alias_and_json(cli: Cli) -> None:
    _, out, _ = cli("list", "micronet-m?", "--json")
    document = json.loads(out)
    assert (document["schema"], document["schema_version"]) == ("edgekit.models", 1)
    assert [entry["name"] for entry in document["models"]] == models.names("micronet-m?")
    alias, name = next(iter(models.aliases().items()))
    assert name in cli("list", alias)[1]
    code, _, err = cli("list", "nothing*")
    assert code == 2
    assert "unknown model 'nothing*'" in one_error_line(err)


def test_info_of_every_card(cli: Cli) -> None:
    for name in models.names():
        code, out, _ = cli("info", name)
        assert code == 0
        assert f"{models.get(name).params:,}" in out
    document = json.loads(cli("info", SMALL, "--json")[1])
    assert (document["schema"], document["name"]) == ("edgekit.model", SMALL)


def test_info_of_files(cli: Cli, tiny: Path) -> None:
    code, out, err = cli("info", tiny)
    assert (code, err) == (0, "")
    assert "1 Conv, 1 Relu" in out
    code, out, _ = cli("info", tiny.with_suffix(".tflite"))
    assert code == 0
    assert "1 partition" in out
    document = json.loads(cli("info", tiny.with_suffix(".tflite"), "--json")[1])
    assert document["runtime"]["operators"] == {"CONV_2D": 1}
    assert document["artifact"] is None


def test_info_of_a_tflite_of_others_counts_it(cli: Cli, tiny: Path) -> None:
    _, out, _ = cli("info", tiny.with_suffix(".tflite"))
    assert re.search(r"^params +12$", out, flags=re.M) or re.search(
        r"^params +16$", out, flags=re.M
    )
    assert re.search(r"^MACs +768$", out, flags=re.M)


def test_info_of_a_file_without_its_sidecar_counts_the_same_macs(cli: Cli, tmp_path: Path) -> None:
    name = "mobilenet-v1-0.25-cifar10"
    assert cli("export", name, "--format", "tflite", "-o", tmp_path)[0] == 0
    path = tmp_path / f"{name}_float32.tflite"
    (tmp_path / f"{path.name}.json").unlink()
    _, out, _ = cli("info", path)
    assert re.search(rf"^MACs +{models.get(name).macs:,}$", out, flags=re.M)

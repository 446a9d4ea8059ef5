"""What starting takes, with and without a weight cache: the real runtime on a small file."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import pytest

from edgekit import devices
from edgekit.cli import run
from edgekit.devices import LatencyReport, MeasureRequest, MeasureSettings, ModelFile
from edgekit.errors import UsageError
from edgekit.export import ExportRequest
from edgekit.export import run as export
from tests.specimens import graphs
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite

QUICK = MeasureSettings(num_runs=1, min_secs=0, warmup_runs=1, warmup_secs=0)
OPTIONS = ("--children", "3", "--num-runs", "1", "--min-secs", "0", "--warmup-runs", "1")
WEIGHT_BYTES = 8 << 20


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer, whose weights are large beside all else that a process holds."""
    folder = tmp_path_factory.mktemp("heavy")
    width = 1456
    model = graphs.proto(
        f"g (float[1,{width},2,2] x) => (float[1,{width},2,2] y) {{ y = Conv(x, w) }}",
        w=graphs.weights(width, width, 1, 1),
    )
    assert 4 * width * width > WEIGHT_BYTES
    onnx.save(model, folder / "heavy.onnx")
    asked = ExportRequest(str(folder / "heavy.onnx"), folder, ("tflite",))
    return export(asked).artifacts[0].path


@pytest.fixture(scope="module")
def reports(heavy: Path) -> dict[str, LatencyReport]:
    ways = ("", "off", "cold", "warm")
    files = tuple(ModelFile(heavy, weight_cache=way) for way in ways)
    found = devices.measure(MeasureRequest(files, (QUICK,)))
    assert [each.weight_cache for each in found] == list(ways)
    return {each.weight_cache: each for each in found}


def test_every_way_to_start_gives_the_same_answers(reports: dict[str, LatencyReport]) -> None:
    assert len({run.outputs_sha256 for each in reports.values() for run in each.runs}) == 1
    assert {each.info.partitions for each in reports.values()} == {1}


def test_a_warm_cache_keeps_the_weights_out_of_private_memory(
    reports: dict[str, LatencyReport],
) -> None:
    held = {way: each.spread("added_private_bytes") for way, each in reports.items()}
    off, warm = held["off"], held["warm"]
    if off is None or warm is None:
        pytest.skip("this system does not say what is private")
    assert off.least > WEIGHT_BYTES
    assert warm.most < off.least - 0.9 * WEIGHT_BYTES


def test_every_start_says_its_processor_time(reports: dict[str, LatencyReport]) -> None:
    for each in reports.values():
        assert all(run.load_cpu_ms is not None and run.load_cpu_ms > 0 for run in each.runs)
        again = devices.latency_from_json(each.to_json())
        assert again == each


def test_no_other_weight_cache_is_one() -> None:
    with pytest.raises(UsageError, match="off, cold, warm, not 'hot'"):
        ModelFile(Path("a.tflite"), weight_cache="hot")


def test_the_command_puts_the_starts_beside_one_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    assert run(["latency", str(path), "--weight-cache", *OPTIONS]) == 0
    said = capsys.readouterr().out
    table = said.partition("starting:")[2]
    for way in ("off", "cold", "warm"):
        assert re.search(rf"weight cache {way} ", table)
    assert "private memory" in table


def test_the_command_wants_a_file_for_litert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_onnx(tmp_path / "net.onnx", ["Abs"])
    assert run(["latency", str(path), "--weight-cache", *OPTIONS]) == 2
    assert "--weight-cache is LiteRT's" in capsys.readouterr().err

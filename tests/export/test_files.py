"""Room 2 through its public door: every network, parity, sidecars, and what goes wrong."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit import export, models, runtimes
from edgekit.errors import (
    EdgekitError,
    InvalidPathError,
    ParityError,
    RefusedError,
    StorageError,
    UnknownNameError,
    UnreadableModelError,
    UnsupportedOperatorError,
    UsageError,
    WouldOverwriteError,
)
from edgekit.export import artifact, parity
from edgekit.export import cache as export_cache
from edgekit.export.graph import macs
from edgekit.export.sources import source
from edgekit.export.sources.onnx_file import parse
from edgekit.files.staging import staging
from tests.specimens import graphs
from tests.specimens.graphs import weights
from tests.specimens.networks import each_kind, quickly_initialized

SMALL = "shiftresnet20-e1"
BOTH = ("onnx", "tflite")


@pytest.fixture(scope="module")
def small() -> export.Source:
    return source.resolve(SMALL)


def _tiny(folder: Path, name: str = "tiny", operator: str = "Relu", batch: str = "1") -> Path:
    model = graphs.proto(
        f"""g (float[{batch},3,8,8] x) => (float[{batch},4,8,8] y) {{
          a = Conv(x, w)
          y = {operator}(a) }}""",
        w=weights(4, 3, 1, 1),
    )
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    return path


def _listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- every registered network -------------------------------------------------------------


@pytest.mark.no_cover  # tracing doubles the time that torch's exporter takes
@pytest.mark.parametrize("name", each_kind())
def test_network_exports_to_both_formats(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgekit.models.weights.initialize", quickly_initialized)
    prepared = source.resolve(name)
    spec = models.get(name)
    # The canonical graph is a third, independent count: convolutions and Gemms of the file.
    assert macs.macs(prepared.graph) == spec.macs
    onnx_file, tflite_file = export.to_files(prepared, BOTH, tmp_path)
    for entry in (onnx_file, tflite_file):
        assert entry.parity is not None
        assert entry.parity.max_rel_error <= 1e-4
        assert entry.parity.top1_agreement == entry.parity.inputs >= 4
        assert (entry.params, entry.macs) == (spec.params, spec.macs)
    assert tflite_file.partitions == 1
    assert tflite_file.operators_outside == ()
    assert "GATHER" not in tflite_file.operators
    assert tflite_file.operators.get("TRANSPOSE", 0) <= _most_transposes(spec)
    if spec.family == models.get("mobilenet-v1-1.0-224").family:
        assert not {"PAD", "TRANSPOSE", "RESHAPE"} & set(tflite_file.operators)
    assert {node.domain for node in onnx.load(onnx_file.path).graph.node} == {""}


def _most_transposes(spec: models.ModelSpec) -> int:
    """One a shuffle in ShuffleNet's 16 units; MicroNet shuffles and rolls in every block."""
    if spec.family == models.get("shufflenet-v1-1.0x-g3").family:
        return 16
    return 60 if spec.family == models.get("micronet-m0").family else 0


def test_real_weights_export_and_classify(data_dir: Path, tmp_path: Path) -> None:
    checkpoint = data_dir / "weights" / "mobilenet_v1_1.0_224_float.pt"
    prepared = source.resolve("mobilenet-v1-1.0-224", weights=checkpoint)
    for entry in export.to_files(prepared, BOTH, tmp_path):
        assert entry.verified == "passed"
        assert "untrained" not in entry.weights


# --- the same input gives the same bytes --------------------------------------------------


def test_equal_input_gives_equal_bytes_in_another_process(
    small: export.Source, tmp_path: Path
) -> None:
    here = export.to_files(small, BOTH, tmp_path / "here")
    script = (
        "import sys; from pathlib import Path; from edgekit import export\n"
        "from edgekit.export.sources import source\n"
        f"export.to_files(source.resolve({SMALL!r}), {BOTH!r}, Path(sys.argv[1]))"
    )
    other = tmp_path / "other"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", script, str(other)], check=True, env=environment)
    for entry in here:
        for path in (entry.path, artifact.sidecar_path(entry.path)):
            assert path.read_bytes() == (other / path.name).read_bytes(), path.name


def test_seed_changes_the_weights(small: export.Source, tmp_path: Path) -> None:
    (first,) = export.to_files(small, ["onnx"], tmp_path / "0")
    (second,) = export.to_files(source.resolve(SMALL, seed=1), ["onnx"], tmp_path / "1")
    assert first.sha256 != second.sha256
    assert (first.weights, second.weights) == ("untrained (seed 0)", "untrained (seed 1)")


# --- sidecars -----------------------------------------------------------------------------


def test_sidecar_round_trip(small: export.Source, tmp_path: Path) -> None:
    for entry in export.to_files(small, BOTH, tmp_path):
        assert artifact.load(entry.path) == entry
        document = json.loads(artifact.sidecar_path(entry.path).read_text())
        assert (document["schema"], document["verified"]) == ("edgekit.artifact", "passed")
        assert document["inputs"][0]["layout"] == ("NCHW" if entry.format == "onnx" else "NHWC")
        assert set(document["tools"]) >= {"torch", "onnx", "onnxruntime", "ai-edge-litert"}


def test_sidecar_of_other_content_is_not_believed(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    entry.path.write_bytes(entry.path.read_bytes() + b"\0")
    assert artifact.load(entry.path) is None


@pytest.mark.parametrize("damage", ["{", '{"schema": "other", "schema_version": 1}', "[]"])
def test_damaged_sidecar_is_an_error(damage: str, small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    artifact.sidecar_path(entry.path).write_text(damage)
    with pytest.raises(UnreadableModelError, match="export the model again"):
        artifact.load(entry.path)


def test_no_verify_is_marked(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["tflite"], tmp_path, verify=False)
    assert (entry.parity, entry.verified) == (None, "skipped")
    assert entry.partitions == 1


# --- parity -------------------------------------------------------------------------------


def test_wrong_file_is_kept_under_another_name_and_marked(
    small: export.Source, tmp_path: Path
) -> None:
    skewed = tuple({k: v * 1.01 for k, v in answer.items()} for answer in small.answers)
    wrong = dataclasses.replace(small, answers=skewed)
    with pytest.raises(ParityError, match="largest error") as caught:
        export.to_files(wrong, BOTH, tmp_path)
    assert caught.value.exit_code == 1
    stem = f"{SMALL}_float32.failed"
    names = {f"{stem}.onnx", f"{stem}.tflite"}
    assert _listing(tmp_path) == names | {f"{name}.json" for name in names}
    kept = artifact.load(tmp_path / f"{stem}.tflite")
    assert kept is not None
    assert kept.verified == "failed"


def _compare(truth: list[float], answer: list[float]) -> parity.Parity:
    pair = [{"y": np.array([values], dtype=np.float32)} for values in (truth, answer)]
    return parity.compare("test", pair[:1], pair[1:])


def test_parity_measures() -> None:
    same = _compare([0, 1, 2], [0, 1, 2])
    assert (same.max_abs_error, same.top1_agreement, same.passed) == (0, 1, True)
    off = _compare([0, 1, 2], [0, 1, 2.2])
    assert off.max_abs_error == pytest.approx(0.2)
    assert off.max_rel_error == pytest.approx(0.1)
    assert not off.passed
    swapped = _compare([0, 1.0, 1.00001], [0, 1.00001, 1.0])
    assert swapped.passed, "a tie within the tolerance agrees"
    broken = _compare([0, 1, 2], [0, 1, float("nan")])
    assert not broken.passed
    assert json.dumps(dataclasses.asdict(broken), allow_nan=False)
    assert not parity.compare("t", [{"y": np.zeros((1, 2))}], [{}]).passed


def test_a_single_number_is_judged_by_what_it_is_for_all_inputs() -> None:
    truth = [{"y": np.array([[value]])} for value in (0.1, 4e-6)]
    last_digit = [{"y": np.array([[value]])} for value in (0.1, 4.02e-6)]
    assert parity.compare("t", truth, last_digit).passed
    for wrong in ((0.1, 4.5e-6), (0.10002, 4e-6)):
        given = [{"y": np.array([[value]])} for value in wrong]
        assert not parity.compare("t", truth, given).passed


def test_an_output_that_is_one_number_for_all_inputs_is_judged_by_its_size() -> None:
    truth = [{"y": np.full((1, 4, 4), 0.5)} for _ in range(2)]
    for size, passes in ((1e-5, True), (1e-3, False)):
        given = [{"y": each["y"] + size} for each in truth]
        assert parity.compare("t", truth, given).passed == passes
    moves = [truth[0], {"y": truth[1]["y"] + np.eye(4) * 1e-5}]
    given = [{"y": each["y"] + 1e-5} for each in moves]
    assert not parity.compare("t", moves, given).passed


def test_masked_scores_are_equal_where_they_are_masked() -> None:
    truth = np.array([[0, -np.inf, 1, np.nan]])
    assert parity.compare("t", [{"y": truth}], [{"y": truth.copy()}]).passed
    for place, wrong in ((0, 0.1), (0, -np.inf), (1, np.inf), (1, -1e9), (3, 0.0)):
        given = truth.copy()
        given[0, place] = wrong
        assert not parity.compare("t", [{"y": truth}], [{"y": given}]).passed
    nothing = np.full((1, 4), np.nan)
    assert not parity.compare("t", [{"y": nothing}], [{"y": nothing}]).passed


def test_the_far_end_of_a_sigmoid_is_judged_by_the_range_of_sigmoids(tmp_path: Path) -> None:
    """ONNX Runtime's is exact to 6e-8, LiteRT's far beyond: neither is wrong there."""
    path = tmp_path / "end.onnx"
    model = graphs.proto(
        "g (float[1,4,8,8] x) => (float[1,4,8,8] y) { c = Conv<pads=[1,1,1,1]>(x, w, b)\n"
        " s = Sigmoid(c)\n t = Transpose<perm=[0,1,3,2]>(s)\n y = Mul(s, t) }",
        w=weights(4, 4, 3, 3) / 3,
        b=np.full(4, -12, np.float32),
    )
    onnx.save(model, path)
    found = export.to_files(source.from_file(path), BOTH, tmp_path)
    assert [artifact.verified for artifact in found] == ["passed", "passed"]


# --- .onnx files of the user --------------------------------------------------------------


@pytest.mark.parametrize("batch", ["1", "N"])
def test_own_onnx_exports(batch: str, tmp_path: Path) -> None:
    path = _tiny(tmp_path, batch=batch)
    prepared = source.resolve(str(path))
    assert (prepared.params, prepared.macs) == (12, 12 * 64)
    for entry in export.to_files(prepared, BOTH, tmp_path / "out"):
        assert entry.verified == "passed"
        assert entry.weights.startswith("tiny.onnx sha256:")


def test_ort_format_stands_beside_the_portable_file(tmp_path: Path) -> None:
    prepared = source.resolve(str(_tiny(tmp_path)))
    plain, ort = export.to_files(prepared, ("onnx", "ort-format"), tmp_path / "out")
    assert (plain.path.name, ort.path.name) == ("tiny_float32.onnx", "tiny_float32.ort")
    assert ort.verified == "passed"
    assert ort.path.read_bytes()[4:8] == b"ORTM"
    assert {node.domain for node in onnx.load(plain.path).graph.node} == {""}


def test_older_opset_is_raised(tmp_path: Path) -> None:
    model = onnx.load(_tiny(tmp_path))
    model.opset_import[0].version = 13
    onnx.save(model, tmp_path / "old.onnx")
    written = export.to_files(source.resolve(str(tmp_path / "old.onnx")), ["onnx"], tmp_path / "o")
    assert onnx.load(written[0].path).opset_import[0].version == 18


def test_unsupported_operator_names_itself_and_writes_nothing(tmp_path: Path) -> None:
    onnx.save(
        graphs.proto("g (float[1,4,4] x) => (float[1] y) { y = Det(x) }"), tmp_path / "det.onnx"
    )
    prepared = source.resolve(str(tmp_path / "det.onnx"))
    with pytest.raises(UnsupportedOperatorError, match=r"Det \(node .*--format onnx"):
        export.to_files(prepared, BOTH, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export.to_files(prepared, ["onnx"], tmp_path / "out")


def test_bad_onnx_files_are_refused(tmp_path: Path) -> None:
    good = _tiny(tmp_path).read_bytes()
    for name, content in {
        "truncated": good[: len(good) // 2],
        "text": b"this is not a model\n",
        "empty": b"",
        "zeros": bytes(1000),
    }.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(UnreadableModelError, match="not a valid ONNX model"):
            source.from_file(path)
    with pytest.raises(InvalidPathError):
        source.from_file(tmp_path / "absent.onnx")
    with pytest.raises(InvalidPathError):
        source.from_file(tmp_path)


def test_open_sizes_and_foreign_types_are_refused(tmp_path: Path) -> None:
    open_size = "g (float[1,3,H,8] x) => (float[1,3,H,8] y) { y = Relu(x) }"
    texts = "g (string[1,3] x) => (string[1,3] y) { y = Identity(x) }"
    for text, reason in ((open_size, "dynamic-shape"), (texts, "input-dtype")):
        onnx.save(graphs.proto(text), tmp_path / "model.onnx")
        with pytest.raises(RefusedError) as caught:
            source.from_file(tmp_path / "model.onnx")
        assert caught.value.reason_code == reason


def test_external_weights_are_refused(tmp_path: Path) -> None:
    model = onnx.load(_tiny(tmp_path))
    onnx.external_data_helper.convert_model_to_external_data(model, size_threshold=0)
    model.graph.initializer[0].external_data[0].value = "../../etc/passwd"
    (tmp_path / "split.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(RefusedError) as caught:
        source.from_file(tmp_path / "split.onnx")
    assert caught.value.reason_code == "external-data"


def test_weights_do_not_go_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds its own weights"):
        source.resolve(str(_tiny(tmp_path)), weights=tmp_path / "w.pt")


# --- names, folders, disks ----------------------------------------------------------------


def test_unknown_names_are_found_before_the_work(small: export.Source, tmp_path: Path) -> None:
    for formats, precision in ((["tflight"], "float32"), (["onnx"], "int4")):
        with pytest.raises(UnknownNameError):
            export.check_request(formats, precision)
    with pytest.raises(UnknownNameError, match="did you mean tflite"):
        export.to_files(small, ["tflight"], tmp_path)
    assert _listing(tmp_path) == set()


def test_overwriting_needs_force(small: export.Source, tmp_path: Path) -> None:
    (entry,) = export.to_files(small, ["onnx"], tmp_path)
    assert export.to_files(small, ["onnx"], tmp_path) == [entry], "equal content may stay"
    other = source.resolve(SMALL, seed=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(WouldOverwriteError, match="--force"):
        export.to_files(other, BOTH, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (forced,) = export.to_files(other, ["onnx"], tmp_path, force=True)
    assert forced.sha256 != entry.sha256
    assert artifact.load(forced.path) == forced


def test_folder_that_cannot_be_used(small: export.Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InvalidPathError, match="choose another"):
        export.to_files(small, ["onnx"], tmp_path / "file" / "out")
    with pytest.raises(InvalidPathError):
        export.to_files(small, ["onnx"], Path("/proc/edgekit"))


def test_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(StorageError, match="No space left"),
        staging(tmp_path / "deep" / "out") as stage,
    ):
        stage.write("model.onnx", b"data")
    assert _listing(tmp_path) == set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")

    def interrupted() -> None:
        with staging(tmp_path / "out") as stage:
            stage.write("model.onnx", b"data")
            raise error

    with pytest.raises(error):
        interrupted()
    assert _listing(tmp_path) == {"kept.txt"}


# --- the cache ----------------------------------------------------------------------------


def test_cache_is_filled_once_and_repaired(cache: Path) -> None:
    said: list[str] = []
    first = export_cache.exported(SMALL, BOTH, said.append)
    assert said
    said.clear()
    assert export_cache.exported(SMALL, BOTH, said.append) == first
    assert not said
    assert all(cache in entry.path.parents for entry in first)
    first[0].path.write_bytes(b"damaged")
    artifact.sidecar_path(first[1].path).write_text("{")
    assert export_cache.exported(SMALL, BOTH, said.append) == first
    assert runtimes.load("tflite", first[1].path).info().partitions == 1


# --- hostile bytes ------------------------------------------------------------------------


def test_mutated_onnx_is_read_or_refused(tmp_path: Path) -> None:
    path = _tiny(tmp_path)
    whole, seen = path.read_bytes(), set()

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 10_000), st.integers(0, 4), st.binary(max_size=4)),
            min_size=1,
            max_size=4,
        )
    )
    def mutate(edits: list[tuple[int, int, bytes]]) -> None:
        content = bytearray(whole)
        for position, removed, added in edits:
            start = position % len(content)
            content[start : start + removed] = added
        if bytes(content) in seen:
            return
        seen.add(bytes(content))
        path.write_bytes(content)
        with suppress(EdgekitError):
            parse.parse(path)  # most end here, and would in the child that all the others go to
            source.from_file(path)

    mutate()

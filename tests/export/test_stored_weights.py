"""Large weights go from file to file; what is written is what protobuf itself would write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgekit import quantize
from edgekit.errors import UnreadableModelError
from edgekit.export.door import ExportRequest, run
from edgekit.export.integer import quantizable
from edgekit.export.onnx_writer import plain
from edgekit.export.sources.onnx_file import parse
from edgekit.export.stored_weights import held_file, reading
from edgekit.export.stored_weights import tensor as stored
from edgekit.quantize.running.session import GraphSession
from tests.specimens import graphs

SIDE = 600  # squared, float32: more than a megabyte


def _network() -> onnx.ModelProto:
    model = graphs.proto(
        f"g (float[1,{SIDE}] x) => (float[1,{SIDE}] y) "
        "{ a = MatMul(x, w)\n b = Relu(a)\n y = MatMul(b, v) }",
        w=graphs.weights(SIDE, SIDE),
        v=graphs.weights(SIDE, SIDE, seed=1),
    )
    model.graph.initializer[0].doc_string = "comes after the numbers"
    return model


@pytest.mark.parametrize("is_outside", [False, True])
def test_a_file_keeps_its_weights(tmp_path: Path, *, is_outside: bool) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(_network(), path, save_as_external_data=is_outside, location="net.bin")
    proto = parse.parse(path)
    assert all(not each.raw_data for each in proto.graph.initializer)
    assert proto.graph.initializer[0].doc_string
    model = ir.from_proto(proto)
    stored.keep(model)
    path.unlink()
    for wanted in _network().graph.initializer:
        found = model.graph.initializers[wanted.name].const_value
        assert isinstance(found, stored.StoredTensor)
        np.testing.assert_array_equal(found.numpy(), onnx.numpy_helper.to_array(wanted))


def test_what_is_written_is_what_protobuf_writes() -> None:
    model = ir.from_proto(_network())
    held = plain.content(model, "about")
    assert isinstance(held, held_file.HeldFile)
    wanted = ir.to_proto(model)
    wanted.doc_string = "about"
    assert held.content() == wanted.SerializeToString(deterministic=True)


def test_numbers_in_their_own_field_are_read_as_before(tmp_path: Path) -> None:
    model = _network()
    values = onnx.numpy_helper.to_array(model.graph.initializer[0])
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, values.shape, values.ravel())
    model.graph.initializer[0].CopyFrom(tensor)
    onnx.save(model, tmp_path / "net.onnx")
    found = reading.load(tmp_path / "net.onnx").graph.initializer
    assert found[0].SerializeToString() == tensor.SerializeToString()
    assert found[1].data_location == onnx.TensorProto.EXTERNAL


def test_a_tensor_with_too_few_numbers_is_no_large_one(tmp_path: Path) -> None:
    model = _network()
    model.graph.initializer[1].raw_data = model.graph.initializer[1].raw_data[:-4]
    onnx.save(model, tmp_path / "net.onnx")
    assert len(reading.load(tmp_path / "net.onnx").graph.initializer[1].raw_data) == 4 * SIDE**2 - 4


def test_weights_that_are_cut_short(tmp_path: Path) -> None:
    onnx.save(_network(), tmp_path / "net.onnx", save_as_external_data=True, location="net.bin")
    whole = (tmp_path / "net.bin").read_bytes()
    (tmp_path / "net.bin").write_bytes(whole[:-8])
    with pytest.raises(UnreadableModelError, match=r"net\.bin"):
        parse.parse(tmp_path / "net.onnx")


def test_both_formats_from_weights_inside_and_beside(tmp_path: Path) -> None:
    files = []
    for name, is_outside in (("inside", False), ("beside", True)):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "net.onnx"
        onnx.save(_network(), path, save_as_external_data=is_outside, location="net.bin")
        made = run(ExportRequest(str(path), tmp_path / name / "out", formats=("onnx", "tflite")))
        assert all(each.verified == "passed" for each in made.artifacts)
        files.append([each.path.read_bytes() for each in made.artifacts])
    assert files[0] == files[1]


@pytest.mark.parametrize("is_outside", [False, True])
def test_networks_with_large_weights_are_quantized(tmp_path: Path, *, is_outside: bool) -> None:
    """A file's weights are calibrated and judged wherever they lie, and have one digest."""
    onnx.save(_network(), tmp_path / "net.onnx", save_as_external_data=is_outside, location="bin")
    model = ir.from_proto(parse.parse(tmp_path / "net.onnx"))
    stored.keep(model)
    held = quantizable.from_canonical(model)
    assert not any(
        isinstance(each.const_value, ir.ExternalTensor) for each in held.graph.initializers.values()
    )
    assert quantizable.digest(held) == quantizable.digest(
        quantizable.from_canonical(ir.from_proto(_network()))
    )
    feeds = {"x": graphs.weights(1, SIDE, seed=2)}
    (answer,) = GraphSession(model).run(feeds).values()
    (wanted,) = GraphSession(ir.from_proto(_network())).run(feeds).values()
    np.testing.assert_array_equal(answer, wanted)
    request = quantize.QuantizeRequest(
        str(tmp_path / "net.onnx"), folder=tmp_path / "out", recipe="fast", calibration_samples=4
    )
    assert [each.verified for each in quantize.run(request).artifacts] == ["passed"] * 2

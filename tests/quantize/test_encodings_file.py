"""Encodings as a file: exact round trips, readable text, and one line for every fault."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgekit.errors import RefusedError
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable, rescale
from edgekit.export.integer.encodings import Encodings
from edgekit.export.integer.rescale import Rescaling
from edgekit.export.sources import canonical
from edgekit.quantize import ranges
from edgekit.quantize.encoding import affine_choice
from edgekit.quantize.encodings_file import files
from edgekit.quantize.running import observe
from tests.specimens import graphs

NET = """net (float[1,3,6,6] x) => (float[1,5] y) {
    c = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w1, b1)
    r = Relu(c)
    k = Concat<axis=1>(r, x)
    p = GlobalAveragePool(k)
    f = Flatten(p)
    y = Gemm<transB=1>(f, w2, b2)
}"""


def network(seed: int = 0) -> ir.Model:
    constants = {
        "w1": graphs.weights(4, 3, 3, 3, seed=seed),
        "b1": graphs.weights(4, seed=seed + 1),
        "w2": graphs.weights(5, 7, seed=seed + 2),
        "b2": graphs.weights(5, seed=seed + 3),
    }
    return quantizable.from_canonical(canonical.from_proto(graphs.proto(NET, **constants)))


def encoded(model: ir.Model, bits: int = 8, **how: Any) -> Encodings:
    def feeds() -> list[dict[str, np.ndarray]]:
        return [{"x": graphs.weights(1, 3, 6, 6, seed=seed)} for seed in range(2)]

    method = ranges.get("minmax")
    graph = rescale.apply(model, how.get("rescalings", {}))
    found = observe.summaries(graph, feeds, method)
    spans = observe.group_ranges(graph, found, method, bits)
    return affine_choice.encodings(model, spans, bits=bits, **how)


def layer_names(model: ir.Model) -> list[str]:
    return [str(node.name) for node in model.graph if weight_layers.is_layer(node)]


def rescaled(model: ir.Model) -> Encodings:
    """Encodings of the network with other channels between its layers."""
    conv, gemm = layer_names(model)
    made = np.array([0.1, 1 / 3, 2.0, 7.7])
    factors = {
        conv: Rescaling(made, np.ones(3)),
        gemm: Rescaling(np.ones(5), np.append(made, np.ones(3))),
    }
    return encoded(model, rescalings=factors)


def with_codes(encodings: Encodings, name: str, codes: np.ndarray) -> Encodings:
    changed = dataclasses.replace(encodings.layers[name], weight=codes)
    return dataclasses.replace(encodings, layers={**encodings.layers, name: changed})


def assert_same(found: Encodings, wanted: Encodings) -> None:
    assert found.graph_sha256 == wanted.graph_sha256
    assert found.activations == wanted.activations
    assert found.float_nodes == wanted.float_nodes
    assert found.layers.keys() == wanted.layers.keys()
    for name, layer in wanted.layers.items():
        assert found.layers[name].axis == layer.axis
        for attribute in ("weight", "scales", "bias"):
            one, other = getattr(found.layers[name], attribute), getattr(layer, attribute)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert found.rescalings.keys() == wanted.rescalings.keys()
    for name, rescaling in wanted.rescalings.items():
        np.testing.assert_array_equal(found.rescalings[name].outputs, rescaling.outputs)
        np.testing.assert_array_equal(found.rescalings[name].inputs, rescaling.inputs)


MODEL = network()
CONV, GEMM = layer_names(MODEL)
PLAIN = encoded(MODEL)


def changed(change: Callable[[dict[str, Any]], object], base: Encodings = PLAIN) -> bytes:
    document = json.loads(files.dumps(base, MODEL))
    change(document)
    return json.dumps(document).encode()


def refusal(data: bytes, model: ir.Model = MODEL) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        files.loads(data, model, "net.encodings.json")
    message = str(caught.value)
    assert message.startswith("net.encodings.json ")
    assert len(message) < 500
    assert message.isprintable()
    return caught.value


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"bits": 16},
        {"per_channel": False},
        {"seven_bit": frozenset({CONV})},
        {"seven_bit": frozenset({CONV}), "method": "mse"},
    ],
    ids=str,
)
def test_encodings_come_back_to_the_last_bit(how: dict[str, Any]) -> None:
    wanted = encoded(MODEL, **how)
    data = files.dumps(wanted, MODEL)
    found = files.loads(data, MODEL, "f")
    assert_same(found, wanted)
    assert files.dumps(found, MODEL) == data


def test_nodes_that_stay_float_come_back() -> None:
    wanted = dataclasses.replace(PLAIN, float_nodes=frozenset({GEMM, CONV}))
    data = files.dumps(wanted, MODEL)
    assert json.loads(data)["float_nodes"] == sorted([GEMM, CONV])
    assert_same(files.loads(data, MODEL, "f"), wanted)


def test_rescaled_encodings_are_nearest_to_the_rescaled_weights() -> None:
    wanted = rescaled(MODEL)
    data = files.dumps(wanted, MODEL)
    assert_same(files.loads(data, MODEL, "f"), wanted)
    document = json.loads(data)
    assert {layer["rounded"] for layer in document["layers"].values()} == {"nearest"}
    assert document["rescaled"][CONV]["outputs"] == [0.1, 1 / 3, 2.0, 7.7]


def test_codes_are_written_only_where_they_are_not_the_nearest() -> None:
    codes = PLAIN.layers[CONV].weight.copy()
    codes[0, 0, 0, 0] -= 1
    wanted = with_codes(PLAIN, CONV, codes)
    data = files.dumps(wanted, MODEL)
    layers = json.loads(data)["layers"]
    assert zlib.decompress(base64.b64decode(layers[CONV]["rounded"])) == codes.tobytes()
    assert layers[GEMM]["rounded"] == "nearest"
    assert_same(files.loads(data, MODEL, "f"), wanted)


def test_scales_of_any_size_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    layer = PLAIN.layers[GEMM]
    for _ in range(50):
        scales = np.exp(rng.uniform(-20, 20, layer.scales.size)).astype(np.float32)
        bias = rng.standard_normal(5) * 10.0 ** rng.integers(-300, 300)
        odd = dataclasses.replace(layer, scales=scales, bias=bias)
        wanted = dataclasses.replace(PLAIN, layers={GEMM: odd})
        found = files.loads(files.dumps(wanted, MODEL), MODEL, "f")
        np.testing.assert_array_equal(found.layers[GEMM].scales, scales)
        np.testing.assert_array_equal(found.layers[GEMM].bias, bias)


def test_equal_encodings_give_equal_bytes_whatever_the_order_of_their_names() -> None:
    turned = dataclasses.replace(
        PLAIN,
        activations=dict(reversed(PLAIN.activations.items())),
        layers=dict(reversed(PLAIN.layers.items())),
    )
    assert files.dumps(turned, MODEL) == files.dumps(PLAIN, MODEL)


def test_the_text_has_one_activation_a_line_and_short_scales() -> None:
    text = files.dumps(PLAIN, MODEL).decode()
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith('"y": ')]
    affine = PLAIN.activations["y"]
    assert json.loads(line.strip().removeprefix('"y": ').rstrip(",")) == {
        "scale": affine.scale,
        "zero_point": affine.zero_point,
        "bits": 8,
        "low": affine.low,
        "high": affine.high,
    }
    assert all(f"{scale!s}" in text for scale in PLAIN.layers[CONV].scales)


def test_a_byte_order_mark_is_no_fault() -> None:
    data = b"\xef\xbb\xbf" + files.dumps(PLAIN, MODEL)
    assert_same(files.loads(data, MODEL, "f"), PLAIN)


def test_the_file_is_named_after_network_and_precision() -> None:
    assert files.file_name("net", "int8") == "net_int8.encodings.json"


def test_other_weights_are_a_mismatch() -> None:
    error = refusal(files.dumps(PLAIN, MODEL), network(seed=9))
    assert error.reason_code == "encodings-mismatch"


def test_encodings_of_other_layers_cannot_be_written() -> None:
    strange = dataclasses.replace(PLAIN, layers={"other": PLAIN.layers[CONV]})
    with pytest.raises(ValueError, match="no layer 'other'"):
        files.dumps(strange, MODEL)
    lowest = np.full_like(PLAIN.layers[CONV].weight, -128)
    with pytest.raises(ValueError, match="-128"):
        files.dumps(with_codes(PLAIN, CONV, lowest), MODEL)


def packed(codes: bytes) -> str:
    return base64.b64encode(zlib.compress(codes, 9)).decode()


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Return what sets the place at ``path[:-1]`` to ``path[-1]``."""

    def change(document: Any) -> None:
        *way, last, value = path
        for key in way:
            document = document[key]
        document[last] = value

    return change


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        *way, last = path
        for key in way:
            document = document[key]
        del document[last]

    return change


def stretch(document: dict[str, Any]) -> None:
    """Give one of two tied values another encoding, consistent in itself."""
    kept = document["activations"]["r"]
    for key in ("scale", "low", "high"):
        kept[key] *= 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put("schema", "edgekit.artifact"), "not edgekit.encodings version 1"),
        (put("schema_version", 2), "not edgekit.encodings version 1"),
        (put("schema_version", True), "not edgekit.encodings version 1"),
        (drop("schema"), "not edgekit.encodings version 1"),
        (drop("layers"), "missing keys ['layers']"),
        (drop("activations", "y", "scale"), "missing keys ['scale']"),
        (put("comment", "hello"), "unknown keys ['comment']"),
        (put("activations", []), "expected dict, got list"),
        (put("activations", "y", "bits", 8.0), "expected int, got float"),
        (put("activations", "y", "bits", True), "expected int, got bool"),
        (put("activations", "y", "bits", 4), "8 or 16 bits"),
        (put("activations", "y", "scale", "1"), "expected float, got str"),
        (put("activations", "y", "scale", -1.0), "out of bounds"),
        (put("activations", "y", "scale", 1e-300), "out of bounds"),
        (put("activations", "y", "scale", float("nan")), "NaN is no number"),
        (put("activations", "y", "low", float("-inf")), "-Infinity is no number"),
        (put("activations", "y", "scale", 10**400), "too large"),
        (put("activations", "y", "zero_point", 128), "is no int8"),
        (put("activations", "y", "high", 1e9), "by low and high"),
        (put("activations", "\ud800\x1b\n", {}), "missing keys"),
        (put("float_nodes", ["x" * 9999]), "xxx..."),
        (stretch, "need the same encoding"),
        (put("float_nodes", ["nowhere"]), "no node 'nowhere'"),
        (put("float_nodes", [1]), "expected str, got int"),
        (put("layers", CONV, "axis", 1), "axis 1"),
        (put("layers", CONV, "bits", 10**9), "1000000000 bits"),
        (put("layers", CONV, "scales", [1.0, 1.0]), "do not fit"),
        (put("layers", CONV, "scales", []), "do not fit"),
        (put("layers", CONV, "scales", [1e300]), "positive and finite"),
        (put("layers", CONV, "scales", [1e-38]), "out of bounds"),
        (put("layers", CONV, "bias", [0.0] * 5), "do not fit"),
        (put("layers", CONV, "bias", 0, None), "expected float, got NoneType"),
        (put("layers", CONV, "rounded", ""), "not 108 bytes"),
        (put("layers", CONV, "rounded", "Nearest"), "no zlib in base64"),
        (put("layers", CONV, "rounded", "ünearest"), "no zlib in base64"),
        (put("layers", CONV, "rounded", "eJz/////"), "no zlib in base64"),
        (put("layers", CONV, "rounded", packed(bytes(107))), "not 108 bytes"),
        (put("layers", CONV, "rounded", packed(bytes(2**26))), "not 108 bytes"),
        (put("layers", CONV, "rounded", packed(bytes(108))[:-8]), "not 108 bytes"),
        (put("layers", CONV, "rounded", packed(b"\x80" * 108)), "more than 8 bits"),
        (put("rescaled", {"nowhere": {"outputs": [], "inputs": []}}), "no layer 'nowhere'"),
        (put("rescaled", {CONV: {"outputs": [1.0], "inputs": [1.0]}}), "do not fit"),
        (put("rescaled", {CONV: {"outputs": [0.0] * 4, "inputs": [1.0] * 3}}), "positive"),
        (put("rescaled", {CONV: {"outputs": [1e300] * 4, "inputs": [1.0] * 3}}), "factors"),
    ],
)  # fmt: skip
def test_each_fault_is_named(change: Callable[[dict[str, Any]], object], says: str) -> None:
    error = refusal(changed(change))
    assert error.reason_code == "bad-encodings"
    assert says in str(error)


@pytest.mark.parametrize("name", ["activations", "layers"])
def test_names_that_the_network_does_not_have_are_refused(name: str) -> None:
    def rename(document: dict[str, Any]) -> None:
        first, kept = document[name].popitem()
        document[name][f"{first}x"] = kept

    assert "the network has no" in str(refusal(changed(rename)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[1, 2]",
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
        b'{"schema": ' * 100_000,
        b'{"schema": "a", "schema": "b"}',
        b'{"schema": ' + b"9" * 5000 + b"}",
        b" " * 2**25,
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_other_files_are_refused(data: bytes) -> None:
    assert refusal(data).reason_code == "bad-encodings"


def test_a_damaged_file_is_read_or_refused_but_never_a_crash() -> None:
    codes = PLAIN.layers[CONV].weight.copy()
    codes[0] //= 2
    data = files.dumps(with_codes(rescaled(MODEL), CONV, codes), MODEL)
    rng = random.Random(0)
    tokens = [b"-", b"0", b"9e99", b"null", b"[]", b"{}", b'"', b",", b"true", b"1e-320", b"\x00"]
    refused = []
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(damaged))
            length = rng.choice([0, 1, 1, 5, 200])
            damaged[place : place + length] = rng.choice([*tokens, rng.randbytes(3), b""])
        try:
            found = files.loads(bytes(damaged), MODEL, "f")
        except RefusedError as error:
            refused.append(error.reason_code)
        else:
            assert found.layers.keys() <= {CONV, GEMM}
            files.dumps(found, MODEL)
    assert len(refused) > 200
    assert set(refused) <= {"bad-encodings", "encodings-mismatch"}


def test_damage_to_the_values_of_a_well_formed_file_is_never_a_crash() -> None:
    base = json.loads(files.dumps(rescaled(MODEL), MODEL))
    rng = random.Random(1)
    values = [None, True, -1, 0, 1e308, 5e-324, 1e-40, 2**70, "", "nearest", [], {}, [0.5], "eJw="]

    def places(value: Any) -> list[tuple[Any, Any]]:
        keys = value if isinstance(value, dict) else range(len(value))
        found = [(value, key) for key in keys]
        for key in keys:
            if isinstance(value[key], (dict, list)):
                found += places(value[key])
        return found

    refused = []
    for _ in range(200):
        document = json.loads(json.dumps(base))
        holder, key = rng.choice(places(document))
        holder[key] = rng.choice(values)
        try:
            files.loads(json.dumps(document).encode(), MODEL, "f")
        except RefusedError as error:
            refused.append(error.reason_code)
    assert len(refused) > 100
    assert set(refused) <= {"bad-encodings", "encodings-mismatch"}

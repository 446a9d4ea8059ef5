"""The translation of ATen programs: torch's own exporter gives the same graph, name by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
import pytest
from torch import nn

from edgekit import models
from edgekit.errors import MissingPackageError
from edgekit.export import formats
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical, torch_graph
from edgekit.export.sources.aten import translate
from edgekit.export.sources.aten.builder import NotInTableError
from edgekit.export.sources.aten.table import IN_PLACE, OPERATORS
from edgekit.export.stored_weights import held_file
from tests.specimens.drawn import modules
from tests.specimens.drawn.modules import ELSEWHERE, SPECIMENS, Specimen
from tests.specimens.networks import all_slow_but

Shapes = Mapping[str, tuple[int, ...]]


def _both_ways(
    module: nn.Module, inputs: Shapes, outputs: Sequence[str]
) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """Return our translation and torch's."""
    ours = translate.to_onnx(torch_graph.recorded(module, inputs), list(inputs), outputs)
    return ours, torch_graph.through_exporter(module, inputs, outputs)


def _content(proto: onnx.ModelProto) -> list[bytes]:
    """Return inputs, outputs, nodes and constants, without remarks and without inferred shapes."""
    graph = proto.graph
    parts = [*graph.input, *graph.output, *graph.node, *graph.initializer]
    for part in parts:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return [part.SerializeToString(deterministic=True) for part in parts]


def _names(specimen: Specimen) -> tuple[Shapes, list[str]]:
    inputs = {f"in_{index}": shape for index, shape in enumerate(specimen.shapes)}
    return inputs, [f"out_{index}" for index in range(specimen.outputs)]


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_operator_is_translated_as_by_torchs_exporter(name: str) -> None:
    inputs, outputs = _names(SPECIMENS[name])
    ours, theirs = _both_ways(modules.trained(SPECIMENS[name].make()), inputs, outputs)
    assert _content(ours) == _content(theirs)


def test_every_operator_has_a_specimen() -> None:
    seen = set()
    for specimen in SPECIMENS.values():
        program = torch_graph.recorded(specimen.make(), _names(specimen)[0])
        seen |= {str(node.target) for node in program.graph.nodes if node.op == "call_function"}
    assert {*OPERATORS, *IN_PLACE} - seen == set()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_whatever_else_is_refused(name: str) -> None:
    inputs, outputs = _names(ELSEWHERE[name])
    with pytest.raises(NotInTableError):
        translate.to_onnx(
            torch_graph.recorded(ELSEWHERE[name].make(), inputs), list(inputs), outputs
        )


def test_what_is_refused_goes_through_torchs_exporter() -> None:
    specimen = ELSEWHERE["an operator outside the table"]
    module, (inputs, outputs) = specimen.make(), _names(specimen)
    found = torch_graph.to_onnx(module, inputs, outputs)
    assert _content(found) == _content(torch_graph.through_exporter(module, inputs, outputs))


@pytest.mark.parametrize("name", all_slow_but("micronet-m0-cifar10", "shufflenet-v1-0.25x-g1"))
def test_registered_networks_give_the_same_files(name: str) -> None:
    card = models.get(name)
    try:
        module = models.obtain(card).module
    except MissingPackageError as error:
        pytest.skip(str(error))
    ours, theirs = _both_ways(module, {"input": card.input_shape}, ["logits"])
    for target in (formats.get("onnx"), formats.get("tflite")):
        files = []
        for proto in (ours, theirs):
            graph = canonical.from_proto(proto)
            rules.apply(graph, target.lowering.rules)
            files.append(held_file.whole(target.content(graph, name)))
        assert files[0] == files[1], target.name

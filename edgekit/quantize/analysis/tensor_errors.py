"""How far every stored tensor is from float32, in the simulation and in the files of both formats.

The files are the integer files of a draft, with each of their integer tensors as a further
output. They run in child processes, one set of inputs at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir

from edgekit.export import lowering, parity, tflite
from edgekit.export.graph import nodes as g
from edgekit.export.graph.affine import Affine
from edgekit.export.integer import encoded
from edgekit.export.judging.sqnr import Noise
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import rules
from edgekit.processes import child
from edgekit.processes.served_model import ServedModel, serve
from edgekit.progress import Step
from edgekit.quantize.candidate import Draft, Say
from edgekit.quantize.running.session import GraphSession

_UNSIGNED_SHIFT = 128  # uint8 codes in the .onnx are that much higher


@dataclass(frozen=True)
class TensorError:
    """SQNR of one stored tensor against its float32 values, in decibels; 200 where equal.

    Attributes:
        tensor: name of the value in the quantizable graph.
        simulated_db: in the simulation of the integers.
        onnxruntime_db: in the .onnx, on ONNX Runtime; None if the file has no such tensor.
        tflite_db: in the .tflite, on LiteRT; likewise.
    """

    tensor: str
    simulated_db: float
    onnxruntime_db: float | None
    tflite_db: float | None


def by_tensor(
    draft: Draft, samples: Sequence[Mapping[str, np.ndarray]], say: Say
) -> list[TensorError]:
    """Return the errors of all stored tensors, in graph order.

    Args:
        draft: the encodings to judge.
        samples: sets of inputs, float32 NCHW.
        say: takes a short line before each step.

    Raises:
        UnsupportedOperatorError: the graph has no .tflite form.
        WorkerError, MissingPackageError, StorageError: a child that runs a file failed.
    """
    floating, simulation = draft.floating(), draft.simulation()
    names = _stored_names(floating, simulation)
    truth = GraphSession(floating, names)
    rounded = {f"{name}_dequantized": name for name in names}
    simulated = GraphSession(simulation, list(rounded))
    noises = [{name: Noise() for name in names} for _ in range(3)]
    say("writing both files")
    with ExitStack() as stack:
        folder = stack.enter_context(child.scratch_folder())
        files = [_onnx_file(draft, folder), _tflite_file(draft, folder)]
        served = [stack.enter_context(serve(file.path)) for file in files]
        for number, sample in enumerate(samples):
            say(Step("comparing samples", number, len(samples)))
            for file, model in zip(files, served, strict=True):
                model.send(file.taken(sample))  # both compute while this process does
            wanted = truth.run(sample)
            for shown, values in simulated.run(sample).items():
                noises[0][rounded[shown]].add(wanted[rounded[shown]], values)
            for noise, file, model in zip(noises[1:], files, served, strict=True):
                for name, values in file.tensors(model).items():
                    if name in noise:
                        noise[name].add(wanted[name], values)
    here = [{name: noises[0][name].sqnr_db for name in names}]
    here += [
        {name: noise[name].sqnr_db for name in names if name in file.shown}
        for noise, file in zip(noises[1:], files, strict=True)
    ]
    return [TensorError(n, here[0][n], here[1].get(n), here[2].get(n)) for n in names]


@dataclass(frozen=True)
class _File:
    """A file that shows its integer tensors.

    Attributes:
        path: of the file.
        shown: name of its output, and the encoding, by the tensor's name.
        taken: from inputs, float32 NCHW, to the file's own.
        given: from the file's outputs to NCHW.
    """

    path: Path
    shown: Mapping[str, tuple[str, Affine]]
    taken: Callable[[parity.Arrays], parity.Arrays] = field(default=lambda arrays: arrays)
    given: Callable[[parity.Arrays], parity.Arrays] = field(default=lambda arrays: arrays)

    def tensors(self, model: ServedModel) -> dict[str, np.ndarray]:
        """Receive one answer; return what its integers stand for, float64 NCHW."""
        answers = self.given(model.receive())
        return {name: _real(answers[out], affine) for name, (out, affine) in self.shown.items()}


def _onnx_file(draft: Draft, folder: Path) -> _File:
    graph, traced = _traced(draft)
    for node in graph.graph:
        if (node.domain, node.op_type) == ("edgekit", "Requantize"):
            node.domain, node.op_type = "", "Identity"  # as the writer does, keeping the name
            node.meta["integer"] = True
    found = _found(graph, draft, traced)
    shown = {name: (f"{value.name}_quantized", traced[name]) for name, value in found.items()}
    proto = onnx.load_from_string(qdq.to_bytes(graph, "", unsigned=True))
    made = {output for node in proto.graph.node for output in node.output}
    shown = {name: entry for name, entry in shown.items() if entry[0] in made}
    proto.graph.output.extend(onnx.ValueInfoProto(name=output) for output, _ in shown.values())
    path = folder / "shown.onnx"
    path.write_bytes(proto.SerializeToString())
    return _File(path, shown)


def _tflite_file(draft: Draft, folder: Path) -> _File:
    graph, traced = _traced(draft)
    rules.apply(graph, lowering.TFLITE_INTEGER.rules)
    found = _found(graph, draft, traced)
    borders = {*graph.graph.inputs, *graph.graph.outputs}
    shown = {
        name: (f"{value.name}_quantized" if value in borders else str(value.name), traced[name])
        for name, value in found.items()
    }
    path = folder / "shown.tflite"
    maps = tflite.image_maps(graph, list(found.values()))
    path.write_bytes(tflite.to_bytes(graph, "", shown=list(found.values())))
    stored = {f"{name}_quantized" for name in maps}  # as borders are called in the file
    return _File(
        path,
        shown,
        lambda arrays: parity.to_nhwc(arrays, maps),
        lambda arrays: parity.to_nchw(arrays, maps | stored),
    )


def _traced(draft: Draft) -> tuple[ir.Model, dict[str, Affine]]:
    """Return the encoded graph, every encoding an object of its own that can be followed."""
    traced = {name: replace(affine) for name, affine in draft.encodings.activations.items()}
    return encoded.apply(draft.graph, replace(draft.encodings, activations=traced)), traced


def _found(graph: ir.Model, draft: Draft, traced: Mapping[str, Affine]) -> dict[str, ir.Value]:
    """Return what holds each stored value now that rules have rewritten the graph, and name it."""
    names = {id(affine): name for name, affine in traced.items()}
    shapes = {str(value.name): g.shape_of(value) for value in _values(draft.graph)}
    borders = {*graph.graph.inputs, *graph.graph.outputs}
    found = {}
    for value in _values(graph):
        name = names.get(id(value.meta.get("affine")))
        if name is not None and g.shape_of(value) == shapes[name]:
            found[name] = value
    for name, value in found.items():
        if value not in borders:
            value.name = f"shown/{name}"
    return found


def _values(graph: ir.Model) -> list[ir.Value]:
    return [*graph.graph.inputs, *(value for node in graph.graph for value in node.outputs)]


def _stored_names(floating: ir.Model, simulation: ir.Model) -> list[str]:
    rounded = {value.name for value in _values(simulation)}
    return [str(v.name) for v in _values(floating) if f"{v.name}_dequantized" in rounded]


def _real(codes: np.ndarray, affine: Affine) -> np.ndarray:
    zero = affine.zero_point + (_UNSIGNED_SHIFT if codes.dtype == np.uint8 else 0)
    return affine.scale * (codes.astype(np.float64) - zero)

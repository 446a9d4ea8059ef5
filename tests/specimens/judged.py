"""What edgekit makes of a network, judged by runtimes that it did not choose.

The original runs on ONNX Runtime without optimization, a .tflite on LiteRT's own kernels without
XNNPACK. All in this process, so that thousands can be tried.
"""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime

from edgekit import runtimes
from edgekit.errors import EdgekitError, UnreadableModelError
from edgekit.export import formats
from edgekit.export.integer import encoded, quantizable
from edgekit.export.judging.sqnr import Noise
from edgekit.export.onnx_writer import qdq
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import Choices
from edgekit.export.sources import canonical
from edgekit.export.stored_weights import held_file
from edgekit.quantize import Draft, build, ranges
from edgekit.quantize.analysis import plain_rounding
from edgekit.quantize.analysis.verdict import LEAST_SQNR_DB, MARGIN_DB
from edgekit.quantize.candidate import Context
from edgekit.quantize.recipe import Recipe
from tests.specimens import graphs, kernels
from tests.specimens.graphs import TfliteFile

Feed = dict[str, np.ndarray]

CLOSE = 2e-4
"""Largest float32 error, as a part of the largest value of the output."""


@dataclass(frozen=True)
class Verdict:
    """How one form of a network came out.

    Attributes:
        form: such as ``tflite`` or ``int8 onnx``.
        outcome: ``right``, ``refused``, ``wrong``, ``unloadable`` or ``crashed``.
        detail: the reason or the figure.
    """

    form: str
    outcome: str
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """True unless it is right or refused."""
        return self.outcome not in ("right", "refused")


def judge(model: onnx.ModelProto, chosen: Choices, *, integers: bool = True) -> list[Verdict]:
    """Try every form of a network.

    Args:
        model: the original.
        chosen: optional lowering rules for the float files.
        integers: also quantize, with 8-bit and with 16-bit activations.
    """
    feeds = drawn_inputs(model)
    truth = _original(model, feeds)
    if not all(np.isfinite(value).all() for each in truth for value in each.values()):
        return []
    verdicts = []

    def tried(form: str, make: Callable[[], str]) -> None:
        try:
            trouble = make()
            verdicts.append(Verdict(form, "wrong" if trouble else "right", trouble))
        except UnreadableModelError as error:
            verdicts.append(Verdict(form, "unloadable", str(error)[-160:]))
        except EdgekitError as error:
            verdicts.append(Verdict(form, "refused", f"{error.reason_code}: {error}"[:160]))
        except (
            RuntimeError,
            ValueError,
            onnxruntime.capi.onnxruntime_pybind11_state.Fail,
        ) as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            loading = "interpreter" in last.filename or "onnxruntime" in last.filename
            words = f"{type(error).__name__}: {error}".splitlines()[0][:160]
            verdicts.append(Verdict(form, "unloadable" if loading else "crashed", words))
        except Exception as error:
            verdicts.append(Verdict(form, "crashed", f"{type(error).__name__}: {error}"[:160]))

    try:
        graph = canonical.from_proto(model)
    except EdgekitError as error:
        return [Verdict("all", "refused", f"{error.reason_code}: {error}"[:160])]
    except Exception as error:
        return [Verdict("all", "crashed", f"{type(error).__name__}: {error}"[:160])]
    tried("onnx", lambda: _float_onnx(graph, Choices(), feeds, truth))
    tried("tflite", lambda: _float_tflite(graph, Choices(), feeds, truth))
    for name, floats in (("onnx", _float_onnx), ("tflite", _float_tflite)):
        part = chosen.within(formats.get(name).lowering)
        if part.text:
            tried(f"{name} {part.text}", lambda f=floats, c=part: f(graph, c, feeds, truth))  # type: ignore[misc]
    for bits, name in ((8, "int8"), (16, "int16x8")) if integers else ():
        drafts: list[Draft] = []

        def drafted(bits: int = bits, drafts: list[Draft] = drafts) -> str:
            what = Recipe("minmax", activation_bits=bits)
            context = Context(lambda: feeds, len(feeds), True, lambda _: None)
            drafts.append(build(quantizable.from_canonical(graph), what, context))
            return ""

        tried(f"{name} encodings", drafted)
        for draft in drafts:
            least = _least(graph, feeds, truth, bits)
            tried(f"{name} onnx", lambda d=draft, low=least: _integer_onnx(d, feeds, truth, low))  # type: ignore[misc]
            tried(
                f"{name} tflite", lambda d=draft, low=least: _integer_tflite(d, feeds, truth, low)
            )  # type: ignore[misc]
    return verdicts


def trouble_of_file(model: onnx.ModelProto, path: Path, bits: int) -> str:
    """Return what is wrong with a file that was calibrated on `drawn_inputs`, or nothing.

    Args:
        model: the original.
        path: an .onnx or a .tflite.
        bits: of its activations.
    """
    feeds = drawn_inputs(model)
    truth = _original(model, feeds)
    least = _least(canonical.from_proto(model), feeds, truth, bits)
    if path.suffix == ".onnx":
        return _noise(truth, _run_onnx(path.read_bytes(), feeds), least)
    data = TfliteFile(path.read_bytes())
    sidecar = json.loads(path.with_name(path.name + ".json").read_text())
    ends = (*sidecar["inputs"], *sidecar["outputs"])
    data.maps = frozenset(each["name"] for each in ends if each["layout"] == "NHWC")
    trouble = _noise(truth, [_run_xnnpack(data, feed) for feed in feeds], least)
    return trouble or _noise(truth, [kernels.run(data, feed) for feed in feeds], least)


def is_certain(model: onnx.ModelProto) -> bool:
    """Tell whether ONNX Runtime's own optimization leaves the answers of a network alone."""
    feeds = drawn_inputs(model)
    try:
        truth, optimized = _original(model, feeds), _run_onnx(model.SerializeToString(), feeds)
    except Exception:  # the runtime's own exceptions have no base of their own
        return False
    if not all(np.isfinite(value).all() for each in truth for value in each.values()):
        return False
    return not _difference(truth, optimized)


def drawn_inputs(model: onnx.ModelProto) -> list[Feed]:
    """Return the inputs that a network is tried and calibrated with, by name."""
    constants = {tensor.name for tensor in model.graph.initializer}
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in model.graph.input
        if value.name not in constants
    }
    return [
        {
            name: graphs.weights(*shape, seed=10 * seed + place)
            for place, (name, shape) in enumerate(shapes.items())
        }
        for seed in range(6)
    ]


def _original(model: onnx.ModelProto, feeds: Sequence[Feed]) -> list[Feed]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_outputs()]
    return [dict(zip(names, session.run(None, feed), strict=True)) for feed in feeds]


def _float_onnx(
    graph: ir.Model, chosen: Choices, feeds: Sequence[Feed], truth: Sequence[Feed]
) -> str:
    target = formats.get("onnx")
    lowered = graph.clone()
    rules.apply(lowered, chosen.rules(target.lowering))
    return _difference(
        truth, _run_onnx(held_file.whole(target.content(lowered, "generated")), feeds)
    )


def _float_tflite(
    graph: ir.Model, chosen: Choices, feeds: Sequence[Feed], truth: Sequence[Feed]
) -> str:
    target = formats.get("tflite")
    lowered = graph.clone()
    rules.apply(lowered, chosen.rules(target.lowering))
    data = graphs.tflite_file(lowered)
    return _difference(truth, [kernels.run(data, feed) for feed in feeds])


def _integer_onnx(
    draft: Draft, feeds: Sequence[Feed], truth: Sequence[Feed], least: Mapping[str, float]
) -> str:
    graph = encoded.apply(draft.graph, draft.encodings)
    rules.apply(graph, formats.get("onnx").integer.rules)
    return _noise(truth, _run_onnx(qdq.to_bytes(graph, "generated", unsigned=True), feeds), least)


def _integer_tflite(
    draft: Draft, feeds: Sequence[Feed], truth: Sequence[Feed], least: Mapping[str, float]
) -> str:
    graph = encoded.apply(draft.graph, draft.encodings)
    rules.apply(graph, formats.get("tflite").integer.rules)
    data: TfliteFile = graphs.tflite_file(graph)
    with_xnnpack = [_run_xnnpack(data, feed) for feed in feeds]
    trouble = _noise(truth, with_xnnpack, least)
    without = [kernels.run(data, feed) for feed in feeds]
    return trouble or _noise(truth, without, least)


def _run_xnnpack(data: TfliteFile, feed: Feed) -> Feed:
    with tempfile.TemporaryDirectory() as folder:
        return graphs.run_tflite(data, feed, Path(folder))


def _run_onnx(data: bytes, feeds: Sequence[Feed]) -> list[Feed]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(data)
        session = runtimes.load("onnxruntime", path, exact_sums=True)
        return [session.run(feed) for feed in feeds]


def _difference(truth: Sequence[Feed], answers: Sequence[Feed]) -> str:
    for name in truth[0]:
        largest = max(float(np.abs(each[name]).max(initial=0.0)) for each in truth)
        for wanted, given in zip(truth, answers, strict=True):
            if name not in given or given[name].shape != wanted[name].shape:
                return f"{name}: missing or of another shape"
            error = float(np.abs(given[name].astype(float) - wanted[name]).max(initial=0.0))
            if not error <= CLOSE * max(largest, 1e-3):
                return f"{name}: error {error:.2g} of {largest:.2g}"
    return ""


def _least(
    graph: ir.Model, feeds: Sequence[Feed], truth: Sequence[Feed], bits: int
) -> dict[str, float]:
    rounded = plain_rounding.answers(graph, feeds, ranges.get("minmax"), bits)
    plain = {name: _sqnr_db(truth, rounded, name) for name in truth[0]}
    return {name: min(LEAST_SQNR_DB, found - MARGIN_DB) for name, found in plain.items()}


def _noise(truth: Sequence[Feed], answers: Sequence[Feed], least: Mapping[str, float]) -> str:
    for name in truth[0]:
        if any(
            name not in a or a[name].shape != t[name].shape
            for t, a in zip(truth, answers, strict=True)
        ):
            return f"{name}: missing or of another shape"
        found = _sqnr_db(truth, answers, name)
        if found < least[name]:
            return f"{name}: {found:.1f} dB, at least {least[name]:.1f}"
    return ""


def _sqnr_db(truth: Sequence[Feed], answers: Sequence[Feed], name: str) -> float:
    noise = Noise()
    for wanted, given in zip(truth, answers, strict=True):
        noise.add(wanted[name], given[name])
    return noise.sqnr_db

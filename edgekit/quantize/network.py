"""What is quantized: a network by name, or a float .onnx file with what its sidecar knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export import Choices, Source, artifact, lowering
from edgekit.export.graph import nodes as g
from edgekit.export.integer import quantizable
from edgekit.export.onnx_writer import plain
from edgekit.export.rewriting.choices import DEFAULT
from edgekit.export.sources import folded as folding
from edgekit.export.sources import input_bounds, source
from edgekit.export.sources.input_bounds import Kind
from edgekit.export.sources.shapes import USUAL, InputShapes
from edgekit.models.preprocessing_choice import NOTHING, PreprocessingChoice
from edgekit.progress import Tell


@dataclass(frozen=True, eq=False)
class Network:
    """A network ready to be calibrated.

    Attributes:
        source: the network, as `edgekit.export` prepares it.
        graph: its quantizable graph.
        chosen: the optional rules that made it so.
    """

    source: Source
    graph: ir.Model
    chosen: Choices = DEFAULT

    def lowered(self, chosen: Choices) -> Network:
        """Return it with another form of the quantizable graph.

        Args:
            chosen: optional rules; those of ``lowering.INTEGER`` count.
        """
        within = chosen.within(lowering.INTEGER)
        if within == self.chosen:
            return self
        graph = quantizable.from_canonical(self.source.graph, within)
        return replace(self, graph=graph, chosen=within)

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Shape of each input by name, NCHW."""
        return {str(value.name): g.shape_of(value) for value in self.graph.graph.inputs}

    @property
    def kinds(self) -> dict[str, Kind]:
        """What kind of numbers each input holds, by name."""
        return {str(v.name): input_bounds.kind_of(v) for v in self.graph.graph.inputs}


def prepare(
    what: str,
    *,
    weights: Path | None = None,
    seed: int | None = None,
    asked: InputShapes = USUAL,
    said: PreprocessingChoice = NOTHING,
    folded: bool = False,
    progress: Tell = lambda _: None,
) -> Network:
    """Prepare what the user named, for `edgekit quantize`.

    Args:
        what: as for `edgekit.export.sources.source.resolve`.
        weights: likewise.
        seed: likewise.
        asked: likewise.
        said: likewise.
        folded: put the preprocessing into the network; see `edgekit.export.sources.folded`.
        progress: called with a short line before each step.

    Raises:
        EdgekitError: as `edgekit.export.sources.source.resolve`.
        RefusedError: it is quantized already, a constant is NaN (reason "not-finite"), or a batch
            norm is in training mode.
    """
    found = source.resolve(
        what,
        weights=weights,
        seed=seed,
        asked=asked,
        said=said,
        on_images=True,  # noise has other ranges than what is calibrated for
        progress=progress,
    )
    if found.is_quantized:
        raise RefusedError(
            f"{what} is already quantized: `edgekit export {what} --precision int8` writes its own "
            "integers as they are, or give the float32 network that it was made of",
            reason_code="already-quantized",
        )
    if found.original is not None and found.original.reading.is_dynamic:
        raise RefusedError(
            f"{what} is already quantized, and finds its scales as it runs: fixed ones would round "
            f"everything twice; `edgekit export {what}` writes it with float32 arithmetic, or give "
            "the float32 network that it was made of",
            reason_code="already-quantized",
        )
    if what.lower().endswith(".onnx"):
        found = _described(found, Path(what))
    if folded:
        found = folding.fold(found)
    _refuse_training(found)
    _refuse_nan(found)
    for value in found.graph.graph.inputs:
        value.meta.pop(plain.OWN_TYPE, None)  # calibration and integer files take float32
    return Network(found, quantizable.from_canonical(found.graph))


def _refuse_training(found: Source) -> None:
    for node in found.graph.graph:
        if g.is_op(node, "BatchNormalization") and node.attributes.get_int("training_mode", 0) != 0:
            raise RefusedError(
                f"{found.name}: BatchNormalization {g.label(node)!r} is in training mode, where no "
                "calibration holds: export the network in evaluation mode",
                reason_code="training-mode",
            )


def _refuse_nan(found: Source) -> None:
    for name, value in found.graph.graph.initializers.items():
        array = g.constant(value)
        if array is not None and array.dtype.kind == "f" and np.isnan(array).any():
            raise RefusedError(
                f"{found.name}: the weights {name!r} hold NaN: check where they come from",
                reason_code="not-finite",
            )


def _described(found: Source, path: Path) -> Source:
    """Add what the sidecar says."""
    known = artifact.load(path)
    if known is None:
        return found
    return replace(found, name=known.model, weights=known.weights, params=known.params)

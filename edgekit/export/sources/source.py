"""What is exported: a canonical graph, and the answers that every file must reproduce."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx_ir as ir

from edgekit import models
from edgekit.errors import RefusedError, UnreadableModelError, UsageError, WorkerError
from edgekit.export.graph import macs as count
from edgekit.export.graph import nodes as g
from edgekit.export.onnx_writer import plain
from edgekit.export.parity import Arrays
from edgekit.export.sources import (
    canonical,
    image_input,
    own_code,
    parity_inputs,
    shapes,
    torch_graph,
)
from edgekit.export.sources.onnx_file import isolated
from edgekit.export.sources.onnx_file import original as original_file
from edgekit.export.sources.onnx_file.original import Original
from edgekit.export.sources.shapes import USUAL, InputShapes, Shape
from edgekit.files import digest
from edgekit.models import ModelSpec, Preprocessing, libraries
from edgekit.models.preprocessing_choice import NOTHING, PreprocessingChoice
from edgekit.processes import child

if TYPE_CHECKING:
    from torch import nn

    from edgekit.models.libraries import LibraryModel

INPUT_NAME, OUTPUT_NAME = "input", "logits"
"""Of every registered network."""

_NOT_SOURCES = {
    ".tflite": "it is a .tflite already; give the .onnx or the network it was made of",
    ".ort": "it is tied to ONNX Runtime; give the .onnx it was made of",
    ".pt": "name the network, and give the weights with --weights",
    ".pth": "name the network, and give the weights with --weights",
    ".safetensors": "name the network, and give the weights with --weights",
}
_SEED = 0
_CALIBRATION_IMAGES = 8  # for the batch norm of an untrained network


@dataclass(frozen=True)
class Source:
    """A network ready for the writers.

    Attributes:
        name: names the files.
        graph: the canonical graph.
        weights: where the weights came from.
        params: parameters of the network.
        macs: multiply-accumulates of one inference, of all images of its batch.
        preprocessing: how pixels become the input; None if unknown.
        reference: what computed ``answers``.
        feeds: inputs for parity, NCHW by input name.
        answers: the outputs that belong to ``feeds``, by output name.
        original: the .onnx file that it was read from, where it was; to be asked again.
        folded: the preprocessing that the graph does itself, on raw pixels; None if it leaves that
            to whoever feeds it.
    """

    name: str
    graph: ir.Model
    weights: str
    params: int
    macs: int
    preprocessing: Preprocessing | None
    reference: str
    feeds: tuple[Arrays, ...]
    answers: tuple[Arrays, ...]
    original: Original | None = None
    folded: Preprocessing | None = None

    @property
    def is_quantized(self) -> bool:
        """True for a file that holds integers and their scales."""
        return any(g.is_op(n, "DequantizeLinear", "QuantizeLinear") for n in self.graph.graph)

    def stored(self, feeds: Sequence[Arrays]) -> tuple[Arrays, ...]:
        """Return inputs in the types that an .onnx file of the network takes them in."""
        inputs = self.graph.graph.inputs
        own = {str(v.name): v.meta[plain.OWN_TYPE] for v in inputs if plain.OWN_TYPE in v.meta}
        return tuple(
            {name: a.astype(own[name].numpy()) if name in own else a for name, a in feed.items()}
            for feed in feeds
        )


def resolve(
    what: str,
    *,
    weights: Path | None = None,
    seed: int | None = None,
    asked: InputShapes = USUAL,
    said: PreprocessingChoice = NOTHING,
    on_images: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Source:
    """Prepare what the user named.

    Args:
        what: a path that ends in ``.onnx``; a network of a library, ``timm:NAME`` and the like;
            ``package.module:factory``, which runs that code; or a registered name or alias.
        weights: file with the network's weights; if None, those that come with the network, and
            where there are none, seeded initialization.
        seed: of that initialization; if given, trained weights are not looked for.
        asked: input sizes other than the network's own.
        said: of the preprocessing, before what the network's card or the file's sidecar says.
        on_images: see `from_file`.
        progress: called with a short line before each step.

    Raises:
        UnknownNameError: no network is called that.
        UsageError: weights were given for a file that holds its own, the file is of a kind that
            cannot be exported, or the input sizes are not the network's.
        EdgekitError: whatever reading weights or the file, or the user's own code, raises.
    """
    if what.lower().endswith(".onnx"):
        if weights is not None:
            raise UsageError(f"{what} holds its own weights: --weights goes with a network's name")
        progress("reading the graph")
        found = from_file(Path(what), asked, said, on_images=on_images)
        if found.original is not None and found.original.reading.from_half:
            progress("its half precision is read as float32")
        return found
    if asked.fixed:
        raise UsageError(f"--input-value is for the inputs of an .onnx file, and {what} is none")
    if asked.ends:
        raise UsageError(f"--end-at is for the tensors of an .onnx file, and {what} is none")
    advice = _NOT_SOURCES.get(Path(what).suffix.lower())
    if advice is not None:
        raise UsageError(f"{what} is no network to start from: {advice}")
    if libraries.is_reference(what):
        return _from_library(what, weights, seed, asked, said, progress)
    if own_code.is_reference(what):
        return _from_own_code(what, weights, seed, asked, said, progress)
    spec = models.get(what)
    progress("making the weights" if weights is None else f"loading {weights}")
    loaded = models.obtain(spec, weights, seed)
    progress("tracing")
    side = loaded.spec.preprocessing.crop
    wanted = said.over(loaded.spec.preprocessing, side, what)
    card = replace(loaded.spec, preprocessing=wanted)
    return from_spec(card, loaded.module, loaded.origin, asked)


def from_spec(
    spec: ModelSpec, module: nn.Module, weights: str, asked: InputShapes = USUAL
) -> Source:
    """Prepare a registered network.

    Args:
        spec: the network's card.
        module: the network with its weights, in evaluation mode.
        weights: where the weights came from, for the sidecar.
        asked: another batch or another size of the image.

    Raises:
        UsageError: the input sizes are not those of an image with three channels.
        RefusedError: the network cannot take this size, or torch cannot export the module.
    """
    shape = _image_shape(spec.name, spec.input_shape, asked)
    made = from_module(
        module,
        spec.name,
        {INPUT_NAME: shape},
        weights,
        preprocessing=spec.preprocessing,
        output_name=OUTPUT_NAME,
    )
    # Parameters that batch norm folding merges count as the card does.
    return replace(made, params=spec.params)


def from_module(
    module: nn.Module,
    name: str,
    inputs: Mapping[str, Shape],
    weights: str,
    *,
    preprocessing: Preprocessing | None = None,
    output_name: str | None = None,
) -> Source:
    """Prepare a torch module.

    Parity inputs are synthetic images where the preprocessing is known, else normal noise.

    Args:
        module: the network with its weights; it is put into evaluation mode.
        name: names the files.
        inputs: static shapes by name, in the order of ``forward``; all float32.
        weights: where the weights came from, for the sidecar.
        preprocessing: how pixels become the only input; None if unknown.
        output_name: name of the only output; None takes ``torch_graph.answers``' names.

    Raises:
        RefusedError: the module fails on inputs of these shapes, returns other things than
            tensors, or cannot be exported by torch.
    """
    import torch

    fed = parity_inputs.ranges(inputs)
    if preprocessing is not None:
        ((input_name, shape),) = inputs.items()
        fed = parity_inputs.images(input_name, shape, preprocessing)
        preprocessing = _resized(preprocessing, shape)
    sizes = ", ".join(f"{key} {shapes.text(shape)}" for key, shape in inputs.items())
    with own_code.failures_of(f"{name} on inputs {sizes}"):
        answers = torch_graph.answers(module, fed, name)
    if output_name is not None:
        answers = tuple({output_name: array} for answer in answers for array in answer.values())
    graph = canonical.from_module(module, inputs, list(answers[0]))
    return Source(
        name=name,
        graph=graph,
        weights=weights,
        params=sum(parameter.numel() for parameter in module.parameters()),
        macs=count.macs(graph),
        preprocessing=preprocessing,
        reference=f"torch {torch.__version__}",
        feeds=fed,
        answers=answers,
    )


def from_file(
    path: Path,
    asked: InputShapes = USUAL,
    said: PreprocessingChoice = NOTHING,
    *,
    on_images: bool = False,
) -> Source:
    """Prepare an .onnx file; its answers are ONNX Runtime's on the unchanged file.

    Args:
        path: the file.
        asked: sizes for what the file leaves open; the batch is 1 unless it says otherwise.
        said: of the preprocessing, before what the file's sidecar says.
        on_images: parity inputs are synthetic images where the preprocessing is known; else they
            come from several ranges always.

    Raises:
        InvalidPathError: there is no such file.
        UnreadableModelError: the file is not a valid ONNX model.
        UsageError: ``asked`` contradicts the file.
        RefusedError: sizes that stay open, operators and types that are not taken, or a graph
            that contradicts itself.
        WorkerError: ONNX Runtime crashed on the file.
    """
    with child.ahead("onnxruntime"):  # which is asked next
        return _from_file(path, asked, said, on_images=on_images)


def _from_file(
    path: Path, asked: InputShapes, said: PreprocessingChoice, *, on_images: bool
) -> Source:
    simplified, reading = isolated.read(path, asked)
    graph = canonical.from_simplified(simplified, str(path))
    original = Original(path, reading)
    for value in graph.graph.inputs:
        if (own := reading.dtypes[str(value.name)]) in ("float16", "float64"):
            value.meta[plain.OWN_TYPE] = ir.DataType.from_numpy(np.dtype(own))
    inputs = {str(value.name): g.shape_of(value) for value in graph.graph.inputs}
    wanted, folded = image_input.recorded(path, inputs, said)
    fed = parity_inputs.of_graph(graph)
    if on_images and wanted is not None:
        fed = parity_inputs.images_of_graph(graph, wanted)
    try:
        fed, reference, answers = original_file.answered(original, fed)
    except (UnreadableModelError, WorkerError) as error:
        if asked == USUAL or isinstance(error, UnreadableModelError):
            raise original.refusal(error) from error
        sizes = ", ".join(f"{name} {shapes.text(shape)}" for name, shape in inputs.items())
        raise RefusedError(
            f"{path} does not run with inputs {sizes}, it fixes other sizes inside: export it "
            f"again from its source ({error})",
            reason_code="input-shape",
        ) from error
    return Source(
        name=path.stem,
        graph=graph,
        weights=digest.origin_of(path),
        params=count.params(graph),
        macs=count.macs(graph),
        preprocessing=wanted,
        reference=reference,
        feeds=fed,
        answers=answers,
        original=original,
        folded=folded,
    )


def _from_library(
    what: str,
    weights: Path | None,
    seed: int | None,
    asked: InputShapes,
    said: PreprocessingChoice,
    progress: Callable[[str], None],
) -> Source:
    found = libraries.find(what)
    shape = _image_shape(what, found.input_shape, asked)
    if weights is None:
        progress("initializing (no --weights: the network is untrained)")
        seed = seed or _SEED
        module, origin = _initialized(found, seed), f"untrained (seed {seed})"
    else:
        progress(f"loading {weights}")
        module, origin = models.load_into(found.build(), weights, what), digest.origin_of(weights)
    progress("tracing")
    known = found.preprocessing
    wanted = said.over(known, known.crop if known else shape[2], what) if said.given else known
    return from_module(module, found.name, {INPUT_NAME: shape}, origin, preprocessing=wanted)


def _initialized(found: LibraryModel, seed: int) -> nn.Module:
    """Build a library's network; what the seeded weights leave alone is drawn by the library."""
    import torch

    shape = (_CALIBRATION_IMAGES, *found.input_shape[1:])
    if found.preprocessing is None:
        images = parity_inputs.ranges({INPUT_NAME: shape})[0][INPUT_NAME]
    else:
        images = parity_inputs.images(INPUT_NAME, shape, found.preprocessing)[0][INPUT_NAME]
    with torch.random.fork_rng(devices=[]), own_code.failures_of(f"initializing {found.name}"):
        torch.manual_seed(seed)
        return models.initialize_into(found.build(), torch.from_numpy(images), seed)


def _from_own_code(
    what: str,
    weights: Path | None,
    seed: int | None,
    asked: InputShapes,
    said: PreprocessingChoice,
    progress: Callable[[str], None],
) -> Source:
    if not asked.given:
        raise UsageError(
            f"{what} needs --input-shape for each of its inputs, batch first: such as "
            "--input-shape 1,3,224,224 for an image, or 1,40 for a vector"
        )
    progress(f"running {what}")
    with own_code.running():
        module = own_code.load(what, seed or _SEED)
        origin = f"as {what} returns them"
        if weights is not None:
            progress(f"loading {weights}")
            module, origin = models.load_into(module, weights, what), digest.origin_of(weights)
        names = torch_graph.parameter_names(module, len(asked.given))
        inputs = shapes.settle(asked, dict.fromkeys(names), what)
        wanted = said.over(None, image_input.side_of(inputs, what), what) if said.given else None
        progress("tracing")
        return from_module(module, _file_name(what), inputs, origin, preprocessing=wanted)


def _image_shape(name: str, usual: Shape, asked: InputShapes) -> Shape:
    """Return (N, 3, H, W): the usual one with the batch asked for, or the one asked for."""
    sizes = (None, None) if asked.given else usual[2:]
    return shapes.settle(asked, {INPUT_NAME: (None, usual[1], *sizes)}, name)[INPUT_NAME]


def _resized(preprocessing: Preprocessing, shape: Shape) -> Preprocessing | None:
    """Return what an image of ``shape`` needs; None if it is not square, as crops are."""
    height, width = shape[2:]
    if height != width:
        return None
    resize = max(height, round(preprocessing.resize * height / preprocessing.crop))
    return replace(preprocessing, crop=height, resize=resize)


def _file_name(what: str) -> str:
    """Return ``what`` with every character that a file's name had better not hold as a hyphen."""
    return re.sub(r"[^\w.-]+", "-", what)

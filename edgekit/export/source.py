"""What is exported: a canonical graph, and the answers that every file must reproduce."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx_ir as ir

from edgekit import models
from edgekit.data import synthetic
from edgekit.errors import UsageError
from edgekit.export import artifact, canonical, count, torch_graph
from edgekit.export import graph as g
from edgekit.export.parity import Arrays
from edgekit.models import ModelSpec, Preprocessing
from edgekit.runtimes import child

if TYPE_CHECKING:
    from torch import nn

PARITY_INPUTS = 4

_NOT_SOURCES = {
    ".tflite": "it is a .tflite already; give the .onnx or the network it was made of",
    ".ort": "it is tied to ONNX Runtime; give the .onnx it was made of",
    ".pt": "name the network, and give the weights with --weights",
    ".pth": "name the network, and give the weights with --weights",
    ".safetensors": "name the network, and give the weights with --weights",
}


@dataclass(frozen=True)
class Source:
    """A network ready for the writers.

    Attributes:
        name: names the files.
        graph: the canonical graph.
        weights: where the weights came from.
        params: parameters of the network.
        macs: multiply-accumulates of one inference.
        preprocessing: how pixels become the input; None if unknown.
        reference: what computed ``answers``.
        feeds: inputs for parity, NCHW float32 by input name.
        answers: the outputs that belong to ``feeds``, by output name.
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


def resolve(
    what: str,
    *,
    weights: Path | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Source:
    """Prepare what the user named: a registered network or a path to an .onnx file.

    Args:
        what: a name, an alias, or a path that ends in ``.onnx``.
        weights: file with the network's weights; if None, those that come with edgekit, and
            where there are none, seeded initialisation.
        seed: of that initialisation; if given, trained weights are not looked for.
        progress: called with a short line before each step.

    Raises:
        UnknownNameError: no network is called that.
        UsageError: weights were given for a file that holds its own, or the file is of a kind
            that cannot be exported.
        EdgekitError: whatever reading weights or the file raises.
    """
    if what.lower().endswith(".onnx"):
        if weights is not None:
            raise UsageError(f"{what} holds its own weights: --weights goes with a network's name")
        progress("reading the graph")
        return from_file(Path(what))
    advice = _NOT_SOURCES.get(Path(what).suffix.lower())
    if advice is not None:
        raise UsageError(f"{what} cannot be exported: {advice}")
    spec = models.get(what)
    if weights is None and seed is None and spec.trained is not None:
        progress("loading the weights that come with edgekit")
        module, origin = models.trained(spec), f"trained on {spec.trained.trained_on}"
    elif weights is None:
        progress("initialising (no --weights: the network is untrained)")
        seed = seed or 0
        module, origin = models.initialise(spec, seed), f"untrained (seed {seed})"
    else:
        progress(f"loading {weights}")
        module = models.load(spec, weights)
        origin = f"{weights.name} sha256:{artifact.sha256_of(weights)}"
    progress("tracing")
    return from_module(spec, module, origin)


def from_module(spec: ModelSpec, module: nn.Module, weights: str) -> Source:
    """Prepare a registered network.

    Parity inputs are synthetic images through the network's own preprocessing: noise would drive
    an untrained network into ranges where float32 itself has few digits left.

    Args:
        spec: the network's card.
        module: the network with its weights, in evaluation mode.
        weights: where the weights came from, for the sidecar.

    Raises:
        RefusedError: torch cannot export the module.
    """
    import torch

    _, _, height, width = spec.input_shape
    pixels = synthetic.images(PARITY_INPUTS, height, width, seed=1)
    images = spec.preprocessing.apply(pixels)[:, None]
    with torch.inference_mode():
        answers = [module.eval()(torch.from_numpy(image)).numpy() for image in images]
    return Source(
        name=spec.name,
        graph=canonical.from_module(module, spec.input_shape),
        weights=weights,
        params=spec.params,
        macs=spec.macs,
        preprocessing=spec.preprocessing,
        reference=f"torch {torch.__version__}",
        feeds=tuple({torch_graph.INPUT_NAME: image} for image in images),
        answers=tuple({torch_graph.OUTPUT_NAME: answer} for answer in answers),
    )


def from_file(path: Path) -> Source:
    """Prepare an .onnx file; its answers are ONNX Runtime's on the unchanged file.

    Raises:
        InvalidPathError, UnreadableModelError, RefusedError: see `canonical.from_file`.
        WorkerError: ONNX Runtime crashed on the file.
    """
    graph = canonical.from_file(path)
    generator = np.random.default_rng(1)
    feeds = tuple(
        {
            str(value.name): generator.standard_normal(g.shape_of(value), dtype=np.float32)
            for value in graph.graph.inputs
        }
        for _ in range(PARITY_INPUTS)
    )
    info, answers = child.run(path, feeds)
    return Source(
        name=path.stem,
        graph=graph,
        weights=f"{path.name} sha256:{artifact.sha256_of(path)}",
        params=count.params(graph),
        macs=count.macs(graph),
        preprocessing=None,
        reference=f"{info.runtime_version} on {path.name}",
        feeds=feeds,
        answers=tuple(answers),
    )

"""Specimens as verified files, kept between runs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit import export, models, quantize
from edgekit.devices import ModelFile
from edgekit.errors import UnreadableModelError, WorkerError
from edgekit.export import artifact, cache, formats
from edgekit.export.rewriting import choices
from edgekit.export.sources import shapes, source
from edgekit.export.sources.shapes import USUAL, InputShapes
from edgekit.export.sources.source import INPUT_NAME, Source
from edgekit.files import cache_folder
from edgekit.study.claims.laboratory.specimen import Specimen

if TYPE_CHECKING:
    from edgekit.export import Artifact

_SAMPLES = 8  # calibration samples: the times of integers do not depend on their scales
_RECIPE = "minmax"
_GROUPS_A_PROCESS = 3  # fewer are made sooner than a process has started
_BATCH = 4  # inputs for the batch norm of a network that a claim builds


def made(
    specimens: Iterable[Specimen], progress: Callable[[str], None] = lambda _: None
) -> dict[Specimen, ModelFile]:
    """Return specimens' files, from the cache or made and checked now.

    The files of one network in one precision are made together. Weights are those that come with
    the network, else seeded; integers are calibrated on synthetic inputs: what a file takes does
    not depend on either.

    Raises:
        UnknownNameError: no network is called that.
        MissingPackageError: its library is not installed.
        RefusedError: the network cannot take that size.
        ParityError: a file does not compute what the network computes.
    """
    wanted = list(dict.fromkeys(specimens))
    found: dict[Specimen, ModelFile] = {}
    for where, group in _groups(wanted).items():
        if _missing(where, group):
            progress(f"making {group[0].label}")
            _make(where, group)
        for each in group:
            kept = _find(where, each)
            if kept is None:
                raise WorkerError(f"{each.label} for {each.runtime} was made and is not there")
            found[each] = ModelFile(kept.path, None, each.name, each.precision, kept.macs)
    return {each: found[each] for each in wanted}


def prepare(
    specimens: Iterable[Specimen], progress: Callable[[int, int], None] = lambda _done, _total: None
) -> None:
    """Make files ahead, on all processors; those that cannot be made are left to `made`.

    Args:
        specimens: the files.
        progress: told how many networks are done, and of how many.
    """
    todo = [each for each in _groups(specimens).items() if _missing(*each)]
    processes = min(len(todo) // _GROUPS_A_PROCESS, os.cpu_count() or 1)
    if processes < 2:
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_make, *each) for each in todo]
        for done, each in enumerate(as_completed(running)):
            progress(done, len(todo))
            each.exception()


def _groups(specimens: Iterable[Specimen]) -> dict[Path, list[Specimen]]:
    """Return files that are made together, by the folder that they are kept in."""
    groups: dict[Path, list[Specimen]] = {}
    for each in sorted(set(specimens), key=lambda each: (each.label, each.format)):
        where = cache_folder.folder() / f"specimen-{_key(each)}"
        groups.setdefault(where, []).append(each)
    return groups


def _missing(where: Path, group: Sequence[Specimen]) -> list[Specimen]:
    return [each for each in group if _find(where, each) is None]


def _make(where: Path, group: Sequence[Specimen]) -> None:
    missing = _missing(where, group)
    wanted = [each.format for each in missing]
    if missing[0].precision == "int8":
        _integer(missing[0], wanted, where)
    else:
        _float(missing[0], wanted, where)


def cost(specimen: Specimen) -> models.Count:
    """Return a specimen's parameters and multiply-accumulates without making its file."""
    if specimen.build is not None:
        return models.count(specimen.build(), specimen.shape)
    spec = models.get(specimen.name)
    if not specimen.shape:
        return models.Count(spec.params, spec.macs)
    return models.count(spec.build(), specimen.shape)


def _float(specimen: Specimen, wanted: Sequence[str], where: Path) -> None:
    rules = {specimen.format: choices.parse(specimen.lowering)} if specimen.lowering else None
    export.to_files(
        _source(specimen),
        wanted,
        where,
        precision_names=(specimen.precision,),
        choices=rules,
        force=True,
    )


def _integer(specimen: Specimen, wanted: Sequence[str], where: Path) -> None:
    """Quantize the network; one that a claim builds goes through its .onnx file."""
    model = specimen.name
    if specimen.build is not None:
        file = specimen.on("onnx")
        model = str(made((file,))[file].path)
    rules = (f"{specimen.format}:{specimen.lowering}",) if specimen.lowering else ()
    sizes = (",".join(map(str, specimen.shape)),) if specimen.shape else ()
    request = quantize.QuantizeRequest(
        model,
        recipe=_RECIPE,
        calibration_samples=_SAMPLES,
        input_shapes=() if specimen.build is not None else sizes,
        folder=where,
        formats=tuple(wanted),
        lowering=rules,
        force=True,
    )
    quantize.run(request)


def _source(specimen: Specimen) -> Source:
    if specimen.build is None:
        return source.resolve(specimen.name, asked=_asked(specimen))
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = specimen.build()
        inputs = torch.randn(_BATCH, *specimen.shape[1:])
    module = models.initialize_into(module, inputs)
    return source.from_module(
        module, specimen.name, {INPUT_NAME: specimen.shape}, "untrained (seed 0)"
    )


def _asked(specimen: Specimen) -> InputShapes:
    if not specimen.shape:
        return USUAL
    return shapes.parse((",".join(map(str, specimen.shape)),))


def _find(where: Path, specimen: Specimen) -> Artifact | None:
    suffix = formats.FORMATS[specimen.format].suffix
    for path in where.glob(f"*_{specimen.precision}.{suffix}"):
        try:
            kept = artifact.load(path)
        except UnreadableModelError:
            continue
        if kept is not None and kept.verified == "passed":
            return kept
    return None


def _key(specimen: Specimen) -> str:
    facts = [
        specimen.name, specimen.shape, specimen.precision, specimen.lowering,
        artifact.tool_versions(), cache.package_digest(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]

"""The networks, and the files of one that all contenders share."""

from __future__ import annotations

import json
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.environments import last_line
from benchmarks.peers import foreign_network
from benchmarks.peers.foreign_network import (
    CALIBRATION_IMAGES,
    CALIBRATION_SEED,
    CHECKED_IMAGES,
    CHECKED_SEED,
)
from edgekit import models
from edgekit.data import synthetic
from edgekit.errors import EdgekitError

if TYPE_CHECKING:
    from torch import nn

NETWORKS = (
    "mobilenet-v1-1.0-224", "shufflenet-v1-1.0x-g3", "shufflenet-v1-1.0x-g8", "shiftnet-b",
    "micronet-m0", "mobilenet-v2-1.0-224", "mobilenet-v3-small-1.0", "shufflenet-v2-1.0x",
)  # fmt: skip
"""The reference networks and the baselines."""

FOREIGN = (
    "mobilenetv4_conv_small", "efficientnet_lite0", "ghostnet_100", "mobileone_s0", "starnet_s1",
    "tinynet_e", "vit_tiny", "yolov8_boxes",
)  # fmt: skip
"""Networks of `benchmarks.foreign.networks.phone_sizes`, which nobody here made."""

_WEIGHTS_SEED = 0
_ROOT = Path(__file__).resolve().parents[2]


class NetworkUnavailableError(Exception):
    """A network cannot be built; the message is one line that says why."""


@dataclass(frozen=True)
class Prepared:
    """A network ready to be converted.

    Attributes:
        name: as `edgekit list` has it, or as in `FOREIGN`.
        weights: where they came from, in a few words.
        macs: multiply-accumulates of one image.
        folder: where its files are.
        files: ``module``, torch's exported program with the weights; ``weights``, the same in a
            .safetensors file, for edgekit; ``calibration`` and ``images``, float32 arrays
            (N, 3, H, W); ``answers``, torch's, float32 (N, ...), to the latter.
        given: what `edgekit export` is given, a template as in `contenders.Step`.
    """

    name: str
    weights: str
    macs: int
    folder: Path
    files: dict[str, Path]
    given: str = "{net} --weights {weights}"

    def array(self, name: str) -> npt.NDArray[np.float32]:
        """Return one of the arrays."""
        loaded: npt.NDArray[np.float32] = np.load(self.files[name])
        return loaded


def prepare(name: str, work: Path) -> Prepared:
    """Build a network with the weights at hand: shipped ones, else seeded untrained ones.

    Files that a folder of an earlier run already has are kept if they hold the same network.

    Raises:
        NetworkUnavailableError: it, or the library that it comes from, is not there.
    """
    try:
        spec = models.get(name)
        loaded = models.obtain(spec, seed=None if spec.trained else _WEIGHTS_SEED)
    except EdgekitError as error:
        raise NetworkUnavailableError(str(error)) from error
    folder = work / spec.name
    files = {key: folder / file for key, file in foreign_network.FILES.items()}
    prepared = Prepared(spec.name, loaded.origin, spec.macs, folder, files)
    images = _images(spec, CHECKED_IMAGES, CHECKED_SEED)
    answers = _answers(loaded.module, images)
    if not _same(prepared, answers):
        folder.mkdir(parents=True, exist_ok=True)
        np.save(files["images"], images)
        np.save(files["calibration"], _images(spec, CALIBRATION_IMAGES, CALIBRATION_SEED))
        _save(loaded.module, images[:1], files)
        np.save(files["answers"], answers)  # last: it says that the others are whole
    return prepared


def prepare_foreign(name: str, work: Path, python: Path) -> Prepared:
    """Build one of `FOREIGN` with seeded weights, by an interpreter that has its library.

    Files of an earlier run are kept. edgekit reads the .onnx that torch's exporter writes.

    Raises:
        NetworkUnavailableError: it cannot be built.
    """
    folder = work / name
    files = {key: folder / file for key, file in foreign_network.FILES.items()}
    said = folder / "network.json"
    if not said.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", "benchmarks.peers.foreign_network", name, folder]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
        if done.returncode:
            raise NetworkUnavailableError(last_line(done.stderr))
        said.write_text(done.stdout.splitlines()[-1])  # last: it says that the others are whole
    macs = int(json.loads(said.read_text())["macs"])
    return Prepared(name, "seeded, enlivened", macs, folder, files, given="{torch-onnx}")


def _images(spec: models.ModelSpec, count: int, seed: int) -> npt.NDArray[np.float32]:
    pixels = synthetic.images(count, *spec.input_shape[2:], seed=seed)
    return np.ascontiguousarray(spec.preprocessing.apply(pixels))


def _answers(module: nn.Module, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import torch

    with torch.inference_mode():  # one by one, as the files take them
        answers = [module(torch.from_numpy(image[None])).numpy()[0] for image in images]
    return np.stack(answers)


def _same(prepared: Prepared, answers: npt.NDArray[np.float32]) -> bool:
    found = all(path.is_file() for path in prepared.files.values())
    return found and np.array_equal(prepared.array("answers"), answers)


def _save(module: nn.Module, image: npt.NDArray[np.float32], files: dict[str, Path]) -> None:
    import safetensors.torch
    import torch

    state = {key: value.contiguous() for key, value in module.state_dict().items()}
    safetensors.torch.save_file(state, files["weights"])
    with warnings.catch_warnings(action="ignore"):
        program = torch.export.export(module, (torch.from_numpy(image),))
        torch.export.save(program, files["module"])

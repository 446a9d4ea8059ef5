"""The networks, and everything about one that all contenders share."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.environments import PeerUnavailableError, last_line
from benchmarks.quantization import scoring
from benchmarks.quantization.contenders import PEERS
from edgekit.data import ImageFolder, folder, images
from edgekit.errors import EdgekitError
from edgekit.export import artifact
from edgekit.models import Preprocessing

IMAGENET, CIFAR10 = "images/imagenet_sample_1000", "cifar10"
EVALUATION_IMAGES = {IMAGENET: 800, CIFAR10: 2000}
_CHECKED_IMAGES = 4  # of a network rebuilt in TensorFlow


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        name: as `edgekit list` has it.
        weights: file below the data folder; None takes the weights that come with edgekit.
        images: folder below the data folder.
    """

    name: str
    weights: str | None
    images: str


NETWORKS = (
    Network("mobilenet-v1-1.0-224", "weights/mobilenet_v1_1.0_224_float.pt", IMAGENET),
    Network("mobilenet-v2-1.0-224", "weights/mobilenet_v2-b0353104.pth", IMAGENET),
    Network("mobilenet-v1-0.25-cifar10", None, CIFAR10),
    Network("shufflenet-v1-0.5x-g3-cifar10", None, CIFAR10),
    Network("shiftresnet20-e3", None, CIFAR10),
    Network("micronet-m0-cifar10", None, CIFAR10),
)


class NetworkUnavailableError(Exception):
    """Files of a network are not there; the message is one line that says which."""


@dataclass(frozen=True)
class Prepared:
    """A network ready to be quantized.

    Attributes:
        name: of the network.
        floats: the float network by form, ``onnx``, ``tflite`` and, once made, ``saved_model``.
        preprocessing: how pixels become its input.
        calibration: .npy file, float32 (N, 3, H, W), the input of each calibration image.
        labels: .npy file with their labels.
        evaluated: the evaluation images, cropped.
        reference: float network's scores of them, (images, classes).
    """

    name: str
    floats: dict[str, Path]
    preprocessing: Preprocessing
    calibration: Path
    labels: Path
    evaluated: scoring.Cropped
    reference: npt.NDArray[np.float64]


def split(data: Path, work: Path, network: Network, samples: int) -> tuple[ImageFolder, ...]:
    """Return the images to calibrate on and those to evaluate, which have none in common.

    Raises:
        NetworkUnavailableError: they are not there.
    """
    try:
        if network.images == CIFAR10:
            root = _unpacked(data / CIFAR10, work)
            chosen = folder.read(root / "train").limited(samples)
            rest = folder.read(root / "test")
        else:
            every = folder.read(data / network.images)
            chosen = every.limited(samples)
            rest = _without(every, chosen)
    except EdgekitError as error:
        raise NetworkUnavailableError(str(error)) from error
    return chosen, rest.limited(EVALUATION_IMAGES[network.images])


def prepare(
    data: Path, work: Path, network: Network, samples: int, *, evaluate: bool = True
) -> Prepared:
    """Export the float network, and write and load what belongs to it.

    Args:
        data: the data folder.
        work: folder for the files.
        network: the network.
        samples: number of calibration images.
        evaluate: False leaves the evaluation images out.

    Raises:
        NetworkUnavailableError: weights or images are not there.
    """
    if network.weights is not None and not (data / network.weights).is_file():
        raise NetworkUnavailableError(f"{data / network.weights}: no such file")
    chosen, rest = split(data, work, network, samples)
    if len(chosen.files) < samples or chosen.labels is None or rest.labels is None:
        raise NetworkUnavailableError(
            f"{chosen.root} needs {samples} labelled images, it has {chosen.total}"
        )
    out = work / network.name
    command = [sys.executable, "-m", "edgekit", "export", network.name, "-o", str(out)]
    if network.weights is not None:
        command += ["--weights", str((data / network.weights).absolute())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NetworkUnavailableError(last_line(done.stderr))
    floats = {kind: out / f"{network.name}_float32.{kind}" for kind in ("onnx", "tflite")}
    known = artifact.load(floats["onnx"])
    if known is None or known.preprocessing is None:
        raise NetworkUnavailableError(f"{floats['onnx']} has no record of its preprocessing")
    calibration, labels = out / f"calibration_{samples}.npy", out / f"labels_{samples}.npy"
    np.save(calibration, known.preprocessing.apply(_cropped(chosen, known.preprocessing).pixels))
    np.save(labels, np.array(chosen.labels))
    evaluated = _cropped(rest if evaluate else rest.limited(1), known.preprocessing)
    return Prepared(
        network.name,
        floats,
        known.preprocessing,
        calibration,
        labels,
        evaluated,
        scoring.scores(floats["onnx"], evaluated, known.preprocessing),
    )


def rebuild(prepared: Prepared, python: Path) -> None:
    """Add the SavedModel to the forms of the float network.

    Raises:
        PeerUnavailableError: the network cannot be rebuilt in TensorFlow.
    """
    source, output = prepared.floats["onnx"], prepared.floats["onnx"].with_name("saved_model")
    images, answers = output.with_suffix(".images.npy"), output.with_suffix(".answers.npy")
    first = replace(
        prepared.evaluated,
        pixels=prepared.evaluated.pixels[:_CHECKED_IMAGES],
        labels=prepared.evaluated.labels[:_CHECKED_IMAGES],
    )
    np.save(images, prepared.preprocessing.apply(first.pixels))
    np.save(answers, prepared.reference[:_CHECKED_IMAGES])
    script = PEERS / "tensorflow_saved_model.py"
    command = [str(path) for path in (python, script, source, images, answers, output)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PeerUnavailableError(
            last_line(done.stdout) if done.stdout else last_line(done.stderr)
        )
    prepared.floats["saved_model"] = output


def _cropped(chosen: ImageFolder, wanted: Preprocessing) -> scoring.Cropped:
    how = (wanted.resize, wanted.crop, wanted.interpolation)
    pixels = [images.fit(chosen.pixels(i), *how, chosen.files[i]) for i in range(len(chosen.files))]
    return scoring.Cropped(np.stack(pixels), tuple(chosen.labels or ()))


def _without(every: ImageFolder, chosen: ImageFolder) -> ImageFolder:
    taken = set(chosen.files)
    kept = [i for i, file in enumerate(every.files) if file not in taken]
    if not kept:
        raise NetworkUnavailableError(f"{every.root} has no images left to evaluate on")
    labels = every.labels
    return replace(
        every,
        files=tuple(every.files[i] for i in kept),
        labels=None if labels is None else tuple(labels[i] for i in kept),
    )


def _unpacked(root: Path, work: Path) -> Path:
    """Return the folder with ``train`` and ``test``, unpacking an archive of them if need be."""
    if (root / "train").is_dir():
        return root
    target = work / CIFAR10
    if not (target / "train").is_dir():
        archives = sorted(root.glob("*.tar.*"))
        if not archives:
            raise NetworkUnavailableError(f"{root} has neither a folder train nor an archive of it")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(target, filter="data")
    return target

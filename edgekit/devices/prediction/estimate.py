"""Estimate how long a network takes on LiteRT on a device that is not at hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from edgekit import __version__
from edgekit.devices.prediction import as_tflite, device_profile, roofline
from edgekit.devices.prediction.device_profile import DeviceProfile
from edgekit.devices.prediction.likeness import Likeness, likeness
from edgekit.devices.prediction.roofline import Accuracy, Work, Workload
from edgekit.errors import RefusedError, UsageError
from edgekit.files import scratch
from edgekit.files.digest import sha256_of
from edgekit.modelfile.layer_class import CLASSES, layer_class
from edgekit.runtimes.operators import Operator

SCHEMA = "edgekit.prediction"
SCHEMA_VERSION = 2

_RUNTIME = "xnnpack"  # that runs .tflite files
_BY_OPERATOR = ("work", "times_ms", "memory_bound")  # the JSON has them by class of layer
_ONNX = ".onnx"
_INTEGERS = ("int8", "uint8", "int16", "int4")


@dataclass(frozen=True)
class ClassCost:
    """What the operators of one class of layer do and take.

    Attributes:
        operators: how many.
        macs: their multiply-accumulates.
        size_bytes: bytes they read and write, each once.
        time_ms: estimated time; None where no estimate can be given.
        memory_ms: part of it that operators bound by memory traffic take.
    """

    operators: int
    macs: int
    size_bytes: int
    time_ms: float | None
    memory_ms: float | None


@dataclass(frozen=True)
class Prediction:
    """An estimate for one file on one device, or why there is none; nobody measured it.

    Attributes:
        file: path of the file as it was given.
        sha256: hash of its content.
        size_bytes: its size.
        device: where it would run.
        threads: cores it would run on.
        precision: of most multiply-accumulates.
        work: what its operators do.
        times_ms: what each of them takes.
        memory_bound: of each, whether its memory traffic takes longer than its arithmetic.
        accuracy: how far off such estimates were on devices left out of the fit.
        unseen: how far off they were on networks left out of it, where they got an estimate.
        likeness: the network beside those of the fit; of one that is unlike there is no estimate.
        runtime: whose time it is; of an .onnx file that of the .tflite file it would become.
        edgekit_version: version that made it.
    """

    file: str
    sha256: str
    size_bytes: int
    device: DeviceProfile
    threads: int
    precision: str
    work: tuple[Work, ...]
    times_ms: tuple[float, ...]
    memory_bound: tuple[bool, ...]
    accuracy: Accuracy
    unseen: Accuracy
    likeness: Likeness
    runtime: str
    edgekit_version: str

    @property
    def time_ms(self) -> float | None:
        """The estimate; None if the network is unlike those of the fit."""
        return None if self.likeness.unlike else sum(self.times_ms)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all operators."""
        return sum(each.macs for each in self.work)

    @property
    def interval_ms(self) -> tuple[float, float] | None:
        """Between these lay 8 of 10 published times, for such an estimate."""
        time_ms = self.time_ms
        if time_ms is None:
            return None
        return time_ms * self.accuracy.low, time_ms * self.accuracy.high

    @cached_property
    def classes(self) -> dict[str, ClassCost]:
        """Of each class of layer that occurs, in the order of `CLASSES`."""
        found: dict[str, list[int]] = {name: [] for name in CLASSES}
        for number, work in enumerate(self.work):
            found[work.layer_class].append(number)
        return {name: self._together(numbers) for name, numbers in found.items() if numbers}

    def _together(self, numbers: Sequence[int]) -> ClassCost:
        bound = [number for number in numbers if self.memory_bound[number]]
        is_known = self.time_ms is not None
        return ClassCost(
            operators=len(numbers),
            macs=sum(self.work[number].macs for number in numbers),
            size_bytes=sum(self.work[number].size_bytes for number in numbers),
            time_ms=sum(self.times_ms[number] for number in numbers) if is_known else None,
            memory_ms=sum(self.times_ms[number] for number in bound) if is_known else None,
        )

    def to_json(self) -> str:
        """Return the estimate as one JSON document, by class of layer."""
        document = {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "estimate_ms": self.time_ms,
            "interval_ms": self.interval_ms,
            "classes": {name: asdict(cost) for name, cost in self.classes.items()},
            **{name: value for name, value in asdict(self).items() if name not in _BY_OPERATOR},
        }
        return json.dumps(document, allow_nan=False)


@dataclass(frozen=True)
class PredictRequest:
    """How long might these files take there?

    Attributes:
        paths: .tflite files, and .onnx files, which are taken as the .tflite files they would
            become; their operators are read, nothing is run.
        devices: names or aliases (`edgekit.devices.prediction.device_profile.names`).
        threads: cores to use; float32 and int8 accuracy was taken at 1 and at all fast cores.
    """

    paths: tuple[Path, ...]
    devices: tuple[str, ...]
    threads: int = 1


def predict(request: PredictRequest) -> tuple[Prediction, ...]:
    """Estimate one inference of each file on LiteRT with its XNNPACK delegate on each device.

    Returns:
        For each file its estimates in the order of ``devices``.

    Raises:
        InvalidPathError: the file cannot be read.
        UnknownNameError: no device is called that.
        UnreadableModelError: this is no such file.
        UsageError: another kind of file, or more threads than fast cores.
        RefusedError: a file without operators (reason "no-operators").
        EdgekitError: an .onnx file cannot become a .tflite file.
    """
    known = [device_profile.get(name) for name in request.devices]
    for device in known:
        if not 1 <= request.threads <= device.cores:
            raise UsageError(
                f"{device.name} has {device.cores} fast cores; threads cannot be {request.threads}"
            )
    found = []
    for path in request.paths:
        work = _work_of_any(path)
        found += [_predict(path, work, device, request.threads) for device in known]
    return tuple(found)


def _work_of_any(path: Path) -> tuple[Work, ...]:
    suffix = path.suffix.lower()
    if suffix not in (".tflite", _ONNX):
        raise UsageError(f"{path}: only .tflite and .onnx files can be predicted")
    if suffix == _ONNX:
        with scratch.folder() as folder:
            work = work_of(as_tflite.write(path, folder))
    else:
        work = work_of(path)
    if not work:
        raise RefusedError(f"{path} has no operators to predict", reason_code="no-operators")
    return work


def _predict(path: Path, work: tuple[Work, ...], known: DeviceProfile, threads: int) -> Prediction:
    fitted = roofline.calibration()
    precision = _most_macs(work)
    times, bound = roofline.costs(Workload(work), known, threads, fitted.constants, _RUNTIME)
    return Prediction(
        file=str(path),
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        device=known,
        threads=threads,
        precision=precision,
        work=work,
        times_ms=tuple(times.tolist()),
        memory_bound=tuple(bound.tolist()),
        accuracy=fitted.accuracy[precision],
        unseen=fitted.unseen[precision],
        likeness=likeness(work, fitted.networks),
        runtime="LiteRT",
        edgekit_version=__version__,
    )


def work_of(path: Path) -> tuple[Work, ...]:
    """Return what the operators of a .tflite file do, without those that others take in.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .tflite file.
    """
    from edgekit.modelfile import tflite_operators  # imports LiteRT's package

    model = tflite_operators.read(path)
    taken = {each for group in tflite_operators.taken_in(model).values() for each in group}
    nodes = model.subgraphs[0].operators
    return tuple(
        _work(tflite_operators.operator_of(model, node))
        for number, node in enumerate(nodes)
        if number not in taken
    )


def _work(operator: Operator) -> Work:
    read = next((each.dtype for each in operator.inputs if not each.constant), "float32")
    precision = "int8" if read in _INTEGERS else "float32"
    return Work(layer_class(operator), precision, operator.macs, operator.size_bytes)


def _most_macs(work: Iterable[Work]) -> str:
    integer = sum(each.macs if each.precision == "int8" else -each.macs for each in work)
    return "int8" if integer > 0 else "float32"

"""Estimate how long a .tflite file takes on a device that is not at hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from edgekit import __version__
from edgekit.devices.prediction import device_profile, roofline
from edgekit.devices.prediction.device_profile import DeviceProfile
from edgekit.devices.prediction.roofline import Accuracy, Work, Workload
from edgekit.errors import RefusedError, UsageError
from edgekit.files.digest import sha256_of
from edgekit.modelfile.layer_class import CLASSES, layer_class
from edgekit.runtimes.operators import Operator

SCHEMA = "edgekit.prediction"
SCHEMA_VERSION = 1

_RUNTIME = "xnnpack"  # that runs .tflite files
_BY_OPERATOR = ("work", "times_ms", "memory_bound")  # the JSON has them by class of layer
_INTEGERS = ("int8", "uint8", "int16", "int4")


@dataclass(frozen=True)
class ClassCost:
    """What the operators of one class of layer do and take.

    Attributes:
        operators: how many.
        macs: their multiply-accumulates.
        size_bytes: bytes they read and write, each once.
        time_ms: estimated time.
        memory_ms: part of it that operators bound by memory traffic take.
    """

    operators: int
    macs: int
    size_bytes: int
    time_ms: float
    memory_ms: float


@dataclass(frozen=True)
class Prediction:
    """An estimate for one file on one device; nobody measured it.

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
        least_macs: of the smallest network of the fit.
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
    least_macs: int
    edgekit_version: str

    @property
    def time_ms(self) -> float:
        """The estimate."""
        return sum(self.times_ms)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all operators."""
        return sum(each.macs for each in self.work)

    @property
    def is_extrapolated(self) -> bool:
        """Whether the file does less than any network of the fit: ``accuracy`` may not hold."""
        return self.macs < self.least_macs

    @property
    def interval_ms(self) -> tuple[float, float]:
        """Between these lay 8 of 10 published times, for such an estimate."""
        return self.time_ms * self.accuracy.low, self.time_ms * self.accuracy.high

    @cached_property
    def classes(self) -> dict[str, ClassCost]:
        """Of each class of layer that occurs, in the order of `CLASSES`."""
        found: dict[str, list[int]] = {name: [] for name in CLASSES}
        for number, work in enumerate(self.work):
            found[work.layer_class].append(number)
        return {name: self._together(numbers) for name, numbers in found.items() if numbers}

    def _together(self, numbers: Sequence[int]) -> ClassCost:
        return ClassCost(
            operators=len(numbers),
            macs=sum(self.work[number].macs for number in numbers),
            size_bytes=sum(self.work[number].size_bytes for number in numbers),
            time_ms=sum(self.times_ms[number] for number in numbers),
            memory_ms=sum(self.times_ms[number] for number in numbers if self.memory_bound[number]),
        )

    def to_json(self) -> str:
        """Return the estimate as one JSON document, by class of layer."""
        document = {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "estimate_ms": self.time_ms,
            "interval_ms": self.interval_ms,
            "extrapolated": self.is_extrapolated,
            "classes": {name: asdict(cost) for name, cost in self.classes.items()},
            **{name: value for name, value in asdict(self).items() if name not in _BY_OPERATOR},
        }
        return json.dumps(document, allow_nan=False)


@dataclass(frozen=True)
class PredictRequest:
    """How long might these files take there?

    Attributes:
        paths: .tflite files; their operators are read, nothing is run.
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
        UnreadableModelError: this is no .tflite file.
        UsageError: another kind of file, or more threads than fast cores.
        RefusedError: a file without operators (reason "no-operators").
    """
    known = [device_profile.get(name) for name in request.devices]
    return tuple(
        _predict(path, device, request.threads) for path in request.paths for device in known
    )


def _predict(path: Path, known: DeviceProfile, threads: int) -> Prediction:
    if path.suffix.lower() != ".tflite":
        raise UsageError(
            f"{path}: only .tflite files can be predicted, as no latencies of ONNX Runtime on "
            "these devices are published to calibrate with: `edgekit export --format tflite` "
            "writes one"
        )
    if not 1 <= threads <= known.cores:
        raise UsageError(f"{known.name} has {known.cores} fast cores; threads cannot be {threads}")
    work = work_of(path)
    if not work:
        raise RefusedError(f"{path} has no operators to predict", reason_code="no-operators")
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
        least_macs=fitted.least_macs,
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

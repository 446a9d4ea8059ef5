"""A sweep in writing: the TOML file, and the grid that it means."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from edgekit import models, runtimes
from edgekit.devices import MeasureSettings
from edgekit.errors import InvalidPathError, UnknownNameError, UsageError
from edgekit.export import CALIBRATED, precisions
from edgekit.files import parsing, reading
from edgekit.models.registry import MODELS
from edgekit.study.grid.point import Point, Subject, is_model_file

_NOT_IN_A_PLAN = ("threads", "cool_down_secs")
_INTEGER = {"w8a8": "int8", "w8a16": "int16x8"}


@dataclass(frozen=True)
class Calibration:
    """What integer files of networks by name are made with.

    Attributes:
        data: images or arrays, as `edgekit quantize --calibration-data` takes them; None makes
            seeded synthetic samples, which say nothing of accuracy.
        samples: how many of them at most.
        recipe: of `edgekit.quantize`.
    """

    data: Path | None = None
    samples: int | None = None
    recipe: str = "minmax"


@dataclass(frozen=True)
class Images:
    """What accuracy is measured on.

    Attributes:
        data: folder of labelled images.
        limit: images to take, evenly spaced; None takes all.
        preprocessing: of files without a sidecar.
    """

    data: Path
    limit: int | None = None
    preprocessing: str | None = None


@dataclass(frozen=True)
class Plan:
    """The grid, and how each of its points is measured.

    Attributes:
        models: names and patterns of registered networks, and paths of model files.
        precisions: of the files made of networks by name.
        runtimes: by name or alias; a file runs on that of its suffix.
        threads: of the runtime.
        resolutions: input sizes of networks by name, ``H`` or ``HxW``; none takes their own.
        batches: images at once, of networks by name.
        targets: as `edgekit.devices.resolve_target` takes them.
        measure: how; ``threads`` in it is not used.
        calibration: see `Calibration`.
        accuracy: see `Images`; None measures none.

    Raises:
        UsageError: a list is empty, or a value makes no sense.
        UnknownNameError: there is no such network, precision or runtime.
        InvalidPathError: a model file is not there.
    """

    models: tuple[str, ...]
    precisions: tuple[str, ...] = ("float32",)
    runtimes: tuple[str, ...] = ("tflite", "onnxruntime")
    threads: tuple[int, ...] = (1,)
    resolutions: tuple[str, ...] = ()
    batches: tuple[int, ...] = (1,)
    targets: tuple[str, ...] = ("local",)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    calibration: Calibration = field(default_factory=Calibration)
    accuracy: Images | None = None

    def __post_init__(self) -> None:
        for name in ("models", "precisions", "runtimes", "threads", "batches", "targets"):
            if not getattr(self, name):
                raise UsageError(f"{name} is empty: name at least one, or leave the key out")
        for each in (*self.threads, *self.batches):
            if each < 1:
                raise UsageError(f"threads and batches are 1 or more, not {each}")
        _ = self.points  # finds a slip of the pen before the work

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point of the grid, each once, those measured in turns beside each other."""
        wanted = list(dict.fromkeys(runtimes.resolve(each) for each in self.runtimes))
        found = [
            Point(subject, runtime, threads, target)
            for target in self.targets
            for threads in self.threads
            for subject in self._subjects()
            for runtime in _runtimes_of(subject, wanted)
        ]
        if not found:
            raise UsageError(
                f"the grid is empty: the files of models run on none of {', '.join(wanted)}"
            )
        return tuple(dict.fromkeys(found))

    def settings(self, threads: int) -> MeasureSettings:
        """Return how points with this number of threads are measured."""
        return replace(self.measure, threads=threads)

    def _subjects(self) -> list[Subject]:
        sizes: list[tuple[int | None, int | None]] = [_size(each) for each in self.resolutions]
        sizes = sizes or [(None, None)]
        named = list(dict.fromkeys(_precision(each) for each in self.precisions))
        found = []
        for model in self.models:
            if is_model_file(model):
                if not Path(model).is_file():
                    raise InvalidPathError(f"{model}: no such file")
                found.append(Subject(model))
                continue
            found += [
                Subject(name, precision, height, width, batch)
                for name in names_of(model)
                for height, width in sizes
                for batch in self.batches
                for precision in named
            ]
        return found


def names_of(pattern: str) -> list[str]:
    """Return the registered networks that a name, alias or pattern means.

    Raises:
        UnknownNameError: there are none.
    """
    if not any(sign in pattern for sign in "*?["):
        return [models.get(pattern).name]
    found = models.names(pattern)
    if not found:
        raise MODELS.unknown(pattern)
    return found


def read_plan(path: Path) -> Plan:
    """Read a sweep's TOML file.

    Raises:
        InvalidPathError: it cannot be read.
        UsageError: it is no TOML, has a key that nothing reads, or as `Plan`; the message begins
            with the file's name.
    """
    try:
        document = parsing.toml_of(reading.text(path))
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no TOML file: {error}") from error
    try:
        return _plan(document)
    except UsageError as error:
        raise UsageError(f"{path}: {error}", reason_code=error.reason_code) from error


def _plan(document: dict[str, Any]) -> Plan:
    taken: dict[str, Any] = {}
    if "models" not in document:
        raise UsageError('a sweep needs models, such as models = ["micronet-*", "net.tflite"]')
    for key, value in document.items():
        kind = _KINDS.get(key)
        if kind is None:
            raise UnknownNameError("key", key, _KINDS)
        taken[key] = _list(key, value, kind) if kind in (str, int) else _table(key, value, kind)
    return Plan(**taken)


def _list(key: str, value: object, kind: type) -> tuple[Any, ...]:
    items = value if isinstance(value, list) else [value]
    if key == "resolutions":
        items = [str(item) if type(item) is int else item for item in items]
    if not all(type(item) is kind for item in items):
        example = '["a", "b"]' if kind is str else "[1, 2]"
        raise UsageError(f"{key} takes a list such as {example}, not {value!r}")
    return tuple(items)


def _table(key: str, value: object, kind: type) -> object:
    if not isinstance(value, dict):
        raise UsageError(f"{key} is a table, [{key}], not {value!r}")
    hints = {each.name: str(each.type) for each in fields(kind) if each.name not in _NOT_IN_A_PLAN}
    taken = {}
    for name, found in value.items():
        if name not in hints:
            raise UnknownNameError(f"key of [{key}]", name, hints)
        wanted = hints[name].partition(" ")[0]
        number = wanted == "float" and type(found) is int
        if not number and type(found).__name__ != ("str" if wanted == "Path" else wanted):
            raise UsageError(f"{name} of [{key}] is {_WORDS[wanted]}, not {found!r}")
        taken[name] = Path(found) if wanted == "Path" else float(found) if number else found
    missing = "data" if kind is Images and "data" not in taken else None
    if missing:
        raise UsageError(f"[{key}] needs {missing}, a folder of labelled images")
    return kind(**taken)


_KINDS: dict[str, type] = {
    "models": str,
    "precisions": str,
    "runtimes": str,
    "threads": int,
    "resolutions": str,
    "batches": int,
    "targets": str,
    "measure": MeasureSettings,
    "calibration": Calibration,
    "accuracy": Images,
}
_WORDS = {"int": "a whole number", "float": "a number", "str": "a text", "Path": "a path"}


def _precision(name: str) -> str:
    folded = name.casefold()
    if folded in CALIBRATED:
        return _INTEGER.get(folded, folded)
    if not precisions.PRECISIONS.knows(folded):
        raise UnknownNameError("precision", name, (*precisions.PRECISIONS, *CALIBRATED))
    return precisions.get(folded).name


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and (width or height).isdecimal() and int(height)):
        raise UsageError(f'resolutions are texts such as "192" or "160x320", not {text!r}')
    return int(height), int(width or height)


def _runtimes_of(subject: Subject, wanted: list[str]) -> list[str]:
    if not subject.is_file:
        return wanted
    return [each for each in wanted if each == runtimes.for_file(subject.model)]

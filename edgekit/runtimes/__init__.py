"""Running model files: ONNX Runtime and TFLite (LiteRT) behind one small interface.

Importing this package imports no runtime and no numpy. `edgekit.processes.child` runs a file in
a fresh process, which is how the rest of edgekit does it; `load` runs it in this one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

from edgekit.errors import (
    EnvironmentMissingError,
    InvalidPathError,
    MissingPackageError,
    UnknownNameError,
    UsageError,
)
from edgekit.runtimes.base import ModelInfo, Session, TensorInfo

__all__ = [
    "ModelInfo",
    "Session",
    "TensorInfo",
    "for_file",
    "import_runtime",
    "installed",
    "load",
    "names",
    "resolve",
]


@dataclass(frozen=True)
class _Runtime:
    module: str  # offers `load(path, threads, exact_sums=) -> Session`; it imports the runtime
    aliases: tuple[str, ...]
    suffixes: tuple[str, ...]
    distributions: tuple[str, ...]  # any of these provides it; the first is the one to install


_RUNTIMES = {
    "onnxruntime": _Runtime("ort.session", ("ort", "onnx"), (".onnx", ".ort"), ("onnxruntime",)),
    "tflite": _Runtime(
        "litert.session",
        ("litert",),
        (".tflite",),
        ("ai-edge-litert", "tflite-runtime", "tensorflow"),
    ),
}


def names() -> list[str]:
    """Return the canonical runtime names."""
    return list(_RUNTIMES)


def resolve(name: str) -> str:
    """Return the canonical name for a runtime's name or alias; case is ignored.

    Raises:
        UnknownNameError: no runtime is called that.
    """
    folded = name.casefold()
    for canonical, runtime in _RUNTIMES.items():
        if folded == canonical or folded in runtime.aliases:
            return canonical
    known = [word for key, runtime in _RUNTIMES.items() for word in (key, *runtime.aliases)]
    raise UnknownNameError("backend", name, known)


def for_file(path: str | Path) -> str:
    """Return the name of the runtime that runs files with this suffix.

    Raises:
        UsageError: the suffix belongs to no runtime.
    """
    suffix = Path(path).suffix.lower()
    for name, runtime in _RUNTIMES.items():
        if suffix in runtime.suffixes:
            return name
    known = ", ".join(suffix for runtime in _RUNTIMES.values() for suffix in runtime.suffixes)
    raise UsageError(f"{path}: no runtime for the suffix {suffix!r}; known: {known}")


def import_runtime(name: str) -> ModuleType:
    """Import the module that drives a runtime, and with it the runtime.

    Raises:
        UnknownNameError: no runtime is called that.
        MissingPackageError: the runtime is not installed.
        EnvironmentMissingError: it is installed and does not import.
    """
    canonical = resolve(name)
    runtime = _RUNTIMES[canonical]
    try:
        return importlib.import_module(f"edgekit.runtimes.{runtime.module}")
    except ModuleNotFoundError as error:
        raise MissingPackageError(runtime.distributions[0], f"running on {canonical}") from error
    except ImportError as error:
        raise EnvironmentMissingError(
            f"{canonical} is installed and cannot be imported: {error}"
        ) from error


def load(runtime: str, path: str | Path, threads: int = 1, *, exact_sums: bool = False) -> Session:
    """Load a model file in this process.

    Args:
        runtime: name or alias of a runtime.
        path: the model file.
        threads: number of threads the runtime may compute with.
        exact_sums: see `edgekit.runtimes.ort.session.load`.

    Raises:
        UsageError: ``threads`` is less than 1.
        InvalidPathError: there is no such file.
        UnreadableModelError: the runtime rejects the file.
        MissingPackageError: the runtime is not installed.
    """
    if threads < 1:
        raise UsageError(f"a model runs on 1 thread or more, not {threads}")
    module = import_runtime(runtime)
    if not Path(path).is_file():
        raise InvalidPathError(f"{path}: no such file")
    session: Session = module.load(Path(path), threads, exact_sums=exact_sums)
    return session


def other_kernels(runtime: str) -> Mapping[str, Callable[[Path, int], Session]]:
    """Return what loads a file with the kernels that a runtime has in reserve, by their name.

    Raises:
        MissingPackageError: the runtime is not installed.
    """
    found: Mapping[str, Callable[[Path, int], Session]]
    found = getattr(import_runtime(runtime), "OTHER_KERNELS", {})
    return found


def installed() -> dict[str, str | None]:
    """Return, per runtime, the package and version that provide it (None: not installed).

    Reads package metadata only; nothing is imported.
    """
    return {name: _version(runtime.distributions) for name, runtime in _RUNTIMES.items()}


def _version(distributions: tuple[str, ...]) -> str | None:
    for distribution in distributions:
        try:
            return f"{distribution} {metadata.version(distribution)}"
        except metadata.PackageNotFoundError:
            continue
    return None

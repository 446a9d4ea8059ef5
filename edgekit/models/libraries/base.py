"""What the libraries' files share: the type of a found network, and importing with good errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module, metadata
from types import ModuleType
from typing import TYPE_CHECKING

from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    MissingPackageError,
    RefusedError,
    UnknownNameError,
)
from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LibraryModel:
    """A network that another package defines.

    Attributes:
        name: names the files; lower case, valid as a ``ModelSpec`` name.
        build: makes the network, untrained; nothing is downloaded.
        input_shape: (1, 3, height, width): float32 NCHW, batch 1.
        preprocessing: how images become input; None where the library's way cannot be told.
    """

    name: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, int, int, int]
    preprocessing: Preprocessing | None


@dataclass(frozen=True)
class Library:
    """How one package is asked.

    Attributes:
        requirement: what pip installs.
        module: what to import.
        listing: where a user finds all its names, as part of a sentence.
        names: given the imported module, the names of its networks.
        find: given the imported module and one of those names, the network.
    """

    requirement: str
    module: str
    listing: str
    names: Callable[[ModuleType], Iterable[str]]
    find: Callable[[ModuleType, str], LibraryModel]


def find(library: Library, name: str, asked: str) -> LibraryModel:
    """Look a network up in a library.

    Args:
        library: where.
        name: the library's own name of the network.
        asked: what the user typed, for messages.

    Raises:
        MissingPackageError: the package, or one that this network needs, is not installed.
        EnvironmentMissingError: it is, and does not import (``package-broken``).
        UnknownNameError: it has no such network.
        RefusedError: the package itself fails to make the network (``library-failed``); so
            may ``build``.
    """
    module = _import(library, asked)
    with _failures_of(asked):
        known = list(library.names(module))
    if name not in known:
        kind = f"{asked.partition(':')[0].casefold()} model"
        raise UnknownNameError(kind, name, known, listing=library.listing)
    with _failures_of(asked):
        found = library.find(module, name)
    return replace(found, build=partial(_build, found.build, asked))


def _build(build: Callable[[], nn.Module], asked: str) -> nn.Module:
    with _failures_of(asked):
        return build()


@contextmanager
def _failures_of(asked: str) -> Iterator[None]:
    """Turn what foreign code raises into one line."""
    try:
        yield
    except EdgekitError:
        raise
    except ModuleNotFoundError as error:
        raise MissingPackageError(error.name or str(error), asked) from error
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise RefusedError(
            f"{asked}: the library itself fails to make it ({type(error).__name__}: {reason}): "
            "choose another network, or another release of the library",
            reason_code="library-failed",
        ) from error


def file_name(name: str) -> str:
    """Return a library's name as edgekit spells names: lower case, hyphens for underscores."""
    return re.sub(r"[^a-z0-9.]+", "-", name.casefold()).strip("-.")


def _import(library: Library, asked: str) -> ModuleType:
    package = library.module.partition(".")[0]
    try:
        return import_module(library.module)
    except ModuleNotFoundError as error:
        if error.name == package:
            raise MissingPackageError(library.requirement, asked) from error
        raise _broken(library, asked, error) from error
    except Exception as error:  # a compiled extension that does not fit fails in any way
        raise _broken(library, asked, error) from error


def _broken(library: Library, asked: str, error: Exception) -> EnvironmentMissingError:
    package = library.module.partition(".")[0]
    versions = " and ".join(f"{name} {_version(name)}" for name in (package, "torch"))
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if isinstance(error, ModuleNotFoundError):
        advice = f"pip install {library.requirement}"
    elif "torchvision::" in str(error) or "libtorch" in str(error):
        # The compiled part of a CUDA build asks for libraries that a CPU build of torch lacks.
        advice = (
            "torchvision is made for another build of torch: install the one that matches (both "
            "for CPU, or both for the same CUDA) from where torch came from"
        )
    else:
        advice = "install a release of it that is made for this torch"
    return EnvironmentMissingError(
        f"{asked} needs {package}, which is installed but does not import here "
        f"({versions}: {reason}): {advice}",
        reason_code="package-broken",
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of no known version"

"""Every error that edgekit raises on purpose, and the one helper that suggests names.

    EdgekitError                     exit 1
    ├── CheckFailedError             exit 1   a check said no; the artifact is kept and marked
    │   └── ParityError
    ├── UsageError                   exit 2   the request itself is wrong
    │   ├── UnknownNameError
    │   └── InvalidPathError
    ├── EnvironmentMissingError      exit 3   this machine lacks something
    │   ├── MissingPackageError
    │   ├── StorageError
    │   └── WorkerError
    ├── RefusedError                 exit 4   edgekit will not do this; carries a reason_code
    │   ├── UnreadableModelError
    │   ├── UnsupportedOperatorError
    │   └── WouldOverwriteError
    └── InternalError                exit 1   a defect of edgekit itself

A message is one line: what was asked, what was found, what to do next.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

_LONGEST_BYTES = 3800
"""Of a message, however its characters are escaped."""


class EdgekitError(Exception):
    """Base of all errors meant for the user's eyes.

    Attributes:
        exit_code: the process exit status of the command line.
        reason_code: a stable, machine-readable word for the cause.
        details: further fields of the error's JSON document.
        result: of the command, where it is whole all the same; it has been printed by then.
    """

    exit_code = 1
    reason_code = "failed"
    details: Mapping[str, object] = MappingProxyType({})
    result: object = None

    def __init__(self, message: str, *, reason_code: str | None = None) -> None:
        super().__init__(shortened(" ".join(message.split())))
        if reason_code is not None:
            self.reason_code = reason_code


class CheckFailedError(EdgekitError):
    """A check (parity, budget, regression) did not pass.

    Args:
        message: as always.
        reason_code: likewise.
        result: of the run that the check was a part of, if it is whole all the same; the
            command line has printed it by then.
    """

    reason_code = "check-failed"

    def __init__(
        self, message: str, *, reason_code: str | None = None, result: object = None
    ) -> None:
        super().__init__(message, reason_code=reason_code)
        self.result = result


class ParityError(CheckFailedError):
    """A written file does not compute what its source computes."""

    reason_code = "parity"


class UsageError(EdgekitError):
    """The request cannot be understood or its arguments contradict each other."""

    exit_code = 2
    reason_code = "usage"


class UnknownNameError(UsageError):
    """A name that is in no registry.

    Args:
        kind: what was looked up, as the user calls it (``model``, ``backend``).
        name: what was asked for.
        known: every name that would have worked.
        listing: where all of them are found, as part of a sentence; a few are named without it.
    """

    reason_code = "unknown-name"

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        listing: str = "",
    ) -> None:
        names = list(known)
        near = did_you_mean(name, names)
        if near:
            advice = f"did you mean {' or '.join(near)}?"
        elif len(names) <= 12:
            advice = f"known: {', '.join(names)}"
        else:
            advice = listing or f"known: {', '.join(names[:12])} and {len(names) - 12} more"
        super().__init__(f"unknown {kind} {name!r}: {advice}")


class InvalidPathError(UsageError):
    """A path given by the user does not exist or cannot be used."""

    reason_code = "invalid-path"


class EnvironmentMissingError(EdgekitError):
    """A runtime, device, program or resource that the request needs is not there."""

    exit_code = 3
    reason_code = "environment"


class MissingPackageError(EnvironmentMissingError):
    """A Python package that the request needs is not installed."""

    reason_code = "missing-package"

    def __init__(self, package: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package {package}, which is not installed here: "
            f"pip install {package}"
        )


class StorageError(EnvironmentMissingError):
    """The file system refused a write (full, read-only, quota)."""

    reason_code = "storage"


class WorkerError(EnvironmentMissingError):
    """A child process that ran a model died, hung or answered nonsense."""

    reason_code = "worker-failed"


class RefusedError(EdgekitError):
    """The request is understood, and edgekit will not carry it out."""

    exit_code = 4
    reason_code = "refused"


class UnreadableModelError(RefusedError):
    """A model file that is not what its name says, or is damaged."""

    reason_code = "unreadable-model"


class UnsupportedOperatorError(RefusedError):
    """An operator (or a form of it) that a writer has no exact lowering for.

    Args:
        operator: the ONNX operator type.
        node: the node's name, or its output's name where it has none.
        why: what about this node is unsupported.
        advice: what the user can do.
        reason_code: stable word for the cause.

    Attributes:
        others: the errors of the other nodes that stand in the way of the same file.
        is_reported: whether all of them are listed beside this message.
    """

    reason_code = "unsupported-operator"
    others: tuple[UnsupportedOperatorError, ...] = ()
    is_reported = False

    def __init__(
        self, operator: str, node: str, why: str, advice: str, *, reason_code: str | None = None
    ) -> None:
        super().__init__(f"{operator} (node {node!r}): {why}; {advice}", reason_code=reason_code)
        self.operator = operator
        self.node = node
        self.why = why

    def __str__(self) -> str:
        message = super().__str__()
        if not self.others:
            return message
        more = f"{len(self.others)} more node{'' if len(self.others) == 1 else 's'}"
        return f"{message}; {more} refused{'' if self.is_reported else ': --report lists all'}"

    def among(self, others: Iterable[UnsupportedOperatorError]) -> UnsupportedOperatorError:
        """Note the others, and return this error."""
        self.others = tuple(others)
        return self


class WouldOverwriteError(RefusedError):
    """An output file exists with other content."""

    reason_code = "file-exists"


class InternalError(EdgekitError):
    """Something that edgekit should have said better, or a defect of it.

    Args:
        cause: what was raised.
    """

    reason_code = "internal-error"

    def __init__(self, cause: BaseException) -> None:
        trace, place = cause.__traceback__, "unknown"
        while trace is not None:
            file = Path(trace.tb_frame.f_code.co_filename)
            if "edgekit" in file.parts:
                place = f"{file.parent.name}/{file.name}:{trace.tb_lineno}"
            trace = trace.tb_next
        super().__init__(
            f"edgekit failed with {type(cause).__name__} at {place} ({cause}); this is a defect: "
            "please report it with the whole output of the same command with EDGEKIT_TRACEBACK=1 "
            "set"
        )


def did_you_mean(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to ``limit`` known names close to ``name``, best first; case is ignored.

    Names that begin with ``name`` come first, the shortest before the others and equally long
    ones in the order of ``known``; then those that are spelled alike.
    """
    folded = name.casefold()
    by_folded = {candidate.casefold(): candidate for candidate in known}
    begun = sorted((each for each in by_folded if folded and each.startswith(folded)), key=len)
    alike = difflib.get_close_matches(folded, by_folded, n=limit, cutoff=0.6)
    return [by_folded[each] for each in dict.fromkeys((*begun, *alike))][:limit]


def shortened(text: str, most_bytes: int = _LONGEST_BYTES) -> str:
    """Return a text without its middle where it is longer than this as a line of JSON."""
    if len(text) * 12 <= most_bytes or len(json.dumps(text)) <= most_bytes:
        return text
    end = most_bytes // 4
    start = most_bytes - end - 40  # for what stands between them
    return f"{_first(text, start)} ... ({len(text)} characters) ... {_first(text[::-1], end)[::-1]}"


def _first(text: str, most_bytes: int) -> str:
    kept = text[:most_bytes]
    while len(json.dumps(kept)) - 2 > most_bytes:
        kept = kept[: len(kept) * most_bytes // len(json.dumps(kept))]
    return kept

"""What a worker leaves behind, taken apart; it may come from a device that lies.

Whatever is wrong with an answer is a `WorkerError`, and no text in it is longer than a message.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import Any, TypeVar

from edgekit import errors
from edgekit.errors import EdgekitError, WorkerError, shortened
from edgekit.files import documents, parsing

T = TypeVar("T")

_REASON = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_REASON = 60

_SIGNAL_MEANINGS = {
    signal.SIGKILL: "out of memory, or killed by hand",
    signal.SIGSEGV: "the runtime crashed on this file",
    signal.SIGABRT: "the runtime gave up on this file",
    signal.SIGBUS: "the runtime crashed on this file",
    signal.SIGILL: "the runtime uses an instruction that this processor lacks",
    signal.SIGFPE: "the runtime crashed on this file",
    signal.SIGXFSZ: "it wrote more than it may",
    signal.SIGXCPU: "it computed longer than it may",
}


def read(returncode: int, stdout: str, stderr: str) -> dict[str, Any]:
    """Return the answer that a worker left behind; raise what it raised, or what ended it."""
    last_line = _last_line(stdout)
    answer = parsed(last_line)
    if answer is not None and "error" in answer:
        raise same_error(answer["error"])
    if returncode < 0:
        name, meaning = _signal_words(-returncode)
        raise WorkerError(f"the worker was killed by {name}: {meaning}")
    if returncode > 0:
        reason = _last_line(stderr) or "it said nothing"
        raise WorkerError(f"the worker failed with exit status {returncode}: {shortened(reason)}")
    if answer is None:
        raise WorkerError(f"the worker's answer is not JSON: {last_line[:80]!r}")
    return answer


def parsed(line: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line; None if it holds none."""
    try:
        answer = parsing.json_of(line)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def decoded(kind: type[T], answer: object, key: str = "") -> T:
    """Decode an answer, or what it holds under a key.

    Raises:
        WorkerError: it is nonsense.
    """
    try:
        if key:
            if not isinstance(answer, Mapping) or key not in answer:
                raise ValueError(f"it holds no {key!r}")
            answer = answer[key]
        return documents.decode(kind, answer)
    except ValueError as error:
        raise WorkerError(f"the worker's answer is not understood: {error}") from error


def same_error(description: object) -> EdgekitError:
    """Rebuild an error that the worker raised."""
    if not isinstance(description, Mapping):
        return WorkerError("the worker failed and does not say why")
    kind = getattr(errors, str(description.get("type")), None)
    if not (isinstance(kind, type) and issubclass(kind, EdgekitError)):
        kind = WorkerError
    reason = description.get("reason_code")
    is_reason = isinstance(reason, str) and len(reason) <= _LONGEST_REASON
    error: EdgekitError = kind.__new__(kind)
    # The message is written already; the class's own constructor would write it anew.
    EdgekitError.__init__(
        error,
        str(description.get("message") or "the worker failed"),
        reason_code=str(reason) if is_reason and _REASON.fullmatch(str(reason)) else None,
    )
    return error


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]


def _signal_words(number: int) -> tuple[str, str]:
    try:
        found = signal.Signals(number)
    except ValueError:
        return f"signal {number}", "no known cause"
    return found.name, _SIGNAL_MEANINGS.get(found, "it was stopped from outside")

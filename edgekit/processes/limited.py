"""Work on a foreign file in a child process of limited time, memory and output.

The child runs a module of edgekit's that calls `serve`. Whatever native code prints there is
thrown away, and what ends the child ends nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import edgekit
from edgekit import errors
from edgekit.errors import EdgekitError, UnsupportedOperatorError, WorkerError
from edgekit.processes import answers, child
from edgekit.processes.spawning import Limits, Started

_LONGEST_MESSAGE = 2000  # characters of one error
_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv[1]); "
    "from edgekit.processes import deferred_imports; deferred_imports.defer(); "
    "runpy.run_module(sys.argv[2], run_name='__main__')"
)


_waiting: dict[str, Started] = {}
"""Children that were started ahead, by module."""


@contextmanager
def ahead(module: str) -> Iterator[None]:
    """Start the child that the next `call` of a module takes: it imports while others do.

    A child that nobody has taken by the end is ended.
    """
    with child.scratch_folder() as folder:
        with suppress(WorkerError):  # `call` says so where it matters
            _waiting[module] = _started(module, folder)
        try:
            yield
        finally:
            if (left := _waiting.pop(module, None)) is not None:
                left.abandon()


def call(module: str, job: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Run a module in a fresh Python on one job and return its answer.

    Args:
        module: calls `serve`.
        job: a JSON object.
        limits: what the child may use.

    Raises:
        WorkerError: the child could not be started, was killed or hung.
        EdgekitError: what the work raised, as the same class.
    """
    job = {"limits": asdict(limits), "job": job}
    with child.scratch_folder() as folder:
        started = _waiting.pop(module, None) or _started(module, folder)
        done = started.finish(json.dumps(job), limits)
    answer = answers.read(*done)
    if "refused" in answer:
        raise _rebuilt(answer["refused"])
    return answer


def _started(module: str, folder: Path) -> Started:
    root = str(Path(edgekit.__file__).parents[1])  # whatever the caller found edgekit by
    argv = [sys.executable, "-P", "-c", _START, root, module]
    return Started(argv, {**os.environ, "TMPDIR": str(folder)})


def serve(
    work: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """Read a job from stdin, do it under its limits, and answer.

    Args:
        work: takes the job.
        prepare: imports what the work needs, before there is a job; what it raises does not count.
    """
    requests = os.fdopen(0, "rb", closefd=False)
    said = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    with suppress(Exception):
        prepare()
    asked = json.loads(requests.readline())
    threading.Thread(target=_end_with_parent, args=(requests,), daemon=True).start()
    _limit(Limits(**asked["limits"]))
    try:
        answer = dict(work(asked["job"]))
    except EdgekitError as error:
        answer = {"refused": _described(error)}
    except MemoryError:
        memory = asked["limits"]["memory_bytes"] >> 30
        exhausted = errors.WorkerError(f"it needs more than {memory} GiB of memory")
        answer = {"refused": _described(exhausted)}
    said.write(json.dumps(answer).encode() + b"\n")
    said.flush()


def _limit(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is None:
            continue
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _end_with_parent(requests: IO[bytes]) -> None:
    requests.read()
    os._exit(1)


def _described(error: EdgekitError) -> dict[str, Any]:
    """Return an error as JSON, with the errors of other nodes that stand beside it."""
    found: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.args[0][:_LONGEST_MESSAGE],
        "reason_code": error.reason_code,
    }
    if isinstance(error, UnsupportedOperatorError):
        found |= {"operator": error.operator, "node": error.node, "why": error.why}
        found["others"] = [_described(other) for other in error.others]
    return found


def _rebuilt(description: Mapping[str, Any]) -> EdgekitError:
    error = answers.same_error(description)
    if isinstance(error, UnsupportedOperatorError):
        error.operator, error.node = description["operator"], description["node"]
        error.why = description["why"]
        others: Sequence[EdgekitError] = [_rebuilt(other) for other in description["others"]]
        return error.among(other for other in others if isinstance(other, UnsupportedOperatorError))
    return error

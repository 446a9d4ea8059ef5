"""A Linux machine reached with OpenSSH: it has Python, numpy and a runtime, and keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgekit.data.digest import sha256_of
from edgekit.devices.targets.base import Probe
from edgekit.devices.targets.ssh_connection import Connection, located
from edgekit.errors import EdgekitError, UsageError
from edgekit.runtimes import archive, child, codec
from edgekit.runtimes.machine import Machine

_PROBE_TIMEOUT_S = 60.0
_PORTS = range(1, 65536)


class SshTarget:
    """Runs jobs on another machine.

    Outside of `opened`, each job has a connection of its own.

    Args:
        name: such as ``ssh:pi@10.0.0.7``.
        arguments: of ssh, that name the machine; options first.
        python: program there that runs Python.
    """

    def __init__(self, name: str, arguments: tuple[str, ...], python: str = "python3") -> None:
        self.name = name
        self.arguments = arguments
        self.python = python
        self._connection: Connection | None = None

    @contextmanager
    def opened(self, say: Callable[[str], None]) -> Iterator[None]:
        """Hold one connection, and with it the device, for all jobs within.

        Each file is sent once, and the device's folder goes at the end.

        Args:
            say: called with a line while somebody else has the device.
        """
        self._connection = Connection(self.name, self.arguments, self.python, say)
        try:
            yield
        finally:
            self._connection.close()
            self._connection = None

    def probe(self) -> Probe:
        """Ask the machine for its facts and the runtimes it has."""
        answer = self.run({"task": "probe"}, _PROBE_TIMEOUT_S)
        return Probe(codec.decode(Machine, answer["machine"]), answer["runtimes"])

    def run(self, job: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send what the job needs, run it, and return the answer."""
        if self._connection is None:
            with self.opened(lambda _: None):
                return self.run(job, timeout_s)
        self._connection.put("worker.pyz", archive.build())
        moved = _moved(job, self._connection)
        result = self._connection.run(moved, timeout_s)
        try:
            return child.read_answer(*result)
        except EdgekitError as error:
            raise located(error, self.name) from None


def _moved(job: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    """Send the files of a job, and return the job with their paths on the device."""
    moved = dict(job)
    if "path" in job:
        path = Path(job["path"])
        name = f"{sha256_of(path)[:16]}{path.suffix}"
        connection.put(name, path.read_bytes())
        moved["path"] = f"{{folder}}/{name}"
    if "files" in job:
        moved["files"] = [_moved(file, connection) for file in job["files"]]
    return moved


def connect(address: str, python: str = "python3") -> SshTarget:
    """Return the machine at ``[user@]host[:port]`` as a target; host may be ssh's own alias.

    Raises:
        UsageError: that is no such address.
    """
    found = re.fullmatch(r"((?:[^@:\s]+@)?(?:\[[^\]\s]+\]|[^:@\s]+))(?::(\d+))?", address)
    port = found[2] if found else None
    if not found or address.startswith("-") or (port and int(port) not in _PORTS):
        raise UsageError(f"ssh: takes [user@]host[:port], such as ssh:pi@10.0.0.7, not {address!r}")
    destination = found[1].replace("[", "").replace("]", "")
    options = ("-p", port) if port else ()
    return SshTarget(f"ssh:{address}", (*options, destination), python)

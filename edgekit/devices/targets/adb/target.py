"""An Android phone reached with adb, on which TFLite's ``benchmark_model`` measures.

That program gives statistics and no samples, so this target has a kind of report of its own and
takes none of the worker's jobs.
"""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from edgekit.devices.targets import benchmark_output
from edgekit.devices.targets.adb import phone
from edgekit.devices.targets.adb import program as adb_program
from edgekit.devices.targets.adb.program import AttachedPhone, Said
from edgekit.devices.targets.base import Benchmarked, Probe
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Phone
from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    RefusedError,
    StorageError,
    UsageError,
    WorkerError,
)
from edgekit.files.digest import sha256_of
from edgekit.progress import Progress, silent
from edgekit.runtimes.jobs import Job

if TYPE_CHECKING:
    from edgekit.devices.settings import MeasureSettings

_STORAGE = "/data/local/tmp"  # where adb's user may write and start programs
DEFAULT_PROGRAM = f"{_STORAGE}/benchmark_model"
"""Where TFLite's own instructions put ``benchmark_model`` on a phone."""

# Of USB, of a network address, or of mDNS.
_SERIAL = re.compile(r"\w[\w.:()-]*|\[[0-9A-Fa-f:]+(?:%\w+)?\]:[0-9]+", re.ASCII)
_FOLDER = re.compile(re.escape(f"{_STORAGE}/edgekit.") + r"\w+", re.ASCII)
_SHA256 = re.compile(r"\\?[0-9a-f]{64}\b")
_NO_PROGRAM = 93
_CANNOT_START = (126, 127)
_SIGNALLED = 128

T = TypeVar("T")


@dataclass
class _Session:
    """What is known of the phone while its folder is there."""

    device: AttachedPhone
    facts: Phone
    sent: set[str] = field(default_factory=set)
    found: tuple[str, BenchmarkProgram] | None = None  # its path there, and what it is


class AdbTarget:
    """Runs ``benchmark_model`` on a phone.

    Outside of `opened`, each benchmark has a folder of its own there.

    Args:
        serial: number of the phone; None takes the only one attached.
        program: path of ``benchmark_model``, here or else on the phone.
    """

    def __init__(self, serial: str | None, program: str) -> None:
        self.name = f"adb:{serial or ''}"
        self.program = program
        self._serial = serial
        self._session: _Session | None = None

    @contextmanager
    def opened(self, _progress: Progress) -> Iterator[None]:
        """Keep one folder on the phone for all benchmarks within; each file is sent once.

        Raises:
            EnvironmentMissingError: the phone cannot be used.
            StorageError: no folder can be made on it.
            WorkerError: the phone went away; says which folder may remain.
        """
        if self._session is not None:
            yield
            return
        device = self._attach()
        made = device.shell(f"mktemp -d {_STORAGE}/edgekit.XXXXXX")
        if made.status:
            raise StorageError(f"{self.name}: no folder can be made there: {made.last_line}")
        folder = made.stdout.strip()
        if not _FOLDER.fullmatch(folder):
            raise WorkerError(f"{self.name}: the phone made no folder, but answers {folder!r}")
        device = AttachedPhone(device.serial, folder)
        try:
            facts = self._asked(device, phone.FACTS_SCRIPT, phone.read_facts)
            self._session = _Session(device, facts)
            yield
        except EdgekitError as error:
            if not _is_removed(device) and device.folder not in str(error):
                remains = f"{error}; {device.folder} may remain on the phone: remove it by hand"
                EdgekitError.__init__(error, remains, reason_code=error.reason_code)
            raise
        except BaseException:
            _is_removed(device)
            raise
        finally:
            self._session = None
        if not _is_removed(device):
            raise device.lost("its folder could not be removed")

    def probe(self) -> Probe:
        """Ask the phone for its facts, and whether ``benchmark_model`` is to be had."""
        device = self._attach()
        facts = self._asked(device, phone.FACTS_SCRIPT, phone.read_facts)
        there = self._local() or not device.shell(f"[ -x {shlex.quote(self.program)} ]").status
        return Probe(facts, {"tflite": f"benchmark_model, {self.program}" if there else None})

    def run(self, job: Job, timeout_s: float) -> NoReturn:  # noqa: ARG002
        """Take no job of the worker, which needs Python.

        Raises:
            RefusedError: always.
        """
        raise RefusedError(
            f"{self.name} measures with benchmark_model, which keeps no samples: use plain "
            "`edgekit latency` there, or reach a Python on the phone, such as Termux's, with ssh:",
            reason_code="no-samples",
        )

    def benchmark(self, path: Path, settings: MeasureSettings) -> Benchmarked:
        """Run ``benchmark_model`` on a file in a fresh process there.

        Raises:
            EnvironmentMissingError: the phone or the program cannot be used.
            StorageError: the phone refuses a file.
            UsageError: it does not have the processors asked for.
            WorkerError: the program failed, or what it printed is not understood.
        """
        if self._session is None:
            with self.opened(silent):
                return self.benchmark(path, settings)
        session = self._session
        device = session.device
        if session.found is None:
            session.found = self._find_tool(device)
        program, tool = session.found
        name = f"{sha256_of(path)[:16]}.tflite"
        if name not in session.sent:
            device.push(path, name)
            session.sent.add(name)
        command = _command(program, f"{device.folder}/{name}", settings)
        if settings.cpus is not None:
            command = f"taskset {phone.mask(settings.cpus, session.facts):x} {command}"
        before = self._asked(device, phone.STATE_SCRIPT, phone.read_state)
        said = device.shell_with_us(command, settings.child_timeout_s)
        outcome = self._read(device, said, session.facts)
        after = self._asked(device, phone.STATE_SCRIPT, phone.read_state)
        return Benchmarked(tool, session.facts, outcome, before, after)

    def _asked(self, device: AttachedPhone, script: str, read: Callable[[str], T]) -> T:
        """Run a script there and read what it printed."""
        said = device.shell(script).stdout
        try:
            return read(said)
        except (ValueError, ArithmeticError) as error:
            raise WorkerError(
                f"{self.name}: what the phone says of itself is not understood: {error}"
            ) from error

    def _attach(self) -> AttachedPhone:
        serial = adb_program.attached(self._serial)
        self.name = f"adb:{serial}"
        return AttachedPhone(serial)

    def _local(self) -> Path | None:
        try:
            path = Path(self.program).expanduser()
        except RuntimeError:  # of a user who is not known
            return None
        return path if path.is_file() else None

    def _find_tool(self, device: AttachedPhone) -> tuple[str, BenchmarkProgram]:
        """Bring ``benchmark_model`` over if it is here, else find it there."""
        path, local = self.program, self._local()
        if local is not None:
            path = f"{device.folder}/benchmark_model"
            device.push(local, "benchmark_model")
        quoted = shlex.quote(path)
        mode = f"chmod 755 {quoted}; " if local is not None else ""
        said = device.shell(
            f"{mode}[ -f {quoted} ] && [ -x {quoted} ] || exit {_NO_PROGRAM}; sha256sum {quoted}"
        )
        if said.status == _NO_PROGRAM:
            raise EnvironmentMissingError(
                f"{self.name}: there is no program {self.program}, here or on the phone: get "
                f"TFLite's benchmark_model for it and push it to {DEFAULT_PROGRAM} with mode 755, "
                "or name another with benchmark_model in devices.toml",
                reason_code="no-benchmark-model",
            )
        known = _SHA256.match(said.stdout) if not said.status else None
        return path, BenchmarkProgram(self.program, known[0] if known else None)

    def _read(self, device: AttachedPhone, said: Said, facts: Phone) -> benchmark_output.Outcome:
        if said.status:
            hint = (
                f" (is it built for {facts.abi or 'this phone'}?)"
                if said.status in _CANNOT_START
                else ""
            )
            raise WorkerError(
                f"{self.name}: benchmark_model {_ending(said.status)}: {said.last_line}{hint}",
                reason_code="benchmark-failed",
            )
        try:
            return benchmark_output.parse(f"{said.stdout}\n{said.stderr}")
        except ValueError as error:
            device.check_attached()  # an adb that was cut off can look like success
            raise WorkerError(
                f"{self.name}: what benchmark_model printed is not understood: {error}; its last "
                f"line: {said.last_line}",
                reason_code="benchmark-output",
            ) from error


def _command(program: str, graph: str, settings: MeasureSettings) -> str:
    return shlex.join(
        [
            program,
            f"--graph={graph}",
            f"--num_threads={settings.threads}",
            f"--num_runs={settings.num_runs}",
            f"--min_secs={settings.min_secs:g}",
            f"--max_secs={settings.max_secs:g}",
            f"--warmup_runs={settings.warmup_runs}",
            f"--warmup_min_secs={settings.warmup_secs:g}",
        ]
    )


def _ending(status: int) -> str:
    try:
        return f"was killed by {signal.Signals(status - _SIGNALLED).name}"
    except ValueError:
        return f"failed with exit status {status}"


def _is_removed(device: AttachedPhone) -> bool:
    """Remove the folder on the phone; tell whether that worked."""
    try:
        return device.shell(f"rm -rf {device.folder}").status == 0
    except EdgekitError:
        return False


def connect(address: str, program: str = DEFAULT_PROGRAM) -> AdbTarget:
    """Return the phone of that serial number, or the only one attached, as a target.

    Args:
        address: serial number, as `adb devices` shows it; may be empty.
        program: path of ``benchmark_model`` on this machine or else on the phone.

    Raises:
        UsageError: that is no serial number.
    """
    if address and not _SERIAL.fullmatch(address):
        raise UsageError(f"adb: takes a serial number of `adb devices`, not {address!r}")
    return AdbTarget(address or None, program)

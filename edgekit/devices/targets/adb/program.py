"""The system's adb program: which phone, a command on it, a file to it; and what can be wrong."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from edgekit.errors import EnvironmentMissingError, StorageError, WorkerError
from edgekit.processes import spawning
from edgekit.processes.spawning import Limits

_QUICK_S = 60.0
_PUSH_S = 600.0

# Stdin ends when adb does, however that ended: then a shell that waits for it ends the program.
_WITH_US = """\
exec 3<&0
{command} 3<&- & program=$!
{{ read -r _ <&3; rm -rf {folder}; kill -9 $program; }} >/dev/null 2>&1 & watch=$!
wait $program; status=$?
kill $watch 2>/dev/null; exit $status
"""

# State that `adb devices` shows to reason code, and what to do. Texts of adb 28 to 36.
_STATES = {
    "unauthorized": (
        "adb-unauthorized",
        "it does not trust this machine: unlock it and accept the question about USB debugging",
    ),
    "authorizing": ("adb-unauthorized", "it is just being asked for access: try again"),
    "offline": (
        "adb-offline",
        "it is attached but does not answer: unplug it and plug it in, or `adb reconnect offline`",
    ),
    "connecting": ("adb-offline", "it is just being connected: try again"),
    "no permissions": (
        "adb-permission",
        "this user may not use the USB device: see `adb devices -l` for the udev rules it needs",
    ),
}


@dataclass(frozen=True)
class Said:
    """What a command on the phone left behind.

    Attributes:
        status: its exit status.
        stdout: what it printed.
        stderr: the same of its other stream.
    """

    status: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        """The last line it said, of an error first."""
        lines = [line.strip() for text in (self.stdout, self.stderr) for line in text.splitlines()]
        said = [line for line in lines if line]
        return next((line for line in reversed(said) if line.startswith("ERROR")), None) or (
            said[-1] if said else "it said nothing"
        )


def attached(serial: str | None) -> str:
    """Return the serial number of the phone to use, once it can be used.

    Args:
        serial: its number; None takes the only one attached.

    Raises:
        EnvironmentMissingError: there is no adb program or no such phone, there are several, or
            it cannot be used; ``reason_code`` and message say which.
    """
    asked = "adb:" if serial is None else f"adb:{serial}"
    said = _adb(asked, ["devices"], _QUICK_S)
    if said.status:
        raise EnvironmentMissingError(
            f"{asked}: the adb program does not work: {said.last_line}", reason_code="adb-failed"
        )
    _, _, table = said.stdout.partition("List of devices attached")
    rows = (line.split(maxsplit=1) for line in table.splitlines() if not line.startswith("*"))
    states = dict(row for row in rows if len(row) == 2)
    if not states:
        raise EnvironmentMissingError(
            f"{asked}: no phone is attached: plug one in with USB debugging on, or use "
            "`adb connect`",
            reason_code="adb-no-device",
        )
    names = " or ".join(f"adb:{each}" for each in states)
    if serial is None and len(states) > 1:
        raise EnvironmentMissingError(
            f"adb: {len(states)} phones are attached: take {names}",
            reason_code="adb-several-devices",
        )
    chosen = next(iter(states)) if serial is None else serial
    if chosen not in states:
        raise EnvironmentMissingError(
            f"{asked}: that phone is not attached; {names} is", reason_code="adb-no-device"
        )
    state = states[chosen]
    if state != "device":
        known = (_STATES[words] for words in _STATES if state.startswith(words))
        reason, advice = next(known, ("adb-state", f"it is in the state {state!r}: start Android"))
        raise EnvironmentMissingError(f"adb:{chosen}: {advice}", reason_code=reason)
    features = _adb(asked, ["-s", chosen, "features"], _QUICK_S).stdout.split()
    if "shell_v2" not in features:
        raise EnvironmentMissingError(
            f"adb:{chosen}: its Android is too old to tell how a command ended: it needs "
            "Android 7 or newer",
            reason_code="adb-too-old",
        )
    return chosen


@dataclass(frozen=True)
class AttachedPhone:
    """A phone at the other end of adb.

    Attributes:
        serial: its serial number.
        folder: the folder there that is in use, for the message when the phone goes away.
    """

    serial: str
    folder: str = ""

    def shell(self, command: str, timeout_s: float = _QUICK_S) -> Said:
        """Run a command of the phone's shell.

        Raises:
            WorkerError: the phone went away, or the command did not end in time.
        """
        return self._checked(["shell", command], timeout_s)

    def shell_with_us(self, command: str, timeout_s: float) -> Said:
        """Run a program that ends with this process, and the folder with it, if it is cut off.

        Raises:
            WorkerError: the phone went away, or the program did not end in time.
        """
        return self.shell(_WITH_US.format(command=command, folder=self.folder), timeout_s)

    def push(self, source: Path, name: str) -> None:
        """Copy a file into the folder on the phone.

        Raises:
            StorageError: the phone refuses it: it is full, or the like.
            WorkerError: the phone went away.
        """
        # The whole path, so that adb does not take a name for an option.
        said = self._checked(["push", str(source.absolute()), f"{self.folder}/{name}"], _PUSH_S)
        if said.status:
            raise StorageError(
                f"adb:{self.serial}: cannot copy {source} ({source.stat().st_size / 1e6:.1f} MB) "
                f"to {self.folder} there: {said.last_line}"
            )

    def check_attached(self) -> None:
        """Check that the phone is still there.

        Raises:
            WorkerError: it is not.
        """
        state = _adb(f"adb:{self.serial}", ["-s", self.serial, "get-state"], _QUICK_S)
        if state.stdout.strip() != "device":
            raise self.lost(state.last_line)

    def lost(self, why: str) -> WorkerError:
        """Return the error for a phone that went away, which says what may remain on it."""
        remains = f"; {self.folder} may remain there: remove it by hand" if self.folder else ""
        return WorkerError(
            f"adb:{self.serial}: the phone went away ({why}){remains}, then measure again",
            reason_code="connection-lost",
        )

    def _checked(self, arguments: list[str], timeout_s: float) -> Said:
        said = _adb(f"adb:{self.serial}", ["-s", self.serial, *arguments], timeout_s)
        if said.status:  # of the command, or of adb itself, which does not say of which
            self.check_attached()
        return said


def _adb(name: str, arguments: list[str], timeout_s: float) -> Said:
    if shutil.which("adb") is None:
        raise EnvironmentMissingError(
            f"{name} needs the program adb, which is not here: install Android's platform-tools",
            reason_code="adb-program",
        )
    try:
        # A command on the phone can take the closing of stdin as the sign that we are gone.
        return Said(*spawning.run(["adb", *arguments], None, None, Limits(timeout_s)))
    except WorkerError as error:
        what = str(error).replace("the worker", "adb")
        raise WorkerError(f"{name}: {what}") from error

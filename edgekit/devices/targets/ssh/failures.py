"""What the ssh program says when it fails, as one line with what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgekit.errors import EnvironmentMissingError, StorageError, WorkerError

NO_PYTHON, NO_FOLDER = 93, 94
"""Exit statuses of the script on the device: there is no Python, or no folder to work in."""

_SSH_FAILED = 255  # ssh's own failure, or a remote command that was killed


@dataclass(frozen=True)
class _Cause:
    pattern: str
    reason_code: str
    message: str


# The first whose pattern is found says why. Texts of OpenSSH 8 to 10.
_CAUSES = (
    _Cause(
        "REMOTE HOST IDENTIFICATION HAS CHANGED", "ssh-host-key-changed",
        "its host key is another than the known one: find out why before you remove the old one "
        "with `ssh-keygen -R`",
    ),
    _Cause(
        "Host key verification failed|host key is known for", "ssh-unknown-host-key",
        "its host key is not known here: connect once with `{command}` and check the key",
    ),
    _Cause(
        "Permission denied|Too many authentication failures|no mutual signature",
        "ssh-permission",
        "no key of yours is accepted, and no password is asked for: `{command}` must work without",
    ),
    _Cause(
        "Could not resolve hostname|Name or service not known", "ssh-unreachable",
        "no machine of that name is found",
    ),
    _Cause(
        "Connection refused|Connection timed out|No route to host|Network is unreachable|"
        "Operation timed out|Connection timed out during banner exchange", "ssh-unreachable",
        "it does not answer ({line}): is it on, and does sshd run there?",
    ),
    _Cause(
        "Bad configuration option|terminating, .* bad configuration|Can't open user config",
        "ssh-configuration", "ssh's configuration is wrong: {line}",
    ),
)  # fmt: skip


def explain(name: str, command: str, returncode: int, stderr: str) -> EnvironmentMissingError:
    """Return the error for a connection that ended before the device said hello.

    Args:
        name: the target.
        command: how a user connects by hand.
        returncode: of ssh.
        stderr: what ssh and the device said.
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else f"exit status {returncode}"
    if returncode == NO_PYTHON:
        return EnvironmentMissingError(
            f"{name}: there is no Python 3.9 or newer under the name python3 there: install it, "
            "or name another in devices.toml",
            reason_code="device-python",
        )
    if returncode == NO_FOLDER:
        return StorageError(f"{name}: no temporary folder can be made there: {last}")
    if returncode == _SSH_FAILED:
        for cause in _CAUSES:
            line = next((line for line in lines if re.search(cause.pattern, line)), None)
            if line is not None:
                message = cause.message.format(command=command, line=line)
                return EnvironmentMissingError(f"{name}: {message}", reason_code=cause.reason_code)
    return EnvironmentMissingError(f"{name}: cannot start there: {last}", reason_code="ssh-failed")


LOST = "connection-lost"
"""Reason code of a connection that was cut while the device was at work."""

PASSING = frozenset({"ssh-unreachable", "ssh-failed"})
"""Reason codes of what a device's restart or a network's gap looks like to whoever connects."""


def not_installed(name: str, said: str) -> EnvironmentMissingError:
    """Return the error for a pip that failed.

    Args:
        name: the target.
        said: what pip printed.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any("externally-managed-environment" in line for line in lines):
        reason = (
            "the system's Python is kept by its own package manager: make a virtual environment "
            "there (`python3 -m venv edgekit`) and name its Python in devices.toml"
        )
    else:
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
        reason = errors[-1].removeprefix("ERROR: ") if errors else "pip says nothing"
    return EnvironmentMissingError(f"{name}: pip failed there: {reason}", reason_code="pip-failed")


def lost(name: str, folder: str, stderr: str) -> WorkerError:
    """Return the error for a connection that was cut while the device was at work."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    why = f" ({lines[-1]})" if lines else ""
    return WorkerError(
        f"{name}: the connection was lost{why}; the device ends the worker and removes {folder} "
        "as soon as it notices; if it lost its power, that folder may remain: measure again",
        reason_code=LOST,
    )

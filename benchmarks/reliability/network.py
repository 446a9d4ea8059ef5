"""What each command asks of the network, seen by strace: look-ups, connections, packets.

``python -m benchmarks.reliability.network`` prints it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reliability import kit
from benchmarks.reliability.commands import environment

STRACE = shutil.which("strace") or ""
_INTERNET = re.compile(r"AF_INET6?\b")


def calls(name: str, place: Path) -> tuple[int, list[str]]:
    """Run a command of the kit; return its exit status and its calls that are of the internet.

    Raises:
        FileNotFoundError: there is no strace here.
    """
    log = place / "strace.log"
    words = [sys.executable, "-m", "edgekit", *kit.COMMANDS[name]]
    done = subprocess.run(
        [STRACE, "--seccomp-bpf", "-f", "-qq", "-e", "trace=%network", "-o", str(log), *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env=environment(place / "tmp") | {"EDGEKIT_CACHE": str(place / "cache")}, cwd=place,
        check=False,
    )  # fmt: skip
    lines = log.read_text(errors="replace").splitlines()
    return done.returncode, [line for line in lines if _INTERNET.search(line)]


def section(place: Path) -> tuple[list[str], int]:
    """Return the page's lines, and how many calls were seen."""
    place.mkdir(parents=True, exist_ok=True)
    if not STRACE:
        return ["Not tried: there is no strace here."], 0
    made = place / "kit"
    kit.make(made)
    found: dict[str, list[str]] = {}
    for name in kit.COMMANDS:
        folder = place / name
        shutil.copytree(made, folder)
        (folder / "tmp").mkdir()
        status, seen = calls(name, folder)
        if status:
            raise RuntimeError(f"{name} ends with {status} under strace")
        found[name] = seen
        shutil.rmtree(folder)
    total = sum(map(len, found.values()))
    lines = [
        f"{len(found)} commands ({', '.join(found)}) and all their children ran under `strace -f`, "
        f"none of them asked to reach a device. System calls with an internet socket or address, "
        f"which every look-up, connection and packet needs: {total}."
    ]
    for name, seen in found.items():
        lines += [f"\n- {name}: `{call}`" for call in seen]
    return lines, total


def main() -> int:
    with TemporaryDirectory(prefix="network-") as place:
        lines, total = section(Path(place))
    print("\n".join(lines))
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main())

"""A real adbd (Debian's) with the stand-in phone's folders and programs as its userland.

It listens on a fixed port on every interface, so it gets a network of its own, in namespaces that
need no rights; so does the adb server that talks to it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.specimens.machines.phones import Phone

SERIAL = "127.0.0.1:5555"
_PLACES = [os.environ["PATH"], "/usr/sbin", "/usr/lib/android-sdk/platform-tools"]

# A root that is this machine's, but for what a phone has elsewhere.
_START = """\
set -e
phone=$1; adbd=$2; root=$phone/root
ip link set lo up
mount -t tmpfs none "$root"
for each in /*; do
  if [ -L "$each" ]; then cp -P "$each" "$root/"
  elif [ -d "$each" ] && [ "$each" != /data ]; then
    mkdir "$root$each"
    mount --rbind "$each" "$root$each"
  fi
done
mkdir -p "$root/data/local/tmp"
mount --bind "$phone/storage" "$root/data/local/tmp"
mount --bind "$phone/programs" "$root/usr/local/bin"
mount --bind "$phone/cpu" "$root/sys/devices/system/cpu"
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin exec chroot "$root" "$adbd"
"""


@contextmanager
def running(phone: Phone) -> Iterator[None]:
    """Let the phone have this adbd, and the adb on PATH reach it; skip where that cannot be."""
    found = {name: shutil.which(name, path=os.pathsep.join(_PLACES)) for name in (
        "adbd", "unshare", "nsenter", "ip", "mount", "chroot")}  # fmt: skip
    adb = shutil.which("adb", path=os.pathsep.join(_PLACES[1:] + _outside(phone)))
    missing = [name for name, path in {**found, "adb": adb}.items() if path is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    (phone.folder / "root").mkdir()
    script, log = phone.folder / "start.sh", phone.folder / "adbd.log"
    script.write_text(_START)
    isolation = [str(found["unshare"]), "--user", "--map-root-user", "--mount", "--net", "--fork",
                 "--kill-child"]  # fmt: skip
    with log.open("w") as said:
        process = subprocess.Popen(
            [*isolation, "sh", str(script), str(phone.folder), str(found["adbd"])],
            stdout=said, stderr=said,
        )  # fmt: skip
    try:
        if not _is_up(process, log):
            pytest.skip(
                f"adbd does not start here: {(log.read_text().split(chr(10)) or [''])[-2:]}"
            )
        inside = _child(process.pid)
        shim = phone.client / "adb"
        shim.write_text(
            f"#!/bin/sh\nexport HOME={phone.folder}\nexec {found['nsenter']} -t {inside} --user "
            f'--net --preserve-credentials {adb} "$@"\n'
        )
        try:
            connect = subprocess.run([shim, "connect", SERIAL], capture_output=True, timeout=30)
            assert b"connected to" in connect.stdout, connect
            yield
        finally:
            subprocess.run([shim, "kill-server"], capture_output=True, timeout=30)
    finally:
        process.kill()
        process.wait()


def _outside(phone: Phone) -> list[str]:
    return [part for part in os.environ["PATH"].split(os.pathsep) if part != str(phone.client)]


def _is_up(process: subprocess.Popen[bytes], log: Path) -> bool:
    for _ in range(200):
        if "adbd listening on tcp:5555" in log.read_text():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.05)
    return False


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

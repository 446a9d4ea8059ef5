"""Set up what emulated instruction sets need: the emulators and the aarch64 Python."""

from __future__ import annotations

from collections.abc import Callable

from edgekit.emulation import aarch64_root, isa, qemu
from edgekit.errors import EnvironmentMissingError


def set_up(say: Callable[[str], None]) -> None:
    """Install into edgekit's cache what is not there yet; nothing else on the machine changes.

    Needs Debian's apt-get and dpkg-deb, pip, a network, and 400 MB; no rights.

    Args:
        say: called with a short line before each step.

    Raises:
        EnvironmentMissingError: something cannot be had here.
        StorageError: the disk is full.
    """
    wanted = [each for each in qemu.PROGRAMS if "x86" not in each or isa.is_x86_64()]
    if any(qemu.find(each) is None for each in wanted):
        qemu.build(say)
    if aarch64_root.find() is None:
        emulator = qemu.find("qemu-aarch64")
        if emulator is None:
            raise EnvironmentMissingError("qemu-aarch64 was unpacked and does not start here")
        aarch64_root.build(emulator, say)

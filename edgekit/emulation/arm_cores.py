"""Arm cores as programs find them in /proc/cpuinfo and /sys.

The runtimes choose their kernels by the core's part number, not only by its features, so the
text must name the core that QEMU emulates: with another one they use instructions that are not
there. QEMU before 8.2 shows the host's own /proc/cpuinfo, on which they crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_COUNT = 4  # cores of a board; the runtimes expect the list in /sys to be as long


@dataclass(frozen=True)
class ArmCore:
    """One kind of core.

    Attributes:
        name: Arm's name, in lower case.
        part: part number, of the main ID register.
        variant: major revision.
        revision: minor revision.
        features: the kernel's words for the instructions that it has.
    """

    name: str
    part: int
    variant: int
    revision: int
    features: str

    def cpuinfo(self) -> str:
        """Return the text of /proc/cpuinfo on a board with four of them."""
        return "".join(
            f"processor\t: {number}\n"
            "BogoMIPS\t: 108.00\n"
            f"Features\t: {self.features}\n"
            "CPU implementer\t: 0x41\n"
            "CPU architecture: 8\n"
            f"CPU variant\t: 0x{self.variant:x}\n"
            f"CPU part\t: 0x{self.part:03x}\n"
            f"CPU revision\t: {self.revision}\n\n"
            for number in range(_COUNT)
        )

    def write(self, root: Path) -> None:
        """Write the files below a folder that QEMU looks into before the host's root folder."""
        cpus = root / "sys" / "devices" / "system" / "cpu"
        (root / "proc").mkdir(parents=True)
        (root / "proc" / "cpuinfo").write_text(self.cpuinfo(), encoding="ascii")
        cpus.mkdir(parents=True)
        for name in ("possible", "present", "online"):
            (cpus / name).write_text(f"0-{_COUNT - 1}\n", encoding="ascii")


_V8_0 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
_V8_2 = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop "
    "asimddp"
)
_V8_6 = f"{_V8_2} jscvt fcma sha3 sha512 asimdfhm flagm i8mm bf16"

A53 = ArmCore("cortex-a53", 0xD03, 0, 4, _V8_0)
A72 = ArmCore("cortex-a72", 0xD08, 0, 3, _V8_0)
A76 = ArmCore("cortex-a76", 0xD0B, 4, 1, _V8_2)
# QEMU's `max` has no part number of Arm's; a core with all these instructions stands for it.
A710 = ArmCore("cortex-a710", 0xD47, 2, 0, _V8_6)

ALL = (A53, A72, A76, A710)

"""Instruction sets that a model file can be run under: this processor's own, and emulated ones.

An int8 file gives other answers where a runtime's kernels for another instruction set compute
otherwise. QEMU's user mode runs the same worker under such a set, on any Linux machine. Emulated
runs answer what a file computes, never how fast: no time of theirs is reported anywhere.

QEMU's own `max` processor is not among them: QEMU 7.2 gives it SME and computes it wrongly.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgekit.emulation import aarch64_root, qemu
from edgekit.emulation.arm_cores import A53, A72, A76, A710, ArmCore
from edgekit.errors import EnvironmentMissingError, UnknownNameError

NATIVE = "native"
SET_UP = "`edgekit doctor --setup-qemu`"
"""The command that installs what emulation needs, for messages."""

# Haswell without what QEMU does not emulate, which it would warn about and leave out itself.
_HASWELL = "Haswell," + ",".join(
    f"{feature}=off" for feature in ("pcid", "x2apic", "tsc-deadline", "hle", "invpcid", "rtm")
)


@dataclass(frozen=True)
class InstructionSet:
    """One line of the table.

    Attributes:
        name: what users call it.
        description: what it is and which machines have it.
        emulator: QEMU program; None runs on this processor.
        cpu: QEMU's name of the processor, with features.
        core: for aarch64, the processor as programs find it in /proc/cpuinfo.
        pairs_saturate: whether ONNX Runtime adds pairs of 8-bit products in 16 bits there,
            which can overflow; None depends on this machine.
    """

    name: str
    description: str
    emulator: str | None = None
    cpu: str = ""
    core: ArmCore | None = None
    pairs_saturate: bool | None = False


_X86, _ARM = "qemu-x86_64", "qemu-aarch64"

_TABLE = (
    InstructionSet(NATIVE, "this machine's processor", pairs_saturate=None),
    InstructionSet("avx2", "x86-64, AVX2 without VNNI", _X86, _HASWELL, pairs_saturate=True),
    InstructionSet("cortex-a53", "Armv8.0, in-order (Raspberry Pi 3)", _ARM, "cortex-a53", A53),
    InstructionSet("cortex-a72", "Armv8.0 (Raspberry Pi 4)", _ARM, "cortex-a72", A72),
    InstructionSet("cortex-a76", "Armv8.2, dot product (Raspberry Pi 5)", _ARM, "cortex-a76", A76),
    InstructionSet("armv8-i8mm", "Armv8.6, int8 matrices", _ARM, "max,sme=off,sve=off", A710),
)

_BY_NAME: Mapping[str, InstructionSet] = {each.name: each for each in _TABLE}

ALIASES: Mapping[str, str] = {"i8mm": "armv8-i8mm"}
"""Other names, each with the one that it stands for."""


@dataclass(frozen=True)
class Launcher:
    """How a Python program is started under an instruction set.

    Attributes:
        prefix: program and arguments before the interpreter; empty if nothing is emulated.
        interpreter: path of the Python that runs there.
        environment: its environment variables; None: this process's own.
    """

    prefix: tuple[str, ...]
    interpreter: str
    environment: Mapping[str, str] | None = None

    @property
    def is_emulated(self) -> bool:
        """Whether the program runs in an emulator, many times slower."""
        return bool(self.prefix)


def names() -> list[str]:
    """Return the names of all instruction sets, `native` first."""
    return list(_BY_NAME)


def get(name: str) -> InstructionSet:
    """Return an instruction set by name; case is ignored.

    Raises:
        UnknownNameError: none is called that.
    """
    folded = name.casefold()
    found = _BY_NAME.get(ALIASES.get(folded, folded))
    if found is None:
        raise UnknownNameError("instruction set", name, _BY_NAME)
    return found


def launcher(name: str) -> Launcher:
    """Return how to start Python, numpy and the runtimes under an instruction set.

    Raises:
        UnknownNameError: no instruction set is called that.
        EnvironmentMissingError: the emulator or the aarch64 Python is not there, or this machine
            cannot have it.
    """
    wanted = get(name)
    if wanted.emulator is None:
        return Launcher((), sys.executable)
    if wanted.core is None and not is_x86_64():
        raise EnvironmentMissingError(
            f"{wanted.name} runs this machine's own Python under {wanted.emulator}, which needs "
            f"an x86-64 Linux machine; this is {platform.system()} {platform.machine()}"
        )
    emulator = qemu.find(wanted.emulator)
    if emulator is None:
        raise EnvironmentMissingError(
            f"{wanted.name} needs the emulator {wanted.emulator} {qemu.OLDEST_TEXT} or newer, "
            f"which is not here: {SET_UP} installs it"
        )
    if wanted.core is None:
        return Launcher((*emulator, "-cpu", wanted.cpu), sys.executable)
    root = aarch64_root.find()
    if root is None:
        raise EnvironmentMissingError(
            f"{wanted.name} needs an aarch64 Python with this machine's versions of the runtimes, "
            f"which is not here: {SET_UP} installs it"
        )
    prefix = (*emulator, "-cpu", wanted.cpu, "-L", str(root.view(wanted.core)))
    return Launcher(prefix, str(root.interpreter), _arm_environment(root.packages))


def missing(name: str) -> str | None:
    """Return why an instruction set cannot be run now, or None if it can."""
    try:
        launcher(name)
    except EnvironmentMissingError as error:
        return str(error)
    return None


def pairs_saturate(name: str) -> bool:
    """Tell whether ONNX Runtime's int8 kernels can saturate under an instruction set.

    On x86-64 without VNNI they use VPMADDUBSW, which adds two products of 8-bit numbers in a
    saturating 16-bit number (onnxruntime.ai, "Quantize ONNX models", on U8S8).
    """
    known = get(name).pairs_saturate
    if known is not None:
        return known
    return is_x86_64() and not _has_vnni()


def is_x86_64() -> bool:
    """Tell whether this is an x86-64 Linux machine."""
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


def _has_vnni() -> bool:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(line.split())


def _arm_environment(packages: Path) -> dict[str, str]:
    """Return this process's variables without those that would lead to this machine's packages."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    return {**kept, "PYTHONPATH": str(packages), "PYTHONNOUSERSITE": "1"}

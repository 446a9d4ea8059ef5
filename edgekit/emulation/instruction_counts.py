"""Count what a program executes in the emulator: a plugin for QEMU, compiled when first used."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path

from edgekit.emulation import debian, isa, qemu
from edgekit.errors import EnvironmentMissingError, WorkerError
from edgekit.files import cache_folder
from edgekit.files.made_folder import MadeFolder

_SOURCE, _LIBRARY = "counting_plugin.c", "counting.so"
_FLAGS = ("-O2", "-fPIC", "-shared", "-fvisibility=hidden")
_COMPILERS = ("cc", "gcc", "clang")
_NEXT_INTERFACE = (9, 0)  # QEMU's plugin interface 2, without what the plugin calls


@dataclass(frozen=True)
class Counts:
    """AArch64 instructions executed, each in one class, and bytes moved.

    Attributes:
        loads: instructions that load from memory.
        stores: instructions that store to memory.
        branches: branches, calls, returns and system instructions.
        dot_products: SDOT, UDOT and their kin (8-bit), BFDOT.
        matrix_products: SMMLA, UMMLA and their kin (8-bit), BFMMLA.
        float_macs: FMLA and its kin on vectors, FMADD on scalars.
        integer_macs: MLA, MUL, SMLAL, SMULL and their kin on vectors.
        other_vector: all other vector and floating-point instructions.
        other: the rest: integers and addresses.
        load_bytes: bytes loaded.
        store_bytes: bytes stored.
    """

    loads: int
    stores: int
    branches: int
    dot_products: int
    matrix_products: int
    float_macs: int
    integer_macs: int
    other_vector: int
    other: int
    load_bytes: int
    store_bytes: int

    @property
    def instructions(self) -> int:
        """Number of instructions of all classes."""
        every: int = sum(getattr(self, field.name) for field in fields(self))
        return every - self.load_bytes - self.store_bytes

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            *(getattr(self, each.name) - getattr(other, each.name) for each in fields(self))
        )


def setting(processor: str, into: Path) -> str:
    """Return the environment variable, as ``NAME=value``, that makes the emulator count.

    Args:
        processor: an aarch64 instruction set of `edgekit.emulation.isa`.
        into: file for the counts, which `read` reads.

    Raises:
        EnvironmentMissingError: the emulator is missing or takes no such plugin, or there is no C
            compiler, or it fails.
        StorageError: the cache cannot be written.
    """
    isa.launcher(processor)  # says what is missing, if anything
    emulator = qemu.find(isa.get(processor).emulator or "")
    if emulator is None:
        raise EnvironmentMissingError(f"{processor} is not emulated, so nothing can be counted")
    _check_emulator(emulator)
    # A comma ends an option; a doubled one is part of a path.
    plugin, file = (str(path).replace(",", ",,") for path in (_plugin(), into))
    return f"QEMU_PLUGIN={plugin},out={file}"


def _plugin() -> Path:
    """Return the plugin, compiled if it is not in the cache yet."""
    source = resources.files("edgekit.emulation").joinpath(_SOURCE).read_bytes()
    content = {"source": hashlib.sha256(source).hexdigest(), "machine": platform.machine()}
    folder = MadeFolder(cache_folder.folder() / "emulation", "counting", content)
    if folder.facts() is None:
        with folder.making() as making:
            (making / _SOURCE).write_bytes(source)
            compile_plugin(making / _SOURCE, making / _LIBRARY)
            folder.write_facts(making, {})
    return folder.path / _LIBRARY


def _check_emulator(emulator: tuple[str, ...]) -> None:
    version = qemu.version(emulator)
    shown = ".".join(map(str, version or ()))
    if version is None or version >= _NEXT_INTERFACE:
        raise EnvironmentMissingError(
            f"counting instructions needs QEMU 7.2 to 8.x, but {emulator[-1]} is QEMU {shown}: "
            "take it off PATH, and `edgekit doctor --setup-qemu` on Debian 12 installs 7.2"
        )
    if "-plugin" not in debian.run([*emulator, "-help"], f"ask {emulator[-1]} for its options"):
        raise EnvironmentMissingError(
            f"counting instructions needs a QEMU that takes plugins, and {emulator[-1]} takes none "
            "(a static build does not): take it off PATH, and `edgekit doctor --setup-qemu` "
            "installs one"
        )


def compile_plugin(source: Path, library: Path) -> None:
    """Compile the plugin with CC or the first C compiler on PATH.

    Raises:
        EnvironmentMissingError: there is none, or it fails.
    """
    wanted = os.environ.get("CC")
    compiler = next(filter(None, map(shutil.which, [wanted] if wanted else _COMPILERS)), None)
    if compiler is None:
        raise EnvironmentMissingError(
            f"counting instructions needs a C compiler, and {wanted or ', '.join(_COMPILERS)} "
            "is not on PATH: install one (Debian: `apt-get install gcc libc6-dev`) or set CC"
        )
    done = subprocess.run(  # noqa: S603 -- the user's compiler, no shell
        [compiler, *_FLAGS, "-o", str(library), str(source)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line]
        raise EnvironmentMissingError(
            f"{compiler} cannot compile the counting plugin: "
            f"{(lines or [f'exit status {done.returncode}'])[0]}; set CC to another C compiler"
        )


def read(path: Path) -> list[Counts]:
    """Return what was executed between each pair of marks in a file of the plugin.

    Raises:
        WorkerError: the file is not there or not whole.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        marks = [Counts(**json.loads(line)) for line in lines]
        pairs = list(zip(marks[::2], marks[1::2], strict=True))
    except (OSError, ValueError, TypeError) as error:
        raise WorkerError(f"the emulator's counts cannot be read: {error}") from error
    return [end - begin for begin, end in pairs]

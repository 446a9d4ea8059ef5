"""Reading a file of somebody else's in a process of its own, which it may crash or exhaust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgekit.errors import InvalidPathError, RefusedError, WorkerError
from edgekit.export.sources.onnx_file import READER
from edgekit.export.sources.onnx_file.stored import constants
from edgekit.export.sources.onnx_file.stored.constants import StoredTensor
from edgekit.export.sources.shapes import InputShapes
from edgekit.export.stored_weights import held_file, reading
from edgekit.export.stored_weights import tensor as stored
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.processes import child, limited
from edgekit.processes.spawning import Limits

_TIME_S = 600.0
_CPU_S, _CPU_S_PER_MB = 50, 5  # amply: nothing is trained here
_MEMORY_BYTES = 8 << 30  # what an empty process and small files take of the address space, amply
_MEMORY_PER_BYTE = 16  # of the file: it is copied several times
_OUTPUT_BYTES = 1 << 32  # protobuf itself ends at 2 GiB


@dataclass(frozen=True)
class FileReading:
    """What was read from a file.

    Attributes:
        faithful: the file in the canonical opset and types, not simplified; None where that is
            the file itself.
        from_half: it holds tensors of half precision.
        from_double: it holds tensors of double precision.
        is_dynamic: it is quantized, with scales that are found as it runs.
        dtypes: numpy's name of each input's element type, as the file has it.
        stored: constants that the file holds as integers, float32 in ``simplified``.
        fixed: inputs of the file that became constants.
        cut: the file up to the tensors asked for; None where all of it was read.
    """

    faithful: HeldFile | None
    from_half: bool
    from_double: bool
    is_dynamic: bool
    dtypes: Mapping[str, str]
    stored: tuple[StoredTensor, ...] = ()
    fixed: Mapping[str, np.ndarray] = field(default_factory=dict)
    cut: HeldFile | None = None


def read(path: Path, asked: InputShapes) -> tuple[ir.Model, FileReading]:
    """Read a file.

    Args:
        path: the file.
        asked: sizes for what the file leaves open.

    Returns:
        the network, of standard operators, static shapes and float32, everything constant folded;
        and what else was read.

    Raises:
        InvalidPathError, UnreadableModelError, UsageError, RefusedError: as
            `edgekit.export.sources.canonical.from_file`.
        StorageError: the temporary folder cannot be written.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    memory_bytes = _MEMORY_BYTES + _MEMORY_PER_BYTE * size
    cpu_s = _CPU_S + _CPU_S_PER_MB * size // 1_000_000
    limits = Limits(_TIME_S, memory_bytes, _OUTPUT_BYTES, cpu_s)
    with child.scratch_folder() as folder:
        job = {
            "path": str(path.absolute()),
            "folder": str(folder),
            "batch": asked.batch,
            "in_order": asked.in_order,
            "named": dict(asked.named),
            "fixed": dict(asked.fixed),
            "ends": asked.ends,
        }
        try:
            answer = limited.call(READER, job, limits)
        except WorkerError as error:
            raise RefusedError(
                f"{path} cannot be read, the process that tried did not survive it ({error}): "
                "check it with onnx.checker.check_model(..., full_check=True)",
                reason_code="reading-failed",
            ) from error
        simplified = ir.from_proto(reading.load(folder / "simplified.onnx"))
        stored.keep(simplified)
        faithful = held_file.opened(folder / "faithful.onnx") if answer["faithful"] else None
        with np.load(folder / "fixed.npz", allow_pickle=False) as arrays:
            fixed = dict(arrays)
        return simplified, FileReading(
            faithful,
            from_half=bool(answer["from_half"]),
            from_double=bool(answer["from_double"]),
            is_dynamic=bool(answer["is_dynamic"]),
            dtypes=answer["dtypes"],
            stored=constants.load(folder / "stored.npz"),
            fixed=fixed,
            cut=held_file.opened(folder / "cut.onnx") if answer["cut"] else None,
        )

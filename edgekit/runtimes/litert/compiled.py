"""TFLite files through LiteRT's CompiledModel, which has options that its interpreter lacks.

These are options of the XNNPACK delegate: to compute in float16 whatever the file and the processor
say, and to keep packed weights in a file that the next start maps into memory.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import EnvironmentMissingError, UnreadableModelError
from edgekit.runtimes.base import ModelInfo, TensorInfo, check_feeds
from edgekit.runtimes.litert import session

# Of TfLiteXNNPackDelegateOptions: signed and unsigned 8-bit operators, and float16 by force.
_QS8, _QU8, _FORCE_FP16 = 0x1, 0x2, 0x4


@lru_cache(maxsize=1)
def environment() -> Any:  # noqa: ANN401 -- the runtime has no types
    """Return what an app makes once, before it loads any file.

    Raises:
        EnvironmentMissingError: this LiteRT is too old to have a CompiledModel.
    """
    try:
        import ai_edge_litert.compiled_model
        import ai_edge_litert.options  # noqa: F401 -- so that no load is timed with it
        from ai_edge_litert.environment import Environment, EnvironmentOptions
    except ImportError as error:
        raise EnvironmentMissingError(
            "float16 by force and the weight cache need ai-edge-litert 2.0 or newer, with its "
            "CompiledModel: update it"
        ) from error
    return Environment.create(options=EnvironmentOptions(runtime_path=""))


def load(
    path: Path, threads: int, *, float16: bool = False, weight_cache: Path | None = None
) -> CompiledSession:
    """Load a .tflite file.

    Args:
        path: the file.
        threads: threads to compute with.
        float16: compute in float16; on x86 as a processor with that arithmetic would, if slower.
        weight_cache: the file of packed weights; made if it is missing, used if it fits.

    Raises:
        UnreadableModelError: LiteRT rejects the file.
        EnvironmentMissingError: see `environment`.
    """
    place = environment()
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.options import CpuOptions, Options

    options = CpuOptions(num_threads=threads)
    if float16:
        options.xnnpack_flags = _QS8 | _QU8 | _FORCE_FP16
    if weight_cache is not None:
        options.xnnpack_weight_cache_path = str(weight_cache)
    try:
        model = CompiledModel.from_file(
            str(path), environment=place, options=Options(cpu_options=options)
        )
        return CompiledSession(path, threads, model, "float16 by force" if float16 else "compiled")
    except (ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise UnreadableModelError(f"{path}: LiteRT cannot load this file: {reason}") from error


class CompiledSession:
    """A loaded .tflite file (see `edgekit.runtimes.base.Session`)."""

    def __init__(
        self,
        path: Path,
        threads: int,
        model: Any,  # noqa: ANN401 -- the runtime has no types
        how: str,
    ) -> None:
        names = model.get_signature_by_index(0)
        inputs = model.get_input_tensor_details(names["key"])
        self._path, self._threads, self._model, self._how = path, threads, model, how
        self._names = names
        self._inputs = tuple(_tensor(inputs[name]) for name in names["inputs"])
        self._given = model.create_input_buffers(0)
        self._answers = model.create_output_buffers(0)

    @cached_property
    def _outputs(self) -> tuple[TensorInfo, ...]:
        """What the runtime says of the outputs; asking it takes longer than a load."""
        outputs = self._model.get_output_tensor_details(self._names["key"])
        return tuple(_tensor(outputs[name]) for name in self._names["outputs"])

    def inputs(self) -> tuple[TensorInfo, ...]:
        """Describe the inputs; quantized ones without their scale."""
        return self._inputs

    def info(self) -> ModelInfo:
        """Describe the loaded file, which the interpreter loads once more for that."""
        found = session.load(self._path, self._threads).info()
        return replace(found, runtime_version=f"{found.runtime_version}, {self._how}")

    def set_inputs(self, feeds: Mapping[str, np.ndarray]) -> None:
        """Copy one array per input into the runtime's own buffers."""
        check_feeds(self._inputs, feeds)
        for tensor, buffer in zip(self._inputs, self._given):  # noqa: B905 -- Python 3.9
            buffer.write(np.ascontiguousarray(feeds[tensor.name]))

    def invoke(self) -> None:
        """Run the model once."""
        self._model.run_by_index(0, self._given, self._answers)

    def outputs(self) -> dict[str, np.ndarray]:
        """Copy out what the last ``invoke`` computed."""
        return {
            tensor.name: buffer.read(math.prod(tensor.shape), np.dtype(tensor.dtype).type).reshape(
                tensor.shape
            )
            for tensor, buffer in zip(self._outputs, self._answers)  # noqa: B905 -- Python 3.9
        }

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Set the inputs, run once, and return the outputs."""
        self.set_inputs(feeds)
        self.invoke()
        return self.outputs()


def _tensor(details: Mapping[str, Any]) -> TensorInfo:
    return TensorInfo(
        name=str(details["name"]),
        shape=tuple(int(size) for size in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
    )

"""ONNX files on ONNX Runtime's CPU kernels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from edgekit.errors import UnreadableModelError
from edgekit.runtimes.base import ModelInfo, TensorInfo, check_feeds
from edgekit.runtimes.ort.onnx_protobuf import operator_counts

_DTYPES = {"float": "float32", "double": "float64"}  # where ONNX and numpy differ in the name


def load(
    path: Path,
    threads: int,
    *,
    exact_sums: bool = False,
    as_written: bool = False,
    profile: Path | None = None,
    optimized: Path | None = None,
) -> OrtSession:
    """Load an .onnx or .ort file with every graph optimization, sequential, on the CPU.

    Args:
        path: the file.
        threads: threads to compute with.
        exact_sums: on x86-64 without VNNI, keep pairs of int8 products from saturating, at a cost
            in time; elsewhere they do not.
        as_written: run the graph node by node, without any optimization, and believe nothing that
            it says about the shapes of its outputs.
        profile: start of the path of a profile to write (see `OrtSession.end_profiling`).
        optimized: path to save the optimized graph at.

    Raises:
        UnreadableModelError: ONNX Runtime rejects the file.
    """
    options = _options(threads)
    if as_written:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if exact_sums:
        options.add_session_config_entry("session.x64quantprecision", "1")
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        operators = operator_counts(path)
    except MemoryError:
        raise
    except Exception as error:  # ONNX Runtime's own errors share no base class
        raise UnreadableModelError(
            f"{path}: ONNX Runtime cannot load this file: {_short(error, path)}"
        ) from error
    return OrtSession(session, operators, allocates=not as_written)


_WRONG = ["Pad_Fusion"]
"""Optimizations that change answers: this one lets a border of zeros into maxima."""


def load_graph(model: bytes, threads: int) -> LoadedGraph:
    """Load a serialized .onnx model that computes in float32 alone.

    QuantizeLinear and DequantizeLinear only round; nothing is fused with them.

    Args:
        model: the content of a file.
        threads: threads to compute with.

    Raises:
        UnreadableModelError: ONNX Runtime rejects the model.
    """
    options = _options(threads)
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.enable_cpu_mem_arena = False  # which keeps what the largest run took
    # Its threads have the cores to themselves only while none of another model's wait for work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"], disabled_optimizers=_WRONG
        )
        return LoadedGraph(session)
    except MemoryError:
        raise
    except Exception as error:  # ONNX Runtime's own errors share no base class
        raise UnreadableModelError(
            f"ONNX Runtime cannot load a graph: {_short(error, Path())}"
        ) from error


def _options(threads: int) -> Any:  # noqa: ANN401 -- untyped
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3  # errors only
    return options


class LoadedGraph:
    """A model of ours; several threads may run it at a time, each gets arrays of its own."""

    def __init__(self, session: Any) -> None:  # noqa: ANN401 -- untyped
        self._session = session
        self._outputs = tuple(_tensor(meta) for meta in session.get_outputs())

    @property
    def output_bytes(self) -> int:
        """What the outputs of one run take; an open size counts as 1."""
        return sum(
            np.dtype(each.dtype).itemsize * abs(math.prod(each.shape)) for each in self._outputs
        )

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name for one set of inputs."""
        names = [each.name for each in self._outputs]
        return dict(zip(names, self._session.run(names, feeds)))  # noqa: B905


class OrtSession:
    """A loaded ONNX file (see `edgekit.runtimes.base.Session`).

    Inputs and outputs are bound once to arrays that stay in place, so that ``invoke`` neither
    converts nor allocates what the caller could have kept, which is how an app would call it.
    """

    def __init__(
        self,
        session: Any,  # noqa: ANN401 -- untyped
        operators: dict[str, int],
        *,
        allocates: bool = True,
    ) -> None:
        self._session = session
        self._allocates = allocates
        self._operators = operators
        self._inputs = tuple(_tensor(meta) for meta in session.get_inputs())
        self._outputs = tuple(_tensor(meta) for meta in session.get_outputs())
        self._binding = session.io_binding()
        self._buffers: dict[str, np.ndarray] = {}
        for tensor in self._outputs:  # all of them, in order: the binding answers in this order
            self._bind_output(tensor)

    def _bind_output(self, tensor: TensorInfo) -> None:
        if not self._allocates or -1 in tensor.shape:
            self._binding.bind_output(tensor.name)  # the runtime allocates it
            return
        buffer = np.empty(tensor.shape, tensor.dtype)
        self._buffers[tensor.name] = buffer
        self._binding.bind_output(
            tensor.name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data
        )

    def inputs(self) -> tuple[TensorInfo, ...]:
        """Describe the inputs."""
        return self._inputs

    def info(self) -> ModelInfo:
        """Describe the loaded file."""
        return ModelInfo(
            runtime="onnxruntime",
            runtime_version=f"onnxruntime {onnxruntime.__version__}",
            inputs=self._inputs,
            outputs=self._outputs,
            operators=self._operators,
        )

    def set_inputs(self, feeds: Mapping[str, np.ndarray]) -> None:
        """Bind one array per input; the binding keeps the arrays alive."""
        if self._allocates:  # else what the file says of its inputs' shapes is not believed either
            check_feeds(self._inputs, feeds)
        for name, array in feeds.items():
            self._binding.bind_cpu_input(name, np.asarray(array, order="C"))
        # An output of open shape keeps the size of its last run until it is bound anew.
        for tensor in self._outputs:
            if tensor.name not in self._buffers:
                self._bind_output(tensor)

    def invoke(self) -> None:
        """Run the model once."""
        self._session.run_with_iobinding(self._binding)

    def outputs(self) -> dict[str, np.ndarray]:
        """Copy out what the last ``invoke`` computed."""
        names = [tensor.name for tensor in self._outputs]
        return dict(zip(names, self._binding.copy_outputs_to_cpu()))  # noqa: B905

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Set the inputs, run once, and return the outputs."""
        self.set_inputs(feeds)
        self.invoke()
        return self.outputs()

    def end_profiling(self) -> str:
        """Write the profile and return its path; the session was loaded with one."""
        return str(self._session.end_profiling())


def _tensor(meta: Any) -> TensorInfo:  # noqa: ANN401 -- the runtime has no types
    kind = meta.type[len("tensor(") : -1] if meta.type.startswith("tensor(") else meta.type
    return TensorInfo(
        name=meta.name,
        shape=tuple(size if isinstance(size, int) else -1 for size in meta.shape),
        dtype=_DTYPES.get(kind, kind),
    )


def _short(error: Exception, path: Path) -> str:
    """Return the reason without ONNX Runtime's error-code prefix and repeated path."""
    reason = str(error).rsplit(f"{path} failed:", 1)[-1]
    return reason.rsplit("[ONNXRuntimeError] : ", 1)[-1].strip()

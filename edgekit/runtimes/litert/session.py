"""TFLite files on LiteRT: its package today, or either of the two it grew out of."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import UnreadableModelError
from edgekit.runtimes.base import ModelInfo, TensorInfo, check_feeds

_PROVIDERS = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "tensorflow": "tensorflow.lite.python.interpreter",
}


def _import_interpreter() -> tuple[str, Any, Any]:
    for distribution, module in _PROVIDERS.items():
        package = module.partition(".")[0]
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            # Only the package's own absence sends us on; a broken install must be seen.
            if error.name not in (package, module):
                raise ImportError(f"{distribution} needs {error.name}") from error
        else:
            return distribution, found.Interpreter, getattr(found, "OpResolverType", None)
    raise ModuleNotFoundError("no TFLite interpreter is installed", name="ai_edge_litert")


_DISTRIBUTION, _Interpreter, _Kernels = _import_interpreter()


def load(
    path: Path,
    threads: int,
    *,
    exact_sums: bool = False,  # noqa: ARG001 -- its integer sums never saturate
) -> LiteRTSession:
    """Load a .tflite file, with XNNPACK where the runtime has it (its default).

    Raises:
        UnreadableModelError: LiteRT rejects the file.
    """
    try:
        interpreter = _Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise UnreadableModelError(f"{path}: LiteRT cannot load this file: {error}") from error
    return LiteRTSession(interpreter)


def _load_without_xnnpack(path: Path, threads: int) -> LiteRTSession:
    return _load_with(path, threads, _Kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


def _load_with_reference(path: Path, threads: int) -> LiteRTSession:
    try:
        return _load_with(path, threads, _Kernels.BUILTIN_REF)
    except ValueError as error:
        if "Didn't find op" in str(error):  # such as ELU; nothing ships with these kernels alone
            raise NotImplementedError(str(error)) from error
        raise


OTHER_KERNELS: dict[str, Callable[[Path, int], LiteRTSession]] = (
    {"built-in": _load_without_xnnpack, "reference": _load_with_reference} if _Kernels else {}
)
"""Kernels that LiteRT uses where XNNPACK is missing, and its reference for them.

The reference raises NotImplementedError where it lacks an operator of the file.
"""


def _load_with(path: Path, threads: int, kernels: Any) -> LiteRTSession:  # noqa: ANN401
    interpreter = _Interpreter(
        model_path=str(path), num_threads=threads, experimental_op_resolver_type=kernels
    )
    interpreter.allocate_tensors()
    return LiteRTSession(interpreter)


def load_content(content: bytes, threads: int) -> LiteRTSession:
    """Load the bytes of a .tflite file, as `load` does.

    Raises:
        UnreadableModelError: LiteRT rejects them.
    """
    try:
        interpreter = _Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise UnreadableModelError(f"LiteRT cannot load this model: {error}") from error
    return LiteRTSession(interpreter)


class LiteRTSession:
    """A loaded .tflite file (see `edgekit.runtimes.base.Session`)."""

    def __init__(self, interpreter: Any) -> None:  # noqa: ANN401 -- the runtime has no types
        self._interpreter = interpreter
        self._inputs = {d["name"]: d["index"] for d in interpreter.get_input_details()}
        self._outputs = {d["name"]: d["index"] for d in interpreter.get_output_details()}
        self._tensors = tuple(_tensor(d) for d in interpreter.get_input_details())

    def inputs(self) -> tuple[TensorInfo, ...]:
        """Describe the inputs."""
        return self._tensors

    def info(self) -> ModelInfo:
        """Describe the loaded file."""
        nodes = self._interpreter._get_ops_details()
        delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
        originals = [node for node in nodes if node["op_name"] != "DELEGATE"]
        outside = _left_outside(originals, delegates) if delegates else ()
        return ModelInfo(
            runtime="tflite",
            runtime_version=f"{_DISTRIBUTION} {_version()}",
            inputs=self._tensors,
            outputs=tuple(_tensor(d) for d in self._interpreter.get_output_details()),
            operators=dict(sorted(Counter(str(node["op_name"]) for node in originals).items())),
            partitions=len(delegates),
            # The only delegate that the interpreter applies unasked.
            delegate="XNNPACK" if delegates else None,
            operators_outside=outside,
        )

    def set_inputs(self, feeds: Mapping[str, np.ndarray]) -> None:
        """Copy one array per input into the interpreter."""
        check_feeds(self._tensors, feeds)
        for name, array in feeds.items():
            self._interpreter.set_tensor(self._inputs[name], array)

    def invoke(self) -> None:
        """Run the model once."""
        self._interpreter.invoke()

    def outputs(self) -> dict[str, np.ndarray]:
        """Copy out what the last ``invoke`` computed."""
        return {name: self._interpreter.get_tensor(i) for name, i in self._outputs.items()}

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Set the inputs, run once, and return the outputs."""
        self.set_inputs(feeds)
        self.invoke()
        return self.outputs()


def _version() -> str:
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _tensor(details: Mapping[str, Any]) -> TensorInfo:
    scale, zero_point = details["quantization"]
    quantized = scale != 0.0
    return TensorInfo(
        name=str(details["name"]),
        shape=tuple(int(size) for size in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
        scale=float(scale) if quantized else None,
        zero_point=int(zero_point) if quantized else None,
    )


def _left_outside(
    originals: list[Mapping[str, Any]], delegates: list[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return the operator types that no delegate node stands for.

    The interpreter keeps the file's nodes in its list and appends one DELEGATE node a partition
    without saying which nodes it replaced. Those are the ones found by walking from the
    partition's outputs back to its inputs.
    """
    producers = {int(t): i for i, node in enumerate(originals) for t in node["outputs"]}
    inside: set[int] = set()
    for delegate in delegates:
        borders = {int(tensor) for tensor in delegate["inputs"]}
        pending = [int(tensor) for tensor in delegate["outputs"]]
        while pending:
            node = producers.get(pending.pop())
            if node is None or node in inside:
                continue
            inside.add(node)
            pending += [int(t) for t in originals[node]["inputs"] if int(t) not in borders]
    return tuple(sorted({str(n["op_name"]) for i, n in enumerate(originals) if i not in inside}))

"""The bytes of an .onnx file, and of the weights beside it, become a model in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx
import onnx.external_data_helper
from google.protobuf.message import DecodeError

from edgekit.errors import InvalidPathError, RefusedError, UnreadableModelError
from edgekit.export.stored_weights import reading
from edgekit.export.stored_weights import tensor as stored

LARGEST_BYTES = 2**31 - 1
"""Of any protobuf message, so of every .onnx file in one piece."""


def parse(path: Path) -> onnx.ModelProto:
    """Return the model; its large weights say where they lie, the others are inside.

    The file is data: it is parsed, never executed.

    Raises:
        InvalidPathError: there is no such file, or a file of weights that it names is absent.
        UnreadableModelError: the file is no protobuf of a model, or its weights are cut short.
        RefusedError: weights outside of the model's folder, an opset that this onnx package does
            not know, or more than 2 GiB in all.
    """
    try:
        proto, left = reading.parse(path)
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except (DecodeError, ValueError) as error:
        raise invalid(str(path), error) from error
    if not proto.graph.output:
        raise invalid(str(path), ValueError("it has no outputs"))
    _refuse_unknown_opset(proto, path)
    _take_in_weights(proto, path)
    for number, (offset, length) in left.items():
        stored.refer(proto.graph.initializer[number], path.absolute(), offset, length)
    return proto


def invalid(name: str, error: Exception) -> UnreadableModelError:
    """Return the error for a model that is none, whatever was raised because of that."""
    reason = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
    return UnreadableModelError(
        f"{name} is not a valid ONNX model ({reason.strip()}): export it again from its source"
    )


def _refuse_unknown_opset(proto: onnx.ModelProto, path: Path) -> None:
    newest = onnx.defs.onnx_opset_version()
    for entry in proto.opset_import:
        if entry.domain in ("", "ai.onnx") and entry.version > newest:
            raise RefusedError(
                f"{path} has opset {entry.version}, and onnx {onnx.__version__} knows none above "
                f"{newest}: update the onnx package, or export with an older opset",
                reason_code="opset",
            )


def _take_in_weights(proto: onnx.ModelProto, path: Path) -> None:
    """Load tensors that are kept in files beside the model, but for the large ones."""
    folder = path.parent.resolve()
    total = 0
    for tensor in _external(proto):
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        found = (folder / location).resolve()
        if not location or Path(location).is_absolute() or folder not in found.parents:
            raise RefusedError(
                f"{path} asks for weights outside of its folder, {location!r} for the tensor "
                f"{tensor.name!r}: files are read from beside the model only",
                reason_code="external-data",
            )
        if not found.is_file():
            raise InvalidPathError(
                f"{path} keeps the weights {tensor.name!r} in {location}, which is not beside it: "
                "put it there"
            )
        length = entries.get("length", "")
        total += int(length) if length.isdigit() else found.stat().st_size
        if total > LARGEST_BYTES:
            raise RefusedError(
                f"{path} has more than 2 GiB of weights, the most that an .onnx file in one piece "
                "can hold",
                reason_code="too-large",
            )
        if _refer(tensor, found, entries):
            continue
        try:
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise UnreadableModelError(
                f"{path}: the weights {tensor.name!r} cannot be read from {location} ({error})"
            ) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _refer(tensor: onnx.TensorProto, found: Path, entries: Mapping[str, str]) -> bool:
    """Let a large tensor say where it lies, if all of it is there; return whether it does."""
    begin, size = entries.get("offset", "0"), entries.get("length", "")
    file_size = found.stat().st_size
    if not begin.isdecimal() or not (size or "0").isdecimal():
        return False
    length = int(size) if size else file_size - int(begin)
    is_whole = int(begin) + length <= file_size
    if not is_whole or not stored.is_large(tensor.data_type, list(tensor.dims), length):
        return False
    stored.refer(tensor, found, int(begin), length)
    return True


def _external(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    graphs = [proto.graph]
    nodes = [node for function in proto.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from (tensor for tensor in graph.initializer if tensor.external_data)
            nodes.extend(graph.node)
            continue
        for attribute in nodes.pop().attribute:
            graphs.extend(attribute.graphs)
            if attribute.HasField("g"):
                graphs.append(attribute.g)
            tensors = [*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])]
            yield from (tensor for tensor in tensors if tensor.external_data)

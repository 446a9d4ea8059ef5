"""The torch half of export: an nn.Module gives its answers, and becomes an ONNX model."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import onnx

from edgekit.errors import RefusedError
from edgekit.export.sources.aten import builder, translate
from edgekit.export.sources.aten.builder import NotInTableError
from edgekit.export.sources.shapes import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn

    from edgekit.export.sources.aten.record import Program

OPSET = builder.OPSET


def parameter_names(module: nn.Module, wanted: int) -> tuple[str, ...]:
    """Return the names of the inputs that ``module`` takes, in their order.

    Args:
        module: the network.
        wanted: how many inputs the caller has; optional parameters count up to there.

    Returns:
        the required positional parameters of ``forward`` and as many optional ones as wanted;
        ``input_0`` and so on where ``forward`` takes any number.
    """
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(module.forward).parameters.values()
    named = [p for p in parameters if p.kind in kinds]
    required = sum(p.default is inspect.Parameter.empty for p in named)
    names = [p.name for p in named][: max(required, wanted)]
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        names += [f"input_{index}" for index in range(len(names), max(wanted, 1))]
    return tuple(names)


def answers(
    module: nn.Module, feeds: Sequence[Mapping[str, np.ndarray]], subject: str
) -> tuple[dict[str, np.ndarray], ...]:
    """Run the network in evaluation mode, once for each set of inputs.

    Args:
        module: the network.
        feeds: arrays by input name, in the order of ``forward``.
        subject: what to call the network in messages.

    Returns:
        for each set the outputs by name: ``output`` where there is one; else ``output_0`` and so
        on, or the keys of a dict; names of nested ones are joined by underscores.

    Raises:
        RefusedError: an output is no tensor (``output-type``).
    """
    import torch

    module.eval()
    found = []
    for feed in feeds:
        with torch.inference_mode():
            result = module(*(torch.from_numpy(array) for array in feed.values()))
        found.append(_named(result, tuple(feed), subject))
    return tuple(found)


def _named(result: object, taken: Sequence[str], subject: str) -> dict[str, np.ndarray]:
    """Flatten what forward returned; torch's exporter flattens in the same order."""
    import torch
    from torch.utils import _pytree as pytree

    outputs: dict[str, np.ndarray] = {}
    for path, leaf in pytree.tree_flatten_with_path(result)[0]:
        if leaf is None:
            continue  # the exporter leaves it out too
        if not isinstance(leaf, torch.Tensor):
            raise RefusedError(
                f"{subject} has an output of type {type(leaf).__name__}: return tensors, "
                "alone or in tuples, lists and dicts",
                reason_code="output-type",
            )
        keys = [str(getattr(key, "key", getattr(key, "idx", key))) for key in path]
        name = "_".join(keys)
        if not name or name[0].isdigit() or name in taken:
            name = "_".join(["output", *keys])
        while name in outputs:
            name += "_"
        outputs[name] = leaf.detach().numpy()
    return outputs


def to_onnx(
    module: nn.Module, inputs: Mapping[str, Shape], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Export a module whose inputs are float32.

    What ``aten.table`` holds is translated here, and what it does not by torch's exporter, which
    needs several times as long for the same graph.

    Args:
        module: the network; it is put into evaluation mode.
        inputs: static shapes by name, in the order of ``forward``.
        outputs: names of the flattened outputs.

    Raises:
        RefusedError: torch cannot export it (``torch-export``), or silently kept another opset
            than the one asked for (``opset``).
    """
    try:
        return translate.to_onnx(recorded(module, inputs), list(inputs), outputs)
    except NotInTableError:
        return through_exporter(module, inputs, outputs)


def recorded(module: nn.Module, inputs: Mapping[str, Shape]) -> Program:
    """Return which operators a module calls.

    Args:
        module: the network; it is put into evaluation mode.
        inputs: static shapes by name, in the order of ``forward``.

    Raises:
        NotInTableError: it cannot be told.
    """
    from edgekit.export.sources.aten import record

    with _quiet():
        try:
            return record.record(module.eval(), _examples(inputs))
        except NotInTableError:
            raise
        except Exception as error:  # whatever foreign code raises
            raise NotInTableError(str(error)) from error


def through_exporter(
    module: nn.Module, inputs: Mapping[str, Shape], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Export with torch's ONNX exporter; arguments and errors are those of `to_onnx`."""
    import torch

    with _quiet():
        try:
            program = torch.onnx.export(
                module.eval(),
                _examples(inputs),
                input_names=list(inputs),
                output_names=list(outputs),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except Exception as error:  # its own errors, and whatever foreign code raises
            reason = (str(error.__cause__ or error).strip().splitlines() or [""])[0]
            raise RefusedError(
                f"torch cannot export this module: {reason or type(error).__name__}",
                reason_code="torch-export",
            ) from error
    if program is None:
        raise RefusedError("torch's exporter gave no model", reason_code="torch-export")
    proto = program.model_proto
    opset = next(entry.version for entry in proto.opset_import if entry.domain == "")
    if opset != OPSET:
        raise RefusedError(
            f"torch exported opset {opset} where {OPSET} was asked for", reason_code="opset"
        )
    return proto


def _examples(inputs: Mapping[str, Shape]) -> tuple[Tensor, ...]:
    import torch

    return tuple(torch.zeros(shape) for shape in inputs.values())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks about packages that nobody asked for off both streams."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what fails is raised as well
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

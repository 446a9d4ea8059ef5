"""The torch half of export: an nn.Module becomes an ONNX model through torch.export."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import onnx

from edgekit.errors import RefusedError

if TYPE_CHECKING:
    from torch import nn

OPSET = 18
INPUT_NAME, OUTPUT_NAME = "input", "logits"


def to_onnx(module: nn.Module, input_shape: tuple[int, ...]) -> onnx.ModelProto:
    """Export a module with one NCHW float32 input and one output.

    Args:
        module: the network; it is put into evaluation mode.
        input_shape: static shape of the input, NCHW.

    Raises:
        RefusedError: torch cannot export it (``torch-export``), or silently kept another opset
            than the one asked for (``opset``).
    """
    import torch

    example = torch.zeros(input_shape)
    with _quiet():
        try:
            program = torch.onnx.export(
                module.eval(),
                (example,),
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAME],
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise RefusedError(
                f"torch cannot export this module: {reason}", reason_code="torch-export"
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks about packages that nobody asked for off both streams."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

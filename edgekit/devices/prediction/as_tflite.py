"""The .tflite file that a network stored as .onnx would be, for what is known of LiteRT alone."""

from __future__ import annotations

from pathlib import Path


def write(path: Path, folder: Path) -> Path:
    """Write an .onnx file's network as a .tflite file, with its own integers if it has some.

    Args:
        path: the .onnx file.
        folder: where the other one goes.

    Raises:
        EdgekitError: the file cannot be read, leaves a size open, or has an operator that a
            .tflite file cannot hold.
    """
    # Latency shares this room, and starts without the exporter.
    from edgekit import export
    from edgekit.export.already_quantized import files as already_quantized
    from edgekit.export.sources import source

    prepared = source.resolve(str(path))
    if prepared.is_quantized:
        given = already_quantized.read(prepared)
        written = already_quantized.to_files(prepared, given, ("tflite",), folder, verify=False)
    else:
        written = export.to_files(prepared, ("tflite",), folder, verify=False)
    return written[0].path

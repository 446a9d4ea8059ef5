"""The table of what is compared: one line a contender."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import EDGEKIT

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Tool:
    """A quantizer.

    Attributes:
        environment: key of `benchmarks.environments.ENVIRONMENTS`, or `EDGEKIT`.
        script: file in ``peers``, called with MODEL CALIBRATION OUTPUT; for `EDGEKIT` the command.
        takes: form of the float network: ``onnx``, ``tflite`` or ``saved_model``.
        gives: suffixes of the files that it writes.
    """

    environment: str
    script: str
    takes: str
    gives: tuple[str, ...]


@dataclass(frozen=True)
class Contender:
    """One way to quantize.

    Attributes:
        name: as printed, and as asked for with --contenders.
        tool: who does it.
        options: further arguments; ``{labels}`` becomes the file with the calibration labels.
    """

    name: str
    tool: Tool
    options: str = ""


_ORT = Tool("onnxruntime", "onnxruntime_static.py", "onnx", ("onnx",))
_NNCF = Tool("nncf", "nncf_onnx.py", "onnx", ("onnx",))
_LITERT = Tool("litert-quantizer", "litert_static.py", "tflite", ("tflite",))
_CONVERTER = Tool("tensorflow", "tensorflow_converter.py", "saved_model", ("tflite",))
_OURS = Tool(EDGEKIT, "quantize", "onnx", ("onnx", "tflite"))
_PERCENTILE = "--method percentile --per-channel"
_MIXED = "--preset mixed --bias-correction full"
_CONTROL = "--accuracy-control {labels}"

CONTENDERS = (
    Contender("onnxruntime-minmax-per-tensor", _ORT, "--method minmax"),
    Contender("onnxruntime-minmax", _ORT, "--method minmax --per-channel"),
    Contender("onnxruntime-entropy", _ORT, "--method entropy --per-channel"),
    Contender("onnxruntime-percentile", _ORT, _PERCENTILE),
    Contender("onnxruntime-percentile-strided", _ORT, f"{_PERCENTILE} --stride 8"),
    Contender("nncf-default", _NNCF),
    Contender("nncf-mixed-full-bias", _NNCF, _MIXED),
    Contender("nncf-one-scale", _NNCF, "--one-scale"),
    Contender("nncf-mixed-full-bias-one-scale", _NNCF, f"{_MIXED} --one-scale"),
    Contender("nncf-accuracy-control", _NNCF, _CONTROL),
    Contender("nncf-mixed-accuracy-control", _NNCF, f"{_MIXED} {_CONTROL}"),
    Contender("litert-quantizer-default", _LITERT, "--ranges moving-average"),
    Contender("litert-quantizer-minmax", _LITERT, "--ranges minmax"),
    Contender("tensorflow-converter", _CONVERTER),
    Contender("edgekit-fast", _OURS, "--recipe fast"),
    Contender("edgekit-default", _OURS, "--recipe default"),
    Contender("edgekit-default-per-tensor", _OURS, "--recipe default --per-tensor"),
    Contender("edgekit-best", _OURS, "--recipe best"),
)  # fmt: skip

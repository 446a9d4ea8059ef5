"""The tables of what is compared: conversion steps, and one line a contender.

A step makes one file from others. A contender is the file of one step; what it took to make is
what all steps from the torch module to that file took together.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

from benchmarks.environments import EDGEKIT

ONNXRUNTIME, LITERT = "onnxruntime", "litert"
FLOAT32, INT8 = "float32", "int8"
SUFFIXES = {ONNXRUNTIME: "onnx", LITERT: "tflite"}


@dataclass(frozen=True)
class Step:
    """One program that makes one file.

    Braces in commands are filled in: ``given``, a template of the network's own; ``python`` and
    ``bin`` of the environment; the folders ``scripts`` (here) and ``quantizers`` (of the
    quantization benchmark); what `benchmarks.peers.networks` prepares; the files of other steps,
    by name; ``folder``, the step's own; and ``output``, the file to write there.

    Attributes:
        environment: key of `benchmarks.environments.ENVIRONMENTS`, or `EDGEKIT`.
        program: what is started; with ``--help`` after it, it ends well and changes nothing.
        arguments: what follows.
        gives: suffix of the file.
    """

    environment: str
    program: str
    arguments: str
    gives: str

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of the steps whose files this one needs."""
        fields = [field or "" for _, field, _, _ in string.Formatter().parse(self.arguments)]
        return tuple(sorted({field.partition(".")[0] for field in fields} & STEPS.keys()))


@dataclass(frozen=True)
class Contender:
    """One way from the torch module to a file.

    Attributes:
        name: as printed, and as asked for with --contenders.
        runtime: `ONNXRUNTIME` or `LITERT`.
        precision: `FLOAT32` or `INT8`.
        step: key of `STEPS`.
    """

    name: str
    runtime: str
    precision: str
    step: str


_SCRIPT, _QUANTIZER = "{python} {scripts}/", "{python} {quantizers}/"
_EXPORT = "{given} -o {folder} --format "
_QUANTIZE = "{edgekit-onnx} --calibration-data {calibration} --recipe fast -o {folder} --format "
_STATIC = "{torch-onnx} {calibration} {output} --per-channel --activations "

STEPS = {
    "edgekit-onnx": Step(EDGEKIT, "{python} -m edgekit export", _EXPORT + "onnx", "onnx"),
    "edgekit-tflite": Step(EDGEKIT, "{python} -m edgekit export", _EXPORT + "tflite", "tflite"),
    "edgekit-int8-onnx": Step(EDGEKIT, "{python} -m edgekit quantize", _QUANTIZE + "onnx", "onnx"),
    "edgekit-int8-tflite": Step(
        EDGEKIT, "{python} -m edgekit quantize", _QUANTIZE + "tflite --io int8", "tflite"
    ),
    "torch-onnx": Step(EDGEKIT, _SCRIPT + "torch_onnx.py", "{module} {output}", "onnx"),
    "onnxsim": Step("onnxsim", "{bin}/onnxsim", "{torch-onnx} {output}", "onnx"),
    "onnxslim": Step("onnxslim", "{bin}/onnxslim", "{torch-onnx} {output}", "onnx"),
    "onnxruntime-extended": Step(
        "onnxruntime", _SCRIPT + "onnxruntime_extended.py", "{torch-onnx} {output}", "onnx"
    ),
    "onnxruntime-u8s8": Step(
        "onnxruntime", _QUANTIZER + "onnxruntime_static.py", _STATIC + "uint8", "onnx"
    ),
    "onnxruntime-s8s8": Step(
        "onnxruntime", _QUANTIZER + "onnxruntime_static.py", _STATIC + "int8", "onnx"
    ),
    "litert-torch": Step(
        "litert-torch", _SCRIPT + "litert_torch_float.py", "{module} {output}", "tflite"
    ),
    "litert-torch-quantizer": Step(
        "litert-quantizer", _QUANTIZER + "litert_static.py",
        "{litert-torch} {calibration} {output} --ranges moving-average", "tflite",
    ),
    "edgekit-quantizer": Step(
        "litert-quantizer", _QUANTIZER + "litert_static.py",
        "{edgekit-tflite} {calibration} {output} --ranges moving-average", "tflite",
    ),
    "onnx2tf": Step("onnx2tf", _SCRIPT + "onnx2tf_float.py", "{torch-onnx} {output}", "tflite"),
    "onnx2tf-int8": Step(
        "onnx2tf", _SCRIPT + "onnx2tf_int8.py", "{torch-onnx} {calibration} {output}", "tflite"
    ),
    "tensorflow-rebuilt": Step(
        "tensorflow", _QUANTIZER + "tensorflow_saved_model.py",
        "{edgekit-onnx} {images} {answers} {output}", "saved_model",
    ),
    "tensorflow": Step(
        "tensorflow", _SCRIPT + "tensorflow_float.py", "{tensorflow-rebuilt} {output}", "tflite"
    ),
    "tensorflow-int8": Step(
        "tensorflow", _QUANTIZER + "tensorflow_converter.py",
        "{tensorflow-rebuilt} {calibration} {output}", "tflite",
    ),
}  # fmt: skip

CONTENDERS = (
    Contender(EDGEKIT, LITERT, FLOAT32, "edgekit-tflite"),
    Contender("litert-torch", LITERT, FLOAT32, "litert-torch"),
    Contender("onnx2tf", LITERT, FLOAT32, "onnx2tf"),
    Contender("tensorflow-converter", LITERT, FLOAT32, "tensorflow"),
    Contender(EDGEKIT, LITERT, INT8, "edgekit-int8-tflite"),
    Contender("litert-torch+litert-quantizer", LITERT, INT8, "litert-torch-quantizer"),
    Contender("edgekit-float+litert-quantizer", LITERT, INT8, "edgekit-quantizer"),
    Contender("onnx2tf", LITERT, INT8, "onnx2tf-int8"),
    Contender("tensorflow-converter", LITERT, INT8, "tensorflow-int8"),
    Contender(EDGEKIT, ONNXRUNTIME, FLOAT32, "edgekit-onnx"),
    Contender("torch.onnx", ONNXRUNTIME, FLOAT32, "torch-onnx"),
    Contender("onnxsim", ONNXRUNTIME, FLOAT32, "onnxsim"),
    Contender("onnxslim", ONNXRUNTIME, FLOAT32, "onnxslim"),
    Contender("onnxruntime-extended", ONNXRUNTIME, FLOAT32, "onnxruntime-extended"),
    Contender(EDGEKIT, ONNXRUNTIME, INT8, "edgekit-int8-onnx"),
    Contender("onnxruntime-u8s8", ONNXRUNTIME, INT8, "onnxruntime-u8s8"),
    Contender("onnxruntime-s8s8", ONNXRUNTIME, INT8, "onnxruntime-s8s8"),
)

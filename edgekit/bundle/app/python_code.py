"""Python on the file's own runtime, with numpy and Pillow and nothing of edgekit."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

_LITERT = '''\
def load(path):
    """Return a function from the input array to the raw scores."""
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(str(path), num_threads=1)
    runtime.allocate_tensors()
    given, found = runtime.get_input_details()[0]["index"], runtime.get_output_details()[0]["index"]

    def run(values):
        runtime.set_tensor(given, values)
        runtime.invoke()
        return runtime.get_tensor(found)

    return run
'''
_ORT = '''\
def load(path):
    """Return a function from the input array to the raw scores."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda values: session.run([OUTPUT], {INPUT: values})[0]
'''


def source(facts: AppFacts) -> str:
    """Return ``classify.py``."""
    image, scores, p = facts.image, facts.scores, facts.entry.preprocessing
    quantize = dequantize = ""
    if image.scale is not None:
        quantize = (
            f"    values = np.rint(values / np.float32({image.scale!r})) + {image.zero_point}\n"
            f"    limits = np.iinfo(np.{image.dtype})\n"
            "    values = np.clip(values, limits.min, limits.max)\n"
        )
    if scores.scale is not None:
        dequantize = f"    scores = (scores - {scores.zero_point}) * {scores.scale!r}\n"
    layout = "" if image.layout == "NHWC" else ".transpose(0, 3, 1, 2)"
    labels = "labels/labels.txt"
    names = f'(ROOT / "{labels}").read_text(encoding="utf-8").splitlines()'
    return f'''\
"""Classify images with {facts.file}: python classify.py IMAGE..."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "{facts.entry.path}"
LABELS = {names if facts.has_labels else "None"}
INPUT, OUTPUT = {image.name!r}, {scores.name!r}
SIDE, SHORT_SIDE = {facts.side}, {p.resize}
# Of each channel of the file: value = pixel * SLOPE + OFFSET; ORDER is where it is in RGB.
SLOPE = np.array([{numbers(facts.slopes)}], np.float32)
OFFSET = np.array([{numbers(facts.offsets)}], np.float32)
ORDER = {list(facts.order)}


{_LITERT if facts.entry.format == "tflite" else _ORT}

def prepare(path):
    """Return an image file as the model's input."""
    image = Image.open(path).convert("RGB")
    if image.size != (SIDE, SIDE):
        short = min(image.size)
        size = tuple(length * SHORT_SIDE // short for length in image.size)
        image = image.resize(size, Image.Resampling.{p.interpolation.upper()})
        left, top = round((image.width - SIDE) / 2), round((image.height - SIDE) / 2)
        image = image.crop((left, top, left + SIDE, top + SIDE))
    values = np.asarray(image, np.float32)[None][..., ORDER] * SLOPE + OFFSET
{quantize}    return np.ascontiguousarray(values{layout}.astype(np.{image.dtype}))


def classify(run, path):
    """Return the scores of an image, one a class."""
    scores = run(prepare(path)).astype(np.float64).ravel()
{dequantize}    return scores


if __name__ == "__main__":
    model = load(MODEL)
    for name in sys.argv[1:]:
        found = classify(model, name)
        for index in np.argsort(-found, kind="stable")[:5]:
            print(f"{{found[index]:.4f}}", index, LABELS[index] if LABELS else "")
'''

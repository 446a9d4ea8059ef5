"""Write an app's code into a bundle, for the files that the bundle says to ship."""

from __future__ import annotations

from pathlib import Path

from edgekit.bundle.app import (
    c_litert,
    c_onnxruntime,
    kotlin_code,
    python_code,
    swift_code,
)
from edgekit.bundle.app.facts import facts_of
from edgekit.bundle.manifest import Bundle

README = """\
# Code for apps

Made from the file it loads: its shapes, preprocessing and quantization.

- The image must be cut first: shorter side resized, then the centre square (see the model card).
  `python/classify.py` does that; the others take the square.
- Scores are the file's own; logits stay logits.
- C is on LiteRT's CompiledModel or ONNX Runtime's C API; Kotlin falls back on LiteRT's Interpreter
  where the CompiledModel cannot be made, Swift where the app links `TensorFlowLite` alone.
- Loading: XNNPACK packs the weights anew at every start. LiteRT's weight cache
  (`xnnpack_weight_cache_path`) keeps them in a file, for a shorter start and less memory of the
  app's own, at the price of that file.
- Threads: the code takes one. More help large networks and cost battery; measure with
  `edgekit latency FILE --threads 1,2,4`.
- Android 15 devices with pages of 16 KB load native libraries that are aligned to it alone: use a
  LiteRT release that is.
"""

_C_CODE = {"tflite": ("litert", c_litert.files), "onnx": ("onnxruntime", c_onnxruntime.files)}


def write(bundle: Bundle, place: Path) -> None:
    """Write ``app/``: Python and C for each format's file, Kotlin and Swift for the .tflite."""
    root = place / "app"
    _write(root / "README.md", README)
    by_path = {each.path: each for each in bundle.models}
    for choice in bundle.choice:
        facts = facts_of(bundle, by_path[choice.file])
        name = "classify.py" if len(bundle.choice) == 1 else f"classify_{choice.format}.py"
        _write(root / "python" / name, python_code.source(facts))
        runtime, c_code = _C_CODE[choice.format]
        for file, text in c_code(facts).items():
            _write(root / "c" / runtime / file, text)
        if choice.format != "tflite":
            continue
        _write(root / "kotlin" / "Classifier.kt", kotlin_code.source(facts))
        _write(root / "swift" / "Classifier.swift", swift_code.source(facts))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

"""Open a bundle's .tflite files in MediaPipe's ImageClassifier and compare with its golden answers.

``PYTHON opening.py DIR/NAME.edgekit`` by an interpreter that has MediaPipe; it needs no edgekit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions


def main() -> int:
    place = Path(sys.argv[1])
    golden = json.loads((place / "golden" / "golden.json").read_text())["answers"]
    worst = 0
    for file in sorted({row["file"] for row in golden if row["file"].endswith(".tflite")}):
        options = ImageClassifierOptions(
            base_options=BaseOptions(model_asset_path=str(place / file)), max_results=5
        )
        with ImageClassifier.create_from_options(options) as classifier:
            for row in (each for each in golden if each["file"] == file):
                content = (place / "golden" / "images" / f"{row['image']}.ppm").read_bytes()
                head, pixels = content.split(b"\n255\n", 1)
                width, height = map(int, head.split()[1:])
                values = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
                image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=values)
                found = classifier.classify(image).classifications[0].categories
                ours = [each["index"] for each in row["top"]]
                theirs = [each.index for each in found]
                pairs = zip(row["top"], found, strict=True)
                gap = max(abs(mine["score"] - other.score) for mine, other in pairs)
                # Equal scores, as int8 has them, have no order, and any at the end may be shown.
                last = row["top"][-1]["score"]
                above = {each["index"] for each in row["top"] if each["score"] > last}
                is_tie = gap == 0 and above == {each.index for each in found if each.score > last}
                worst += ours != theirs and not is_tie
                verdict = f"{ours} here, {theirs} there"
                if ours == theirs or is_tie:
                    verdict = "same" if ours == theirs else f"same but for equal scores, {verdict}"
                print(f"{file} {row['image']}: {verdict}, scores differ by {gap:.1e} at most")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())

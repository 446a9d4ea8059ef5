"""litert-quantizer's static int8 recipe on a float .tflite file.

    python litert_static.py FLOAT.tflite CALIBRATION.npy INT8.tflite --ranges moving-average
    python litert_static.py FLOAT.tflite CALIBRATION.npy INT8.tflite --ranges minmax

``moving-average`` is the documented call, ``Quantizer.calibrate()``. Its ranges are an average
over the images, which cuts off what few of them reach. ``minmax`` takes the true smallest and
largest value through the library's faster calibrator; it needs one private attribute.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from calibration import Feeds, Images
from litert_quantizer import calibrator, quantizer, recipe
from litert_quantizer.utils import qsv_utils


def with_distinct_names(content: bytes) -> bytes:
    """Return a .tflite file in which no two tensors share a name, as the library asks."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    met: Counter[bytes] = Counter()
    for tensor in model.subgraphs[0].tensors:
        met[tensor.name] += 1
        if met[tensor.name] > 1:
            tensor.name += b"_%d" % met[tensor.name]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def main() -> None:
    """Quantize one file."""
    parser = argparse.ArgumentParser(description="Quantize with litert-quantizer.")
    parser.add_argument("model", type=Path)
    parser.add_argument("calibration", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--ranges", choices=("moving-average", "minmax"), default="moving-average")
    options = parser.parse_args()
    model = with_distinct_names(options.model.read_bytes())
    ((signature, tensors),) = Interpreter(model_content=model).get_signature_list().items()
    (name,) = tensors["inputs"]
    data = {signature: Feeds(name, Images(options.calibration, channels_last=True))}
    chosen = quantizer.Quantizer(model, recipe.static_wi8_ai8())
    threads = os.cpu_count() or 1
    if options.ranges == "moving-average":
        ranges = chosen.calibrate(data, num_threads=threads)
    else:
        collector = calibrator.Calibrator(
            model,
            num_threads=threads,
            mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
            qsv_update_func=qsv_utils.min_max_update,
        )
        collector.calibrate(data, chosen._recipe_manager)
        ranges = collector.get_model_qsvs()
    chosen.quantize(ranges).export_model(options.output)


if __name__ == "__main__":
    main()

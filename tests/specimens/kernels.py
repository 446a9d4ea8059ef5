"""Run a .tflite file on LiteRT's own kernels, without the XNNPACK delegate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgekit.export import parity
from tests.specimens.graphs import TfliteFile

OPTIMIZED = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
REFERENCE = OpResolverType.BUILTIN_REF


def run(
    data: TfliteFile, feed: Mapping[str, np.ndarray], kernels: OpResolverType = OPTIMIZED
) -> dict[str, np.ndarray]:
    """Return the outputs in the network's layout for float32 inputs in it."""
    interpreter = Interpreter(
        model_content=data, num_threads=1, experimental_op_resolver_type=kernels
    )
    interpreter.allocate_tensors()
    arrays = parity.to_nhwc(feed, data.maps)
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], arrays[details["name"]])
    interpreter.invoke()
    answers = {
        d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()
    }
    return parity.to_nchw(answers, data.maps)

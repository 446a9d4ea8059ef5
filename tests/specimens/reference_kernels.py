"""Answers of a .tflite file by a runtime's reference kernels, in whatever interpreter runs this.

``python reference_kernels.py MODULE FILE.tflite FEEDS.npy ANSWERS.npy``: MODULE is the one that
holds the runtime's `Interpreter`; FEEDS has one input a row. It needs numpy and the runtime alone,
so that runtimes which want another numpy can be asked, too.
"""

from __future__ import annotations

import importlib
import sys

import numpy as np


def main(name: str, path: str, feeds: str, answers: str) -> None:
    """Run each feed and write the first output of each."""
    module = importlib.import_module(name)
    interpreter = module.Interpreter(
        path, experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    if "DELEGATE" in {op["op_name"] for op in interpreter._get_ops_details()}:
        raise SystemExit("a delegate was applied")
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for feed in np.load(feeds):
        interpreter.set_tensor(given["index"], feed)
        interpreter.invoke()
        found.append(interpreter.get_tensor(wanted["index"]))
    np.save(answers, np.stack(found))


if __name__ == "__main__":
    main(*sys.argv[1:])

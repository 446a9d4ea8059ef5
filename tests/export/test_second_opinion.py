"""Do other kernels read our .tflite files the same way?

The files are made for the XNNPACK delegate. Runtimes without it, and older ones, must get the same
answers from the same file: LiteRT's reference kernels stand for them here, and TensorFlow's where
the extra ``tensorflow`` is installed.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from edgekit import export, models
from edgekit.export import parity
from edgekit.export.sources import source

MODULES = {
    "ai_edge_litert": "ai_edge_litert.interpreter",
    "tensorflow": "tensorflow.lite.python.interpreter",
}
FAMILIES = sorted({models.get(name).family for name in models.names(baselines=False)})


def _cheapest(family: str) -> str:
    members = [
        models.get(name)
        for name in models.names(baselines=False)
        if models.get(name).family == family
    ]
    return min(members, key=lambda spec: spec.macs).name


@pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning")
@pytest.mark.parametrize("package", MODULES)
@pytest.mark.parametrize("family", FAMILIES)
def test_reference_kernels_agree(package: str, family: str, tmp_path: Path) -> None:
    pytest.importorskip(package)
    module = importlib.import_module(MODULES[package])
    prepared = source.resolve(_cheapest(family))
    (entry,) = export.to_files(prepared, ["tflite"], tmp_path)
    interpreter = module.Interpreter(
        str(entry.path), experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    assert "DELEGATE" not in {op["op_name"] for op in interpreter._get_ops_details()}
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    for feed, answer in zip(prepared.feeds, prepared.answers, strict=True):
        ((name, truth),) = answer.items()
        interpreter.set_tensor(given["index"], parity.to_nhwc(feed, {"input"})["input"])
        interpreter.invoke()
        found = {name: interpreter.get_tensor(wanted["index"])}
        assert parity.compare("reference kernels", [{name: truth}], [found]).passed
        assert np.isfinite(found[name]).all()

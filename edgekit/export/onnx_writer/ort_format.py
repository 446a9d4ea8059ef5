"""The ORT-format writer: the .onnx file as ONNX Runtime has optimized and serialized it.

For builds of ONNX Runtime that read nothing else, as on phones. Optimization goes up to the
"extended" level, which no processor is bound to; operators of ONNX Runtime's own are in it.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.onnx_writer import plain as onnx_writer
from edgekit.files import scratch


def content(model: ir.Model, description: str) -> bytes:
    """Return the file; unlike others, not the same bytes every time.

    Args:
        model: a graph that went through ``lowering.ONNXRUNTIME``; it is left as it is.
        description: free text for the file's doc_string.
    """
    import onnxruntime

    plain = onnx_writer.to_bytes(model, description)
    with scratch.folder() as folder:
        path = folder / "model.ort"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(path)
        options.add_session_config_entry("session.save_model_format", "ORT")
        onnxruntime.InferenceSession(plain, options, providers=["CPUExecutionProvider"])
        return path.read_bytes()

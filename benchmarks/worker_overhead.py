"""Does the measuring worker say what others say? Its median beside theirs, which must agree.

    python benchmarks/worker_overhead.py                  # made-up nets, both runtimes
    python benchmarks/worker_overhead.py net.tflite       # a file of yours
    python benchmarks/worker_overhead.py --rounds 50

The others are a bare loop, as one would write it by hand around the runtime, and for a .tflite
`litert-benchmark`, which comes with ai-edge-litert and prints hundredths of a millisecond; ONNX
Runtime's package brings no such program. Each round starts fresh processes, the worker, each
other, and all again in the reverse order, so that a machine that changes its speed slows all
alike; a round's ratio is that of the geometric means. Fresh processes differ by a few per cent
among themselves, which takes many short rounds to average out. Run it on an idle machine: it takes
about 6 s a round and file. Exit status 1 if a ratio is off by more than 3 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

from edgekit.processes import child
from edgekit.runtimes import for_file
from edgekit.runtimes.jobs import MeasureJob

Median: TypeAlias = Callable[[Path, float], float]

TOLERANCE = 0.03
CHAIN_LENGTH = 64
# The chain over this shape takes under 1 ms, and far longer than reading the clock.
SHAPE = (1, 64, 64, 16)

BARE_LOOP = """
import sys
from statistics import median
from time import perf_counter_ns
import numpy as np

path, secs = sys.argv[1], float(sys.argv[2])
generator = np.random.default_rng(0)

def values(shape, dtype):
    if np.dtype(dtype).kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, 100, shape, dtype)

if path.endswith(".tflite"):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    for x in interpreter.get_input_details():
        interpreter.set_tensor(x["index"], values(x["shape"], x["dtype"]))
    invoke = interpreter.invoke
else:
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for x in session.get_inputs():
        kind = {"tensor(float)": "float32"}.get(x.type, x.type[7:-1])
        shape = [n if isinstance(n, int) else 1 for n in x.shape]
        binding.bind_cpu_input(x.name, values(shape, kind))
    for y in session.get_outputs():
        binding.bind_output(y.name)
    invoke = lambda: session.run_with_iobinding(binding)

def loop():
    samples, end = [], perf_counter_ns() + secs * 1e9
    while perf_counter_ns() < end:
        start = perf_counter_ns()
        invoke()
        samples.append(perf_counter_ns() - start)
    return samples

loop()
print(median(loop()))
"""


def made_up_onnx(path: Path) -> Path:
    nodes = [
        onnx.helper.make_node("Abs" if i % 2 else "Neg", [f"t{i}"], [f"t{i + 1}"])
        for i in range(CHAIN_LENGTH)
    ]
    first, last = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, SHAPE)
        for name in ("t0", f"t{CHAIN_LENGTH}")
    )
    graph = onnx.helper.make_graph(nodes, "chain", [first], [last])
    opset = onnx.helper.make_opsetid("", 18)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def made_up_tflite(path: Path) -> Path:
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    model.operatorCodes, graph.tensors, graph.operators = [], [], []
    graph.inputs, graph.outputs = [0], [CHAIN_LENGTH]
    for i in range(CHAIN_LENGTH + 1):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = f"t{i}".encode(), list(SHAPE), 0
        graph.tensors.append(tensor)
    for builtin in (schema.BuiltinOperator.NEG, schema.BuiltinOperator.ABS):
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, builtin, 1
        model.operatorCodes.append(code)
    for i in range(CHAIN_LENGTH):
        node = schema.OperatorT()
        node.opcodeIndex, node.inputs, node.outputs = i % 2, [i], [i + 1]
        graph.operators.append(node)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def worker_median_ns(path: Path, secs: float) -> float:
    job = MeasureJob(
        runtime=for_file(path),
        path=str(path.absolute()),
        threads=1,
        num_runs=1,
        min_secs=secs,
        max_secs=10 * secs,
        warmup_runs=1,
        warmup_secs=secs,
        seed=0,
    )
    return float(np.median(child.call(job)["run"]["samples"]["wall_ns"]))


def bare_median_ns(path: Path, secs: float) -> float:
    command = [sys.executable, "-c", BARE_LOOP, str(path), str(secs)]
    return float(subprocess.check_output(command, stderr=subprocess.DEVNULL))


def litert_benchmark_median_ns(path: Path, secs: float) -> float:
    runs = max(10, round(secs * 1e9 / bare_median_ns(path, secs / 10)))
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        command = [str(Path(sys.executable).with_name("litert-benchmark")), "--model", str(path)]
        command += ["--num_threads", "1", "--warmup_runs", str(runs), "--num_runs", str(runs)]
        subprocess.run([*command, "--result_json", str(result)], check=True, capture_output=True)
        return float(json.loads(result.read_text())["latency"]["median_ms"]) * 1e6


def compare(path: Path, rounds: int, secs: float) -> bool:
    others: dict[str, Median] = {"bare loop": bare_median_ns}
    if path.suffix == ".tflite":
        others["litert-benchmark"] = litert_benchmark_median_ns
    every = [worker_median_ns, *others.values()]
    logs = []
    for _ in range(rounds):
        there = np.log([median(path, secs) for median in every])
        back = np.log([median(path, secs) for median in reversed(every)])[::-1]
        logs.append((there + back) / 2)
    times = np.array(logs)
    picks = np.random.default_rng(0).integers(0, rounds, (5000, rounds))
    passed = True
    for number, name in enumerate(others, start=1):
        differences = times[:, 0] - times[:, number]
        ratio = np.exp(np.median(differences))
        low, high = np.percentile(np.exp(np.median(differences[picks], axis=1)), [2.5, 97.5])
        agrees = abs(ratio - 1) <= TOLERANCE
        passed &= bool(agrees)
        print(
            f"{for_file(path):12} {path.name:30} {name} "
            f"{np.exp(np.median(times[:, number])) / 1e6:.4f} ms  worker/{name} {ratio:.4f}  "
            f"95 % interval {low:.4f} to {high:.4f}  {'PASS' if agrees else 'FAIL'}",
            flush=True,
        )
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, help="model files; none makes two up")
    parser.add_argument("--rounds", type=int, default=30, help="ABBA rounds (default 30)")
    parser.add_argument("--secs", type=float, default=0.25, help="of warm-up and of sampling")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = options.paths or [
            made_up_onnx(Path(folder, "chain.onnx")),
            made_up_tflite(Path(folder, "chain.tflite")),
        ]
        results = [compare(path, options.rounds, options.secs) for path in paths]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

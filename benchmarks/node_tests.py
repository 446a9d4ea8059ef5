"""ONNX's own node tests through the TFLite writer: accepted, equal, refused by name.

    python benchmarks/node_tests.py                  (every operator)
    python benchmarks/node_tests.py Conv Resize      (tests that hold one of these)

A test is taken as it is first; where that is refused, all its inputs but the first become
constants, as sizes, axes and weights are in a file. LiteRT's answers, with and without its default
delegate, are held against the outputs that ONNX ships. The exit code is 1 if an accepted test is
not equal.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from onnx.backend.test.loader import load_model_tests

from edgekit.errors import EdgekitError
from edgekit.export import lowering, tflite
from edgekit.export.rewriting import rules
from edgekit.export.sources import canonical

Arrays = Mapping[str, np.ndarray]
KINDS = ("bool", "uint8", "int8", "int16", "int32", "int64", "float32")


def with_constants(model: onnx.ModelProto, inputs: Arrays) -> onnx.ModelProto:
    """Return the model with all its inputs but the first as constants."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for value in list(result.graph.input)[1:]:
        tensor = onnx.numpy_helper.from_array(inputs[value.name], value.name)
        result.graph.initializer.append(tensor)
        result.graph.input.remove(value)
    return result


def judged(model: onnx.ModelProto, inputs: Arrays, wanted: Arrays) -> str:
    """Return ``equal``, or what is wrong with the file; raises EdgekitError if it is refused."""
    graph = canonical.from_proto(model)
    rules.apply(graph, lowering.TFLITE.rules)
    data, maps = tflite.to_bytes(graph, "node test"), tflite.image_maps(graph)
    fed = {name: _turned(array, name in maps, (0, 2, 3, 1)) for name, array in inputs.items()}
    for resolver in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        found = interpreter.get_signature_runner()(**fed)
        for name, truth in wanted.items():
            answer = _turned(found[name], name in maps, (0, 3, 1, 2))
            if answer.shape != truth.shape or answer.dtype != truth.dtype:
                return f"{name} is {answer.dtype}{answer.shape}, not {truth.dtype}{truth.shape}"
            if not np.allclose(answer, truth, rtol=1e-3, atol=1e-5, equal_nan=True):
                return f"{name} differs"
    return "equal"


def _turned(array: np.ndarray, is_map: bool, order: tuple[int, ...]) -> np.ndarray:
    return array.transpose(order) if is_map else array


def verdict(model: onnx.ModelProto, inputs: Arrays, wanted: Arrays) -> str:
    """Return ``equal``, ``refused: why``, or what is wrong."""
    refusal = ""
    for form in (model, with_constants(model, inputs)):
        fed = {value.name: inputs[value.name] for value in form.graph.input}
        try:
            return judged(form, fed, wanted)
        except EdgekitError as error:
            refusal = f"refused: {error}"
        except Exception as error:  # whatever it is, it is no refusal by name
            return f"{type(error).__name__}: {error}"
    return refusal


def main(operators: Sequence[str]) -> int:
    """Run the tests, print one line an operator and every test that is not equal."""
    tally: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in load_model_tests(kind="node"):
        if case.model is None or not case.data_sets or "_expanded" in case.name:
            continue
        present = {node.op_type for node in case.model.graph.node}
        inputs, outputs = case.data_sets[0]
        # Strings are refused, and edgekit reads other floating-point types as float32.
        is_plain = all(
            isinstance(array, np.ndarray) and array.dtype.name in KINDS
            for array in (*inputs, *outputs)
        )
        if not is_plain or not inputs or (operators and not present & set(operators)):
            continue
        names = [
            [v.name for v in side] for side in (case.model.graph.input, case.model.graph.output)
        ]
        said = verdict(
            case.model,
            dict(zip(names[0], inputs, strict=True)),
            dict(zip(names[1], outputs, strict=True)),
        )
        kind = "equal" if said == "equal" else "refused" if said.startswith("refused") else "WRONG"
        tally["+".join(sorted(present))][kind] += 1
        if kind != "equal":
            print(f"{case.name}: {said[:160]}")
    for name, counts in sorted(tally.items()):
        print(
            f"{name:40} {counts['equal']:4} equal {counts['refused']:4} refused "
            f"{counts['WRONG']:4} wrong"
        )
    total = sum(tally.values(), Counter[str]())
    print(
        f"{'all':40} {total['equal']:4} equal {total['refused']:4} refused {total['WRONG']:4} wrong"
    )
    return int(total["WRONG"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

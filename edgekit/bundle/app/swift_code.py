"""Swift on LiteRT's CompiledModel, or on its Interpreter where an app has that alone, for iOS."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

_TYPES = {"float32": "Float", "uint8": "UInt8", "int8": "Int8"}


def source(facts: AppFacts) -> str:
    """Return ``Classifier.swift``."""
    image, scores = facts.image, facts.scores
    given, found = _TYPES[image.dtype], _TYPES[scores.dtype]
    place = "pixel * 3 + c" if image.layout == "NHWC" else "c * side * side + pixel"
    value = "value"
    if image.scale is not None:
        low, high = (0, 255) if image.dtype == "uint8" else (-128, 127)
        value = (
            f"{given}(max({low}, min({high}, (value / {image.scale!r}).rounded(.toNearestOrEven)"
            f" + {image.zero_point})))"
        )
    real = "Float($0)"
    if scores.scale is not None:
        real = f"(Float($0) - {scores.zero_point}) * {scores.scale!r}"
    return f"""\
// {facts.file} on LiteRT's CompiledModel (package https://github.com/google-ai-edge/LiteRT, product
// LiteRT); where the app has its product TensorFlowLite alone, or the pod TensorFlowLiteSwift, on
// the Interpreter. Add the file to the app's bundle.
import Foundation

#if canImport(LiteRT)
import LiteRT

private final class Engine {{
    private let model: CompiledModel
    private let inputs: [TensorBuffer]
    private let outputs: [TensorBuffer]

    init(modelPath: String) throws {{
        let options = try Options()
        try options.setHardwareAccelerators([.cpu])
        model = try CompiledModel(
            filePath: modelPath, environment: try Environment(), options: options)
        inputs = try model.createInputBuffers()
        outputs = try model.createOutputBuffers()
    }}

    func run(_ values: [{given}]) throws -> [{found}] {{
        try inputs[0].write(values)
        try model.run(inputs: inputs, outputs: outputs)
        return try outputs[0].read()
    }}
}}
#else
import TensorFlowLite

private final class Engine {{
    private let interpreter: Interpreter

    init(modelPath: String) throws {{
        interpreter = try Interpreter(modelPath: modelPath)
        try interpreter.allocateTensors()
    }}

    func run(_ values: [{given}]) throws -> [{found}] {{
        try interpreter.copy(values.withUnsafeBufferPointer {{ Data(buffer: $0) }}, toInputAt: 0)
        try interpreter.invoke()
        let raw = try interpreter.output(at: 0).data
        return raw.withUnsafeBytes {{ Array($0.bindMemory(to: {found}.self)) }}
    }}
}}
#endif

final class Classifier {{
    static let side = {facts.side}
    static let classes = {facts.classes}
    // Of each channel of the file: value = pixel * slope + offset; order is where it is in RGB.
    private static let slope: [Float] = [{numbers(facts.slopes)}]
    private static let offset: [Float] = [{numbers(facts.offsets)}]
    private static let order = [{", ".join(map(str, facts.order))}]
    private let engine: Engine

    init(modelPath: String) throws {{
        engine = try Engine(modelPath: modelPath)
    }}

    /// Scores side * side pixels of 8-bit red, green, blue, one score a class.
    func classify(rgb: [UInt8]) throws -> [Float] {{
        let side = Classifier.side
        precondition(rgb.count == side * side * 3, "cut to \\(side) x \\(side) first")
        var values = [{given}](repeating: 0, count: rgb.count)
        for pixel in 0..<(side * side) {{
            for c in 0..<3 {{
                let channel = Float(rgb[pixel * 3 + Classifier.order[c]])
                let value = channel * Classifier.slope[c] + Classifier.offset[c]
                values[{place}] = {value}
            }}
        }}
        return try engine.run(values).map {{ {real} }}
    }}
}}
"""

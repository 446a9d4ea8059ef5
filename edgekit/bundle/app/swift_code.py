"""Swift on TensorFlow Lite's Interpreter, for iOS."""

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
// {facts.file} on LiteRT's Interpreter (pod TensorFlowLiteSwift). Add the file to the app's bundle.
import Foundation
import TensorFlowLite

final class Classifier {{
    static let side = {facts.side}
    static let classes = {facts.classes}
    // Of each channel of the file: value = pixel * slope + offset; order is where it is in RGB.
    private static let slope: [Float] = [{numbers(facts.slopes)}]
    private static let offset: [Float] = [{numbers(facts.offsets)}]
    private static let order = [{", ".join(map(str, facts.order))}]
    private let interpreter: Interpreter

    init(modelPath: String) throws {{
        interpreter = try Interpreter(modelPath: modelPath)
        try interpreter.allocateTensors()
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
        try interpreter.copy(values.withUnsafeBufferPointer {{ Data(buffer: $0) }}, toInputAt: 0)
        try interpreter.invoke()
        let raw = try interpreter.output(at: 0).data
        return raw.withUnsafeBytes {{ bytes in
            bytes.bindMemory(to: {found}.self).map {{ {real} }}
        }}
    }}
}}
"""

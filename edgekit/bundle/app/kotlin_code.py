"""Kotlin on LiteRT's CompiledModel, for Android."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

_BYTES = ("ByteArray", "writeInt8", "readInt8")
_IO = {
    "float32": ("FloatArray", "writeFloat", "readFloat"),
    "int8": _BYTES,
    "uint8": _BYTES,
}


def source(facts: AppFacts) -> str:
    """Return ``Classifier.kt``."""
    image, scores = facts.image, facts.scores
    array, write, _ = _IO[image.dtype]
    read = _IO[scores.dtype][2]
    place = "pixel * 3 + c" if image.layout == "NHWC" else "c * SIDE * SIDE + pixel"
    value = "value"
    if image.scale is not None:
        low, high = (0, 255) if image.dtype == "uint8" else (-128, 127)
        value = (
            f"(Math.rint((value / {image.scale!r}f).toDouble()).toInt() + {image.zero_point})"
            f".coerceIn({low}, {high}).toByte()"
        )
    real = "raw[it]"
    if scores.scale is not None:
        step = "(raw[it].toInt() and 0xFF)" if scores.dtype == "uint8" else "raw[it].toInt()"
        real = f"({step} - {scores.zero_point}) * {scores.scale!r}f"
    return f"""\
// {facts.file} on LiteRT (com.google.ai.edge.litert:litert). Put the file into src/main/assets.
import android.content.res.AssetManager
import android.graphics.Bitmap
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel

class Classifier(assets: AssetManager) : AutoCloseable {{
    private val model =
        CompiledModel.create(assets, "{facts.file}", CompiledModel.Options(Accelerator.CPU))
    private val inputs = model.createInputBuffers()
    private val outputs = model.createOutputBuffers()

    /** Scores a bitmap of SIDE x SIDE pixels in ARGB_8888, one score a class. */
    fun classify(bitmap: Bitmap): FloatArray {{
        require(bitmap.width == SIDE && bitmap.height == SIDE) {{ "cut to $SIDE x $SIDE first" }}
        val pixels = IntArray(SIDE * SIDE)
        bitmap.getPixels(pixels, 0, SIDE, 0, 0, SIDE, SIDE)
        val values = {array}(SIDE * SIDE * 3)
        for (pixel in pixels.indices) {{
            for (c in 0 until 3) {{
                val channel = (pixels[pixel] shr (16 - 8 * ORDER[c])) and 0xFF
                val value = channel * SLOPE[c] + OFFSET[c]
                values[{place}] = {value}
            }}
        }}
        inputs[0].{write}(values)
        model.run(inputs, outputs)
        val raw = outputs[0].{read}()
        return FloatArray(CLASSES) {{ {real} }}
    }}

    override fun close() {{
        inputs.forEach {{ it.close() }}
        outputs.forEach {{ it.close() }}
        model.close()
    }}

    companion object {{
        const val SIDE = {facts.side}
        const val CLASSES = {facts.classes}
        // Of each channel of the file: value = pixel * SLOPE + OFFSET; ORDER is where it is in RGB.
        private val SLOPE = floatArrayOf({numbers(facts.slopes, "f")})
        private val OFFSET = floatArrayOf({numbers(facts.offsets, "f")})
        private val ORDER = intArrayOf({", ".join(map(str, facts.order))})
    }}
}}
"""

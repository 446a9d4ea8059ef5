"""Kotlin on LiteRT's CompiledModel, and on its Interpreter where that fails, for Android."""

from __future__ import annotations

from edgekit.bundle.app.facts import AppFacts, numbers

# Array, the buffers' functions, bytes an element, a view of a byte buffer.
_BYTES = ("ByteArray", "writeInt8", "readInt8", 1, "")
_IO = {
    "float32": ("FloatArray", "writeFloat", "readFloat", 4, ".asFloatBuffer()"),
    "int8": _BYTES,
    "uint8": _BYTES,
}


def source(facts: AppFacts) -> str:
    """Return ``Classifier.kt``."""
    image, scores = facts.image, facts.scores
    array, write, _, width, view = _IO[image.dtype]
    found, _, read, found_width, found_view = _IO[scores.dtype]
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
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import org.tensorflow.lite.Interpreter

class Classifier(assets: AssetManager) : AutoCloseable {{
    private val engine: Engine =
        try {{
            Compiled(assets)
        }} catch (error: Exception) {{
            Interpreted(assets)
        }}

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
        val raw = engine.run(values)
        return FloatArray(CLASSES) {{ {real} }}
    }}

    override fun close() = engine.close()

    private interface Engine : AutoCloseable {{
        fun run(values: {array}): {found}
    }}

    private class Compiled(assets: AssetManager) : Engine {{
        private val model =
            CompiledModel.create(assets, FILE, CompiledModel.Options(Accelerator.CPU))
        private val inputs = model.createInputBuffers()
        private val outputs = model.createOutputBuffers()

        override fun run(values: {array}): {found} {{
            inputs[0].{write}(values)
            model.run(inputs, outputs)
            return outputs[0].{read}()
        }}

        override fun close() {{
            inputs.forEach {{ it.close() }}
            outputs.forEach {{ it.close() }}
            model.close()
        }}
    }}

    private class Interpreted(assets: AssetManager) : Engine {{
        private val interpreter =
            assets.openFd(FILE).use {{ file ->
                val channel = file.createInputStream().channel
                val mode = FileChannel.MapMode.READ_ONLY
                Interpreter(channel.map(mode, file.startOffset, file.declaredLength))
            }}
        private val given = buffer(SIDE * SIDE * 3 * {width})
        private val found = buffer(CLASSES * {found_width})

        override fun run(values: {array}): {found} {{
            given.rewind()
            given{view}.put(values)
            given.rewind()
            found.rewind()
            interpreter.run(given, found)
            found.rewind()
            val scores = {found}(CLASSES)
            found{found_view}.get(scores)
            return scores
        }}

        override fun close() = interpreter.close()

        private fun buffer(bytes: Int): ByteBuffer =
            ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder())
    }}

    companion object {{
        const val FILE = "{facts.file}"
        const val SIDE = {facts.side}
        const val CLASSES = {facts.classes}
        // Of each channel of the file: value = pixel * SLOPE + OFFSET; ORDER is where it is in RGB.
        private val SLOPE = floatArrayOf({numbers(facts.slopes, "f")})
        private val OFFSET = floatArrayOf({numbers(facts.offsets, "f")})
        private val ORDER = intArrayOf({", ".join(map(str, facts.order))})
    }}
}}
"""

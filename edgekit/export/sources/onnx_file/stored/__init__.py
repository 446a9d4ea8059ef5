"""Networks that are quantized already: their integers, brought into one form and kept.

In that form every stored activation is a QuantizeLinear with DequantizeLinears behind it, whatever
lies between computes in float32, and constants are float32 with their integers remembered.
"""

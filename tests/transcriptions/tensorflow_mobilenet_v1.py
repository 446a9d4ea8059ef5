"""MobileNetV1 of TensorFlow slim and of Keras: tensors by documented name and shape, HWIO."""

from __future__ import annotations


def tensorflow_mobilenet_v1(keras: bool) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(slim_name: str, kernel: str, keras_name: str, shape: tuple[int, ...]) -> None:
        channels = shape[2] if "dw" in keras_name else shape[3]
        first = f"{keras_name}/kernel" if keras else f"MobilenetV1/{slim_name}/{kernel}"
        norm = f"{keras_name}_bn" if keras else f"MobilenetV1/{slim_name}/BatchNorm"
        shapes[first] = shape
        for part in ("gamma", "beta", "moving_mean", "moving_variance"):
            shapes[f"{norm}/{part}"] = (channels,)

    layer("Conv2d_0", "weights", "conv1", (3, 3, 3, 32))
    widths = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
    for n in range(1, 14):
        a, b = widths[n - 1], widths[n]
        layer(f"Conv2d_{n}_depthwise", "depthwise_weights", f"conv_dw_{n}", (3, 3, a, 1))
        layer(f"Conv2d_{n}_pointwise", "weights", f"conv_pw_{n}", (1, 1, a, b))
    if keras:
        shapes |= {"conv_preds/kernel": (1, 1, 1024, 1000), "conv_preds/bias": (1000,)}
    else:
        logits = "MobilenetV1/Logits/Conv2d_1c_1x1"
        shapes |= {f"{logits}/weights": (1, 1, 1024, 1001), f"{logits}/biases": (1001,)}
    return shapes

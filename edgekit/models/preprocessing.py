"""What a network wants done to an image, as data and as one function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Preprocessing:
    """From stored pixels to network input: ``(pixel * scale - mean[c]) / std[c]``.

    Attributes:
        mean: per channel, in the network's channel order, on the scaled pixels.
        std: per channel, likewise.
        crop: side of the centre square that the network sees, in pixels.
        resize: length of the shorter side before the crop, in pixels.
        scale: factor on the 8-bit pixel, before mean and std.
        channel_order: the order of the network's input channels.
        interpolation: how the resize reads between pixels.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    crop: int
    resize: int
    scale: float = 1.0 / 255.0
    channel_order: Literal["RGB", "BGR"] = "RGB"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def __post_init__(self) -> None:
        if any(len(values) != 3 for values in (self.mean, self.std)):
            raise ValueError(f"mean and std need 3 values each, got {self.mean} and {self.std}")
        if min(self.std) <= 0 or self.scale <= 0:
            raise ValueError(f"std and scale must be positive, got {self.std} and {self.scale}")
        if not 0 < self.crop <= self.resize:
            raise ValueError(f"need 0 < crop <= resize, got {self.crop} and {self.resize}")
        if self.channel_order not in ("RGB", "BGR"):
            raise ValueError(f"channel order must be RGB or BGR, got {self.channel_order!r}")
        if self.interpolation not in ("bilinear", "bicubic"):
            raise ValueError(
                f"interpolation must be bilinear or bicubic, got {self.interpolation!r}"
            )

    def apply(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Normalize images that are cropped already.

        Args:
            images: uint8, shape (N, H, W, 3), channels red, green, blue.

        Returns:
            float32, shape (N, 3, H, W), C-contiguous, channels in ``channel_order``.

        Raises:
            ValueError: another dtype or number of dimensions or channels.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
            raise ValueError(
                f"images must be uint8 of shape (N, H, W, 3), got {images.dtype} {images.shape}"
            )
        ordered = images if self.channel_order == "RGB" else images[..., ::-1]
        # A pixel has one of 256 values: each is normalized once.
        scaled = np.arange(256, dtype=np.float32) * np.float32(self.scale)
        found = np.empty((images.shape[0], 3, *images.shape[1:3]), np.float32)
        for channel in range(3):
            mean, std = np.float32(self.mean[channel]), np.float32(self.std[channel])
            found[:, channel] = ((scaled - mean) / std)[ordered[..., channel]]
        return found


def imagenet(crop: int = 224, resize: int = 256) -> Preprocessing:
    """Pixels to [0, 1], then the channel means and deviations of ImageNet."""
    return Preprocessing(
        mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), crop=crop, resize=resize
    )


def cifar10() -> Preprocessing:
    """Pixels to [0, 1], then the channel means and deviations of CIFAR-10; no resize."""
    return Preprocessing(
        mean=(0.4914, 0.4822, 0.4465), std=(0.2023, 0.1994, 0.2010), crop=32, resize=32
    )


def minus_one_to_one(crop: int, resize: int) -> Preprocessing:
    """Pixels to [-1, 1]: ``pixel / 127.5 - 1``, the convention of TensorFlow's MobileNets."""
    return Preprocessing(
        mean=(1.0, 1.0, 1.0), std=(1.0, 1.0, 1.0), crop=crop, resize=resize, scale=1.0 / 127.5
    )

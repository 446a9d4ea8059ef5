"""Between pixels and class scores, and the tensors of a model file.

Layout, element type and quantization are the file's; nothing else needs to know them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.data.images import Pixels
from edgekit.errors import RefusedError
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import is_raw
from edgekit.runtimes import ModelInfo, TensorInfo
from edgekit.runtimes.base import batch_one

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ImageInput:
    """The one input of a file that takes a square RGB image.

    Attributes:
        tensor: the input.
        side: rows and columns.
        channels_last: True for NHWC, False for NCHW.
    """

    tensor: TensorInfo
    side: int
    channels_last: bool

    def check(self, wanted: Preprocessing, name: str) -> None:
        """Raise RefusedError if this input cannot hold what the preprocessing makes."""
        if wanted.crop != self.side:
            raise RefusedError(
                f"{name} takes {self.side} pixels, but its record says {wanted.crop}: "
                "export the model again",
                reason_code="wrong-record",
            )
        dtype = np.dtype(self.tensor.dtype)
        if is_raw(wanted) and dtype.kind != "f" and dtype not in (np.uint8, np.int8):
            raise RefusedError(
                f"{name} takes {dtype}, which raw pixels are not: choose another --preprocessing",
                reason_code="no-input-scale",
            )
        if dtype.kind != "f" and not is_raw(wanted) and self.tensor.scale is None:
            raise RefusedError(
                f"{name} takes {dtype} without a scale, so normalized pixels cannot be put into "
                "it: --preprocessing raw hands over the pixels themselves",
                reason_code="no-input-scale",
            )

    def encode(self, pixels: Pixels, wanted: Preprocessing) -> npt.NDArray[np.generic]:
        """Turn pixels, uint8 of shape (side, side, 3), into the input with a batch of 1.

        A quantized input gets the nearest step. Raw pixels go into a uint8 input unchanged, and
        less 128 into an int8 one, as apps feed them.
        """
        dtype = np.dtype(self.tensor.dtype)
        values = wanted.apply(pixels[None])
        if is_raw(wanted) and dtype == np.int8:
            values -= 128
        elif dtype.kind != "f" and not is_raw(wanted):
            values = _quantize(values, self.tensor)
        ordered = values.transpose(0, 2, 3, 1) if self.channels_last else values
        return ordered.astype(dtype, order="C")


@dataclass(frozen=True)
class ClassOutput:
    """The one output of a file, a score for each class.

    Attributes:
        tensor: the output.
        offset: scores before that of label 0; they are dropped.
        classes: number of scores after them.
    """

    tensor: TensorInfo
    offset: int
    classes: int

    def decode(self, values: npt.NDArray[np.generic]) -> Scores:
        """Return the scores, float64 of shape (classes,); a quantized output's real values."""
        scores = values.astype(np.float64).ravel()[self.offset :]
        if self.tensor.scale is not None and self.tensor.zero_point is not None:
            scores = (scores - self.tensor.zero_point) * self.tensor.scale
        return scores


def image_input(info: ModelInfo, name: str) -> ImageInput:
    """Find the image input of a file; layout is read from where its 3 channels are.

    Raises:
        RefusedError: the file takes something else than one square RGB image (reason
            "not-an-image-model"), or its input has an open size.
    """
    if len(info.inputs) != 1:
        raise _no_image(name, f"it has {len(info.inputs)} inputs")
    tensor = info.inputs[0]
    shape = batch_one(tensor)
    if len(shape) == 4 and shape[0] == 1:
        for channels_last, channels, sides in (
            (False, shape[1], shape[2:]),
            (True, shape[3], shape[1:3]),
        ):
            if channels == 3 and sides[0] == sides[1]:
                return ImageInput(tensor, sides[0], channels_last)
    raise _no_image(name, f"its input is {tensor.dtype} {list(shape)}")


def class_output(info: ModelInfo, name: str, offset: int) -> ClassOutput:
    """Find the class scores among the outputs of a file.

    Raises:
        RefusedError: the file gives something else than one vector of scores for one image
            (reason "not-a-classifier").
    """
    if len(info.outputs) != 1:
        raise _no_scores(name, f"it has {len(info.outputs)} outputs")
    tensor = info.outputs[0]
    sizes = [size for size in tensor.shape[1:] if size != 1]
    if tensor.shape[:1] not in ((1,), (-1,)) or len(sizes) != 1 or sizes[0] < 2:
        raise _no_scores(name, f"its output is {tensor.dtype} {list(tensor.shape)}")
    classes = math.prod(sizes) - offset
    if classes < 2:
        raise _no_scores(name, f"its {sizes[0]} scores are too few for a label offset of {offset}")
    return ClassOutput(tensor, offset, classes)


def _quantize(real: npt.NDArray[np.float32], tensor: TensorInfo) -> npt.NDArray[np.float32]:
    if tensor.scale is None or tensor.zero_point is None:
        raise ValueError(f"{tensor.name} is not quantized")
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(real / np.float32(tensor.scale)) + np.float32(tensor.zero_point)
    clipped: npt.NDArray[np.float32] = np.clip(steps, limits.min, limits.max)
    return clipped


def _no_image(name: str, found: str) -> RefusedError:
    return RefusedError(
        f"{name} cannot be evaluated on images: {found}, not one square image of 3 channels",
        reason_code="not-an-image-model",
    )


def _no_scores(name: str, found: str) -> RefusedError:
    return RefusedError(
        f"{name} cannot be evaluated: {found}, not one vector of class scores",
        reason_code="not-a-classifier",
    )

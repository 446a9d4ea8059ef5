"""What a network takes: its inputs, and the single samples that fill them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from edgekit.data import images
from edgekit.errors import RefusedError, UsageError
from edgekit.export.sources import shapes
from edgekit.models import Preprocessing

Feed: TypeAlias = dict[str, np.ndarray]


@dataclass(frozen=True)
class InputForm:
    """The inputs of a network; use `of`.

    Attributes:
        inputs: shape by name.
        batch: samples in one set of inputs.
        sample: shape of one sample by name.
    """

    inputs: Mapping[str, tuple[int, ...]]
    batch: int
    sample: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, inputs: Mapping[str, tuple[int, ...]]) -> InputForm:
        """Take the first size for the batch; where inputs differ in it, there is no batch."""
        firsts = {shape[:1] for shape in inputs.values()}
        if len(firsts) == 1 and firsts != {()}:
            ((batch,),) = firsts
            return cls(inputs, batch, {name: shape[1:] for name, shape in inputs.items()})
        return cls(inputs, 1, inputs)

    @property
    def image_side(self) -> int | None:
        """Side of the square RGB image that is the only input; None if it is no such thing."""
        (shape, *others) = self.sample.values()
        is_image = not others and len(shape) == 3 and shape[0] == 3 and shape[1] == shape[2]
        return shape[1] if is_image else None

    def image_preprocessing(self, known: Preprocessing | None, what: str) -> Preprocessing:
        """Return how the pixels of ``what`` become the input.

        Raises:
            UsageError: nobody knows, or it makes another size.
            RefusedError: the network takes no image (reason "not-an-image-model").
        """
        side = self.image_side
        if side is None:
            wanted = ", ".join(f"{name} {shapes.text(s)}" for name, s in self.inputs.items())
            raise RefusedError(
                f"{what} holds images, but the network takes {wanted}, no square RGB image: give "
                "its inputs as float32 arrays in a .npy or .npz",
                reason_code="not-an-image-model",
            )
        if known is None:
            raise UsageError(
                f"{what} holds images, and how their pixels become the network's input is not on "
                "record: say it with --preprocessing"
            )
        if known.crop != side:
            raise UsageError(
                f"the network takes {side} pixels, but its preprocessing makes {known.crop}: "
                "choose another --preprocessing or --input-shape"
            )
        return known

    def of_pixels(self, pixels: images.Pixels, wanted: Preprocessing, name: str) -> Feed:
        """Return one sample: an image, uint8 (height, width, 3), through the preprocessing."""
        (only,) = self.inputs
        fitted = images.fit(pixels, wanted.resize, wanted.crop, wanted.interpolation, name)
        return {only: wanted.apply(fitted[None])[0]}

    def usable(self, total: int, limit: int | None, what: str) -> int:
        """Return how many of ``total`` samples are used: at most ``limit``, in whole batches.

        Raises:
            UsageError: not even one batch (reason "no-samples").
        """
        count = total if limit is None else min(total, limit)
        if count < self.batch:
            fault = "there are no samples"
            if count:
                fault = f"{count} of {total} samples do not fill the network's batch {self.batch}"
            raise UsageError(f"{what}: {fault}; give more of them", reason_code="no-samples")
        return count // self.batch * self.batch

    def filled(self, samples: Iterator[Feed], numbers: Sequence[int], what: str) -> Iterator[Feed]:
        """Yield sets of inputs, each filled with the next samples.

        Args:
            samples: a whole number of batches.
            numbers: of each sample in ``what``, for messages.
            what: what to call their source in a message.

        Raises:
            RefusedError: a sample holds NaN or infinity (reason "not-finite").
        """
        waiting: list[Feed] = []
        for number, sample in zip(numbers, samples, strict=True):
            for name, values in sample.items():
                if not np.isfinite(values).all():
                    raise RefusedError(
                        f"{what}: sample {number} (counted from 0) has NaN or infinity in "
                        f"{name!r}: take it out",
                        reason_code="not-finite",
                    )
            waiting.append(sample)
            if len(waiting) == self.batch:
                yield {
                    name: np.stack([each[name] for each in waiting]).reshape(shape)
                    for name, shape in self.inputs.items()
                }
                waiting = []

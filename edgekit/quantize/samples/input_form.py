"""What a network takes: its inputs, and which samples can fill them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgekit.errors import RefusedError, UsageError
from edgekit.export.sources import shapes
from edgekit.export.sources.input_bounds import FLOAT32, Kind
from edgekit.models import Preprocessing


@dataclass(frozen=True)
class InputForm:
    """The inputs of a network; use `of`.

    Attributes:
        inputs: shape by name.
        batch: samples in one set of inputs.
        sample: shape of one sample by name.
        kinds: of the inputs that do not hold plain float32 numbers.
    """

    inputs: Mapping[str, tuple[int, ...]]
    batch: int
    sample: Mapping[str, tuple[int, ...]]
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    @classmethod
    def of(
        cls, inputs: Mapping[str, tuple[int, ...]], kinds: Mapping[str, Kind] | None = None
    ) -> InputForm:
        """Take the first size for the batch; where inputs differ in it, there is no batch."""
        firsts = {shape[:1] for shape in inputs.values()}
        if len(firsts) == 1 and firsts != {()}:
            ((batch,),) = firsts
            return cls(inputs, batch, {n: shape[1:] for n, shape in inputs.items()}, kinds or {})
        return cls(inputs, 1, inputs, kinds or {})

    def kind(self, name: str) -> Kind:
        """Return what kind of numbers an input holds."""
        return self.kinds.get(name, FLOAT32)

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
            wanted = ", ".join(
                f"{name} {self.kind(name).dtype} {shapes.text(s)}"
                for name, s in self.inputs.items()
            )
            raise RefusedError(
                f"{what} holds images, but the network takes {wanted}, no square RGB image: give "
                "its inputs as arrays in a .npz",
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

"""How pixels become a network's input: one set of options for all commands that read images."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from edgekit.cli.shared.options import bundle

if TYPE_CHECKING:
    from edgekit.models.preprocessing_choice import PreprocessingChoice


class _Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers with commas between; each may be a fraction such as ``1/255``."""

    name = "number,..."

    def convert(
        self,
        value: Any,  # noqa: ANN401  # click hands over strings and defaults
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[float, ...]:
        """Read them."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(Fraction(part.strip())) for part in str(value).split(","))
        except (ValueError, ZeroDivisionError):
            self.fail(f"numbers are such as 0.485,0.456,0.406 or 1/255, not {value!r}", param, ctx)


class _Number(_Numbers):
    name = "number"

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401  # one number, where the class says several
        """Read it."""
        if isinstance(value, float):
            return value
        numbers = super().convert(value, param, ctx)
        if len(numbers) != 1:
            self.fail(f"one number is taken, not {value!r}", param, ctx)
        return numbers[0]


@dataclass(frozen=True)
class PreprocessingOptions:
    """What the options say, as they are given."""

    preprocessing: str | None
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    scale: float | None
    channel_order: str | None
    resize: int | None
    crop: int | None
    interpolation: str | None

    @property
    def choice(self) -> PreprocessingChoice:
        """What they say of the preprocessing; a file among them is read."""
        from edgekit.models.preprocessing_choice import PreprocessingChoice, read

        said = PreprocessingChoice(
            mean=self.mean,
            std=self.std,
            scale=self.scale,
            channel_order=None if self.channel_order is None else self.channel_order.upper(),
            resize=self.resize,
            crop=self.crop,
            interpolation=self.interpolation,
        )
        return read(self.preprocessing, said)


fold_preprocessing_option = click.option(
    "--fold-preprocessing",
    is_flag=True,
    help="Put the preprocessing into the files: they take raw pixels, uint8 RGB, 0 to 255.",
)
preprocessing_options = bundle(
    "pixels",
    PreprocessingOptions,
    (
        click.option(
            "--preprocessing",
            metavar="NAME|FILE",
            help="How pixels become the input: imagenet, cifar10, minus-one-to-one or raw (0 to "
            "255), or a .toml with the values below. Comes before the sidecar, and that before the "
            "network's card.",
        ),
        click.option(
            "--mean",
            type=_Numbers(),
            metavar="M,M,M",
            help="Subtracted from the scaled pixels, for each channel of the network.",
        ),
        click.option("--std", type=_Numbers(), metavar="S,S,S", help="Divided by after that."),
        click.option(
            "--scale", type=_Number(), metavar="X", help="Factor on pixels before: 1/255 or 1."
        ),
        click.option("--channel-order", metavar="RGB|BGR", help="Of the network's input."),
        click.option(
            "--resize", type=int, metavar="PIXELS", help="Shorter side before the centre crop."
        ),
        click.option("--crop", type=int, metavar="PIXELS", help="Side of that square."),
        click.option("--interpolation", metavar="bilinear|bicubic", help="Of the resize."),
    ),
)

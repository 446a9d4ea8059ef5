"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import click

from edgekit.cli.shared import output
from edgekit.cli.shared.command.values import CountList, Duration, FileFormats, NameList
from edgekit.errors import UsageError

cool_down_option = click.option(
    "--cool-down",
    "cool_down_secs",
    type=Duration(),
    default=0.0,
    help="Before each process but the first, wait until the machine is as cool as at the start, "
    "for at most so long (60s).",
)
cpus_option = click.option(
    "--cpus",
    metavar="big|little|N,...",
    help="Processors to run on: the fast or slow ones of unlike cores, or numbers (0,1 or 4-7).",
)
Command: TypeAlias = Callable[..., object]
Decorator: TypeAlias = Callable[[Command], Command]


@dataclass(frozen=True)
class Outputs:
    """Where files go: ``-o``, ``--force``, ``--no-verify``."""

    folder: Path
    force: bool
    no_verify: bool


@dataclass(frozen=True)
class SampleOptions:
    """What a network is calibrated with and judged by."""

    calibration_data: Path | None
    calibration_samples: int | None
    encodings: Path | None
    data: Path | None
    weights: Path | None


@dataclass(frozen=True)
class InputOptions:
    """Sizes of inputs that a network leaves open, inputs that become constants, other outputs."""

    batch: int | None
    input_shapes: tuple[str, ...]
    input_values: tuple[str, ...]
    ends: tuple[str, ...]


def bundle(name: str, kind: type, options: Sequence[Decorator]) -> Decorator:
    """Return a decorator that adds options and hands them over as one object.

    Args:
        name: of the command's parameter.
        kind: dataclass whose fields the options are.
        options: in the order of ``--help``.
    """
    fields = [each.name for each in dataclasses.fields(kind)]

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def bundled(*arguments: object, **values: object) -> object:
            held = {field: values.pop(field) for field in fields}
            return command(*arguments, **values, **{name: kind(**held)})

        decorated: Command = bundled
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def _printing(name: str) -> Decorator:
    """Return a decorator that gives a command ``as_json``, and prints what it prints as asked."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(
            *arguments: object, print_format: str | None, json_flag: bool, **values: object
        ) -> object:
            if json_flag and print_format not in (None, "json"):
                raise UsageError(f"--json is {name} json, and {name} is {print_format}: give one")
            chosen = "json" if json_flag else print_format or "table"
            output.choose_format(chosen)
            return command(*arguments, **values, as_json=chosen == "json")

        asked = click.option(
            name,
            "print_format",
            type=click.Choice(output.FORMATS),
            metavar="|".join(output.FORMATS),
            help="How to print. A table is fitted to the terminal and whole in a pipe; csv leaves "
            "all but tables to stderr.  [default: table]",
        )
        short = click.option("--json", "json_flag", is_flag=True, help=f"Short for {name} json.")
        decorated: Command = asked(short(called))
        return decorated

    return decorate


print_options = _printing("--format")
"""How a command prints; it gets ``as_json``."""
table_format_options = _printing("--table-format")
"""The same for commands whose --format is of the files that they write."""


def _path(*names: str, metavar: str | None = None, text: str) -> Decorator:
    return click.option(*names, type=click.Path(path_type=Path), metavar=metavar, help=text)


output_options = bundle(
    "outputs",
    Outputs,
    (
        click.option(
            "-o",
            "--output",
            "folder",
            type=click.Path(path_type=Path),
            default=".",
            show_default=True,
            help="Folder for the files.",
        ),
        click.option(
            "--force", is_flag=True, help="Replace existing files that have other content."
        ),
        click.option(
            "--no-verify",
            is_flag=True,
            help="Do not compare the files with their source, or the simulation of it.",
        ),
    ),
)

calibration_data_option = _path(
    "--calibration-data",
    metavar="DIR|FILE",
    text="Folder of images, or .npy/.npz arrays; without it, synthetic samples.",
)

sample_options = bundle(
    "samples",
    SampleOptions,
    (
        calibration_data_option,
        click.option(
            "--calibration-samples",
            type=int,
            metavar="N",
            help="Most samples to calibrate with, evenly spaced; without it what the recipe says, "
            "of images at most 200.",
        ),
        _path(
            "--encodings",
            metavar="FILE",
            text="Use these encodings, of the same network, and calibrate nothing.",
        ),
        _path(
            "--data",
            metavar="DIR",
            text="Images to judge by; without it those of --calibration-data that were not used.",
        ),
        _path("--weights", text="As for `edgekit export`."),
    ),
)

input_options = bundle(
    "inputs",
    InputOptions,
    (
        click.option(
            "--batch",
            type=int,
            metavar="N",
            help="Size of every batch dimension that the network leaves open.  [default: 1]",
        ),
        click.option(
            "--input-shape",
            "input_shapes",
            multiple=True,
            metavar="[NAME:]N,C,H,W",
            help="Sizes of one input; once for each, in order or by name. May fill what the "
            "network leaves open, not change what it fixes.",
        ),
        click.option(
            "--input-value",
            "input_values",
            multiple=True,
            metavar="NAME=NUMBER",
            help="Make an input of an .onnx a constant, such as sr=16000; the files do without.",
        ),
        click.option(
            "--end-at",
            "ends",
            type=NameList(),
            default=(),
            metavar="TENSOR,...",
            help="Tensors of an .onnx that become the outputs; what only comes after them, such as "
            "the search of a detector, is left out.",
        ),
    ),
)


class _TargetOption(click.Option):
    """``--target``; its old name ``--device`` is taken, but `edgekit predict` calls that other."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the help without the old name."""
        record = super().get_help_record(ctx)
        return None if record is None else (record[0].replace(", --device", ""), record[1])


def target_option(text: str, *, default: str | None = "local") -> Decorator:
    """Return the option that says on which machine something happens.

    Args:
        text: its help.
        default: where without it.
    """
    return click.option(
        "--target",
        "--device",
        "target",
        cls=_TargetOption,
        metavar="TARGET",
        default=default,
        show_default=default is not None,
        help=text,
    )


model_option = click.option(
    "--model", "model_option", metavar="MODEL", help="The same as the argument."
)


format_option = click.option(
    "--format",
    "--target-runtime",
    "formats",
    type=FileFormats(),
    default="onnx,tflite",
    show_default=True,
    help="Formats to write; a runtime's name means its format.",
)
threads_option = click.option(
    "--threads",
    "--num-threads",
    "threads",
    type=int,
    default=1,
    show_default=True,
    help="Threads of the runtime.",
)
thread_counts_option = click.option(
    "--threads",
    "--num-threads",
    "threads",
    type=CountList(),
    metavar="N,...",
    default="1",
    show_default=True,
    help="Threads of the runtime; several values are measured one after the other.",
)
backends_option = click.option(
    "--backend",
    "backends",
    type=NameList(),
    default="tflite,onnxruntime",
    show_default=True,
    help="Runtimes for named models; a file runs on the runtime of its suffix.",
)
label_offset_option = click.option(
    "--label-offset",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="For files without a sidecar: drop the first N outputs; 1 for a background class.",
)


def is_file(subject: str) -> bool:
    """Tell whether the user means a model file, by its suffix, and not a network's name."""
    return subject.lower().endswith((".onnx", ".ort", ".tflite"))


def one_model(positional: str | None, option: str | None) -> str:
    """Return the model given in either way.

    Raises:
        UsageError: none is given, or two different ones.
    """
    if positional and option and positional != option:
        raise UsageError(f"two models are given, {positional!r} and {option!r}: give one")
    chosen = positional or option
    if not chosen:
        raise UsageError("no model is given: name one (`edgekit list`) or a path to an .onnx file")
    return chosen

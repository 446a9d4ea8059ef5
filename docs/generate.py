"""Write the generated pages: from --help, cards of networks, lint rules and documents' dataclasses.

With --check, change nothing and fail if a page is not what would be written.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from edgekit import models
from edgekit.cli import COMMANDS, cli, run
from edgekit.cli.list_models import top1_percent
from edgekit.cli.schemas import DOCUMENTS, SUFFIX, Published
from edgekit.export.tflite import operator_support
from edgekit.lint import RULES
from edgekit.models import ModelSpec
from edgekit.study import claims

FOLDER = Path(__file__).parent
STUDY = FOLDER / "study.json"
"""What `make study` stores."""


def commands() -> str:
    """Return docs/commands.md."""
    root = click.Context(
        cli, info_name="edgekit", terminal_width=100, help_option_names=["-h", "--help"]
    )
    sections = ["# Command reference\n\nGenerated from `--help` by `make docs`; do not edit.\n"]
    sections.append(_command("edgekit", cli.get_help(root)))
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is None:
            raise LookupError(name)
        context = click.Context(command, info_name=name, parent=root, terminal_width=100)
        sections.append(_command(f"edgekit {name}", command.get_help(context)))
        for action, each in getattr(command, "actions", {}).items():
            context = click.Context(
                each, info_name=f"{name} {action}", parent=root, terminal_width=100
            )
            sections.append(_command(f"edgekit {name} {action}", each.get_help(context)))
    return "\n".join(sections)


def _command(title: str, text: str) -> str:
    return f"## `{title}`\n\n```text\n{text}\n```\n"


def networks() -> str:
    """Return docs/models.md."""
    specs = [models.get(name) for name in models.names(baselines=False)]
    families: dict[str, list[ModelSpec]] = {}
    for spec in specs:
        families.setdefault(spec.family, []).append(spec)
    sections = [
        "# The networks\n\nGenerated from the cards by `make docs`; do not edit. A MAC is one "
        "multiply-accumulate of a\nconvolution or fully connected layer at batch 1; biases, batch "
        "norm, activations, pools, adds and\nshifts are not counted. `edgekit info NAME` prints "
        "every published figure with its source.\n"
    ]
    for family, members in families.items():
        module = next(m for m in models.FAMILIES if m.__name__.endswith(f".{_module(family)}"))
        sections.append(f"## {family}\n\n{(module.__doc__ or '').strip()}\n\n{members[0].paper}\n")
        sections.append(
            "| name | input | params | MACs | published top-1 |\n|---|---|---|---|---|\n"
            + "".join(_row(spec) for spec in members)
        )
        sections += [
            f"{spec.name} comes with weights: top-1 {spec.trained.top1_percent:.2f} % on "
            f"{spec.trained.evaluated_on}; trained on {spec.trained.trained_on} by "
            f"{spec.trained.recipe}, seed {spec.trained.seed}.\n"
            for spec in members
            if spec.trained is not None
        ]
        notes = dict.fromkeys(spec.note for spec in members if spec.note)
        sections += [f"Note: {note}\n" for note in notes]
    sections += _baselines()
    aliases = "".join(f"| {alias} | {name} |\n" for alias, name in models.aliases().items())
    sections.append(f"## Aliases\n\n| alias | network |\n|---|---|\n{aliases}")
    return "\n".join(sections)


def _baselines() -> list[str]:
    specs = [models.get(name) for name in models.names() if models.get(name).library]
    papers = dict.fromkeys(spec.paper for spec in specs)
    notes = [f"- {spec.name}: {spec.note}\n" for spec in specs if spec.note]
    return [
        f"## Baselines\n\n{(models.baselines.__doc__ or '').strip()}\n",
        "| name | made by | input | params | MACs | published top-1 |\n|---|---|---|---|---|---|\n"
        + "".join(_row(spec) for spec in specs),
        "Notes:\n\n" + "".join(notes),
        "Papers:\n\n" + "".join(f"- {paper}\n" for paper in papers),
    ]


def _module(family: str) -> str:
    return family.replace("-", "_")


def _row(spec: ModelSpec) -> str:
    side = spec.input_shape[2]
    top1 = top1_percent(spec)
    cells = [
        spec.name,
        *([spec.library] if spec.library else []),
        f"{side}x{side}",
        f"{spec.params:,}",
        f"{spec.macs:,}",
        "" if top1 is None else f"{top1:.1f} %",
    ]
    return f"| {' | '.join(cells)} |\n"


def operators() -> str:
    """Return docs/operators.md."""
    rows = operator_support.of_standard()
    held = sum(row.supported for row in rows)
    table = "".join(
        f"| {row.operator} | {'' if row.how == 'no' else row.how} "
        f"| {'yes' if row.integer else ''} | {row.delegated} | {row.layer_class} "
        f"| {'; '.join(row.limits)} |\n"
        for row in rows
    )
    return (
        "# The operators of ONNX in a .tflite\n\nGenerated from the emitters and the traits by "
        "`make docs`; do not edit. `edgekit operators` prints the same.\n\nOf the "
        f"{len(rows)} operators of the standard, a `.tflite` can hold {held}, in every form that "
        "LiteRT computes\nexactly as ONNX asks; other forms are refused with the node and the "
        "reason (`edgekit export FILE\n--report`). *Rewritten* ones become others before the "
        "file is written. What is taken *when constant*\nbecomes a constant as a file is read, "
        "where its inputs or shapes are constant; what is *laid out* becomes\nothers, where "
        "constants or shapes decide what it does; *stored integers* are those of a network that is"
        "\nquantized already, written as they are. An operator without int8 stays float32 in a "
        "quantized file.\n*XNNPACK* says whether the delegate takes it in float32, as measured on "
        "every form in the tests\n(`benchmarks/delegated_operators.py`); *refused of it* what its "
        "emitter refuses by name. An `.onnx` holds all."
        "\n\n| operator | .tflite | int8 | XNNPACK | class | refused of it |\n"
        f"|---|---|---|---|---|---|\n{table}"
    )


def lint() -> str:
    """Return docs/lint.md."""
    sections = [
        "# What `edgekit lint` looks for\n\nGenerated from the rules by `make docs`; do not edit."
        "\n\nA *warning* makes the command exit with 1, a *note* does not; `--ignore CODE,...` "
        "leaves rules out.\nRules marked *asks the runtime* need it installed here, as only it "
        "knows what its delegate takes.\n`benchmarks/lint_claims.py` confirms each claim on a pair "
        "of files: one that the rule finds, and one\nthat computes the same without it.\n",
        "| code | level | such a place is | files |\n|---|---|---|---|\n"
        + "".join(
            f"| [{rule.code}](#{rule.code}) | {'note' if rule.is_note else 'warning'} "
            f"| {rule.claim} | {', '.join(f'.{each}' for each in rule.formats)} |\n"
            for rule in RULES.values()
        ),
    ]
    for rule in RULES.values():
        asks = " Asks the runtime." if rule.asks_runtime else ""
        sections.append(
            f"## {rule.code}\n\n{rule.title}{asks} {rule.why}\n\nWhat to do: {rule.advice}.\n"
        )
    return "\n".join(sections)


SCREENS = {"list": ("list", "micronet*"), "info": ("info", "shiftresnet20-e3")}
_SCREEN_WIDTH = 80


def screen(arguments: Sequence[str]) -> str:
    """Return the picture of a command on a terminal of 80 columns, as SVG."""
    from rich.console import Console
    from rich.text import Text

    printed = io.StringIO()
    printed.isatty = lambda: True  # type: ignore[method-assign]
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(_SCREEN_WIDTH)
    try:
        with contextlib.redirect_stdout(printed):
            run(arguments)
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    console = Console(
        record=True, width=_SCREEN_WIDTH, file=io.StringIO(), force_terminal=True, color_system=None
    )
    console.print(Text(f"$ edgekit {shlex.join(arguments)}"))
    console.print(Text.from_ansi(printed.getvalue()))
    # A name of its own for each picture: a page may hold several.
    svg = console.export_svg(title="edgekit", unique_id=f"edgekit-{arguments[0]}")
    # No fonts from elsewhere: a page shows the picture without a network.
    svg = re.sub(r"@font-face \{.*?\}\n?", "", svg, flags=re.S)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def schemas() -> str:
    """Return docs/schemas/README.md."""
    rows = "".join(
        f"| [`{each.id}`]({each.id}{SUFFIX}) | {each.version} | {each.title} |\n"
        for each in DOCUMENTS.values()
    )
    return (
        "# The documents\n\nGenerated from the dataclasses by `make docs`; do not edit. Every JSON "
        "document of edgekit names its\n`schema` and `schema_version`; these are their JSON "
        "Schemas (draft 2020-12). A version changes when a\nreader of the old one would "
        "misunderstand the new one.\n\n"
        f"| schema | version | is |\n|---|---|---|\n{rows}"
    )


def _schema(document: Published) -> str:
    return json.dumps(document.json_schema(), indent=2) + "\n"


def study() -> str:
    """Return docs/study.md, the page of the run that is stored beside it."""
    return claims.study_page(claims.read(STUDY))


PAGES: dict[str, Callable[[], str]] = {
    "claims.md": claims.claims_page,
    "commands.md": commands,
    "lint.md": lint,
    "models.md": networks,
    "operators.md": operators,
    **({"study.md": study} if STUDY.is_file() else {}),
    "schemas/README.md": schemas,
    **{f"screens/{name}.svg": partial(screen, words) for name, words in SCREENS.items()},
    **{f"schemas/{each.id}{SUFFIX}": partial(_schema, each) for each in DOCUMENTS.values()},
}


def main() -> int:
    """Write or check the pages; return the exit code."""
    stale = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        path.parent.mkdir(exist_ok=True)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path))
    known = {FOLDER / name for name in PAGES}
    stale += [str(path) for path in (FOLDER / "schemas").iterdir() if path not in known]
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

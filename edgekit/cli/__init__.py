"""The command line: parse, call one room, print.

Commands are loaded when they are used, so that ``edgekit --help`` stays instant.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from edgekit.cli.shared import output, stopping, terminal
from edgekit.cli.shared.command.lazy import LazyGroup
from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    InternalError,
    InvalidPathError,
    MissingPackageError,
    UsageError,
)
from edgekit.processes import deferred_imports

INTERRUPTED = 130
_FULL = "out-of-memory"

SECTIONS = {
    "Networks": {
        "list": "edgekit.cli.list_models",
        "info": "edgekit.cli.info",
        "operators": "edgekit.cli.operators",
    },
    "Make files": {
        "export": "edgekit.cli.export.command",
        "quantize": "edgekit.cli.quantize.command",
        "sensitivity": "edgekit.cli.sensitivity.command",
    },
    "Judge files": {
        "run": "edgekit.cli.run_images",
        "evaluate": "edgekit.cli.evaluate",
        "verify": "edgekit.cli.verify",
        "lint": "edgekit.cli.lint",
    },
    "Ship files": {
        "bundle": "edgekit.cli.bundle",
        "check": "edgekit.cli.check",
    },
    "Measure": {
        "latency": "edgekit.cli.latency.command",
        "compare": "edgekit.cli.compare",
        "predict": "edgekit.cli.predict",
        "bench": "edgekit.cli.bench",
        "sweep": "edgekit.cli.sweep",
        "claims": "edgekit.cli.claims",
        "report": "edgekit.cli.report",
    },
    "This machine": {
        "doctor": "edgekit.cli.doctor",
        "cache": "edgekit.cli.cache",
    },
}
"""Commands by name, with the module that holds each as ``command``; as ``--help`` shows them."""
COMMANDS = {name: module for some in SECTIONS.values() for name, module in some.items()}


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="edgekit-mobile", prog_name="edgekit")
def cli() -> None:
    """Export, verify and measure efficient CNNs on ONNX Runtime and TFLite (LiteRT).

    Begin with: edgekit export micronet-m0-cifar10. Shells complete names and options with
    eval "$(_EDGEKIT_COMPLETE=bash_source edgekit)", or zsh_source, fish_source.

    Exit codes: 0 ok, 1 a check failed, 2 usage, 3 environment, 4 refused, 130 interrupted, 129 and
    143 stopped by SIGHUP and SIGTERM.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are printed, never raised."""
    with terminal.plain():
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except EdgekitError as error:  # stdout is full
            code = _report(error, as_json=False)
        return code


def _run(arguments: Sequence[str]) -> int:
    as_json = _wants_json(arguments)
    try:
        result = cli.main(list(arguments), prog_name="edgekit", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _report(_of_click(error), as_json=as_json)
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("interrupted", err=True)
        return stopping.exit_code(error) or INTERRUPTED
    except EdgekitError as error:
        return _report(error, as_json=as_json and error.result is None)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "edgekit"):
            return _report(InternalError(error), as_json=as_json)
        missing = MissingPackageError(package.replace("_", "-"), "this command")
        return _report(missing, as_json=as_json)
    except MemoryError:
        message = "there is not enough memory for this"
        return _report(EnvironmentMissingError(message, reason_code=_FULL), as_json=as_json)
    except OSError as error:  # a path that is too long, a disk that fails
        what = f"cannot use {error.filename}" if error.filename else "the system refuses"
        return _report(InvalidPathError(f"{what}: {error.strerror or error}"), as_json=as_json)
    except Exception as error:
        if os.environ.get("EDGEKIT_TRACEBACK"):
            raise
        return _report(InternalError(error), as_json=as_json)
    return result if isinstance(result, int) else 0


def _of_click(error: click.ClickException) -> UsageError:
    """What click found wrong, as one line that names the command whose help tells more."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context is not None else "edgekit"
    message = " ".join(error.format_message().split()).rstrip(".")
    mark = "" if message.endswith("?") else ":"
    return UsageError(f"{message}{mark} see `{command} --help`")


def _wants_json(arguments: Sequence[str]) -> bool:
    return any(
        each == "--json"
        or each.endswith("format=json")
        or (each.endswith("format") and after == "json")
        for each, after in pairwise((*arguments, ""))
    )


def _report(error: EdgekitError, *, as_json: bool) -> int:
    if as_json:
        document = {
            "schema": "edgekit.error",
            "schema_version": 1,
            "exit_code": error.exit_code,
            "reason_code": error.reason_code,
            "message": str(error),
            **error.details,
        }
        click.echo(json.dumps(document, indent=2))
    output.say(f"error: {error} [{error.reason_code}]", err=True)
    return error.exit_code


def main() -> None:
    """Entry point of the ``edgekit`` program."""
    # torch's modules and its tracer make a million objects that live to the end.
    gc.set_threshold(100_000)
    # torch's threads sleep while they wait for each other: they would spin, on busy machines most.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    deferred_imports.defer()
    terminal.open_standard_streams()
    stopping.listen()
    code = run(sys.argv[1:])
    stopping.listen_no_more()
    sys.exit(code)

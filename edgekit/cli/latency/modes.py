"""The ways in which `edgekit latency` measures, and which options each of them takes."""

from __future__ import annotations

from dataclasses import dataclass

import click

from edgekit.errors import UsageError

# Which files, where, and how to print: every mode takes these.
ALWAYS = frozenset(
    {
        "subjects",
        "models",
        "backends",
        "sizes",
        "input_shapes",
        "target",
        "print_format",
        "json_flag",
    }
)
# Those that ask for a mode.
_ASKING = frozenset({"profiled", "duration"})


@dataclass(frozen=True)
class Mode:
    """One way to measure.

    Attributes:
        asked: what a user types for it.
        does: what it does, as the end of a sentence that begins with "which".
        takes: the parameters of the command that it takes beside those of every mode.
    """

    asked: str
    does: str
    takes: frozenset[str]

    def options(self, command: click.Command) -> list[str]:
        """Return its options as users type them."""
        return [p.opts[0] for p in command.params if p.name in self.takes - _ASKING]

    def check(self, context: click.Context) -> None:
        """Check that no option was given that it does not take.

        Raises:
            UsageError: naming them, and what it takes.
        """
        given = [
            parameter.opts[0]
            for parameter in context.command.params
            if parameter.name not in self.takes | ALWAYS
            and context.get_parameter_source(parameter.name or "")
            is click.core.ParameterSource.COMMANDLINE
        ]
        if given:
            taken = ", ".join(self.options(context.command))
            does, them = ("does", "it") if len(given) == 1 else ("do", "them")
            raise UsageError(
                f"{' and '.join(given)} {does} not go with {self.asked}, which {self.does}; it "
                f"takes {taken}: leave {them} out"
            )


_RUNS = frozenset(
    {"threads", "children", "num_runs", "warmup_runs", "min_secs", "max_secs", "cpus"}
)

TIMES = Mode(
    "plain `edgekit latency`",
    "times whole runs",
    _RUNS | {"cool_down_secs", "weight_cache"},
)
PHONE = Mode(
    "a target adb:",
    "has the phone's benchmark_model time whole runs",
    _RUNS | {"cool_down_secs"},
)
PROFILE = Mode(
    "--profile",
    "times operators in runs of their own",
    frozenset({"profiled", "plots", "threads", "children", "num_runs", "cpus"}),
)
SUSTAINED = Mode(
    "--sustained",
    "runs each file in one process for as long as you say",
    frozenset({"duration", "threads", "cpus"}),
)
COUNTS = Mode(
    "an emulated target",
    "counts the instructions of one thread, not time",
    frozenset({"children"}),
)

"""``edgekit doctor``: is this machine fit to export and to measure?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

import edgekit
from edgekit.cli.shared import output
from edgekit.cli.shared.command.helping import Command
from edgekit.cli.shared.options import print_options, target_option
from edgekit.cli.shared.progress import working
from edgekit.cli.shared.tables.columns import prose, word
from edgekit.errors import MissingPackageError, UsageError


@dataclass(frozen=True)
class Package:
    """One direct dependency: what is installed, what was tested, and how the two compare."""

    name: str
    installed: str | None
    tested: str | None
    verdict: str


@dataclass(frozen=True)
class InstructionSet:
    """One instruction set of ``edgekit verify --isa``, and what is missing for it."""

    name: str
    description: str
    missing: str | None


_UNSHOWN = ("unix_time_s",)  # for whoever compares two documents
_OK, _OTHER, _ABSENT = "as tested", "differs from the tested set", "not installed"


@click.command(
    "doctor",
    cls=Command,
    short_help="Check packages and machine.",
    examples=(
        "doctor",
        "doctor --target ssh:pi@board",
        "doctor --setup-qemu",
    ),
)
@click.option(
    "--setup-qemu",
    is_flag=True,
    help="First install, into edgekit's cache only, the emulators and the aarch64 Python that "
    "`edgekit verify --isa` needs (from Debian's packages and PyPI; no rights needed).",
)
@target_option(
    "Say only what this target of `edgekit latency` is and which runtimes it has.", default=None
)
@click.option(
    "--install",
    is_flag=True,
    help="First install numpy and this machine's versions of the runtimes on the ssh: target, "
    "with pip, for good.",
)
@print_options
def command(*, setup_qemu: bool, target: str | None, install: bool, as_json: bool) -> None:
    """Compare the installed packages with the tested set, and show what bears on timing.

    Exit code 3 if a package that edgekit needs is missing, or a target cannot be used.
    """
    from edgekit.emulation import isa, setup
    from edgekit.runtimes import machine

    if target is not None:
        _show_target(target, install=install, as_json=as_json)
        return
    if install:
        raise UsageError("--install needs a --target: it installs on another machine")
    if setup_qemu:
        with working("setup") as say:
            setup.set_up(say)
    packages = _packages()
    sets = [
        InstructionSet(name, isa.get(name).description, isa.missing(name)) for name in isa.names()
    ]
    facts = dataclasses.asdict(machine.facts())
    conditions = dataclasses.asdict(machine.conditions())
    if as_json:
        output.print_json(
            "edgekit.doctor",
            1,
            {
                "packages": [dataclasses.asdict(each) for each in packages],
                "instruction_sets": [dataclasses.asdict(each) for each in sets],
                "machine": facts,
                "conditions": conditions,
            },
        )
    else:
        output.print_table(
            ["package", "installed", "tested", "verdict"],
            [
                [each.name, each.installed or "", each.tested or "", each.verdict]
                for each in packages
            ],
        )
        output.say()
        output.print_table(
            (word("instruction set"), prose(""), word("for `edgekit verify --isa`")),
            [
                [each.name, each.description, "missing" if each.missing else "ready"]
                for each in sets
            ],
        )
        for line in _missing(sets):
            output.say(line)
        output.say()
        shown = {**facts, **conditions}
        output.print_table((word("machine"), prose("")), _rows(shown))
    absent = [package.name for package in packages if package.verdict == _ABSENT]
    if absent:
        missing = MissingPackageError(absent[0], "edgekit")
        missing.result = packages
        raise missing


def _readiness(each: InstructionSet) -> str:
    return "missing" if each.missing else "ready"


def _missing(sets: Sequence[InstructionSet]) -> list[str]:
    """Say what instruction sets need, once for all that need the same."""
    needs: dict[str, list[str]] = {}
    for each in sets:
        if each.missing:
            needs.setdefault(each.missing.removeprefix(each.name).strip(), []).append(each.name)
    return [f"note: {', '.join(names)}: {need}" for need, names in needs.items()]


def _show_target(name: str, *, install: bool, as_json: bool) -> None:
    from edgekit import devices

    target = devices.resolve_target(name)
    if install:
        if not isinstance(target, devices.InstallingTarget):
            raise UsageError(f"--install is for ssh: targets; {target.name} is none")
        with working("install") as say:
            target.install(say)
    probe = dataclasses.asdict(target.probe())
    if as_json:
        output.print_json("edgekit.doctor-target", 1, {"target": name, **probe})
        return
    found = {
        **{runtime: version or _ABSENT for runtime, version in probe["runtimes"].items()},
        **probe["machine"],
    }
    output.print_table((word("target"), prose(name)), _rows(found))


def _rows(facts: Mapping[str, object]) -> list[list[str]]:
    """Return facts as people read them: sizes with a unit, percentages so called, no clock."""
    rows = []
    for key, value in facts.items():
        if value is None or key in _UNSHOWN:
            continue
        if key.endswith("_bytes") and isinstance(value, int):
            rows.append([key.removesuffix("_bytes"), f"{value / 1e9:.1f} GB"])
        elif key.endswith("_percent"):
            rows.append([key.removesuffix("_percent"), f"{_text(value)} %"])
        else:
            rows.append([key, _text(value)])
    return [[name.replace("_", " "), text] for name, text in rows]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        separator = "; " if any(isinstance(item, dict) for item in value) else ", "
        return separator.join(_text(item) for item in value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _packages() -> list[Package]:
    """Return name, installed version, tested version and verdict of every direct dependency."""
    from importlib import metadata

    from packaging.requirements import Requirement
    from packaging.version import Version

    tested = _tested_versions()
    rows: list[Package] = []
    for line in metadata.requires("edgekit-mobile") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed: str | None = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            installed = None
        wanted = tested.get(requirement.name)
        if installed is None:
            verdict = _ABSENT
        elif wanted is not None and Version(installed).public == wanted:
            verdict = _OK
        else:
            verdict = _OTHER
        rows.append(Package(requirement.name, installed, wanted, verdict))
    return rows


def _tested_versions() -> dict[str, str]:
    """Read the constraints file, which a wheel carries inside the package."""
    package = Path(edgekit.__file__).parent
    path = next(
        path
        for path in (package / "constraints.txt", package.parent / "constraints.txt")
        if path.is_file()
    )
    lines = path.read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {name.strip(): version.strip() for name, version in pins}

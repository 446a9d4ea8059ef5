"""The room's first door: files become a bundle, whole or not at all."""

from __future__ import annotations

import datetime
import hashlib
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edgekit import __version__
from edgekit.bundle import about, budgets, known
from edgekit.bundle.about import About
from edgekit.bundle.app import writing as app
from edgekit.bundle.contents import (
    bill_of_materials,
    choice,
    evidence,
    golden,
    licenses,
    measured,
    model_card,
)
from edgekit.bundle.manifest import FILE, UNLISTED, Bundle, Content
from edgekit.bundle.members import LABELS, finish, gather, labels_of
from edgekit.bundle.request import BundleRequest, source_date_epoch
from edgekit.errors import InvalidPathError, WouldOverwriteError
from edgekit.files import scratch
from edgekit.progress import Progress, silent

SUFFIX = ".edgekit"
_Counted = Callable[[int, int], None]


@dataclass(frozen=True)
class Built:
    """A bundle on disk.

    Attributes:
        path: its folder.
        archive: its zip file; None if none was asked for.
        bundle: what it holds.
    """

    path: Path
    archive: Path | None
    bundle: Bundle


def build(
    request: BundleRequest,
    *,
    say: Callable[[str], None] = lambda _: None,
    progress: _Counted = lambda _done, _total: None,
    timing: Progress = silent,
) -> Built:
    """Make a bundle: gather files, write metadata into them, prove them, describe them.

    Equal inputs and versions give equal bytes, on one kind of processor; ``measured/`` aside.

    Args:
        request: what to bundle, and how.
        say: called with a short line before each step.
        progress: called with the images evaluated and their total.
        timing: told before each process that is timed.

    Raises:
        UsageError: files of several networks, without sidecars, or nothing.
        WouldOverwriteError: there is a bundle of that name and ``force`` is not set.
        RefusedError: a file is no image classifier, or labels do not fit.
        ParityError: a file with its preprocessing folded in answers otherwise.
        InvalidPathError, StorageError: a folder cannot be read or written.
        EdgekitError: what exporting, evaluating and measuring raise.
    """
    source_date_epoch()  # a slip of the pen is found before the work
    about.read(request.about)
    try:
        request.folder.mkdir(parents=True, exist_ok=True)
        with scratch.folder(request.folder, ".edgekit-") as hidden:
            place = hidden / "bundle"
            place.mkdir()
            made = _fill(request, place, hidden, say, progress, timing)
            return _name(request, made, place)
    except OSError as error:
        raise InvalidPathError(
            f"cannot write {error.filename or request.folder}: {error.strerror}; choose another "
            "-o folder"
        ) from error


def _fill(
    request: BundleRequest,
    place: Path,
    hidden: Path,
    say: Callable[[str], None],
    progress: _Counted,
    timing: Progress,
) -> Bundle:
    found = gather(request, hidden / "exported", say)
    first = found[0]
    name = request.name or first.model
    if not request.force and (request.folder / f"{name}{SUFFIX}").exists():
        raise WouldOverwriteError(
            f"{request.folder / name}{SUFFIX} exists: give --force to replace it, or another --name"
        )
    labels, license_id = labels_of(request, first), licenses.of_weights(request, first)
    say("writing metadata into the files")
    members = [finish(each, labels, license_id, request, place) for each in found]
    if labels:
        (place / "labels").mkdir()
        (place / "labels" / LABELS).write_text("".join(f"{each}\n" for each in labels), "utf-8")
    say("taking golden answers")
    shown = golden.choose(request.golden, members[0].entry.preprocessing)
    paths = golden.write(shown, members, place)
    (place / evidence.FOLDER).mkdir()
    evidence.write_lowering(members, place)
    evidence.write_encodings(members, place)
    accuracy = evidence.write_accuracy(request, members, place, progress)
    evidence.write_instructions(request, members, place, timing)
    entries = tuple(each.entry for each in members)
    bundle = Bundle(
        name=name,
        model=first.model,
        task="image-classification",
        classes=entries[0].outputs[0].shape[-1],
        weights=first.weights,
        license=license_id,
        revision=request.revision,
        created=_created(),
        params=first.params,
        macs=first.macs,
        tools={**first.tools, "edgekit-mobile": __version__},
        models=entries,
        golden=paths,
        golden_images=shown.description,
        accuracy=accuracy,
        choice=choice.choose(entries, accuracy),
        contents=_contents(place),
    )
    stated = known.completed(about.read(request.about), first.model, first.weights)
    _describe(bundle, request, stated, place)
    bundle = replace(bundle, contents=_contents(place))
    (place / FILE).write_bytes(bundle.to_bytes())
    if request.measure:
        measured.write(members, place, timing)
    return bundle


def _describe(bundle: Bundle, request: BundleRequest, stated: About, place: Path) -> None:
    app.write(bundle, place)
    licenses.write(request, bundle.license, place)
    (place / "README.md").write_text(model_card.text(bundle, stated), encoding="utf-8")
    (place / budgets.FILE).write_text(budgets.DEFAULT, encoding="utf-8")
    bom = place / bill_of_materials.FILE
    bom.parent.mkdir()
    bom.write_text(bill_of_materials.text(bundle, stated), encoding="utf-8")


def listed(place: Path) -> list[str]:
    """Return the paths of all files in a bundle's folder that its manifest has to list."""
    found = (each.relative_to(place) for each in place.rglob("*") if not each.is_dir())
    return sorted(each.as_posix() for each in found if each.parts[0] not in UNLISTED)


def _contents(place: Path) -> tuple[Content, ...]:
    rows = []
    for path in listed(place):
        content = (place / path).read_bytes()
        rows.append(Content(path, len(content), hashlib.sha256(content).hexdigest()))
    return tuple(rows)


def _created() -> str | None:
    epoch = source_date_epoch()
    if epoch is None:
        return None
    return datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(request: BundleRequest, made: Bundle, place: Path) -> Built:
    path = request.folder / f"{made.name}{SUFFIX}"
    archive = request.folder / f"{made.name}{SUFFIX}.zip" if request.as_zip else None
    waiting = place.with_name("bundle.zip")
    if archive is not None:
        _zip(place, path.name, waiting)
        if archive.exists() and not request.force:
            raise WouldOverwriteError(f"{archive} exists: give --force to replace it")
    if path.is_dir():
        path.rename(place.with_name("replaced"))
    elif path.exists():
        path.unlink()
    place.rename(path)
    if archive is not None:
        shutil.move(waiting, archive)
    return Built(path, archive, made)


def _zip(place: Path, name: str, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for each in sorted(place.rglob("*")):
            if each.is_file():
                entry = zipfile.ZipInfo(f"{name}/{each.relative_to(place).as_posix()}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, each.read_bytes())

"""Shared fixtures; the header prints the versions that matter."""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import HealthCheck, settings

from edgekit.cli import run
from tests.specimens import unmeasured
from tests.specimens.commands import Cli
from tests.specimens.drawn import cifar10 as cifar10_images
from tests.specimens.warm_start import WarmStart

if TYPE_CHECKING:
    from tests.specimens.rules.shared_weights import SharedWeights

# The rooms of tests whose children start as users' do, but where a test asks for warm ones.
ROOMS_OF_PROCESSES = ("runtimes", "hostile", "targets", "devices")

# One thread each: the suite runs in parallel, and parallel sums must not reorder.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# As in the program itself: torch's modules and its tracer make objects that live to the end.
gc.set_threshold(100_000)

# No clock decides: a busy machine draws its examples as slowly as it runs the rest.
settings.register_profile("edgekit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edgekit")


def pytest_report_header() -> str:
    names = ("torch", "onnx", "onnxruntime", "ai-edge-litert", "numpy")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix() in unmeasured.FILES:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir(repository: Path) -> Path:
    """Real weights and images; tests that need them are skipped where they are absent."""
    folder = Path(os.environ.get("EDGEKIT_DATA", repository.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder} (EDGEKIT_DATA)")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export cache of the test's own."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _of_the_run(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of the run share."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def cifar10(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred images of each class in the subfolders ``train`` and ``test``."""
    return cifar10_images.unpacked(data_dir, _of_the_run(tmp_path_factory) / "cifar10", most=100)


@pytest.fixture(scope="session", autouse=True)
def shared_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWeights]:
    """Seeded weights for whoever obtains a network; tests of the seeding call it directly."""
    # It imports torch, which xdist's own process can do without.
    from tests.specimens.rules.shared_weights import SharedWeights

    shared = SharedWeights(_of_the_run(tmp_path_factory) / "weights")
    shared.folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgekit.models.weights.initialize", shared.initialize)
        yield shared


@pytest.fixture(scope="session")
def _warm_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmStart]:
    warm = WarmStart(tmp_path_factory.mktemp("warm"))
    yield warm
    warm.close()


@pytest.fixture
def children_start_warm(monkeypatch: pytest.MonkeyPatch, _warm_start: WarmStart) -> None:
    """Fork the children that read files and run models."""
    for module in ("spawning", "served_model"):
        monkeypatch.setattr(f"edgekit.processes.{module}.subprocess", _warm_start)


@pytest.fixture(autouse=True)
def _children_start_warm_elsewhere(request: pytest.FixtureRequest) -> None:
    """Let them start as users' do in rooms where their starting is tested."""
    room = request.path.relative_to(Path(__file__).parent).parts[0]
    if room not in ROOMS_OF_PROCESSES:
        request.getfixturevalue("children_start_warm")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line, run in this process."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="session", autouse=True)
def _foreign_code_unmeasured() -> Iterator[None]:
    if sys.gettrace() is None:
        yield
        return
    with unmeasured.suspended():
        yield


@pytest.fixture(scope="session")
def _freeze_imports() -> Callable[[], None]:
    """Return a function that takes what has been imported since out of the collector's sight."""
    known = 0
    atexit.register(gc.unfreeze)  # what outlives the interpreter is a leak to nanobind

    def freeze() -> None:
        nonlocal known
        if len(sys.modules) > known:
            known = len(sys.modules)
            gc.collect()
            gc.freeze()

    return freeze


@pytest.fixture(autouse=True)
def _collections_are_quick(_freeze_imports: Callable[[], None]) -> None:
    """Quantization collects between its steps, which took half a second each: all the modules."""
    _freeze_imports()


@pytest.fixture(scope="session", autouse=True)
def _schemas_copied_once() -> Iterator[None]:
    """Let onnxsim copy onnx's operators for the first network alone, not for every one."""
    from onnxsim import onnx_simplifier

    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(onnx_simplifier.import_onnx_schemas)
        patch.setattr(onnx_simplifier, "import_onnx_schemas", once)
        yield


@pytest.fixture(autouse=True)
def _defects_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line raise what it would otherwise say in a line: a test shall see it."""
    monkeypatch.setenv("EDGEKIT_TRACEBACK", "1")


@pytest.fixture(autouse=True)
def _documents_fit_their_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every document that a command prints against its published schema."""
    echo: Callable[..., None] = click.echo

    def checked(message: Any = None, *arguments: Any, **options: Any) -> None:
        if isinstance(message, str) and message.startswith("{"):
            from tests.specimens.printed import (
                documents,  # its grammar of addresses is made on import
            )

            documents.check(json.loads(message))
        echo(message, *arguments, **options)

    monkeypatch.setattr(click, "echo", checked)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what this machine could not run, and what would."""
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} tests were skipped; `make oracles` installs what most of them need, and "
            "runs them; `pytest -rs` says why each was"
        )

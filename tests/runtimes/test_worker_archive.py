"""The worker's archive: deterministic, complete, and enough on its own."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from edgekit.files import documents
from edgekit.processes import worker_archive
from edgekit.runtimes import machine


def test_the_archive_is_deterministic_and_parses_on_old_pythons(tmp_path: Path) -> None:
    worker_archive.build.cache_clear()
    first = worker_archive.build()
    worker_archive.build.cache_clear()
    assert worker_archive.build() == first
    path = tmp_path / "worker.pyz"
    path.write_bytes(first)
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            ast.parse(packed.read(name), name, feature_version=(3, 9))


def test_the_archive_holds_all_that_it_imports() -> None:
    with zipfile.ZipFile(io.BytesIO(worker_archive.build())) as archive:
        sources = {name: archive.read(name) for name in archive.namelist()}
    packed = set(sources)
    wanted = set()
    for source in sources.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgekit."):
                wanted.add(node.module.replace(".", "/"))
    missing = [m for m in wanted if not {f"{m}.py", f"{m}/__init__.py"} & packed]
    assert missing == []


def test_the_archive_runs_alone_and_uses_its_own_modules(tmp_path: Path) -> None:
    program = tmp_path / "elsewhere" / "worker.pyz"
    program.parent.mkdir()
    program.write_bytes(worker_archive.build())
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    job = json.dumps({"task": "probe"}).encode() + b"\n"
    with subprocess.Popen(
        [sys.executable, "-P", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=program.parent,
        env=environment,
    ) as process:
        process.stdin.write(job)
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
    assert documents.decode(machine.Machine, answer["machine"]) == machine.facts()
    code = f"import sys; sys.path.insert(0, {str(program)!r}); import edgekit.runtimes.worker as w;"
    where = subprocess.check_output([sys.executable, "-P", "-c", code + "print(w.__file__)"])
    assert where.decode().startswith(str(program))

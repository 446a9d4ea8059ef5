"""The console blocks of a page: what is typed, what is said to be printed, and running them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path


def console_blocks(text: str) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", text, flags=re.M | re.S)


def sessions(block: str) -> list[tuple[str, list[str]]]:
    """Split a block into commands and the lines that each is said to print."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def _normal(line: str) -> str:
    """Hide what differs from machine to machine: errors, and in rows with an interval all but MACs.

    Params, MACs, file sizes, counts of operators and partitions stay and must be right.
    """
    line = re.sub(r"\b\d+\.\d+e[-+]\d+", "<error>", line)
    if re.search(r"\[[\d.]+, [\d.]+\]", line):
        line = re.sub(r"\b\d+(\.\d+)?(?! M |\.)\b", "<varies>", line)
    return re.sub(r"\s+", " ", line).strip()


def matches(expected: list[str], printed: list[str]) -> bool:
    """Compare line by line; a line `...` stands for any number of lines."""
    if not expected:
        return not printed
    if expected[0] == "...":
        return any(matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and (
        _normal(expected[0]) == _normal(printed[0]) and matches(expected[1:], printed[1:])
    )


def failures(page: Path, folder: Path, programs: Path) -> list[str]:
    """Run all commands of a page in order and return what did not come out as the page says.

    Args:
        page: the document.
        folder: where to run.
        programs: the folder of the environment's programs, such as ``.venv/bin``.
    """
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "EDGEKIT_CACHE": str(folder / "cache"),
    }
    found = []
    for block in console_blocks(page.read_text()):
        for command, expected in sessions(block):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                found.append(f"{command} exits {done.returncode}: {done.stderr}")
            elif not matches(expected, done.stdout.splitlines()):
                found.append(f"{command} prints:\n{done.stdout}")
    return found

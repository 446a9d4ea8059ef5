"""Images of CIFAR-10 out of the archive of real data, in a subfolder a class."""

from __future__ import annotations

import fcntl
import tarfile
from collections import Counter
from pathlib import Path

import pytest

ARCHIVE = Path("cifar10", "cifar10_jpeg_test10k_train20k.tar.xz")
SPLITS = ("train", "test")


def unpacked(data: Path, where: Path, most: int) -> Path:
    """Unpack the first ``most`` images of every class of each split, once for all processes.

    The test is skipped where they are not.

    Args:
        data: the folder of real data.
        where: below which folder; the same in all processes of the run.
        most: images of a class.

    Returns:
        the folder with the folders ``train`` and ``test``.
    """
    if not (data / ARCHIVE).is_file():
        pytest.skip(f"no CIFAR-10 images under {data}")
    where.mkdir(exist_ok=True)
    done = where / f"{most}"
    with (where / f"{most}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return done
        taken: Counter[tuple[str, str]] = Counter()
        unfinished = where / f"{most}.new"
        with tarfile.open(data / ARCHIVE) as packed:
            for member in packed:
                parts = member.name.removeprefix("./").split("/")
                if not member.isfile() or parts[0] not in SPLITS or len(parts) != 3:
                    continue
                split, label, _ = parts
                taken[split, label] += 1
                if taken[split, label] <= most:
                    packed.extract(member, unfinished, filter="data")
        unfinished.rename(done)
    return done

"""Samples that are not there, do not fit, are damaged or not finite."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgekit.data import synthetic
from edgekit.errors import EdgekitError, InvalidPathError, RefusedError, UsageError
from edgekit.quantize.samples import reading
from tests.quantize.samples.made import (
    IMAGE,
    SIDE,
    batched,
    fault,
    numbers,
    pictures,
    saved,
)


def test_a_path_that_is_not_there_or_no_sample_file_is_named(tmp_path: Path) -> None:
    fault(tmp_path / "a", InvalidPathError, "invalid-path", str(tmp_path / "a"))
    fault(tmp_path / "a.npy", InvalidPathError, "invalid-path", "no such")
    (tmp_path / "a.txt").touch()
    fault(tmp_path / "a.txt", InvalidPathError, "invalid-path", ".npy", ".npz", "folder")


def test_no_samples_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fault(tmp_path / "empty", InvalidPathError, "no-samples", "no images")
    none = saved(tmp_path / "none.npy", numbers(0, 3, SIDE, SIDE))
    fault(none, UsageError, "no-samples", "none.npy", "no samples")
    two = saved(tmp_path / "two.npy", numbers(2, 3, SIDE, SIDE))
    fault(two, UsageError, "no-samples", "2 of 2", "batch 4", inputs=batched(4))
    fault(None, UsageError, "no-samples", "batch 4", inputs=batched(4), limit=3)
    fault(None, UsageError, "usage", "not 0", limit=0)


def test_images_need_a_network_for_images_and_its_preprocessing(tmp_path: Path) -> None:
    pictures(tmp_path / "folder", 1)
    array = saved(tmp_path / "a.npy", synthetic.images(1, SIDE, SIDE))
    for where in (tmp_path / "folder", array):
        fault(where, UsageError, "usage", "--preprocessing", preprocessing=None)
        wide = {"x": (1, 3, SIDE, 9)}
        fault(where, RefusedError, "not-an-image-model", "1,3,8,9", inputs=wide)
        fault(where, UsageError, "usage", "16 pixels", "8", inputs={"x": (1, 3, 16, 16)})
    fault(tmp_path / "folder", RefusedError, "not-an-image-model", inputs={"a": (1, 4), "b": (1,)})


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (numbers(2, 3, 9, SIDE), "is float32 (2, 3, 9, 8), but the input 'x' takes float32 "),
        (numbers(2, 3, 9, SIDE), "(N, 3, 8, 8) or uint8 images (N, H, W, 3)"),
        (numbers(3, SIDE, SIDE), "float32 (3, 8, 8)"),
        (numbers(2, SIDE, SIDE, 3), ".transpose(0, 3, 1, 2)"),
        (numbers(2, 3, SIDE, SIDE).astype(np.float64), ".astype('float32')"),
        (numbers(2, 3, SIDE, SIDE).astype(">f4"), ".astype('float32')"),
        (np.zeros((2, 3, SIDE, SIDE), np.uint8), "uint8 (2, 3, 8, 8)"),
        (np.zeros((2, 0, SIDE, 3), np.uint8), "uint8 (2, 0, 8, 3)"),
        (np.zeros((2, SIDE, SIDE, 4), np.uint8), "uint8 (2, 8, 8, 4)"),
        (np.float32(1), "single number"),
        (np.asfortranarray(numbers(2, 3, SIDE, SIDE)), "Fortran order"),
        (np.array([{}, None], object), "pickled objects"),
        (np.zeros(2, [("a", "f4")]), "(2), but"),
        (np.array(["a", "b"]), "<U1 (2)"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype}{value.shape}",
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, array: np.ndarray, says: str) -> None:
    fault(saved(tmp_path / "a.npy", array), RefusedError, "bad-samples", "a.npy", says)
    np.savez(tmp_path / "a.npz", array)
    fault(tmp_path / "a.npz", RefusedError, "bad-samples", "a.npz (arr_0)", says)


def test_npz_arrays_must_match_the_inputs(tmp_path: Path) -> None:
    inputs = {"left": (1, 2), "right": (1, 2)}
    np.savez(tmp_path / "names.npz", left=numbers(1, 2), wrong=numbers(1, 2))
    fault(tmp_path / "names.npz", RefusedError, "bad-samples", "left, wrong", "left, right",
          inputs=inputs)  # fmt: skip
    np.savez(tmp_path / "counts.npz", left=numbers(3, 2), right=numbers(4, 2))
    fault(tmp_path / "counts.npz", RefusedError, "bad-samples", "left 3, right 4", inputs=inputs)
    np.savez(tmp_path / "none.npz")
    fault(tmp_path / "none.npz", RefusedError, "bad-samples", "none", inputs=inputs)
    fault(saved(tmp_path / "a.npy", numbers(1, 2)), RefusedError, "bad-samples", ".npz",
          inputs=inputs)  # fmt: skip


def test_truncated_and_foreign_files_are_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.npy", numbers(4, 3, SIDE, SIDE)).read_bytes()
    for length in (0, 5, 60, 130, len(whole) - 1):
        (tmp_path / "a.npy").write_bytes(whole[:length])
        fault(tmp_path / "a.npy", RefusedError, "bad-samples", "a.npy")
    (tmp_path / "a.npz").write_bytes(whole)
    fault(tmp_path / "a.npz", RefusedError, "bad-samples", "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("notes.txt", "hello")
    fault(tmp_path / "b.npz", RefusedError, "bad-samples", "b.npz")


def test_a_file_that_shrinks_between_passes_is_an_error(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", numbers(4, 3, SIDE, SIDE))
    found = reading.read(path, IMAGE, None, None)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RefusedError, match="within sample 3"):
        list(found())
    path.unlink()
    with pytest.raises(InvalidPathError, match=r"cannot read .*a\.npy"):
        list(found())


def test_an_array_with_larger_samples_than_an_image_may_be_is_not_read(tmp_path: Path) -> None:
    path, side = tmp_path / "a.npy", 20_000
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (1, side, side, 3)}
        )
        file.truncate(file.tell() + side * side * 3)  # sparse: it takes no space
    fault(path, RefusedError, "bad-samples", "(1, 20000, 20000, 3)")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_named(tmp_path: Path, value: float) -> None:
    array = numbers(6, 3, SIDE, SIDE)
    array[4, 1, 2, 3] = value
    path = saved(tmp_path / "a.npy", array)
    fault(path, RefusedError, "not-finite", "a.npy", "sample 4", "'x'")
    fault(path, RefusedError, "not-finite", "sample 4", limit=3)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_damaged_file_is_read_or_refused_but_never_a_crash(tmp_path: Path, suffix: str) -> None:
    array, rng, path = numbers(3, 3, 2, 2), random.Random(0), tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, array)
    else:
        np.savez_compressed(path, array)
    whole, codes, refused = path.read_bytes(), set(), 0
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(damaged))
            damaged[place : place + rng.choice([0, 1, 1, 30])] = rng.randbytes(1)
        path.write_bytes(damaged)
        try:
            list(reading.read(path, {"x": (1, 3, 2, 2)}, None, None)())
        except EdgekitError as error:
            codes.add(error.reason_code)
            refused += 1
    assert refused > 100
    assert codes <= {"bad-samples", "not-finite", "no-samples", "invalid-path"}

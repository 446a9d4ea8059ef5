"""Calibration samples: what the files hold reaches the network, one set of inputs at a time."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from edgekit.data import images, synthetic
from edgekit.errors import EdgekitError, InvalidPathError, RefusedError, UsageError
from edgekit.export.sources.input_bounds import Bounds, Kind
from edgekit.models import Preprocessing
from edgekit.quantize.samples import filling, reading
from edgekit.quantize.samples.reading import CalibrationSamples

SIDE = 8
IMAGE = {"x": (1, 3, SIDE, SIDE)}
PIXELS = Preprocessing((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), crop=SIDE, resize=10)


def batched(count: int) -> dict[str, tuple[int, ...]]:
    return {"x": (count, 3, SIDE, SIDE)}


def pictures(folder: Path, count: int, side: int = SIDE) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = synthetic.images(count, side, side)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return pixels


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def taken(found: CalibrationSamples, name: str = "x") -> np.ndarray:
    """All samples of one pass; each pass is checked to be the same and of float32."""
    first, second = ([feed[name] for feed in found()] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(first) == found.sets
    assert {values.dtype for values in first} == {np.dtype(np.float32)}
    assert all(values.flags.c_contiguous for values in first)
    joined = np.concatenate(first)
    assert len(joined) == found.count
    return joined


def test_images_of_a_folder_go_through_the_preprocessing(tmp_path: Path) -> None:
    pixels = pictures(tmp_path, 3)
    found = reading.read(tmp_path, IMAGE, PIXELS, None)
    assert (found.count, found.synthetic) == (3, False)
    assert found.files == ("00.png", "01.png", "02.png")
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels))


def test_images_of_another_size_are_resized_and_cropped(tmp_path: Path) -> None:
    pictures(tmp_path / "folder", 2, side=20)
    stacked = np.stack([np.asarray(Image.open(p)) for p in sorted((tmp_path / "folder").iterdir())])
    of_folder = reading.read(tmp_path / "folder", IMAGE, PIXELS, None)
    of_array = reading.read(saved(tmp_path / "a.npy", stacked), IMAGE, PIXELS, None)
    np.testing.assert_array_equal(taken(of_folder), taken(of_array))
    assert of_array.files == ()


def test_images_are_read_once_for_all_passes_as_far_as_memory_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(tmp_path, 5, 11)
    read = []
    decode = images.decode
    monkeypatch.setattr(images, "decode", lambda path: read.append(path) or decode(path))
    monkeypatch.setattr(filling, "_MOST_KEPT_BYTES", 3 * SIDE * SIDE * 3 + 1)
    taken(reading.read(tmp_path, IMAGE, PIXELS, None))  # two passes
    assert len(read) == 3 + 2 * 2


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_every_pixel_is_normalized_as_the_formula_says(order: Literal["RGB", "BGR"]) -> None:
    wanted = Preprocessing(
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 16, 16, channel_order=order
    )
    pixels = np.random.default_rng(0).permutation(2 * 16 * 16 * 3).astype(np.uint8)
    pixels = pixels.reshape(2, 16, 16, 3)
    channels = pixels if order == "RGB" else pixels[..., ::-1]
    scaled = channels.astype(np.float32) * np.float32(wanted.scale)
    exact = (scaled - np.array(wanted.mean, np.float32)) / np.array(wanted.std, np.float32)
    found = wanted.apply(pixels)
    np.testing.assert_array_equal(found, exact.transpose(0, 3, 1, 2))
    assert found.flags.c_contiguous


def test_a_limit_takes_evenly_spaced_samples(tmp_path: Path) -> None:
    pixels = pictures(tmp_path / "folder", 6)
    found = reading.read(tmp_path / "folder", IMAGE, PIXELS, 3)
    assert found.files == ("00.png", "02.png", "04.png")
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels[::2]))
    array = numbers(6, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, 3)
    np.testing.assert_array_equal(taken(found), array[::2])
    assert found.description == "a.npy, 3 samples, evenly spaced among 6"
    assert reading.read(tmp_path / "a.npy", IMAGE, None, 99).count == 6


def test_float_arrays_go_in_as_they_are(tmp_path: Path) -> None:
    array = numbers(4, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, None)
    np.testing.assert_array_equal(taken(found), array)
    assert found.description == "a.npy, 4 samples"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_arrays_go_to_the_inputs_of_their_names(tmp_path: Path, save: type) -> None:
    left, right = numbers(3, 2, 4), numbers(3, 5, seed=1)
    save(tmp_path / "a.npz", right=right, left=left)
    inputs = {"left": (1, 2, 4), "right": (1, 5)}
    found = reading.read(tmp_path / "a.npz", inputs, None, None)
    np.testing.assert_array_equal(taken(found, "left"), left)
    np.testing.assert_array_equal(taken(found, "right"), right)
    few = reading.read(tmp_path / "a.npz", inputs, None, 1)
    np.testing.assert_array_equal(taken(few, "right"), right[:1])


def test_a_single_npz_array_feeds_a_single_input_whatever_its_name(tmp_path: Path) -> None:
    pixels = synthetic.images(2, SIDE, SIDE)
    np.savez(tmp_path / "a.npz", pixels)
    found = reading.read(tmp_path / "a.npz", IMAGE, PIXELS, None)
    np.testing.assert_array_equal(taken(found), PIXELS.apply(pixels))


def test_a_folder_of_arrays_has_one_sample_or_more_a_file(tmp_path: Path) -> None:
    array = numbers(5, 3, SIDE, SIDE)
    for name, rows in {"a": array[0], "b": array[1:4], "c": array[4:]}.items():
        saved(tmp_path / f"{name}.npy", rows)
    found = reading.read(tmp_path, IMAGE, None, None)
    np.testing.assert_array_equal(taken(found), array)
    np.testing.assert_array_equal(taken(reading.read(tmp_path, IMAGE, None, 2)), array[[0, 2]])
    Image.new("RGB", (SIDE, SIDE)).save(tmp_path / "d.png")
    fault(tmp_path, RefusedError, "ambiguous-data", "a folder of either")


def test_integers_reach_the_network_in_its_own_type(tmp_path: Path) -> None:
    kinds = {"x": Kind("int64", Bounds(9))}
    array = np.arange(12, dtype=np.int16).reshape(4, 3)
    found = reading.read(saved(tmp_path / "a.npy", array), {"x": (1, 3)}, None, None, kinds)
    assert [feed["x"].dtype for feed in found()] == [np.dtype(np.int64)] * 4
    np.testing.assert_array_equal(np.concatenate([feed["x"] for feed in found()]), array)
    made = reading.read(None, {"x": (1, 3)}, None, 20, kinds)
    drawn = np.concatenate([feed["x"] for feed in made()])
    assert drawn.dtype == np.int64
    assert (drawn.min(), drawn.max()) == (0, 8)
    small = {"x": Kind("uint8", Bounds(256))}
    wide = saved(tmp_path / "b.npy", array + 250)
    with pytest.raises(RefusedError, match="to 258, and the input takes uint8"):
        list(reading.read(wide, {"x": (1, 3)}, None, None, small)())


def test_inputs_without_a_common_batch_get_whole_arrays(tmp_path: Path) -> None:
    left, right = numbers(3, 1, 4), numbers(3, 2, 5)
    np.savez(tmp_path / "a.npz", left=left, right=right)
    found = reading.read(tmp_path / "a.npz", {"left": (1, 4), "right": (2, 5)}, None, None)
    assert found.sets == found.count == 3
    for feed, one, other in zip(found(), left, right, strict=True):
        np.testing.assert_array_equal(feed["left"], one)
        np.testing.assert_array_equal(feed["right"], other)


def test_consecutive_samples_fill_a_batch_and_none_is_half_full(tmp_path: Path) -> None:
    array = numbers(8, 3, SIDE, SIDE)
    found = reading.read(saved(tmp_path / "a.npy", array), batched(4), None, None)
    assert [feed["x"].shape for feed in found()] == [(4, 3, SIDE, SIDE)] * 2
    np.testing.assert_array_equal(taken(found), array)
    assert reading.read(tmp_path / "a.npy", batched(3), None, None).count == 6
    assert reading.read(tmp_path / "a.npy", batched(2), None, 5).count == 4
    pictures(tmp_path / "folder", 3)
    assert len(reading.read(tmp_path / "folder", batched(2), PIXELS, None).files) == 2
    assert reading.read(None, batched(5), PIXELS, None).count % 5 == 0
    assert reading.read(None, batched(50), None, None).sets == 1


def test_without_samples_there_are_synthetic_images() -> None:
    found = reading.read(None, IMAGE, PIXELS, 4)
    assert found.synthetic
    assert "synthetic" in found.description
    assert found.files == ()
    array = taken(found)
    np.testing.assert_array_equal(array, taken(reading.read(None, IMAGE, PIXELS, 9))[:4])
    low, high = PIXELS.apply(np.array([0, 255], np.uint8).repeat(3).reshape(2, 1, 1, 3))
    assert (array >= low).all()
    assert (array <= high).all()
    assert reading.read(None, IMAGE, PIXELS, None).count == reading.SYNTHETIC_COUNT


@pytest.mark.parametrize("inputs", [IMAGE, {"a": (1, 7), "b": (2, 3)}, {"a": ()}], ids=str)
def test_inputs_that_are_no_known_images_get_normal_noise(
    inputs: dict[str, tuple[int, ...]],
) -> None:
    found = reading.read(None, inputs, None if inputs == IMAGE else PIXELS, 3)
    assert found.synthetic
    assert "noise" in found.description
    passes = [list(found()) for _ in range(2)]
    for first, second in zip(*passes, strict=True):
        assert {name: values.shape for name, values in first.items()} == inputs
        for name, values in first.items():
            np.testing.assert_array_equal(values, second[name])
    assert not np.array_equal(*(next(iter(feed.values())) for feed in passes[0][:2]))


def test_passes_do_not_disturb_each_other(tmp_path: Path) -> None:
    array = numbers(3, 3, SIDE, SIDE)
    np.savez_compressed(tmp_path / "a.npz", array)
    found = reading.read(tmp_path / "a.npz", IMAGE, None, None)
    for one, other in zip(found(), found(), strict=True):
        np.testing.assert_array_equal(one["x"], other["x"])


# Faults


def fault(
    where: Path | None,
    kind: type[EdgekitError],
    code: str,
    *says: str,
    inputs: dict[str, tuple[int, ...]] = IMAGE,
    preprocessing: Preprocessing | None = PIXELS,
    limit: int | None = None,
) -> None:
    with pytest.raises(kind) as caught:
        list(reading.read(where, inputs, preprocessing, limit)())
    assert caught.value.reason_code == code
    for part in says:
        assert part in str(caught.value)


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


# Warnings


def test_many_different_samples_raise_no_warning(tmp_path: Path) -> None:
    found = reading.read(saved(tmp_path / "a.npy", numbers(8, 3, SIDE, SIDE)), IMAGE, None, None)
    assert reading.warnings_about(found) == ()


def test_synthetic_and_few_samples_are_warned_of(tmp_path: Path) -> None:
    (made,) = reading.warnings_about(reading.read(None, IMAGE, PIXELS, None))
    assert "synthetic" in made
    assert "--calibration-data" in made
    path = saved(tmp_path / "a.npy", numbers(7, 3, SIDE, SIDE))
    (few,) = reading.warnings_about(reading.read(path, IMAGE, None, None))
    assert "only 7 samples" in few
    (one,) = reading.warnings_about(reading.read(path, IMAGE, None, 1))
    assert "only 1 sample:" in one


@pytest.mark.parametrize("batch", [1, 4])
def test_black_images_are_warned_of(tmp_path: Path, batch: int) -> None:
    black = saved(tmp_path / "a.npy", np.zeros((8, SIDE, SIDE, 3), np.uint8))
    (text,) = reading.warnings_about(reading.read(black, batched(batch), PIXELS, None))
    assert "one value throughout" in text


@pytest.mark.parametrize("batch", [1, 4])
def test_repeated_samples_are_warned_of(tmp_path: Path, batch: int) -> None:
    array = numbers(1, 3, SIDE, SIDE).repeat(8, axis=0)
    path = saved(tmp_path / "a.npy", array)
    (text,) = reading.warnings_about(reading.read(path, batched(batch), None, None))
    assert "all 8 calibration samples are the same" in text
    array[5, 0, 0, 0] += 1
    saved(path, array)
    assert reading.warnings_about(reading.read(path, batched(batch), None, None)) == ()


def test_looking_for_warnings_reads_two_samples_where_two_differ(tmp_path: Path) -> None:
    array = numbers(8, 3, SIDE, SIDE)
    array[2:] = np.nan
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, None)
    assert reading.warnings_about(found) == ()
    with pytest.raises(RefusedError, match="sample 2"):
        list(found())

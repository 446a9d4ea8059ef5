"""The data leaf.

Synthetic images are seeded, photograph-like and independent of their number; image files become
pixels or one clear line; folders list the same images and labels every time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgekit.data import SyntheticImages, folder, images, synthetic
from edgekit.errors import InvalidPathError, RefusedError


def test_images_have_the_stated_type_and_shape() -> None:
    images = synthetic.images(3, 24, 40, seed=5)
    assert images.dtype == np.uint8
    assert images.shape == (3, 24, 40, 3)
    assert images.flags.c_contiguous


def test_one_seed_gives_one_series() -> None:
    assert np.array_equal(synthetic.images(2, 32, 32, 7), synthetic.images(2, 32, 32, 7))
    assert not np.array_equal(synthetic.images(2, 32, 32, 7), synthetic.images(2, 32, 32, 8))


def test_a_longer_series_starts_with_the_shorter_one() -> None:
    assert np.array_equal(synthetic.images(5, 16, 16)[:2], synthetic.images(2, 16, 16))


def test_images_of_a_series_differ() -> None:
    images = synthetic.images(8, 64, 64).astype(float)
    assert images.mean(axis=(1, 2, 3)).std() > 10
    assert images.std(axis=(1, 2)).min() > 5


@pytest.mark.parametrize("seed", range(4))
def test_amplitude_falls_about_as_one_over_frequency(seed: int) -> None:
    luminance = synthetic.images(1, 128, 128, seed)[0].mean(axis=-1)
    amplitude = np.abs(np.fft.fft2(luminance - luminance.mean()))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    band = (frequency > 0.02) & (frequency < 0.4)
    slope, _ = np.polyfit(np.log(frequency[band]), np.log(amplitude[band]), 1)
    assert -1.5 < slope < -0.7


def test_colour_channels_are_correlated_and_not_equal() -> None:
    for image in synthetic.images(4, 64, 64):
        red, green, blue = np.corrcoef(image.reshape(-1, 3).T.astype(float))
        for value in (red[1], red[2], green[2], blue[0]):
            assert 0.5 < value < 0.999


def test_few_pixels_are_clipped() -> None:
    images = synthetic.images(16, 64, 64)
    assert np.mean((images == 0) | (images == 255)) < 0.05


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (8, 1)])
def test_images_of_single_pixels(size: tuple[int, int]) -> None:
    drawn = synthetic.images(8, *size)
    assert drawn.shape == (8, *size, 3)
    assert len(np.unique(drawn)) > 4


@pytest.mark.parametrize("arguments", [(0, 8, 8, 0), (1, 0, 8, 0), (1, 8, 0, 0), (1, 8, 8, -1)])
def test_arguments_out_of_range_are_refused(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="need count >= 1"):
        synthetic.images(*arguments)


def test_leaf_imports_no_room() -> None:
    script = "import sys, edgekit.data; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    rooms = {name.split(".")[1] for name in done.stderr.split() if name.startswith("edgekit.")}
    assert rooms <= {"data", "errors", "files"}
    assert "torch" not in done.stderr.split()


# --- image files ------------------------------------------------------------------------------


def _save(path: Path, mode: str, size: tuple[int, int] = (12, 8), **options: Any) -> Path:
    pixels = synthetic.images(1, size[1], size[0], seed=3)[0]
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("RGB", "a.png"), ("RGB", "a.jpg"), ("RGB", "a.webp"), ("RGB", "a.bmp"), ("RGB", "a.tif"),
        ("L", "a.jpg"), ("L", "a.png"), ("P", "a.png"), ("RGBA", "a.png"), ("LA", "a.png"),
        ("CMYK", "a.jpg"), ("1", "a.png"),
    ],
)  # fmt: skip
def test_every_usual_kind_of_image_becomes_rgb(mode: str, name: str, tmp_path: Path) -> None:
    pixels = images.decode(_save(tmp_path / name, mode))
    assert (pixels.dtype, pixels.shape) == (np.uint8, (8, 12, 3))
    if mode in ("L", "LA", "1"):
        assert (pixels == pixels[..., :1]).all()


def test_lossless_pixels_arrive_unchanged(tmp_path: Path) -> None:
    pixels = images.decode(_save(tmp_path / "a.png", "RGB"))
    assert np.array_equal(pixels, synthetic.images(1, 8, 12, seed=3)[0])


def test_camera_orientation_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to view
    assert images.decode(_save(tmp_path / "a.jpg", "RGB", exif=exif)).shape == (8, 12, 3)


def _damage(path: Path, kind: str) -> None:
    whole = _save(path.with_suffix(".jpg"), "RGB", (64, 64)).read_bytes()
    if kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "text":
        path.write_text("hello")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "postscript":
        path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    elif kind == "bomb":
        path.write_bytes(b"P6 10000 10000 255\n")
    elif kind == "huge bomb":
        path.write_bytes(b"P6 60000 60000 255\n")
    elif kind == "16 bits":
        Image.fromarray(np.zeros((8, 8), np.uint16)).save(path, "PNG")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("truncated", "truncated"),
        ("text", "it is no image"),
        ("empty", "it is no image"),
        ("postscript", "it is no image"),  # whose reader would start another program
        ("bomb", "10000x10000 pixels are too many"),
        ("huge bomb", "exceeds limit"),
        ("16 bits", "more than 8 bits"),
    ],
)
def test_an_unusable_image_is_named(kind: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.png"
    _damage(path, kind)
    with pytest.raises(RefusedError, match=f"bad.png: .*{words}") as caught:
        images.decode(path)
    assert caught.value.reason_code == "unreadable-image"


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match=r"none\.png: No such file"):
        images.decode(tmp_path / "none.png")


# --- resize and crop --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(48, 64), (65, 48), (48, 48), (49, 81)])
def test_the_crop_is_central(shape: tuple[int, int]) -> None:
    pixels = synthetic.images(1, *shape)[0]
    cut = images.fit(pixels, 48, 40, "bilinear")
    assert cut.shape == (40, 40, 3)
    height, width, _ = images.fit(pixels, 48, 48, "bilinear").shape
    assert (height, width) == (48, 48)
    if min(shape) == 48:  # no resize: the crop is a part of the image
        top, left = round((shape[0] - 40) / 2), round((shape[1] - 40) / 2)
        assert np.array_equal(cut, pixels[top : top + 40, left : left + 40])


def test_the_resize_keeps_proportions_and_tells_its_filters_apart() -> None:
    pixels = synthetic.images(1, 100, 140)[0]
    bilinear = images.fit(pixels, 50, 50, "bilinear")
    bicubic = images.fit(pixels, 50, 50, "bicubic")
    middle = pixels[:, 20:120].reshape(50, 2, 50, 2, 3).mean(axis=(1, 3))
    assert np.abs(bilinear - middle).mean() < 6
    assert not np.array_equal(bilinear, bicubic)


def test_an_image_of_the_size_of_the_crop_is_left_alone() -> None:
    pixels = synthetic.images(1, 40, 40)[0]
    assert np.array_equal(images.fit(pixels, 48, 40, "bilinear"), pixels)
    assert not np.array_equal(images.fit(pixels[:-1], 48, 40, "bilinear")[:39], pixels[:-1])


def test_an_image_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(RefusedError, match="too narrow"):
        images.fit(np.zeros((1, 10_000, 3), np.uint8), 256, 224, "bilinear")


# --- folders ----------------------------------------------------------------------------------


def _fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def _csv(root: Path, text: str) -> Path:
    (root / "labels.csv").write_text(text, encoding="utf-8")
    return root


def test_labels_come_from_a_csv_in_its_order(tmp_path: Path) -> None:
    _fill(tmp_path, "b.jpg", "sub/a.JPEG", "unlisted.jpg")
    text = '\ufefflabel,file,note\n7,b.jpg,"one, two"\n\n 12 ,sub/a.JPEG,\n'
    found = folder.read(_csv(tmp_path, text))
    assert (found.files, found.labels) == (("b.jpg", "sub/a.JPEG"), (7, 12))
    assert found.class_names is None
    assert found.description == f"folder {tmp_path.name}, 2 labelled images"


def test_class_subfolders_are_numbered_by_name(tmp_path: Path) -> None:
    _fill(tmp_path, "cat/2.jpg", "cat/1.PNG", "dog/x/3.jpeg", "ant/notes.txt", ".git/4.jpg")
    found = folder.read(tmp_path)
    assert found.files == ("cat/1.PNG", "cat/2.jpg", "dog/x/3.jpeg")
    assert found.labels == (1, 1, 2)
    assert found.class_names == ("ant", "cat", "dog")


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    _fill(tmp_path, "b.jpg", "a.png", ".hidden.png", "readme.md")
    found = folder.read(tmp_path)
    assert (found.files, found.labels) == (("a.png", "b.jpg"), None)
    assert "2 unlabelled images" in found.description


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,label\na.jpg,1\n", r"columns \['name', 'label'\]"),
        ("", r"columns \[\]"),
        ("file,label\nb.jpg,1\n", "line 2: there is no file 'b.jpg'"),
        ("file,label\na.jpg,cat\n", "line 2: the label 'cat'"),
        ("file,label\na.jpg,-1\n", "label '-1'"),
        ("file,label\na.jpg,1.5\n", "label '1.5'"),
        ("file,label\na.jpg,\n", "label ''"),
        ("file,label\na.jpg\n", "line 2: columns are missing"),
        ("file,label\na.jpg,1\na.jpg,2\n", "line 3: 'a.jpg' is listed twice"),
        ("file,label\n../a.jpg,1\n", "no path of a file in the folder"),
        ("file,label\n/a.jpg,1\n", "no path of a file in the folder"),
        ("file,label\n,1\n", "'' is no path"),
    ],
)
def test_bad_labels_are_one_line(text: str, words: str, tmp_path: Path) -> None:
    _fill(tmp_path, "a.jpg")
    with pytest.raises(RefusedError, match=words) as caught:
        folder.read(_csv(tmp_path, text))
    assert caught.value.reason_code == "bad-labels"
    assert "labels.csv" in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"file,label\n\xff\xfe,1\n", b'file,label\n"' + b"x" * 200_000]
)
def test_a_labels_file_that_is_no_csv(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(RefusedError, match=r"labels\.csv is no CSV file"):
        folder.read(tmp_path)


def test_folders_without_images(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match="no such folder"):
        folder.read(tmp_path / "absent")
    with pytest.raises(InvalidPathError, match="has no images"):
        folder.read(tmp_path)
    (tmp_path / "empty-class").mkdir()
    with pytest.raises(InvalidPathError, match="has no images"):
        folder.read(tmp_path)
    with pytest.raises(InvalidPathError, match="lists no images"):
        folder.read(_csv(tmp_path, "file,label\n"))


def test_a_mixed_folder_is_ambiguous(tmp_path: Path) -> None:
    _fill(tmp_path, "a.jpg", "cat/b.jpg")
    with pytest.raises(RefusedError, match="both beside and in"):
        folder.read(tmp_path)


def test_a_part_of_a_folder_is_evenly_spaced(tmp_path: Path) -> None:
    _fill(tmp_path, *(f"{c}/{n}.jpg" for c in "abcd" for n in range(3)))
    found = folder.read(tmp_path).limited(4)
    assert found.labels == (0, 1, 2, 3)
    assert found.description.endswith("4 labelled images, evenly spaced among 12")
    assert folder.read(tmp_path).limited(99) == folder.read(tmp_path)
    with pytest.raises(ValueError, match="1 image or more"):
        found.limited(0)


def test_synthetic_images_one_by_one_are_those_of_the_series() -> None:
    drawn = SyntheticImages(3, 24, seed=2)
    series = np.stack([drawn.pixels(index) for index in range(3)])
    assert np.array_equal(series, synthetic.images(3, 24, 24, seed=2))
    assert len(drawn.files) == 3
    assert "no photographs" in drawn.description

"""The images to judge by: never one that was calibrated with."""

from __future__ import annotations

from pathlib import Path

from edgekit.data import ImageFolder, array_samples, folder
from edgekit.errors import InvalidPathError
from edgekit.quantize.samples.reading import CalibrationSamples


def images(
    data: Path | None, calibration_data: Path | None, used: CalibrationSamples
) -> ImageFolder | None:
    """Return the images to judge by.

    Args:
        data: folder of them; None takes what ``calibration_data`` has left, if it is a folder.
        calibration_data: where the calibration samples came from.
        used: those samples.

    Returns:
        None where there are no images: synthetic ones then serve.
    """
    where = data if data is not None else calibration_data
    if where is None or not where.is_dir() or array_samples.holds_arrays(where):
        if data is not None:
            raise InvalidPathError(f"{data}: no such folder; --data takes a folder of images")
        return None
    found = folder.read(where)
    same = calibration_data is not None and where.resolve() == calibration_data.resolve()
    if not same:
        return found
    calibrated = frozenset(used.files)
    return None if calibrated.issuperset(found.files) else found.without(calibrated)

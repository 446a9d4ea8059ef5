"""Images and arrays for tests, calibration and measurements; hashes of files.

A leaf: it imports no room.
"""

from edgekit.data import array_samples, folder, images, synthetic
from edgekit.data.array_samples import ArraySamples
from edgekit.data.folder import ImageFolder
from edgekit.data.synthetic import SyntheticImages
from edgekit.files import digest

__all__ = [
    "ArraySamples",
    "ImageFolder",
    "SyntheticImages",
    "array_samples",
    "digest",
    "folder",
    "images",
    "synthetic",
]

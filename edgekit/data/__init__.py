"""Images for tests, calibration and measurements; hashes of files. A leaf: it imports no room."""

from edgekit.data import folder, images, synthetic
from edgekit.data.folder import ImageFolder
from edgekit.data.synthetic import SyntheticImages
from edgekit.files import digest

__all__ = ["ImageFolder", "SyntheticImages", "digest", "folder", "images", "synthetic"]

"""Images for tests, calibration and measurements; hashes of files. A leaf: it imports no room."""

from edgekit.data import digest, folder, images, synthetic
from edgekit.data.folder import ImageFolder
from edgekit.data.synthetic import SyntheticImages

__all__ = ["ImageFolder", "SyntheticImages", "digest", "folder", "images", "synthetic"]

"""Images for tests, calibration and measurements. A leaf: it imports no other room."""

from edgekit.data import folder, images, synthetic
from edgekit.data.folder import ImageFolder
from edgekit.data.synthetic import SyntheticImages

__all__ = ["ImageFolder", "SyntheticImages", "folder", "images", "synthetic"]

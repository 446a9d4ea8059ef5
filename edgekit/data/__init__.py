"""Images for tests, calibration and measurements. A leaf: it imports no other room."""

from edgekit.data import synthetic

__all__ = ["synthetic"]

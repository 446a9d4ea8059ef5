"""Numbers of TFLite's metadata schema (tflite-support, metadata_schema.fbs, identifier M001).

Each table's fields are numbered by their place in the schema; what edgekit does not use is left
out.
"""

from __future__ import annotations

from enum import IntEnum

BUFFER_NAME = "TFLITE_METADATA"
"""Entry of the model's metadata list whose buffer holds this flat buffer."""
IDENTIFIER = b"M001"
PARSER_VERSION = "1.0.0"
"""Least version of the reader: normalization, thresholds and labels are in it since the first."""

TENSOR_AXIS_LABELS = 2  # AssociatedFileType
RGB = 1  # ColorSpaceType
FEATURES, IMAGE = 1, 2  # ContentProperties
NORMALIZATION, THRESHOLDING = 1, 3  # ProcessUnitOptions


class Model(IntEnum):
    """ModelMetadata."""

    NAME, DESCRIPTION, VERSION, SUBGRAPHS, AUTHOR, LICENSE, FILES, PARSER = range(8)


class Subgraph(IntEnum):
    """SubGraphMetadata."""

    NAME, DESCRIPTION, INPUTS, OUTPUTS = range(4)


class Tensor(IntEnum):
    """TensorMetadata."""

    NAME, DESCRIPTION, DIMENSIONS, CONTENT, PROCESS_UNITS, STATS, FILES = range(7)


class File(IntEnum):
    """AssociatedFile."""

    NAME, DESCRIPTION, TYPE = range(3)


class Content(IntEnum):
    """Content, a union of properties."""

    KIND, PROPERTIES = range(2)


class Unit(IntEnum):
    """ProcessUnit, a union of options."""

    KIND, OPTIONS = range(2)


class Pair(IntEnum):
    """NormalizationOptions (mean, std) and Stats (max, min): two vectors of floats."""

    FIRST, SECOND = range(2)

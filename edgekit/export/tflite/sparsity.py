"""Constants of which the file holds the elements other than zero alone."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def rows(dense: np.ndarray) -> tuple[np.ndarray, schema.SparsityParametersT]:
    """Return what a file stores of a constant, row by row (CSR along its last dimension).

    Args:
        dense: the constant, of any rank; all its dimensions but the last are walked through.

    Returns:
        The elements other than zero, in order, and where they stand.
    """
    matrix = dense.reshape(-1, dense.shape[-1])
    found = schema.SparsityParametersT()
    found.traversalOrder, found.blockMap = list(range(dense.ndim)), []
    dimensions = [_dense(size) for size in dense.shape[:-1]]
    last = schema.DimensionMetadataT()
    last.format, last.denseSize = schema.DimensionType.SPARSE_CSR, 0
    last.arraySegmentsType = schema.SparseIndexVector.Int32Vector
    last.arraySegments = schema.Int32VectorT()
    last.arraySegments.values = [0, *np.cumsum(np.count_nonzero(matrix, axis=1)).tolist()]
    last.arrayIndicesType = schema.SparseIndexVector.Uint16Vector
    last.arrayIndices = schema.Uint16VectorT()
    last.arrayIndices.values = np.nonzero(matrix)[1].tolist()
    found.dimMetadata = [*dimensions, last]
    return np.ascontiguousarray(matrix[matrix != 0]), found


def _dense(size: int) -> schema.DimensionMetadataT:
    dimension = schema.DimensionMetadataT()
    dimension.format, dimension.denseSize = schema.DimensionType.DENSE, size
    return dimension

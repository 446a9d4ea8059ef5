"""One network for all tests of what an export leaves behind."""

from __future__ import annotations

import pytest

from edgekit import export
from edgekit.export.sources import source
from tests.export.files.made import SMALL


@pytest.fixture(scope="session")
def small() -> export.Source:
    return source.resolve(SMALL)

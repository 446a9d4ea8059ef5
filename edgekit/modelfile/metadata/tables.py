"""Read tables of a flat buffer by field number, with every position checked."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_TABLES = 256  # in one vector: the tensors, units or files that metadata describe


@dataclass(frozen=True)
class Table:
    """A table in a flat buffer.

    Attributes:
        data: the whole buffer.
        position: where the table begins.
    """

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Table:
        """Return the root table of a buffer.

        Raises:
            ValueError: the buffer has another identifier, or ends early.
        """
        if data[4:8] != identifier:
            raise ValueError(f"its identifier is {data[4:8]!r}, not {identifier!r}")
        return cls(data, _number(data, "<I", 0))

    def text(self, field: int) -> str:
        """Return a string field; empty if it is not there."""
        place = self._place(field)
        return "" if place is None else self._bytes(self._target(place)).decode("utf-8")

    def table(self, field: int) -> Table | None:
        """Return a table field, or None."""
        place = self._place(field)
        return None if place is None else Table(self.data, self._target(place))

    def tables(self, field: int) -> Iterator[Table]:
        """Yield the tables of a vector field."""
        place = self._place(field)
        if place is not None:
            start = self._target(place)
            count = _number(self.data, "<I", start)
            if count > _MOST_TABLES:
                raise ValueError(f"{count} tables in a row are too many")
            for index in range(count):
                yield Table(self.data, self._target(start + 4 + 4 * index))

    def floats(self, field: int) -> tuple[float, ...]:
        """Return a vector of float32."""
        place = self._place(field)
        if place is None:
            return ()
        start = self._target(place)
        count = _number(self.data, "<I", start)
        try:
            return struct.unpack_from(f"<{count}f", self.data, start + 4)
        except struct.error as error:
            raise ValueError("it ends early") from error

    def byte(self, field: int) -> int:
        """Return an 8-bit field; 0 if it is not there."""
        place = self._place(field)
        return 0 if place is None else _number(self.data, "<B", place)

    def float32(self, field: int) -> float:
        """Return a float32 field; 0 if it is not there."""
        place = self._place(field)
        if place is None:
            return 0.0
        try:
            return float(struct.unpack_from("<f", self.data, place)[0])
        except struct.error as error:
            raise ValueError("it ends early") from error

    def _place(self, field: int) -> int | None:
        table = self.position - _number(self.data, "<i", self.position)
        if 4 + 2 * field >= _number(self.data, "<H", table):
            return None
        offset = _number(self.data, "<H", table + 4 + 2 * field)
        return self.position + offset if offset else None

    def _target(self, place: int) -> int:
        return place + _number(self.data, "<I", place)

    def _bytes(self, start: int) -> bytes:
        count = _number(self.data, "<I", start)
        found = self.data[start + 4 : start + 4 + count]
        if len(found) != count:
            raise ValueError("it ends early")
        return found


def _number(data: bytes, form: str, position: int) -> int:
    if position < 0:
        raise ValueError("a position lies before its beginning")
    try:
        return int(struct.unpack_from(form, data, position)[0])
    except struct.error as error:
        raise ValueError("it ends early") from error

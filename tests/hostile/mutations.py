"""What can happen to a file: it is cut short, bytes and numbers change, texts become commands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

_WORDS = (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x00\x00\x00\x00")
_TEXTS = (b"\x1b[31m", b"\x00", b"9" * 5000, b"[" * 2000, b"NaN", b"1e999", b'"', b"\xff\xfe")


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _word(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(max(1, len(data) - 4)) & ~3
    word = rng.choice((*_WORDS, len(data).to_bytes(4, "little"), rng.randbytes(4)))
    return data[:place] + word + data[place + 4 :]


def _half(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(max(1, len(data) - 2)) & ~1
    return data[:place] + rng.choice((b"\xff\xff", b"\0\0", b"\4\0")) + data[place + 2 :]


def _inserted(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(_TEXTS) + data[place:]


def _repeated(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    end = rng.randrange(start, len(data)) + 1
    return data[:end] + data[start:end] * rng.randrange(1, 4) + data[end:]


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut short": _cut,
    "bytes changed": _bytes,
    "32-bit number changed": _word,
    "16-bit number changed": _half,
    "text inserted": _inserted,
    "part repeated": _repeated,
}


def of(data: bytes, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield so many mutations of a file and their kinds; the same for the same seed."""
    rng = random.Random(seed)
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        yield kind, KINDS[kind](data, rng)

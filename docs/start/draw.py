"""Draw the small pictures of the ten-minute page: ``python docs/start/draw.py FOLDER``.

Flat drawings, one or two a class of CIFAR-10, in one folder a class. They are edgekit's own, so
that everybody may have them; the networks were trained on photographs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIZE = 128
Draw = Callable[[ImageDraw.ImageDraw], None]


def _ground(d: ImageDraw.ImageDraw, sky: str, ground: str, horizon: int) -> None:
    d.rectangle((0, 0, SIZE, horizon), sky)
    d.rectangle((0, horizon, SIZE, SIZE), ground)


def _wheels(d: ImageDraw.ImageDraw, *middles: int, y: int = 92, radius: int = 13) -> None:
    for x in middles:
        d.ellipse((x - radius, y - radius, x + radius, y + radius), "#181818")
        d.ellipse((x - 5, y - 5, x + 5, y + 5), "#b0b0b0")


def airplane(d: ImageDraw.ImageDraw) -> None:
    """From the side, in the sky."""
    d.rectangle((0, 0, SIZE, SIZE), "#9cc4ec")
    d.ellipse((12, 54, 116, 74), "#f2f2f2")
    d.polygon([(58, 64), (40, 98), (54, 98), (82, 64)], "#c9ced6")
    d.polygon([(62, 58), (52, 34), (62, 34), (80, 58)], "#d9dde3")
    d.polygon([(14, 60), (6, 34), (18, 34), (34, 58)], "#d0342c")


def jet(d: ImageDraw.ImageDraw) -> None:
    """From below, climbing."""
    d.rectangle((0, 0, SIZE, SIZE), "#c8dcf0")
    d.polygon([(20, 108), (100, 20), (108, 28), (32, 116)], "#5a6472")
    d.polygon([(62, 58), (22, 54), (18, 62), (54, 76)], "#4a5462")
    d.polygon([(70, 66), (76, 108), (68, 112), (56, 78)], "#4a5462")


def automobile(d: ImageDraw.ImageDraw) -> None:
    """A red car from the side."""
    _ground(d, "#d8dce0", "#8a8a8a", 84)
    d.rounded_rectangle((8, 60, 120, 94), 10, "#c01818")
    d.polygon([(30, 62), (46, 38), (88, 38), (104, 62)], "#a81414")
    d.polygon([(40, 60), (50, 43), (64, 43), (64, 60)], "#203040")
    d.polygon([(69, 60), (69, 43), (84, 43), (94, 60)], "#203040")
    _wheels(d, 34, 94)


def bird(d: ImageDraw.ImageDraw) -> None:
    """On a branch."""
    d.rectangle((0, 0, SIZE, SIZE), "#7f9a5a")
    d.line((0, 104, SIZE, 96), "#5a4028", 6)
    d.ellipse((38, 46, 92, 90), "#8a5a2c")
    d.ellipse((46, 58, 84, 92), "#e0c8a0")
    d.ellipse((72, 28, 102, 58), "#7a4a20")
    d.polygon([(100, 40), (114, 44), (100, 49)], "#e0a020")
    d.polygon([(42, 66), (10, 84), (14, 94), (50, 82)], "#6a4018")
    d.ellipse((88, 37, 94, 43), "#101010")
    d.line((62, 90, 60, 102), "#302010", 3)
    d.line((72, 90, 72, 101), "#302010", 3)


def cat(d: ImageDraw.ImageDraw) -> None:
    """The face of a grey one."""
    d.rectangle((0, 0, SIZE, SIZE), "#b89878")
    d.polygon([(26, 58), (28, 10), (62, 36)], "#6e6a66")
    d.polygon([(102, 58), (100, 10), (66, 36)], "#6e6a66")
    d.ellipse((20, 28, 108, 118), "#86827e")
    for x in (46, 82):
        d.ellipse((x - 10, 58, x + 10, 76), "#c8d040")
        d.ellipse((x - 3, 58, x + 3, 76), "#101010")
    d.polygon([(58, 84), (70, 84), (64, 92)], "#d08080")
    for y in (86, 92, 98):
        d.line((64, 90, 18, y), "#e8e8e8")
        d.line((64, 90, 110, y), "#e8e8e8")
    d.line((64, 92, 64, 100), "#303030", 2)


def deer(d: ImageDraw.ImageDraw) -> None:
    """In the woods."""
    _ground(d, "#5a7040", "#7c8848", 88)
    d.ellipse((30, 54, 94, 84), "#9a6a3a")
    for x in (38, 48, 78, 88):
        d.rectangle((x, 76, x + 5, 116), "#86582c")
    d.polygon([(80, 62), (92, 30), (102, 34), (96, 66)], "#9a6a3a")
    d.ellipse((88, 20, 116, 38), "#a47444")
    for x in (92, 100):
        d.line((x, 22, x - 6, 4), "#403020", 3)
        d.line((x - 3, 12, x + 6, 2), "#403020", 2)


def dog(d: ImageDraw.ImageDraw) -> None:
    """The face of a brown one."""
    d.rectangle((0, 0, SIZE, SIZE), "#88a060")
    d.ellipse((28, 18, 100, 110), "#a87040")
    d.ellipse((14, 22, 42, 86), "#6a4020")
    d.ellipse((86, 22, 114, 86), "#6a4020")
    d.ellipse((44, 66, 84, 112), "#d8b080")
    d.ellipse((54, 68, 74, 84), "#181010")
    for x in (48, 80):
        d.ellipse((x - 6, 46, x + 6, 58), "#201008")
    d.ellipse((58, 94, 70, 114), "#d06070")


def frog(d: ImageDraw.ImageDraw) -> None:
    """A green one on a leaf."""
    d.rectangle((0, 0, SIZE, SIZE), "#6a5a3a")
    d.ellipse((20, 46, 108, 112), "#5a8a2a")
    d.ellipse((36, 74, 92, 114), "#a8b868")
    for x in (42, 86):
        d.ellipse((x - 14, 30, x + 14, 58), "#5a8a2a")
        d.ellipse((x - 8, 36, x + 8, 52), "#e0c040")
        d.ellipse((x - 4, 40, x + 4, 48), "#101010")
    d.arc((40, 58, 88, 88), 20, 160, "#203010", 3)
    d.ellipse((6, 88, 40, 116), "#4a7a20")
    d.ellipse((88, 88, 122, 116), "#4a7a20")


def horse(d: ImageDraw.ImageDraw) -> None:
    """On a meadow."""
    _ground(d, "#a8c4e0", "#5c8a38", 80)
    d.ellipse((24, 48, 94, 84), "#6a3c1c")
    for x in (30, 42, 76, 86):
        d.rectangle((x, 74, x + 7, 116), "#5a3014")
    d.polygon([(78, 62), (92, 22), (108, 28), (98, 70)], "#6a3c1c")
    d.polygon([(90, 20), (122, 40), (116, 50), (92, 38)], "#6a3c1c")
    d.polygon([(78, 56), (88, 18), (94, 20), (84, 58)], "#181008")
    d.polygon([(28, 54), (10, 60), (14, 96), (20, 94), (22, 66)], "#181008")


def ship(d: ImageDraw.ImageDraw) -> None:
    """On the sea."""
    _ground(d, "#b8d4ec", "#2c5c8c", 82)
    d.polygon([(8, 70), (120, 70), (106, 98), (24, 98)], "#28323c")
    d.rectangle((10, 84, 116, 90), "#a02820")
    d.rectangle((36, 50, 92, 70), "#f0f0f0")
    d.rectangle((48, 36, 80, 50), "#e0e0e0")
    d.rectangle((66, 20, 76, 38), "#c03020")
    d.rectangle((0, 96, SIZE, SIZE), "#2c5c8c")


def sail(d: ImageDraw.ImageDraw) -> None:
    """A sailing boat."""
    _ground(d, "#c4dcf0", "#3a78a8", 88)
    d.polygon([(28, 88), (100, 88), (88, 106), (40, 106)], "#f4f4f4")
    d.line((64, 14, 64, 88), "#403020", 3)
    d.polygon([(68, 16), (68, 82), (106, 82)], "#ffffff")
    d.polygon([(60, 24), (60, 82), (30, 82)], "#e8ecf0")


def truck(d: ImageDraw.ImageDraw) -> None:
    """A lorry with a box, from the side."""
    _ground(d, "#c8d4dc", "#707070", 92)
    d.rectangle((6, 28, 82, 90), "#e8e8e0")
    d.polygon([(84, 46), (104, 46), (122, 66), (122, 92), (84, 92)], "#2050a0")
    d.polygon([(90, 52), (102, 52), (114, 66), (90, 66)], "#b0d0e8")
    d.rectangle((6, 88, 122, 95), "#303030")
    _wheels(d, 26, 54, 104, y=98)


PICTURES: tuple[tuple[str, Draw], ...] = (
    ("airplane", airplane), ("airplane", jet), ("automobile", automobile), ("bird", bird),
    ("cat", cat), ("deer", deer), ("dog", dog), ("frog", frog), ("horse", horse),
    ("ship", ship), ("ship", sail), ("truck", truck),
)  # fmt: skip


def main(folder: Path) -> None:
    """Write one PNG a picture, each into the folder of its class."""
    for label, draw in PICTURES:
        picture = Image.new("RGB", (SIZE, SIZE))
        draw(ImageDraw.Draw(picture))
        target = folder / label / f"{draw.__name__}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.filter(ImageFilter.GaussianBlur(1.2)).save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

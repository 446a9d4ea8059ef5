"""Detectors, written compactly: heads and box arithmetic as those who ship them write them."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.foreign.networks.network import Built, Network, Parts, image

_CLASSES = 8


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Return YOLO's convolution, batch normalization and SiLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
        nn.SiLU(inplace=True),
    )


class Bottleneck(nn.Module):
    """Two convolutions and a way round them."""

    def __init__(self, width: int, first: int = 1) -> None:
        super().__init__()
        self.one, self.two = conv(width, width, first), conv(width, width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (N, width, H, W)."""
        return x + self.two(self.one(x))


class C3(nn.Module):
    """YOLOv5's block: two branches, one of them with bottlenecks."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.one, self.two = conv(inputs, half), conv(inputs, half)
        self.three, self.middle = conv(2 * half, outputs), Bottleneck(half)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, inputs, H, W), return (N, outputs, H, W)."""
        return self.three(torch.cat((self.middle(self.one(x)), self.two(x)), 1))


class C2f(nn.Module):
    """YOLOv8's block: halves by chunk, every bottleneck's result concatenated."""

    def __init__(self, inputs: int, outputs: int, count: int = 2) -> None:
        super().__init__()
        half = outputs // 2
        self.one, self.two = conv(inputs, outputs), conv((2 + count) * half, outputs)
        self.middle = nn.ModuleList(Bottleneck(half, 3) for _ in range(count))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, inputs, H, W), return (N, outputs, H, W)."""
        parts = list(self.one(x).chunk(2, 1))
        for block in self.middle:
            parts.append(block(parts[-1]))
        return self.two(torch.cat(parts, 1))


class Sppf(nn.Module):
    """Three max pools in a row, concatenated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = conv(width, width // 2), conv(width * 2, width)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (N, width, H, W)."""
        x = self.one(x)
        first = self.pool(x)
        second = self.pool(first)
        return self.two(torch.cat((x, first, second, self.pool(second)), 1))


class AreaAttention(nn.Module):
    """The attention of YOLO11 and later: matrix products over a flattened map."""

    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.head = heads, width // heads
        self.key = self.head // 2
        self.qkv = conv(width, width + 2 * heads * self.key)
        self.positions = nn.Conv2d(width, width, 3, 1, 1, groups=width)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (N, width, H, W)."""
        n, width, h, w = x.shape
        parts = self.qkv(x).view(n, self.heads, 2 * self.key + self.head, h * w)
        q, k, v = parts.split([self.key, self.key, self.head], dim=2)
        weights = ((q.transpose(-2, -1) @ k) * self.key**-0.5).softmax(dim=-1)
        mixed = (v @ weights.transpose(-2, -1)).view(n, width, h, w)
        return x + self.out(mixed + self.positions(v.reshape(n, width, h, w)))


class Pyramid(nn.Module):
    """A backbone of three strides and the path up through them."""

    def __init__(self, block: type[nn.Module], width: int, *, attends: bool = False) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, width, 3, 2), conv(width, width, 3, 2))
        self.down = nn.ModuleList(
            nn.Sequential(conv(width * 2**i, width * 2 ** (i + 1), 3, 2),
                          block(width * 2 ** (i + 1), width * 2 ** (i + 1)))
            for i in range(3)
        )  # fmt: skip
        self.pool = Sppf(width * 8)
        self.attention = AreaAttention(width * 8) if attends else nn.Identity()
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.lateral = nn.ModuleList(
            block(width * (8 + 4) if i == 0 else width * (4 + 2), width * 2 ** (2 - i))
            for i in range(2)
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Take (N, 3, H, W), return maps of strides 8, 16 and 32."""
        x = self.stem(x)
        maps = []
        for stage in self.down:
            x = stage(x)
            maps.append(x)
        top = self.attention(self.pool(maps[2]))
        middle = self.lateral[0](torch.cat((self.up(top), maps[1]), 1))
        low = self.lateral[1](torch.cat((self.up(middle), maps[0]), 1))
        return [low, middle, top]


class YoloV5(nn.Module):
    """Anchors, with sigmoid arithmetic to boxes, or the raw maps."""

    def __init__(self, *, decodes: bool, width: int = 8) -> None:
        super().__init__()
        self.decodes, self.values = decodes, 5 + _CLASSES
        self.body = Pyramid(C3, width)
        self.heads = nn.ModuleList(nn.Conv2d(width * f, 3 * self.values, 1) for f in (2, 4, 8))
        self.register_buffer("anchors", torch.rand(3, 3, 2) * 64 + 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        """Take (N, 3, H, W), return (N, boxes, 5 + classes), or (N, 3, H, W, 5 + classes) each."""
        found = []
        for i, (head, part) in enumerate(zip(self.heads, self.body(x), strict=True)):
            y = head(part)
            n, _, h, w = y.shape
            y = y.view(n, 3, self.values, h, w).permute(0, 1, 3, 4, 2).contiguous()
            if self.decodes:
                rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
                grid = torch.stack((columns, rows), 2).expand(1, 3, h, w, 2).float() - 0.5
                sizes = self.anchors[i].view(1, 3, 1, 1, 2).expand(1, 3, h, w, 2)
                xy, wh, scores = y.sigmoid().split((2, 2, self.values - 4), 4)
                xy = (xy * 2 + grid) * 2.0 ** (3 + i)
                wh = (wh * 2) ** 2 * sizes
                y = torch.cat((xy, wh, scores), 4).view(n, 3 * h * w, self.values)
            found.append(y)
        return torch.cat(found, 1) if self.decodes else found


class YoloV8(nn.Module):
    """Distances by distribution focal loss, with decoding to boxes or without."""

    def __init__(self, *, decodes: bool, attends: bool = False, width: int = 8) -> None:
        super().__init__()
        self.decodes, self.bins = decodes, 16
        self.body = Pyramid(C2f, width, attends=attends)
        self.boxes = nn.ModuleList(
            nn.Sequential(conv(width * f, 32, 3), nn.Conv2d(32, 4 * self.bins, 1))
            for f in (2, 4, 8)
        )
        self.scores = nn.ModuleList(
            nn.Sequential(conv(width * f, 16, 3), nn.Conv2d(16, _CLASSES, 1)) for f in (2, 4, 8)
        )
        self.dfl = nn.Conv2d(self.bins, 1, 1, bias=False)
        self.dfl.weight.data = torch.arange(self.bins, dtype=torch.float).view(1, self.bins, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        """Take (N, 3, H, W), return (N, 4 + classes, boxes), or (N, 64 + classes, H, W) each."""
        maps = self.body(x)
        pairs = zip(self.boxes, self.scores, maps, strict=True)
        found = [torch.cat((boxes(m), scores(m)), 1) for boxes, scores, m in pairs]
        if not self.decodes:
            return found
        flat = torch.cat([m.view(m.shape[0], 4 * self.bins + _CLASSES, -1) for m in found], 2)
        boxes, scores = flat.split((4 * self.bins, _CLASSES), 1)
        n, _, count = boxes.shape
        bins = boxes.view(n, 4, self.bins, count).transpose(2, 1).softmax(1)
        near, far = self.dfl(bins).view(n, 4, count).chunk(2, 1)
        points, strides = self._points(maps)
        low, high = points - near, points + far
        decoded = torch.cat(((low + high) / 2, high - low), 1) * strides
        return torch.cat((decoded, scores.sigmoid()), 1)

    def _points(self, maps: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        points, strides = [], []
        for i, part in enumerate(maps):
            h, w = part.shape[2:]
            rows, columns = torch.meshgrid(
                torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij"
            )
            points.append(torch.stack((columns, rows), -1).view(-1, 2))
            strides.append(torch.full((h * w, 1), 2.0 ** (3 + i)))
        return torch.cat(points).transpose(0, 1)[None], torch.cat(strides).transpose(0, 1)


class CenterNet(nn.Module):
    """A heat map with its peaks by a max pool, sizes and offsets; transposed convolutions up."""

    def __init__(self, *, decodes: bool) -> None:
        super().__init__()
        self.decodes = decodes
        self.down = nn.Sequential(*(conv(3 if i == 0 else 16, 16, 3, 2) for i in range(4)))
        self.up = nn.Sequential(*(
            nn.Sequential(nn.ConvTranspose2d(16, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16),
                          nn.ReLU())
            for _ in range(2)
        ))  # fmt: skip
        self.heat, self.size = nn.Conv2d(16, _CLASSES, 1), nn.Conv2d(16, 4, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Take (N, 3, H, W), return maps, or the 20 best places with their scores and sizes."""
        x = self.up(self.down(x))
        heat, size = self.heat(x).sigmoid(), self.size(x)
        peaks = nn.functional.max_pool2d(heat, 3, 1, 1)
        heat = heat * (peaks == heat).float()
        if not self.decodes:
            return heat, size
        n, _, _, w = heat.shape
        scores, places = heat.view(n, -1).topk(20)
        places = places % (heat.shape[2] * w)
        rows, columns = torch.div(places, w, rounding_mode="floor"), places % w
        sizes = size.view(n, 4, -1).gather(2, places[:, None].expand(n, 4, 20))
        return scores, rows.float() + sizes[:, 1], columns.float() + sizes[:, 0], sizes[:, 2:]


class RetinaFace(nn.Module):
    """A small face detector with PRelu, three heads, permuted and concatenated."""

    def __init__(self) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
                nn.BatchNorm2d(inputs), nn.PReLU(inputs),
                nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
                nn.PReLU(outputs),
            )  # fmt: skip

        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.PReLU())
        self.stages = nn.ModuleList([block(8, 16, 4), block(16, 32, 2), block(32, 64, 2)])
        self.lateral = nn.ModuleList(nn.Conv2d(c, 16, 1) for c in (16, 32, 64))
        self.boxes = nn.ModuleList(nn.Conv2d(16, 2 * 4, 1) for _ in range(3))
        self.scores = nn.ModuleList(nn.Conv2d(16, 2 * 2, 1) for _ in range(3))
        self.marks = nn.ModuleList(nn.Conv2d(16, 2 * 10, 1) for _ in range(3))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Take (N, 3, H, W), return (N, anchors, 4), (N, anchors, 2), (N, anchors, 10)."""
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps = [lateral(m) for lateral, m in zip(self.lateral, maps, strict=True)]
        for i in (1, 0):
            size = maps[i].shape[2:]
            maps[i] = maps[i] + nn.functional.interpolate(maps[i + 1], size=size, mode="nearest")
        found = []
        for heads, values in ((self.boxes, 4), (self.scores, 2), (self.marks, 10)):
            rows = [
                head(m).permute(0, 2, 3, 1).contiguous().view(m.shape[0], -1, values)
                for head, m in zip(heads, maps, strict=True)
            ]
            found.append(torch.cat(rows, 1))
        return found[0], found[1].softmax(-1), found[2]


class TwoStage(nn.Module):
    """Encoder and decoder with learned queries, as in DETR."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(3, 16, 3, 4), conv(16, width, 3, 4))
        self.transformer = nn.Transformer(width, 4, 1, 1, 64, batch_first=True, dropout=0.0)
        self.queries = nn.Parameter(torch.rand(10, width))
        self.rows = nn.Parameter(torch.rand(50, width // 2))
        self.columns = nn.Parameter(torch.rand(50, width // 2))
        self.scores, self.boxes = nn.Linear(width, _CLASSES + 1), nn.Linear(width, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take (1, 3, H, W), return scores (1, 10, classes + 1) and boxes (1, 10, 4)."""
        x = self.body(x)
        h, w = x.shape[-2:]
        places = torch.cat(
            [self.columns[:w].unsqueeze(0).repeat(h, 1, 1),
             self.rows[:h].unsqueeze(1).repeat(1, w, 1)], dim=-1,
        ).flatten(0, 1).unsqueeze(0)  # fmt: skip
        y = self.transformer(places + 0.1 * x.flatten(2).transpose(1, 2), self.queries[None])
        return self.scores(y), self.boxes(y).sigmoid()


class NanoDet(nn.Module):
    """A GFL head with separate strides, integral by a product, and center priors."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Pyramid(C3, 8)
        self.head = nn.ModuleList(nn.Conv2d(8 * f, _CLASSES + 4 * 8, 1) for f in (2, 4, 8))
        self.register_buffer("bins", torch.linspace(0, 7, 8))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Take (N, 3, H, W), return scores (N, places, classes) and boxes (N, places, 4)."""
        rows = [
            head(m).flatten(start_dim=2).permute(0, 2, 1)
            for head, m in zip(self.head, self.body(x), strict=True)
        ]
        scores, spread = torch.cat(rows, 1).split([_CLASSES, 32], dim=-1)
        weights = spread.reshape(*spread.shape[:-1], 4, 8).softmax(dim=-1)
        return scores.sigmoid(), nn.functional.linear(weights, self.bins)


def _ssd(*, whole: bool) -> Built:
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    model = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=_CLASSES
    ).eval()

    def heads(inner: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps = list(inner.backbone(x).values())
        answers = inner.head(maps)
        return answers["bbox_regression"], answers["cls_logits"].softmax(-1)

    with torch.no_grad():
        regression, _ = heads(model, image(320))
    anchors = torch.rand(regression.shape[1], 4)
    anchors[:, 2:] += anchors[:, :2]

    def boxes(inner: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        regression, scores = heads(inner, x)
        return inner.box_coder.decode_single(regression[0], anchors), scores

    return Parts(model, boxes if whole else heads), (image(320),)


def _of(module: nn.Module, side: int = 128) -> Built:
    return module, (image(side),)


NETWORKS = (
    Network("detection/ssdlite_heads", lambda: _ssd(whole=False)),
    Network("detection/ssdlite_boxes", lambda: _ssd(whole=True)),
    Network("detection/yolov5_maps", lambda: _of(YoloV5(decodes=False))),
    Network("detection/yolov5_boxes", lambda: _of(YoloV5(decodes=True))),
    Network("detection/yolov8_maps", lambda: _of(YoloV8(decodes=False))),
    Network("detection/yolov8_boxes", lambda: _of(YoloV8(decodes=True))),
    Network("detection/yolo11_boxes", lambda: _of(YoloV8(decodes=True, attends=True))),
    Network("detection/centernet_maps", lambda: _of(CenterNet(decodes=False))),
    Network("detection/centernet_peaks", lambda: _of(CenterNet(decodes=True))),
    Network("detection/retinaface", lambda: _of(RetinaFace())),
    Network("detection/nanodet", lambda: _of(NanoDet())),
    Network("detection/detr", lambda: _of(TwoStage())),
)

"""Networks whose answer is an image: segmentation, super-resolution, depth."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.foreign.networks.network import Built, Network, Parts, image


def of_torchvision(name: str, side: int = 96) -> Built:
    """Return a network of torchvision and a square image, by its name there."""
    from torchvision.models import segmentation

    model = getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=6).eval()
    return Parts(model, lambda inner, x: inner(x)["out"]), (image(side),)


def _double(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (inputs, outputs):
        layers += [nn.Conv2d(width, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Two levels down and up, by transposed convolutions or by bilinear sizes."""

    def __init__(self, *, transposed: bool) -> None:
        super().__init__()
        self.one, self.two, self.three = _double(3, 8), _double(8, 16), _double(16, 32)
        self.pool = nn.MaxPool2d(2)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(c, c // 2, 2, 2) if transposed
            else nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                               nn.Conv2d(c, c // 2, 1))
            for c in (32, 16)
        )  # fmt: skip
        self.back, self.out = nn.ModuleList([_double(32, 16), _double(16, 8)]), nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 3, H, W), return (N, 2, H, W)."""
        first = self.one(x)
        second = self.two(self.pool(first))
        x = self.three(self.pool(second))
        for up, skip, block in zip(self.ups, (second, first), self.back, strict=True):
            x = up(x)
            rows, columns = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
            x = nn.functional.pad(
                x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2]
            )
            x = block(torch.cat([skip, x], 1))
        return self.out(x)


class Espcn(nn.Module):
    """A larger image by pixel shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, 1, 2), nn.Tanh(), nn.Conv2d(16, 16, 3, 1, 1), nn.Tanh(),
            nn.Conv2d(16, 9, 3, 1, 1), nn.PixelShuffle(3), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 1, H, W), return (N, 1, 3H, 3W)."""
        return self.layers(x)


class SrResNet(nn.Module):
    """Residual blocks with PRelu and two pixel shuffles."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.PReLU(),
                          nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))
            for _ in range(3)
        )  # fmt: skip
        ups: list[nn.Module] = []
        for _ in range(2):
            ups += [nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), nn.PReLU()]
        self.tail = nn.Sequential(*ups, nn.Conv2d(width, 3, 9, padding=4), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 3, H, W), return (N, 3, 4H, 4W)."""
        x = first = self.head(x)
        for block in self.blocks:
            x = x + block(x)
        return self.tail(x + first)


class Style(nn.Module):
    """Reflection padding, instance normalization, nearest sizes: style transfer."""

    def __init__(self) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
            return nn.Sequential(
                nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride),
                nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(),
            )  # fmt: skip

        self.layers = nn.Sequential(
            layer(3, 8, 9), layer(8, 16, 3, 2), layer(16, 16, 3), nn.Upsample(scale_factor=2),
            layer(16, 8, 3), nn.ReflectionPad2d(4), nn.Conv2d(8, 3, 9),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (N, 3, H, W)."""
        return self.layers(x)


class Pspnet(nn.Module):
    """Pools of several sizes, brought back by bilinear sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 12, 3, 4, 1), nn.ReLU())
        self.pools = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(n), nn.Conv2d(12, 4, 1), nn.ReLU())
            for n in (1, 2, 3, 6)
        )
        self.out = nn.Conv2d(28, 5, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 3, H, W), return the class of each place, (N, H, W) of int64."""
        size = x.shape[2:]
        x = self.body(x)
        parts = [
            nn.functional.interpolate(pool(x), x.shape[2:], mode="bilinear", align_corners=False)
            for pool in self.pools
        ]
        x = self.out(torch.cat([x, *parts], 1))
        x = nn.functional.interpolate(x, size, mode="bilinear", align_corners=False)
        return x.argmax(1)


class FastScnn(nn.Module):
    """Attention from a global pool, a broadcast product, bicubic sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.Hardswish())
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 8, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, 16, 1),
            nn.Hardsigmoid(),
        )  # fmt: skip
        self.norm, self.out = nn.GroupNorm(4, 16), nn.Conv2d(16, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 3, H, W), return (N, 3, H, W)."""
        y = self.body(x)
        y = self.out(self.norm(y * self.gate(y)))
        return nn.functional.interpolate(y, scale_factor=2, mode="bicubic", align_corners=False)


NETWORKS = (
    Network("maps/deeplabv3_mobilenet", lambda: of_torchvision("deeplabv3_mobilenet_v3_large")),
    Network("maps/lraspp_mobilenet", lambda: of_torchvision("lraspp_mobilenet_v3_large")),
    Network("maps/unet_transposed", lambda: (UNet(transposed=True), (image(64),))),
    Network("maps/unet_bilinear", lambda: (UNet(transposed=False), (image(64),))),
    Network("maps/unet_odd", lambda: (UNet(transposed=True), (image(70),))),
    Network("maps/espcn", lambda: (Espcn(), (image(32, 1),))),
    Network("maps/srresnet", lambda: (SrResNet(), (image(24),))),
    Network("maps/style_transfer", lambda: (Style(), (image(48),))),
    Network("maps/pspnet", lambda: (Pspnet(), (image(48),))),
    Network("maps/fast_scnn", lambda: (FastScnn(), (image(48),))),
)

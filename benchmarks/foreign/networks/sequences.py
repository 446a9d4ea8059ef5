"""Networks of sound and of words."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from benchmarks.foreign.networks.network import Network, sound, tokens


class KeywordNet(nn.Module):
    """DS-CNN with 1-D convolutions over the frames of a spectrum."""

    def __init__(self, bands: int = 20, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv1d(bands, width, 9, 2, 4), nn.BatchNorm1d(width),
                                   nn.ReLU()]  # fmt: skip
        for i in range(3):
            layers += [
                nn.Conv1d(width, width, 9, 1, 4 * 2**i, 2**i, width, bias=False),
                nn.BatchNorm1d(width), nn.ReLU(),
                nn.Conv1d(width, width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU(),
            ]  # fmt: skip
        self.layers, self.out = nn.Sequential(*layers), nn.Linear(width, 12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, bands, frames), return (N, 12)."""
        return self.out(functional.adaptive_avg_pool1d(self.layers(x), 1).squeeze(-1))


class KeywordMaps(nn.Module):
    """DS-CNN with 2-D convolutions, kernels of unequal sides."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, 16, (10, 4), (2, 2), (5, 1)), nn.BatchNorm2d(16),
                                   nn.ReLU()]  # fmt: skip
        for _ in range(2):
            layers += [nn.Conv2d(16, 16, 3, 1, 1, groups=16), nn.BatchNorm2d(16), nn.ReLU(),
                       nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16), nn.ReLU()]  # fmt: skip
        self.layers, self.out = nn.Sequential(*layers), nn.Linear(16, 12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, frames, bands), return (N, 12)."""
        x = self.layers(x.unsqueeze(1))
        return functional.log_softmax(
            self.out(torch.flatten(functional.avg_pool2d(x, x.shape[2:]), 1)), -1
        )


class Recurrent(nn.Module):
    """A recurrent layer and a classifier of its last step, or of all steps."""

    def __init__(self, layer: nn.Module, width: int, *, last: bool = True) -> None:
        super().__init__()
        self.layer, self.out, self.last = layer, nn.Linear(width, 12), last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, frames, bands), return (N, 12) or (N, frames, 12)."""
        y, _ = self.layer(x)
        return self.out(y[:, -1] if self.last else y)


class Streaming(nn.Module):
    """One step of a recurrent network whose state goes in and comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(20, 16, 3, padding=1)
        self.layer, self.out = nn.LSTM(16, 16, 2, batch_first=True), nn.Linear(16, 1)

    def forward(
        self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Take (N, 20, frames) and two states, return (N, frames, 1) and the states."""
        y, (h, c) = self.layer(self.conv(x).transpose(1, 2), (h, c))
        return self.out(y).sigmoid(), h, c


class Tcn(nn.Module):
    """Causal dilated convolutions: padded on both sides, then cut."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.first = nn.Conv1d(20, width, 1)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(
                nn.Conv1d(width, width, 3, padding=2 * 2**i, dilation=2**i)
            )
            for i in range(4)
        )
        self.out = nn.Linear(width, 12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, 20, frames), return (N, 12)."""
        x = self.first(x)
        for layer in self.layers:
            cut = layer.padding[0]
            x = functional.relu(x + functional.relu(layer(x)[:, :, :-cut]))
        return self.out(x[:, :, -1])


class WaveFeatures(nn.Module):
    """wav2vec 2.0's feature extractor: strided 1-D convolutions, GroupNorm, LayerNorm, GELU."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(1 if i == 0 else width, width, kernel, stride, bias=False)
            for i, (kernel, stride) in enumerate(((10, 5), (3, 2), (3, 2), (2, 2)))
        )
        self.norm, self.layer_norm = nn.GroupNorm(width, width), nn.LayerNorm(width)
        self.positions = nn.utils.parametrizations.weight_norm(
            nn.Conv1d(width, width, 16, padding=8, groups=4), dim=2
        )
        self.out = nn.Linear(width, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (N, samples), return (N, frames, 32)."""
        x = x[:, None]
        for i, layer in enumerate(self.convs):
            x = layer(x)
            x = functional.gelu(self.norm(x) if i == 0 else x)
        x = self.layer_norm(x.transpose(1, 2))
        places = self.positions(x.transpose(1, 2))[:, :, :-1]
        return self.out(x + functional.gelu(places).transpose(1, 2))


class Conformer(nn.Module):
    """One block: half feed-forwards, attention with relative positions, a gated convolution."""

    def __init__(self, width: int = 32, heads: int = 4, frames: int = 30) -> None:
        super().__init__()
        self.heads, self.head = heads, width // heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(5))
        self.feeds = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, width))
            for _ in range(2)
        )
        self.qkv, self.place = nn.Linear(width, 3 * width), nn.Linear(width, width, bias=False)
        self.bias_u = nn.Parameter(torch.randn(heads, self.head))
        self.bias_v = nn.Parameter(torch.randn(heads, self.head))
        self.register_buffer("places", torch.randn(2 * frames - 1, width))
        self.out = nn.Linear(width, width)
        self.point, self.back = nn.Conv1d(width, 2 * width, 1), nn.Conv1d(width, width, 1)
        self.depth = nn.Conv1d(width, width, 15, padding=7, groups=width)
        self.batch = nn.BatchNorm1d(width)

    def _attention(self, x: torch.Tensor) -> torch.Tensor:
        n, frames, width = x.shape
        q, k, v = self.qkv(x).view(n, frames, 3, self.heads, self.head).unbind(2)
        places = self.place(self.places).view(1, -1, self.heads, self.head)
        content = (q + self.bias_u).transpose(1, 2) @ k.permute(0, 2, 3, 1)
        by_place = (q + self.bias_v).transpose(1, 2) @ places.permute(0, 2, 3, 1)
        padded = functional.pad(by_place, (1, 0)).view(n, self.heads, -1, frames)
        by_place = padded[:, :, 1:].view(n, self.heads, frames, -1)[..., :frames]
        weights = ((content + by_place) / math.sqrt(self.head)).softmax(-1)
        return self.out((weights @ v.transpose(1, 2)).transpose(1, 2).reshape(n, frames, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (N, frames, width)."""
        x = x + 0.5 * self.feeds[0](self.norms[0](x))
        x = x + self._attention(self.norms[1](x))
        y = functional.glu(self.point(self.norms[2](x).transpose(1, 2)), dim=1)
        x = x + self.back(functional.silu(self.batch(self.depth(y)))).transpose(1, 2)
        x = x + 0.5 * self.feeds[1](self.norms[3](x))
        return self.norms[4](x)


class Encoder(nn.Module):
    """PyTorch's own encoder over words, with a padding mask or without."""

    def __init__(self, *, masked: bool, width: int = 32) -> None:
        super().__init__()
        self.masked = masked
        self.words, self.places = nn.Embedding(50, width), nn.Embedding(16, width)
        layer = nn.TransformerEncoderLayer(
            width, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=masked
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(width, 5)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Take (N, 16) of int64, return (N, 5)."""
        x = self.words(words) + self.places(torch.arange(words.shape[1]))[None]
        mask = (words == 0) if self.masked else None
        return self.out(self.layers(x, src_key_padding_mask=mask).mean(1))


class Decoder(nn.Module):
    """PyTorch's own decoder, causal, with a memory of floats."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.words, self.width = nn.Embedding(50, width), width
        layer = nn.TransformerDecoderLayer(width, 4, 64, dropout=0.0, batch_first=True)
        self.layers, self.out = nn.TransformerDecoder(layer, 2), nn.Linear(width, 50)

    def forward(self, words: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """Take (N, 12) of int64 and (N, frames, width), return (N, 12, 50)."""
        mask = nn.Transformer.generate_square_subsequent_mask(words.shape[1])
        x = self.words(words) * math.sqrt(self.width)
        return self.out(self.layers(x, memory, tgt_mask=mask, tgt_is_causal=True))


class RootMeanSquare(nn.Module):
    """Normalization as such networks write it out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take and return (..., width)."""
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Llama(nn.Module):
    """A block with RMSNorm, rotary positions, grouped keys and a gated feed-forward."""

    def __init__(self, width: int = 32, heads: int = 4, groups: int = 2) -> None:
        super().__init__()
        self.heads, self.groups, self.head = heads, groups, width // heads
        self.words, self.norms = (
            nn.Embedding(50, width),
            nn.ModuleList(RootMeanSquare(width) for _ in range(3)),
        )
        self.q, self.o = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, groups * self.head, bias=False)
        self.v = nn.Linear(width, groups * self.head, bias=False)
        self.gate, self.up = nn.Linear(width, 64, bias=False), nn.Linear(width, 64, bias=False)
        self.down, self.out = nn.Linear(64, width, bias=False), nn.Linear(width, 50, bias=False)

    def _rotated(self, x: torch.Tensor) -> torch.Tensor:
        rates = 1.0 / 10000 ** (torch.arange(0, self.head, 2).float() / self.head)
        angles = torch.outer(torch.arange(x.shape[2]).float(), rates)
        angles = torch.cat((angles, angles), -1)
        low, high = x[..., : self.head // 2], x[..., self.head // 2 :]
        return x * angles.cos() + torch.cat((-high, low), -1) * angles.sin()

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Take (N, count) of int64, return (N, count, 50)."""
        x = self.words(words)
        n, count, width = x.shape
        y = self.norms[0](x)
        q = self._rotated(self.q(y).view(n, count, self.heads, self.head).transpose(1, 2))
        k = self._rotated(self.k(y).view(n, count, self.groups, self.head).transpose(1, 2))
        v = self.v(y).view(n, count, self.groups, self.head).transpose(1, 2)
        k, v = (
            part[:, :, None].expand(n, self.groups, self.heads // self.groups, count, self.head)
            .reshape(n, self.heads, count, self.head) for part in (k, v)
        )  # fmt: skip
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(n, count, width))
        y = self.norms[1](x)
        x = x + self.down(functional.silu(self.gate(y)) * self.up(y))
        return self.out(self.norms[2](x))


_FRAMES = (1, 16, 20)

NETWORKS = (
    Network("sequence/ds_cnn_1d", lambda: (KeywordNet(), (sound(1, 20, 49),))),
    Network("sequence/ds_cnn_2d", lambda: (KeywordMaps(), (sound(1, 49, 10),))),
    Network(
        "sequence/gru",
        lambda: (Recurrent(nn.GRU(20, 16, 2, batch_first=True), 16), (sound(*_FRAMES),)),
    ),
    Network(
        "sequence/lstm",
        lambda: (Recurrent(nn.LSTM(20, 16, batch_first=True), 16), (sound(*_FRAMES),)),
    ),
    Network(
        "sequence/bilstm",
        lambda: (
            Recurrent(nn.LSTM(20, 16, batch_first=True, bidirectional=True), 32, last=False),
            (sound(*_FRAMES),),
        ),
    ),
    Network(
        "sequence/bigru",
        lambda: (
            Recurrent(nn.GRU(20, 16, batch_first=True, bidirectional=True), 32, last=False),
            (sound(*_FRAMES),),
        ),
    ),
    Network(
        "sequence/lstm_state",
        lambda: (Streaming(), (sound(1, 20, 8), sound(2, 1, 16), sound(2, 1, 16))),
    ),
    Network("sequence/tcn", lambda: (Tcn(), (sound(1, 20, 40),))),
    Network("sequence/wav2vec_features", lambda: (WaveFeatures(), (sound(1, 1600),))),
    Network("sequence/conformer_block", lambda: (Conformer(), (sound(1, 30, 32),))),
    Network("sequence/encoder", lambda: (Encoder(masked=False), (tokens(16, 50),))),
    Network("sequence/encoder_masked", lambda: (Encoder(masked=True), (tokens(16, 50),))),
    Network("sequence/decoder", lambda: (Decoder(), (tokens(12, 50), sound(1, 9, 32)))),
    Network("sequence/llama_block", lambda: (Llama(), (tokens(12, 50),))),
)

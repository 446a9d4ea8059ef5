"""Modules with networks of one's own in the folder where a test runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

CODE = """
import torch
from torch import nn

print("chatter of the user's module")


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.dense = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(5, 4)
        self.norm, self.dropout = nn.BatchNorm2d(4), nn.Dropout()

    def forward(self, image, vector, scale=None):
        x = self.norm(self.conv(image)) * self.dense(vector)[:, :, None, None]
        pooled = self.dropout(x.mean((2, 3)))
        return {"map": x, "heads": [pooled, pooled.relu()], "image": image, "none": None}


class Odd(nn.Module):
    def forward(self, x):
        square, whole = x.unsqueeze(-1) * x.unsqueeze(-2), x.int()
        return torch.linalg.det(square), torch.linalg.det(square * 2) + (whole >> 1).sum()


class Returns(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what = what

    def forward(self, x):
        return self.what(x)


def make():
    print("chatter of the user's factory")
    return Two()


def fails():
    raise ValueError("no weights today,\\nsorry")


def leaves():
    raise SystemExit(3)


def number():
    return Returns(lambda x: (x, 3))


def choices():
    return Returns(lambda x: (x.argmax(1), x > 0))


def decides():
    return Returns(lambda x: x if x.sum() > 0 else -x)


def constant():
    return Returns(lambda x: torch.ones(2))


def not_finite():
    return Returns(lambda x: (x - 5).log())


def any_number():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())


ready = any_number()
text = "no network"
"""


@pytest.fixture(autouse=True)
def _own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nets.py").write_text(CODE)
    (tmp_path / "own_broken.py").write_text("import a_package_that_is_absent\n")
    (tmp_path / "own_syntax.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)

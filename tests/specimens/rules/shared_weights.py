"""Seeded weights of registered networks, computed once a run and shared by its processes."""

from __future__ import annotations

import fcntl
from pathlib import Path

import torch
from torch import nn

from edgekit import models


class SharedWeights:
    """A folder of the run with the initialized networks that some test has asked for.

    Args:
        folder: the same in all processes of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def initialize(self, spec: models.ModelSpec, seed: int = 0) -> nn.Module:
        """Do as `models.initialize`, which every file here came from."""
        path = self.folder / f"{spec.name}-{seed}.pt"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                module = models.initialize(spec, seed)
                torch.save(module.state_dict(), path)
                return module
        with torch.random.fork_rng(devices=[]):
            module = spec.build()
        module.load_state_dict(torch.load(path, weights_only=True))
        return module.requires_grad_(False).eval()

"""Trained weights from a file, without ever running code that the file brings along."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.models.spec import ModelSpec

_SHOWN = 3  # keys of each kind that a message names


def load(spec: ModelSpec, path: Path) -> nn.Module:
    """Build the network of ``spec`` with the weights in ``path``.

    Args:
        spec: which network.
        path: a ``.safetensors`` file, or a file that ``torch.save`` wrote: a state dict, alone
            or under the key "state_dict", its keys perhaps all prefixed with "module.".

    Returns:
        the network on the CPU: float32, in evaluation mode, without gradients.

    Raises:
        InvalidPathError: there is no such file.
        RefusedError: the file is damaged, is of another kind or holds more than tensors
            (reason "unsafe-or-unreadable-weights"), or its tensors are not exactly those of
            the network (reason "weights-mismatch").
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidPathError(f"no weights file at {path}")
    state = _state_dict(_read(path), path)
    with torch.random.fork_rng(devices=[]):
        module = spec.build()
    _check(state, module.state_dict(), f"{path.name} does not fit {spec.name}")
    # Not strict: the counters of batch norm, which inference never reads, may be absent.
    module.load_state_dict(state, strict=False)
    return module.requires_grad_(False).eval()


def trained(spec: ModelSpec) -> nn.Module:
    """Build the network of ``spec`` with the weights that come with the package.

    Raises:
        ValueError: none come with it (``spec.trained`` is None).
    """
    if spec.trained is None:
        raise ValueError(f"{spec.name} comes without trained weights")
    with resources.as_file(resources.files("edgekit.models") / "trained") as folder:
        return load(spec, folder / f"{spec.name}.safetensors")


def _read(path: Path) -> object:
    """The content of the file, read by loaders that build tensors and plain containers only."""
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        with warnings.catch_warnings(action="ignore"):  # torch warns of what it then refuses
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a dozen types, by how the file is damaged
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise _unreadable(path, reason) from error


def _state_dict(content: object, path: Path) -> dict[str, Tensor]:
    """The named tensors in ``content``, without wrapper and prefix."""
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise _unreadable(path, "it holds no state dict")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise _unreadable(path, f"the entry {key!r} of its state dict is not a named tensor")
    prefix = "module." if all(key.startswith("module.") for key in content) else ""
    return {key.removeprefix(prefix): value for key, value in content.items()}


def _check(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], problem: str) -> None:
    """Refuse tensors that are missing, unexpected or of another shape."""
    missing = [
        key for key in wanted if key not in state and not key.endswith("num_batches_tracked")
    ]
    unexpected = [key for key in state if key not in wanted]
    misshapen = [
        f"{key} {tuple(state[key].shape)} for {tuple(wanted[key].shape)}"
        for key in wanted
        if key in state and state[key].shape != wanted[key].shape
    ]
    found = {"missing": missing, "unexpected": unexpected, "misshapen": misshapen}
    parts = [
        f"{len(keys)} {kind} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"
        for kind, keys in found.items()
        if keys
    ]
    if parts:
        raise RefusedError(
            f"{problem}: of {len(wanted)} tensors, {'; '.join(parts)}",
            reason_code="weights-mismatch",
        )


def _unreadable(path: Path, reason: str) -> RefusedError:
    return RefusedError(
        f"cannot read weights from {path}: {reason}; save a state dict with safetensors or "
        "torch.save",
        reason_code="unsafe-or-unreadable-weights",
    )

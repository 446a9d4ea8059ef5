"""Trained weights from a file, without ever running code that the file brings along."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import digest
from edgekit.models import keymaps
from edgekit.models.initialization import initialize
from edgekit.models.keymaps import StoredTensor
from edgekit.models.spec import ModelSpec

_SHOWN = 3  # keys of each kind that a message names
_COUNTER = "num_batches_tracked"  # of batch norm; inference never reads it


@dataclass(frozen=True)
class Loaded:
    """A network with its weights.

    Attributes:
        module: on the CPU: float32, in evaluation mode, without gradients.
        spec: its card; the preprocessing is that of the weights' source.
        origin: where the weights came from, in a few words.
        source: whose names a file had, such as "torchvision"; empty for edgekit's own.
    """

    module: nn.Module
    spec: ModelSpec
    origin: str
    source: str = ""


def obtain(spec: ModelSpec, path: Path | None = None, seed: int | None = None) -> Loaded:
    """Build the network of ``spec`` with the weights that are at hand.

    Args:
        spec: which network.
        path: a file with its weights, see `load`. If None, the weights that come with the
            package, and where there are none, seeded initialization.
        seed: of that initialization; if given, shipped weights are not looked for.

    Raises:
        InvalidPathError, RefusedError: as for `load`.
    """
    if path is not None:
        return load(spec, path)
    if spec.trained is not None and seed is None:
        return Loaded(trained(spec), spec, f"trained on {spec.trained.trained_on}")
    seed = seed or 0
    return Loaded(initialize(spec, seed), spec, f"untrained (seed {seed})")


def load(spec: ModelSpec, path: Path) -> Loaded:
    """Build the network of ``spec`` with the weights in ``path``.

    Names of other sources are understood (`edgekit.models.keymaps`). Where a source computes
    something else than our network, such as other padding, the module does as the source.

    Args:
        spec: which network.
        path: a ``.safetensors`` file, or a file that ``torch.save`` wrote: a state dict, alone
            or under the key "state_dict", its keys perhaps all prefixed with "module.".

    Raises:
        InvalidPathError: there is no such file.
        RefusedError: the file is damaged, is of another kind or holds more than tensors
            (reason "unsafe-or-unreadable-weights"), or its tensors are not exactly those of
            the network (reason "weights-mismatch").
    """
    state = _state_dict(path)
    with torch.random.fork_rng(devices=[]):
        module = spec.build()
    keymap = keymaps.find(spec.family, state)
    origin = digest.origin_of(path)
    if keymap is None:
        filled = _fill(module, state, f"{Path(path).name} does not fit {spec.name}")
        return Loaded(filled, spec, origin)
    problem = f"{Path(path).name} ({keymap.source} names) does not fit {spec.name}"
    table = keymap.table(module)
    state = {keymap.normalize(k): v for k, v in state.items() if not keymap.ignored.fullmatch(k)}
    keymap.arrange(module)
    _check(state, _shapes(module), table, problem)
    ours = {key: stored.take(state[stored.key]) for key, stored in table.items()}
    zeros = {k: torch.zeros(shape) for k, shape in _shapes(module).items() if k not in table}
    changed = replace(spec, preprocessing=keymap.preprocessing(spec.preprocessing))
    return Loaded(_fill(module, {**ours, **zeros}, problem), changed, origin, keymap.source)


def load_into(module: nn.Module, path: Path, name: str) -> nn.Module:
    """Give ``module`` the weights in ``path``, a file as `load` takes it, under its own names.

    Args:
        module: the network, changed in place.
        path: the file.
        name: what to call the network in messages.

    Returns:
        the module on the CPU, in evaluation mode, without gradients.

    Raises:
        InvalidPathError, RefusedError: as for `load`.
    """
    return _fill(module, _state_dict(path), f"{Path(path).name} does not fit {name}")


def trained(spec: ModelSpec) -> nn.Module:
    """Build the network of ``spec`` with the weights that come with the package.

    Raises:
        ValueError: none come with it (``spec.trained`` is None).
    """
    if spec.trained is None:
        raise ValueError(f"{spec.name} comes without trained weights")
    with resources.as_file(resources.files("edgekit.models") / "trained") as folder:
        return load(spec, folder / f"{spec.name}.safetensors").module


def _fill(module: nn.Module, state: Mapping[str, Tensor], problem: str) -> nn.Module:
    """Copy ``state``, which must be exactly the module's, into it."""
    wanted = _shapes(module)
    _check(state, wanted, {key: StoredTensor(key) for key in wanted}, problem)
    module.load_state_dict(dict(state), strict=False)  # the counters may be absent
    return module.requires_grad_(False).eval()


def _shapes(module: nn.Module) -> dict[str, torch.Size]:
    """The shapes of all tensors that inference reads, by key."""
    state = module.state_dict()
    return {key: value.shape for key, value in state.items() if not key.endswith(_COUNTER)}


def _check(
    state: Mapping[str, Tensor],
    wanted: Mapping[str, torch.Size],
    table: Mapping[str, StoredTensor],
    problem: str,
) -> None:
    """Refuse tensors that are missing, unexpected or of another shape, by the file's names."""
    known = {stored.key for stored in table.values()}
    misshapen = [
        f"{stored.key} {tuple(state[stored.key].shape)}"
        + (f" for {tuple(wanted[key])}" if key in wanted else "")
        for key, stored in table.items()
        if stored.key in state and _shape(stored, state) != wanted.get(key)
    ]
    found = {
        "missing": [stored.key for stored in table.values() if stored.key not in state],
        "unexpected": [k for k in state if k not in known and not k.endswith(_COUNTER)],
        "misshapen": misshapen,
    }
    parts = [
        f"{len(keys)} {kind} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"
        for kind, keys in found.items()
        if keys
    ]
    if parts:
        raise RefusedError(
            f"{problem}: of {len(table)} tensors, {'; '.join(parts)}",
            reason_code="weights-mismatch",
        )


def _shape(stored: StoredTensor, state: Mapping[str, Tensor]) -> torch.Size | None:
    """The shape of our tensor, as ``stored`` makes it; None if it cannot."""
    try:
        return stored.take(state[stored.key]).shape
    except RuntimeError:  # another number of axes
        return None


def _state_dict(path: Path) -> dict[str, Tensor]:
    """The named tensors in a file, without wrapper and prefix."""
    path = Path(path)
    if not path.is_file():
        raise InvalidPathError(f"no weights file at {path}")
    content = _read(path)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise _unreadable(path, "it holds no state dict")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise _unreadable(path, f"the entry {key!r} of its state dict is not a named tensor")
    prefix = "module." if all(key.startswith("module.") for key in content) else ""
    return {key.removeprefix(prefix): value for key, value in content.items()}


def _read(path: Path) -> object:
    """The content of the file, read by loaders that build tensors and plain containers only."""
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        with warnings.catch_warnings(action="ignore"):  # torch warns of what it then refuses
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch's own words go on to recommend loading it all the same.
        raise _unreadable(path, "it is damaged or holds more than tensors") from error
    except Exception as error:  # a dozen types, by how the file is damaged
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise _unreadable(path, reason) from error


def _unreadable(path: Path, reason: str) -> RefusedError:
    return RefusedError(
        f"cannot read weights from {path}: {reason}; save a state dict with safetensors or "
        "torch.save",
        reason_code="unsafe-or-unreadable-weights",
    )

"""The files of a network of others that all contenders share, by an interpreter that has it.

    python -m benchmarks.peers.foreign_network NETWORK FOLDER

Writes what `FILES` names and prints a line of JSON with the network's multiply-accumulates, as
torch counts them. The weights are those of `benchmarks.foreign.making`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.data import synthetic

CALIBRATION_IMAGES, CHECKED_IMAGES = 100, 8
CALIBRATION_SEED, CHECKED_SEED = 1, 2
FILES = {"module": "module.pt2", "weights": "weights.safetensors"} | {
    name: f"{name}.npy" for name in ("calibration", "images", "answers")
}


def main() -> None:
    """Write the files of one network."""
    parser = argparse.ArgumentParser(description="Write what all contenders start from.")
    parser.add_argument("network")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()

    import safetensors.torch
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks.foreign.making import enliven, import_torchvision

    import_torchvision()
    from benchmarks.foreign.networks import NETWORKS

    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)  # no exporter knows its operator
    module, (example,) = NETWORKS[f"phone/{options.network}"].build()
    module.eval()
    images = normalized(CHECKED_IMAGES, example.shape[2], CHECKED_SEED)
    files = {name: options.folder / file for name, file in FILES.items()}
    np.save(files["images"], images)
    calibration = normalized(CALIBRATION_IMAGES, example.shape[2], CALIBRATION_SEED)
    np.save(files["calibration"], calibration)
    with torch.no_grad():
        enliven(module, (torch.from_numpy(images),))
        with FlopCounterMode(display=False) as counter:
            module(torch.from_numpy(images[:1]))
        answers = [module(torch.from_numpy(image[None])).numpy()[0] for image in images]
        program = torch.export.export(module, (torch.from_numpy(images[:1]),))
    state = {key: value.contiguous().clone() for key, value in module.state_dict().items()}
    safetensors.torch.save_file(state, files["weights"])
    torch.export.save(program, files["module"])
    np.save(files["answers"], np.stack(answers))
    print(json.dumps({"macs": counter.get_total_flops() // 2}))


def normalized(count: int, side: int, seed: int) -> npt.NDArray[np.float32]:
    """Return synthetic images, float32 (N, 3, side, side) from -1 to 1."""
    pixels = synthetic.images(count, side, side, seed=seed)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)


if __name__ == "__main__":
    main()

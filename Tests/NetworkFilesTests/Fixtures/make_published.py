#!/usr/bin/env python3
"""Writes published/*.pth: files of a MobileNetV1 of ten classes as PyTorch saves them, in the forms that are found.

Every tensor is one number, repeated by a stride of 0, so that the files are small: at position k of the sorted names,
counters left out, it is (k + 1) / 256. Needs PyTorch (2.13 was used):

    python3 Tests/NetworkFilesTests/Fixtures/make_published.py
"""

import pathlib
import sys

import torch

FOLDER = pathlib.Path(__file__).parent / "published"
sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "Scripts"))

from reference_models import make  # noqa: E402


def weights(prefix="", counts=True):
    state = make("imagenet-MobileNetV1", 10).state_dict()
    names = sorted(name for name in state if not name.endswith("num_batches_tracked"))
    values = {name: torch.tensor((k + 1) / 256).expand(state[name].shape) for k, name in enumerate(names)}
    return {
        prefix + name: values.get(name, value) for name, value in state.items() if counts or name in values
    }


FORMS = {
    "bare": weights,
    "uncounted": lambda: weights(counts=False),
    "parallel": lambda: {"epoch": 90, "state_dict": weights("module."), "best_acc1": torch.tensor(68.9)},
    "nested": lambda: {"model": weights("model.", counts=False), "epoch": 90},
}


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, form in FORMS.items():
        torch.save(form(), FOLDER / f"{name}.pth")
        torch.save(form(), FOLDER / f"{name}.old.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()

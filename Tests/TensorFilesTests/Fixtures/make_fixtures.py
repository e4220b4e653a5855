"""Makes the files beside it with PyTorch and Python's own zipfile and safetensors packages.

    pip install torch==2.13.0 numpy safetensors==0.8.0 && python make_fixtures.py

For each checkpoint that can be read, the .safetensors file of the same name holds what is
expected, as the reference implementation writes it.
"""

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent
DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64,
    torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip


def every_dtype():
    torch.manual_seed(0)
    tensors = OrderedDict()
    for dtype in DTYPES:
        values = torch.randn(2, 3) * 50
        tensors[str(dtype).removeprefix("torch.")] = (
            values > 0 if dtype is torch.bool else values.abs().to(dtype)
        )
    tensors["scalar"] = torch.tensor(-7)
    tensors["empty"] = torch.zeros(0, 3)
    return tensors


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    image = torch.arange(16, dtype=torch.float32).reshape(1, 2, 2, 4)
    return OrderedDict(
        transposed=base.permute(2, 0, 1),
        expanded=base[0, :, 1:2].expand(3, 5),
        window=base[1, 1:, ::2],
        row=base[1, 2],
        channels_last=image.to(memory_format=torch.channels_last),
    )


def wrapped():
    weights = OrderedDict(
        (f"module.{name}", torch.nn.Parameter(tensor))
        for name, tensor in (("conv.weight", torch.ones(2, 1, 1, 1)), ("bias", torch.zeros(2)))
    )
    weights["module.steps"] = torch.tensor(3)
    weights._metadata = {"": {"version": 1}}
    state = {"step": torch.tensor(3.0), "square": torch.ones(2)}
    return {
        "epoch": 3, "best": 0.5, "arch": "tiny", "seed": 1 << 80, "size": torch.Size([2, 1]),
        "optimizer": {"state": {0: state}, "param_groups": [{"params": [0], "lr": 0.1}]},
        "device": torch.device("cpu"), "dtype": torch.float16, "raw": b"\0\1",
        "state_dict": weights,
    }  # fmt: skip


def contiguous(tensors):
    return {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}


def save(name, value, expected, **options):
    torch.save(value, FOLDER / f"{name}.pt", **options)
    if expected is not None:
        save_file(contiguous(expected), FOLDER / f"{name}.safetensors", {"made by": "reference"})


def rewrite(source, target, compression=zipfile.ZIP_STORED, **replaced):
    """Copies an archive with Python's zipfile, with some of its entries replaced."""
    with zipfile.ZipFile(FOLDER / source) as old, zipfile.ZipFile(FOLDER / target, "w") as new:
        for entry in old.infolist():
            contents = replaced.get(Path(entry.filename).name, old.read(entry))
            new.writestr(zipfile.ZipInfo(entry.filename), contents, compression)


class Malicious:
    def __reduce__(self):
        return os.system, ("touch reviewkd-was-here",)


def main():
    save("every_dtype", every_dtype(), every_dtype())
    save("views", views(), views())
    unwrapped = OrderedDict(
        (name.removeprefix("module."), tensor) for name, tensor in wrapped()["state_dict"].items()
    )
    save("wrapped", wrapped(), unwrapped, pickle_protocol=5)
    rewrite("every_dtype.pt", "deflated.pt", zipfile.ZIP_DEFLATED)

    small = {"weight": torch.ones(2)}
    save("legacy", small, None, _use_new_zipfile_serialization=False)
    save("small", small, None)
    rewrite("small.pt", "big_endian.pt", byteorder=b"big")
    evil = pickle.dumps({"weight": Malicious()}, protocol=2)
    rewrite("small.pt", "malicious.pt", **{"data.pkl": evil})
    evil = pickle.dumps({"weight": Malicious()}, protocol=4)
    rewrite("small.pt", "malicious_protocol4.pt", **{"data.pkl": evil})
    with zipfile.ZipFile(FOLDER / "program.pt", "w") as archive:
        for name in "program/data.pkl", "program/constants.pkl":
            archive.writestr(zipfile.ZipInfo(name), pickle.dumps((), protocol=2))


if __name__ == "__main__":
    main()

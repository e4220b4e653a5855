"""Makes the files of the folder forms with PyTorch: one small network in every form people keep one in.

    pip install torch==2.13.0 numpy==2.4.6 && python make_forms.py

Each file has conv.weight, float32 [1, 1, 2, 2] with the values 0, 1, 2, 3, and conv.bias, float32 [1] with the
value 4, or what stands in their place; the suite "Forms of checkpoints" says what is expected of each.
"""

import argparse
import collections
import datetime
import pathlib
import pickle
import warnings

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent / "forms"
warnings.simplefilter("ignore")


class Layer(torch.nn.Module):
    """Holds a weight, a bias, and a buffer that no state dict has."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(4.0).reshape(1, 1, 2, 2))
        self.bias = torch.nn.Parameter(torch.full((1,), 4.0))
        self.register_buffer("cache", torch.zeros(1), persistent=False)


class Network(torch.nn.Module):
    """A network of one layer, which the old form keeps together with this source text."""

    def __init__(self):
        super().__init__()
        self.conv = Layer()


def network():
    return Network()


def weights():
    return network().state_dict()


def prefixed(prefix):
    return collections.OrderedDict((prefix + name, value) for name, value in weights().items())


def beside():
    """What training scripts put beside the weights, each of which says nothing about them."""
    return {
        "epoch": 240, "best": 72.5, "big": 1 << 80, "flag": True, "nothing": None,
        "opt": argparse.Namespace(lr=0.05, model="tiny"),
        "scalar": np.float64(0.5), "array": np.arange(3), "path": pathlib.PurePosixPath("runs/1"),
        "set": {1, 2}, "frozen": frozenset({3}), "bytes": b"\0\xff", "bytearray": bytearray(b"\1"),
        "date": datetime.datetime(2019, 10, 1), "complex": 1j, "range": range(3),
        "default": collections.defaultdict(list, a=[1]), "counter": collections.Counter("ab"),
        "deque": collections.deque([1]), "size": torch.Size([1]), "dtype": torch.float16,
        "device": torch.device("cpu"),
    }  # fmt: skip


def foreign():
    """Tensors of types that no weights have."""
    one = torch.ones(2)
    return {
        "uint16": one.to(torch.uint16), "complex": one.to(torch.complex64),
        "float8": one.to(torch.float8_e4m3fn), "sparse": torch.eye(2).to_sparse(),
        "quantized": torch.quantize_per_tensor(one, 0.1, 0, torch.qint8),
        "meta": torch.zeros(2, device="meta"), "negated": torch.zeros(2, dtype=torch.complex64).conj().imag,
    }  # fmt: skip


def optimizer():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    (model.conv.weight.sum() + model.conv.bias.sum()).backward()
    optimizer.step()
    return optimizer.state_dict()


def shared():
    base = torch.arange(5.0)
    return {"conv.weight": base[:4].view(1, 1, 2, 2), "conv.bias": base[4:]}


def strided():
    image = torch.tensor([0.0, 2.0, 1.0, 3.0]).reshape(1, 1, 2, 2).transpose(2, 3)
    return {"conv.weight": image, "conv.bias": torch.full((1,), 4.0)}


class Tagged(torch.Tensor):
    """A class derived from torch.Tensor, as some libraries have them."""


FORMS = {
    "bare": weights,
    "half": lambda: {name: value.half() for name, value in weights().items()},
    "wrapped": lambda: {"state_dict": weights(), "optimizer": optimizer(), **beside()},
    "parallel": lambda: {"epoch": 3, "model": prefixed("module.")},
    "shared": shared,
    "strided": strided,
    "parameters": lambda: dict(network().named_parameters()),
    "subclass": lambda: {name: value.as_subclass(Tagged) for name, value in weights().items()},
    "foreign": lambda: {"state_dict": weights(), **foreign()},
    "arrays": lambda: {name: value.numpy() for name, value in weights().items()},
    "module": network,
    "nested": lambda: {"model": {"state_dict": weights()}},
}


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, make in FORMS.items():
        torch.save(make(), FOLDER / f"{name}.pt")
        torch.save(make(), FOLDER / f"{name}.old.pt", _use_new_zipfile_serialization=False)
    for protocol in (0, 1, 3, 4, 5):
        value = {"state_dict": weights(), **beside()}
        for suffix, options in (("", {}), (".old", {"_use_new_zipfile_serialization": False})):
            path = FOLDER / f"protocol{protocol}{suffix}.pt"
            torch.save(value, path, pickle_protocol=protocol, **options)
    for key in (
        "model_state_dict", "net", "network", "student", "teacher", "weights", "params", "module",
        "ema_state_dict", "model_ema", "state_dict_ema", "params_ema", "ema_model", "ema", "generator",
    ):  # fmt: skip
        torch.save({"epoch": 1, key: weights()}, FOLDER / f"key-{key}.pt")
    averaged = {name: value + 1 for name, value in weights().items()}
    torch.save({"model_ema": averaged, "state_dict": weights()}, FOLDER / "averaged.pt")
    torch.save(foreign(), FOLDER / "only-foreign.pt")
    (FOLDER / "arrays.pkl").write_bytes(pickle.dumps(FORMS["arrays"](), protocol=2))


if __name__ == "__main__":
    main()

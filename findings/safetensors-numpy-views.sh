#!/usr/bin/env bash
#
# safetensors 0.8.0: its module for numpy writes the bytes that lie in memory from an array's first element on, whatever
# the array's strides are. So a transposed array, one in Fortran's order and every second element of another come back
# with the right shape, the right type and other numbers. Nothing is said. Its module for PyTorch refuses the same tensors,
# among them all convolutions of a network in channels-last memory, with the advice to call contiguous(). A transposed
# weight is what comes of a conversion from TensorFlow or JAX by numpy, where .T is the usual step.
#
# Seen on 2026-11-30 with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install safetensors==0.8.0 torch==2.13.0+cpu numpy==2.4.6 packaging==25.0
expect 'safetensors 0.8.0
numpy, a matrix: [[0, 1, 2], [3, 4, 5]] came back as it was
numpy, its transpose: [[0, 3], [1, 4], [2, 5]] came back as [[0, 1], [2, 3], [4, 5]]
numpy, in the order of Fortran: [[0, 1, 2], [3, 4, 5]] came back as [[0, 3, 1], [4, 2, 5]]
numpy, every second element: [0, 2, 4] came back as [0, 1, 2]
numpy, contiguous again: [[0, 3], [1, 4], [2, 5]] came back as it was
torch, its transpose: ValueError
torch, a convolution in channels last: ValueError' <<'PYTHON'
from importlib.metadata import version

import numpy
import safetensors.numpy
import safetensors.torch
import torch

print("safetensors", version("safetensors"))


def show(name, array):
    safetensors.numpy.save_file({"x": array}, "x.safetensors")
    back = safetensors.numpy.load_file("x.safetensors")["x"]
    assert back.shape == array.shape and back.dtype == array.dtype
    same = numpy.array_equal(back, array)
    print(f"numpy, {name}: {array.tolist()} came back as {'it was' if same else back.tolist()}")


def show_torch(name, tensor):
    try:
        safetensors.torch.save_file({"x": tensor}, "x.safetensors")
        print(f"torch, {name}: saved")
    except ValueError as error:
        print(f"torch, {name}: {type(error).__name__}")


matrix = numpy.arange(6).reshape(2, 3)
show("a matrix", matrix)
show("its transpose", matrix.T)
show("in the order of Fortran", numpy.asfortranarray(matrix))
show("every second element", numpy.arange(6)[::2])
show("contiguous again", numpy.ascontiguousarray(matrix.T))
show_torch("its transpose", torch.arange(6).reshape(2, 3).T)
layer = torch.nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last)
show_torch("a convolution in channels last", layer.weight.detach())
PYTHON

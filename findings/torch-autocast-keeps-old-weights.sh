#!/usr/bin/env bash
#
# torch 2.13.0, CPU: within one autocast block a network goes on with the weights that it had at its first call,
# whatever is written into them later. Three checkpoints that are evaluated in one block give the same answer three
# times, also under no_grad. With frozen weights or inference_mode they do not: only weights that require gradients are
# kept. And only those of convolutions and linear layers: batch norms follow, so that the network is a mixture of two
# checkpoints. A loop of training within one block learns nothing at all, without a word (the page advises against a
# backward pass in there, not for this reason). The page itself evaluates many batches in one block, and of
# cache_enabled it says no more than that it is for a cache of weights.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
checkpoints of weights 1, 2 and 3 answer
in one block: 8 8 8
in one block, no_grad: 8 8 8
in one block, inference_mode: 8 16 24
in one block, weights that need no gradients: 8 16 24
in one block, cache_enabled=False: 8 16 24
in a block each: 8 16 24
in one block, a convolution and a batch norm of weights 1, 2 and 3: 8 16 24
in a block each, a convolution and a batch norm of weights 1, 2 and 3: 8 32 72
20 steps of training, from a loss of 0.500: 0.500 in one block, 0.000 in a block each' <<'PYTHON'
import contextlib

import torch
from torch import nn

print("torch", torch.__version__)
torch.set_num_threads(1)
images = torch.ones(1, 8, 1, 1)


def load(network, value):
    tensors = network.state_dict().items()
    weights = {name: torch.full_like(tensor, value) for name, tensor in tensors if "weight" in name}
    network.load_state_dict(weights, strict=False)


def answers(network, one_block, mode=contextlib.nullcontext, cache=True):
    found = []
    outer, inner = contextlib.nullcontext(), contextlib.nullcontext()
    if one_block:
        outer = torch.autocast("cpu", torch.bfloat16, cache_enabled=cache)
    with outer, mode():
        for value in (1, 2, 3):
            load(network, value)
            if not one_block:
                inner = torch.autocast("cpu", torch.bfloat16)
            with inner:
                found.append(f"{network(images).item():.0f}")
    return " ".join(found)


def convolution():
    return nn.Conv2d(8, 1, 1, bias=False)


def with_norm():
    return nn.Sequential(convolution(), nn.BatchNorm2d(1, eps=0)).eval()


print("checkpoints of weights 1, 2 and 3 answer")
print("in one block:", answers(convolution(), True))
print("in one block, no_grad:", answers(convolution(), True, torch.no_grad))
print("in one block, inference_mode:", answers(convolution(), True, torch.inference_mode))
print("in one block, weights that need no gradients:", answers(convolution().requires_grad_(False), True))
print("in one block, cache_enabled=False:", answers(convolution(), True, cache=False))
print("in a block each:", answers(convolution(), False))
both = "a convolution and a batch norm of weights 1, 2 and 3:"
print(f"in one block, {both}", answers(with_norm(), True))
print(f"in a block each, {both}", answers(with_norm(), False))


def train(one_block):
    layer = nn.Linear(1, 1, bias=False)
    load(layer, 0.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    losses = []

    def step():
        loss = (layer(torch.ones(1, 1)) - 1).square().sum() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    with torch.autocast("cpu", torch.bfloat16) if one_block else contextlib.nullcontext():
        for _ in range(20):
            with contextlib.nullcontext() if one_block else torch.autocast("cpu", torch.bfloat16):
                step()
    return losses


together, apart = train(True), train(False)
start, end = f"{together[0]:.3f}", f"{together[-1]:.3f} in one block, {apart[-1]:.3f} in a block each"
print(f"20 steps of training, from a loss of {start}: {end}")
PYTHON

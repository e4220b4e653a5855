#!/usr/bin/env bash
#
# torch 2.13.0: its own counter of operations takes the gradient of a grouped convolution's weights for that of a full
# one. Backwards a convolution costs twice what it costs forwards. FlopCounterMode counts it so without groups, but with
# one group per channel it counts (1 + channels) times. So a depthwise and a pointwise convolution, an eighth of the
# full one that they replace, are said to be nearly half of it once they are trained. Forwards all is right, so that a
# check of that finds nothing. A product of a matrix and a vector is no operation at all. The page says that it counts
# the operations in its block, and names no exception.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
million operations of 64 channels of 16 x 16
a full 3 x 3 convolution: forward 18.9, backward 37.7, in truth 37.7
one of 4 groups: forward 4.7, backward 23.6, in truth 9.4
one of 64 groups: forward 0.3, backward 19.2, in truth 0.6
one of 64 groups and a pointwise one: forward 2.4, backward 23.4, in truth 4.8
those two against the full one, forward: 0.13 times
those two against the full one, trained: 0.45 times
a product of 64 x 64 and 64 x 1: 8192
a product of 64 x 64 and 64: 0' <<'PYTHON'
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

print("torch", torch.__version__)
torch.set_num_threads(1)
channels, side = 64, 16


def count(compute):
    with FlopCounterMode(display=False) as counter:
        result = compute()
    return result, counter.get_total_flops()


def convolution(size, groups):
    return nn.Conv2d(channels, channels, size, padding=size // 2, groups=groups, bias=False)


def show(name, *layers):
    network = nn.Sequential(*layers)
    images = torch.zeros(1, channels, side, side, requires_grad=True)
    result, forward = count(lambda: network(images))
    _, backward = count(lambda: result.sum().backward())
    weights = sum(weight.numel() for weight in network.parameters())
    assert forward == 2 * side * side * weights
    print(f"{name}: forward {forward / 1e6:.1f}, backward {backward / 1e6:.1f}, in truth {2 * forward / 1e6:.1f}")
    return forward, forward + backward


print(f"million operations of {channels} channels of {side} x {side}")
full = show("a full 3 x 3 convolution", convolution(3, 1))
show("one of 4 groups", convolution(3, 4))
show("one of 64 groups", convolution(3, channels))
pair = show("one of 64 groups and a pointwise one", convolution(3, channels), convolution(1, 1))
print(f"those two against the full one, forward: {pair[0] / full[0]:.2f} times")
print(f"those two against the full one, trained: {pair[1] / full[1]:.2f} times")
matrix = torch.ones(channels, channels)
print("a product of 64 x 64 and 64 x 1:", count(lambda: matrix @ torch.ones(channels, 1))[1])
print("a product of 64 x 64 and 64:", count(lambda: matrix @ torch.ones(channels))[1])
PYTHON

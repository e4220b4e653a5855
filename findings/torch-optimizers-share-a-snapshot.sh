#!/usr/bin/env bash
#
# torch 2.13.0: an optimizer does not copy the state that load_state_dict gives to it, but goes on with the tensors
# themselves, where a module copies its weights. So students that are started one after the other from one snapshot in
# memory are not alike: each one's steps change the snapshot for the next, its moments and even Adam's count of steps,
# while the weights in the snapshot stay. An optimizer loaded from another's state_dict moves that one's moments too.
# Where the types differ the moments are copied, and the count of steps is shared all the same. A snapshot that is read
# from a file each time does no harm. The page says that the optimizer's state is loaded.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
three students of one snapshot, taken after 5 steps, each trained by the same 5 gradients
student 1: weight 0.551 after step 10
student 2: weight 0.242 after step 15
student 3: weight 0.125 after step 20
weights in the snapshot: 0.500 before, 0.500 after
count of steps in the snapshot: 5 before, 20 after
the same of a snapshot read from a file for each
student 1: weight 0.551 after step 10
student 2: weight 0.551 after step 10
student 3: weight 0.551 after step 10
a student in bfloat16 of the snapshot in float32: moments kept, count of steps 5 before, 10 after' <<'PYTHON'
import copy
import io

import torch
from torch import nn

print("torch", torch.__version__)
torch.set_num_threads(1)


def student(snapshot=None, dtype=torch.float32):
    network = nn.Linear(1, 1, bias=False, dtype=dtype)
    nn.init.zeros_(network.weight)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    if snapshot is not None:
        network.load_state_dict(snapshot["network"])
        optimizer.load_state_dict(snapshot["optimizer"])
    return network, optimizer


def train(network, optimizer, gradient):
    for _ in range(5):
        network.weight.grad = torch.full_like(network.weight, gradient)
        optimizer.step()


def steps(snapshot):
    return f"{snapshot['optimizer']['state'][0]['step'].item():.0f}"


def weight(snapshot):
    return f"{snapshot['network']['weight'].item():.3f}"


def students(load):
    for number in (1, 2, 3):
        network, optimizer = student(load())
        train(network, optimizer, 1.0)
        count = optimizer.state[network.weight]["step"].item()
        print(f"student {number}: weight {network.weight.item():.3f} after step {count:.0f}")


first, optimizer = student()
train(first, optimizer, -1.0)
snapshot = copy.deepcopy({"network": first.state_dict(), "optimizer": optimizer.state_dict()})
file = io.BytesIO()
torch.save(snapshot, file)
before = weight(snapshot), steps(snapshot)
print("three students of one snapshot, taken after 5 steps, each trained by the same 5 gradients")
students(lambda: snapshot)
print(f"weights in the snapshot: {before[0]} before, {weight(snapshot)} after")
print(f"count of steps in the snapshot: {before[1]} before, {steps(snapshot)} after")
print("the same of a snapshot read from a file for each")


def read():
    file.seek(0)
    return torch.load(file)


students(read)
snapshot = read()
state = snapshot["optimizer"]["state"][0]
before, moments = steps(snapshot), state["exp_avg"].clone()
train(*student(snapshot, torch.bfloat16), 1.0)
kept = "kept" if torch.equal(moments, state["exp_avg"]) else "changed"
name = "a student in bfloat16 of the snapshot in float32"
print(f"{name}: moments {kept}, count of steps {before} before, {steps(snapshot)} after")
PYTHON

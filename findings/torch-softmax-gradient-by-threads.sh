#!/usr/bin/env bash
#
# torch 2.13.0, CPU, float32: the gradient of a softmax has other last bits with one thread than with two or four, which
# agree. Deterministic algorithms are on, and eight rows of 100 numbers show it, so little that one would think it is not
# shared out at all. Rows of 96 or 128 numbers have the same bits, and so has log_softmax. So a run that is repeated on a
# machine with one core gives other weights, and the page on reproducibility does not ask for the number of threads.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
softmax, 8 x 100: other numbers with 2 threads, the same with 2 and 4
softmax, 64 x 96: the same
softmax, 64 x 100: other numbers with 2 threads, the same with 2 and 4
softmax, 64 x 128: the same
softmax, 64 x 1000: other numbers with 2 threads, the same with 2 and 4
log_softmax, 8 x 100: the same
log_softmax, 64 x 1000: the same' <<'PYTHON'
import torch

print("torch", torch.__version__)
torch.use_deterministic_algorithms(True)
generator = torch.Generator().manual_seed(0)


def gradient(function, threads, numbers, probe):
    torch.set_num_threads(threads)
    leaf = numbers.clone().requires_grad_()
    function(leaf, 1).backward(probe)
    return leaf.grad


def compare(name, rows, columns):
    numbers = torch.randn(rows, columns, generator=generator)
    probe = torch.randn(rows, columns, generator=generator)
    function = getattr(torch, name)
    one, two, four = (gradient(function, threads, numbers, probe) for threads in (1, 2, 4))
    found = "the same" if torch.equal(one, two) else "other numbers with 2 threads"
    if found != "the same" and torch.equal(two, four):
        found += ", the same with 2 and 4"
    print(f"{name}, {rows} x {columns}: {found}")


for shape in [(8, 100), (64, 96), (64, 100), (64, 128), (64, 1000)]:
    compare("softmax", *shape)
for shape in [(8, 100), (64, 1000)]:
    compare("log_softmax", *shape)
PYTHON

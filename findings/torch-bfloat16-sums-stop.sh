#!/usr/bin/env bash
#
# torch 2.13.0, CPU: of functions that add up the same numbers in bfloat16, some keep the sum in float32 and some in
# bfloat16, where 256 + 1 is 256. A thousand ones are 1000 for sum, scatter_add and scatter_reduce, but 256 for
# index_add, index_put with accumulate, segment_reduce and histc. Gradients are of both kinds: gather's is right where
# that of the same rows by index_select, by brackets or by an embedding stands still, and so is nearest interpolation's
# where that of adaptive average pooling to the same size is not. So means of classes, histograms of labels and weights
# that many rows share are wrong without a word, and none of the functions' pages says of which kind it is.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
sum: 1000
scatter_add: 1000
scatter_reduce: 1000
index_add: 256
index_put: 256
segment_reduce: 256
histc: 256
gradient of gather: 1000
gradient of index_select: 256
gradient of x[rows]: 256
gradient of embedding: 256
gradient of expand: 1000
gradient of nearest interpolation: 1000
gradient of adaptive average pooling: 256' <<'PYTHON'
import torch
import torch.nn.functional as F

print("torch", torch.__version__)
torch.set_num_threads(1)
ones = torch.ones(1000, dtype=torch.bfloat16)
zero = torch.zeros(1, dtype=torch.bfloat16)
rows = torch.zeros(1000, dtype=torch.int64)

sums = {
    "sum": lambda: ones.sum(),
    "scatter_add": lambda: zero.scatter_add(0, rows, ones),
    "scatter_reduce": lambda: zero.scatter_reduce(0, rows, ones, "sum"),
    "index_add": lambda: zero.index_add(0, rows, ones),
    "index_put": lambda: zero.index_put((rows,), ones, accumulate=True),
    "segment_reduce": lambda: torch.segment_reduce(ones, "sum", lengths=torch.tensor([1000])),
    "histc": lambda: torch.histc(ones, bins=1, min=0, max=2),
}
for name, compute in sums.items():
    print(f"{name}: {compute().item():.0f}")

gradients = {
    "gather": ([1], lambda x: x.gather(0, rows)),
    "index_select": ([1], lambda x: x.index_select(0, rows)),
    "x[rows]": ([1], lambda x: x[rows]),
    "embedding": ([1, 1], lambda x: F.embedding(rows, x)),
    "expand": ([1], lambda x: x.expand(1000)),
    "nearest interpolation": ([1, 1, 1, 1], lambda x: F.interpolate(x, size=(25, 40), mode="nearest")),
    "adaptive average pooling": ([1, 1, 1, 1], lambda x: F.adaptive_avg_pool2d(x, (25, 40))),
}
for name, (shape, compute) in gradients.items():
    leaf = torch.zeros(shape, dtype=torch.bfloat16, requires_grad=True)
    compute(leaf).sum().backward()
    print(f"gradient of {name}: {leaf.grad.item():.0f}")
PYTHON

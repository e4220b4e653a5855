#!/usr/bin/env bash
#
# torch 2.13.0: a batch norm in training mode over one value per channel (a last batch of one image behind a global
# pooling) is refused by torch.nn.functional.batch_norm, but the operator below it, which programs on LibTorch and
# torch.batch_norm reach, runs without a word and writes NaN into the running variance: the unbiased variance of one
# value is 0 / 0. The loss stays finite; the network is broken from its next evaluation on.
#
# Seen on 2026-11-28 with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
torch.nn.functional.batch_norm: ValueError
torch.batch_norm: finite output True, running variance [nan, nan]' <<'PYTHON'
import torch

print("torch", torch.__version__)
images = torch.tensor([[1.0, 2.0]])
mean, variance = torch.zeros(2), torch.ones(2)
try:
    torch.nn.functional.batch_norm(images, mean.clone(), variance.clone(), training=True)
    print("torch.nn.functional.batch_norm: no error")
except Exception as error:
    print(f"torch.nn.functional.batch_norm: {type(error).__name__}")
output = torch.batch_norm(images, None, None, mean, variance, True, 0.1, 1e-5, False)
finite = bool(output.isfinite().all())
print(f"torch.batch_norm: finite output {finite}, running variance {variance.tolist()}")
PYTHON

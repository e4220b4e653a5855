#!/usr/bin/env bash
#
# torch 2.13.0: the loss of float64 predictions and float32 targets is float64, as for every other loss, but for
# binary_cross_entropy_with_logits, whose result has the type of the targets. So a detector in float64 has one loss in
# float32, since torchvision's labels of anchors are float32, and a comparison to 1e-12 fails there alone. With bfloat16
# targets a loss of float32 logits is bfloat16. binary_cross_entropy, its sister, refuses both.
#
# Seen on 2026-11-29 on an AMD EPYC with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
mse_loss of float64 and float32: float64
smooth_l1_loss of float64 and float32: float64
soft_margin_loss of float64 and float32: float64
binary_cross_entropy of float64 and float32: RuntimeError
binary_cross_entropy_with_logits of float64 and float32: float32
binary_cross_entropy_with_logits of float32 and bfloat16: bfloat16
mse_loss of float32 and bfloat16: float32' <<'PYTHON'
import torch

print("torch", torch.__version__)


def show(name, predicted, target):
    types = [str(dtype).removeprefix("torch.") for dtype in (predicted, target)]
    loss = getattr(torch.nn.functional, name)
    try:
        value = loss(torch.tensor([0.3], dtype=predicted), torch.tensor([0.7], dtype=target))
        outcome = str(value.dtype).removeprefix("torch.")
    except RuntimeError as error:
        outcome = type(error).__name__
    print(f"{name} of {types[0]} and {types[1]}: {outcome}")


show("mse_loss", torch.float64, torch.float32)
show("smooth_l1_loss", torch.float64, torch.float32)
show("soft_margin_loss", torch.float64, torch.float32)
show("binary_cross_entropy", torch.float64, torch.float32)
show("binary_cross_entropy_with_logits", torch.float64, torch.float32)
show("binary_cross_entropy_with_logits", torch.float32, torch.bfloat16)
show("mse_loss", torch.float32, torch.bfloat16)
PYTHON

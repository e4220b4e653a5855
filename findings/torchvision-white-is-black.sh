#!/usr/bin/env bash
#
# torchvision 0.28.0: pictures of float16 and bfloat16 that are made bytes again have black where they were white. The
# factor is just below 256, which neither type can hold, so that 1 becomes 256, and as a byte that is 0. All other
# numbers stay below it. The step there and back, as around an augmentation in half precision, turns white to black,
# and in bfloat16 half of all bytes are others. Nothing is said, although unsafe pairs of types are refused elsewhere.
# The page tells of the range of each type, 0 to 1 and 0 to 255, and of no exception.
#
# The build of torchvision on PyPI is one for CUDA. Two of its operators are declared by hand here, so that its Python
# part, which does all of this, can be imported without it.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6 pillow==13.0.0
"$folder/venv/bin/pip" install -q --no-deps torchvision==0.28.0
expect 'torchvision 0.28.0
float64, 0.5 0.99 1 as bytes: 127 253 255
float64, bytes there and back: 0 of 256 differ, 254 and 255 are 254 255
float32, 0.5 0.99 1 as bytes: 127 253 255
float32, bytes there and back: 0 of 256 differ, 254 and 255 are 254 255
float16, 0.5 0.99 1 as bytes: 128 253 0
float16, bytes there and back: 16 of 256 differ, 254 and 255 are 255 0
bfloat16, 0.5 0.99 1 as bytes: 128 253 0
bfloat16, bytes there and back: 128 of 256 differ, 254 and 255 are 255 0
float32 to int32: RuntimeError' <<'PYTHON'
import torch

operators = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision
from torchvision.transforms import functional as old
from torchvision.transforms.v2 import functional as new

print("torchvision", torchvision.__version__.split("+")[0])
torch.set_num_threads(1)
every = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    name = str(dtype).removeprefix("torch.")
    bright = torch.tensor([[[0.5, 0.99, 1.0]]], dtype=dtype)
    print(f"{name}, 0.5 0.99 1 as bytes:", *new.to_dtype(bright, torch.uint8, scale=True).flatten().tolist())
    assert torch.equal(new.to_dtype(bright, torch.uint8, scale=True), old.convert_image_dtype(bright, torch.uint8))
    back = new.to_dtype(new.to_dtype(every, dtype, scale=True), torch.uint8, scale=True)
    differ = f"{(back != every).sum()} of 256 differ"
    print(f"{name}, bytes there and back: {differ}, 254 and 255 are", *back.flatten()[-2:].tolist())
try:
    new.to_dtype(torch.ones(1, 1, 1), torch.int32, scale=True)
except RuntimeError as error:
    print("float32 to int32:", type(error).__name__)
PYTHON

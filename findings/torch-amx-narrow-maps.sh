#!/usr/bin/env bash
#
# torch 2.13.0 on a processor with AMX: a 3 x 3 convolution in bfloat16 with stride 2 and padding 1 returns wrong
# numbers, channels last, where the map is one or two pixels wide and more than eight high. Nothing is said. Kept
# from AMX, the same call is right to one rounding of bfloat16, and so is AMX for maps that are as narrow and no
# higher, or three pixels wide.
#
# Seen on 2026-11-29 on an Intel Xeon (Emerald Rapids) with Python 3.11: the lines below. Without AMX there is nothing
# to be seen.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

needs_amx
install torch==2.13.0+cpu numpy==2.4.6
readonly program='
import torch

torch.manual_seed(0)


def try_shape(height, width):
    image = torch.randn(1, 16, height, width).bfloat16()
    weight = (torch.randn(16, 16, 3, 3) / 12).bfloat16()
    image, weight = (t.contiguous(memory_format=torch.channels_last) for t in (image, weight))
    exact = torch.conv2d(image.double(), weight.double(), stride=2, padding=1)
    output = torch.conv2d(image, weight, stride=2, padding=1)
    right = bool((output.double() - exact).norm() < 0.01 * exact.norm())
    print(f"{height} x {width}:", "right" if right else "wrong")


for shape in ((70, 1), (70, 2), (70, 3), (8, 2)):
    try_shape(*shape)
'
expect '70 x 1: wrong
70 x 2: wrong
70 x 3: right
8 x 2: right' <<<"$program"
ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 expect '70 x 1: right
70 x 2: right
70 x 3: right
8 x 2: right' <<<"$program"

#!/usr/bin/env bash
#
# torchvision 0.28.0 with torch 2.13.0: the anchors of a detector take the type of the first map. Under autocast to
# bfloat16 that is bfloat16, whose numbers above 256 are whole even pixels: more than half of the smallest anchors of
# a picture of 512 x 640 move, and some overlap with themselves by 0.88 only. Nothing is said, and nothing is faster.
# The distance of a level's anchors is the picture's side divided by the map's, rounded down: a picture of 160 pixels
# has a map of 3 x 3 at stride 64, and its anchors stand 53 pixels apart.
#
# torchvision needs PyTorch's build for CUDA, some 5 GB; no GPU is needed.
#
# Seen on 2026-11-29 on an AMD EPYC with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch===2.13.0 torchvision==0.28.0 numpy==2.4.6
expect 'torch 2.13.0+cu130 torchvision 0.28.0+cu130
type of the anchors of a bfloat16 map: torch.bfloat16
anchors that moved: 55%, by up to 1 pixels
least overlap of an anchor with itself: 0.88
stride of a 3 x 3 map (stride 64) of a picture of 160 pixels: 53' <<'PYTHON'
import torch
import torchvision
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

print("torch", torch.__version__, "torchvision", torchvision.__version__)


def anchors(side, maps, dtype):
    make = AnchorGenerator(((32,),), ((0.5, 1.0, 2.0),))
    images = ImageList(torch.zeros(1, 3, *side), [side])
    return make(images, [torch.zeros(1, 256, *size, dtype=dtype) for size in maps])[0]


exact = anchors((512, 640), [(128, 160)], torch.float32)
rounded = anchors((512, 640), [(128, 160)], torch.bfloat16)
print("type of the anchors of a bfloat16 map:", rounded.dtype)
moved = (rounded.float() - exact).abs().amax(1)
print(f"anchors that moved: {(moved > 0).float().mean():.0%}, by up to {moved.max():.0f} pixels")
overlap = torch.cat(
    [box_iou(a[None], b[None])[0] for a, b in zip(exact[::97], rounded[::97].float())]
)
print(f"least overlap of an anchor with itself: {overlap.min():.2f}")
wide = anchors((160, 160), [(3, 3)], torch.float32)
print("stride of a 3 x 3 map (stride 64) of a picture of 160 pixels:", int(wide[3, 0] - wide[0, 0]))
PYTHON

"""Loads .pth files into the plain PyTorch networks of Scripts/reference_models.py, strictly.

    load_pth.py MODEL CLASSES IMAGES SIZE PLAIN FOLDED

IMAGES holds float32 [N, 3, SIZE, SIZE] as raw bytes; the logits go to PLAIN.logits and FOLDED.logits in the same form. For
FOLDED the network's convolutions take in their batch norms first (torch.nn.utils.fusion.fuse_conv_bn_eval), so that it has
the names of a folded file.
"""

import sys
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts"))
from reference_models import make  # noqa: E402

model, classes, images, size, plain, folded = sys.argv[1:]


def fuse(module):
    """Fuses what stands in a row: children of a sequence, and conv1 with bn1, conv2 with bn2 and so on."""
    children = dict(module.named_children())
    for name, child in children.items():
        fuse(child)
    names = list(children)
    for name, following in zip(names, names[1:]):
        if isinstance(children[name], nn.Conv2d) and isinstance(children[following], nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(children[name], children[following]))
            setattr(module, following, nn.Identity())


pixels = torch.from_numpy(numpy.fromfile(images, numpy.float32).reshape(-1, 3, int(size), int(size)))
for file in (plain, folded):
    network = make(model, int(classes)).eval()
    if file == folded:
        fuse(network)
    network.load_state_dict(torch.load(file, weights_only=True), strict=True)
    with torch.no_grad():
        network(pixels)[-1].numpy().astype(numpy.float32).tofile(f"{file}.logits")

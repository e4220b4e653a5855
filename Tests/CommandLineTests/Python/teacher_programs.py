"""Saves a network of Scripts/reference_models.py as programs that give (logits, [features...]).

    teacher_programs.py MODEL CLASSES WEIGHTS FOLDER

WEIGHTS is a state dict. In FOLDER come to lie:

    script.pt      TorchScript whose features are the stages before their last activation, then the pooled vector
    any.pt2        the same, compiled by AOTInductor for any number of images
    four.pt2       a small network, compiled for four images of 16 pixels alone
    graph.pt2      the same as torch.export saves it
    logits.pt      TorchScript that gives logits alone
"""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "Scripts"))
from reference_models import make  # noqa: E402


class Teacher(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        _, before, pooled, logits = self.network(images)
        return logits, [*before[1:], pooled.flatten(1)]


class Logits(Teacher):
    def forward(self, images):
        return self.network(images)[-1]


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images):
        maps = self.conv(images)
        return maps.mean((2, 3)), [maps]


model, classes, weights, folder = sys.argv[1:]
network = make(model, int(classes)).eval()
network.load_state_dict(torch.load(weights, weights_only=True), strict=True)
teacher = Teacher(network).eval()
images = torch.zeros(4, 3, 32, 32)
with torch.no_grad():
    torch.jit.trace(teacher, images).save(f"{folder}/script.pt")
    torch.jit.trace(Logits(network), images).save(f"{folder}/logits.pt")
    whole = torch.export.export(teacher, (images,), dynamic_shapes=({0: torch.export.Dim("count", min=1, max=4096)},))
    torch.export.save(whole, f"{folder}/graph.pt2")
    torch._inductor.aoti_compile_and_package(whole, package_path=f"{folder}/any.pt2")
    four = torch.export.export(Small().eval(), (torch.zeros(4, 3, 16, 16),))
    torch._inductor.aoti_compile_and_package(four, package_path=f"{folder}/four.pt2")

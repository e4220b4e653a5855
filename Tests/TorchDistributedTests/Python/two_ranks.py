"""Trains a student by ReviewKD in two Gloo processes of PyTorch, in float64, each with batch norms of its own.

    two_ranks.py FOLDER

FOLDER has numbers.json, a list of names and shapes, and numbers.bin, their float64 elements: `teacher.…`, `student.…`,
`abfs.PLACE.…` from deep to shallow, and `images.STEP` and `targets.STEP` of whole batches. Of each batch a process takes
every second image. Rank 0 writes found.json and found.bin: losses, velocities and everything that learns or normalises.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

root = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(root / "Scripts"))
from reference_models import make  # noqa: E402


class Fusion(nn.Module):
    """Figure 3(a) of the paper; the deepest one has no attention."""

    def __init__(self, width_in, middle, width_out, is_deepest):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(width_in, middle, 1, bias=False), nn.BatchNorm2d(middle))
        self.conv2 = nn.Sequential(nn.Conv2d(middle, width_out, 3, padding=1, bias=False), nn.BatchNorm2d(width_out))
        self.att_conv = None if is_deepest else nn.Sequential(nn.Conv2d(2 * middle, 2, 1), nn.Sigmoid())

    def forward(self, level, deeper):
        level = self.conv1(level)
        if self.att_conv is not None:
            deeper = F.interpolate(deeper, level.shape[2:], mode="nearest")
            maps = self.att_conv(torch.cat([level, deeper], 1))
            level = level * maps[:, 0:1] + deeper * maps[:, 1:2]
        return self.conv2(level), level


def context_loss(own, others):
    """Section 3.3: whole maps, then means over 4x4, 2x2 and 1x1 fields, each with half the weight before."""
    height, weight = own.shape[2], 1.0
    sum_, weights = F.mse_loss(own, others), 1.0
    for size in (4, 2, 1):
        if size < height:
            weight /= 2
            weights += weight
            sum_ = sum_ + weight * F.mse_loss(F.adaptive_avg_pool2d(own, size), F.adaptive_avg_pool2d(others, size))
    return sum_ / weights


def read(folder):
    elements = torch.from_numpy(numpy.fromfile(folder / "numbers.bin"))
    found, start = {}, 0
    for name, shape in json.loads((folder / "numbers.json").read_text()):
        count = int(numpy.prod(shape))
        found[name] = elements[start:start + count].reshape(shape).clone()
        start += count
    return found


def part(numbers, prefix):
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}


def work(folder, rank, settings):
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    numbers = read(folder)
    teacher, student = make(settings["teacher"], 6), make(settings["student"], 6)
    widths, middle = [16, 32, 64, 64], 64
    blocks = nn.ModuleList(Fusion(width, middle, width, place == 0) for place, width in enumerate(reversed(widths)))
    for module, prefix in ((teacher, "teacher."), (student, "student."), (blocks, "abfs.")):
        module.load_state_dict(part(numbers, prefix), strict=True)
        module.train()
    named = [(f"student.{n}", p) for n, p in student.named_parameters()]
    named += [(f"abfs.{n}", p) for n, p in blocks.named_parameters()]
    # A run keeps its learning rates in float32, whatever the networks have.
    rate = float(numpy.float32(0.05))
    optimizer = torch.optim.SGD([p for _, p in named], lr=rate, momentum=0.9, weight_decay=5e-4, nesterov=True)
    found = {}
    for step in range(3):
        images, targets = numbers[f"images.{step}"], numbers[f"targets.{step}"].long()
        own, labels = images[rank::2], targets[rank::2]
        share = len(own) / len(images)
        with torch.no_grad():
            _, before, pooled, _ = teacher(own)
        after, _, own_pooled, logits = student(own)
        levels, deeper, review = after[1:] + [own_pooled], None, 0
        guides = before[1:] + [pooled]
        for block, level, guide in zip(blocks, reversed(levels), reversed(guides)):
            output, deeper = block(level, deeper)
            review = review + context_loss(output, guide)
        task = F.cross_entropy(logits, labels)
        total = (task + settings["weights"][step] * review) * share
        optimizer.zero_grad()
        total.backward()
        sums = torch.stack([task * share, review * share, total]).detach()
        dist.all_reduce(sums)
        for parameter in (p for _, p in named):
            dist.all_reduce(parameter.grad)
        optimizer.step()
        found[f"{step} losses"] = sums
        for name, parameter in named:
            found[f"{step} velocity {name}"] = optimizer.state[parameter]["momentum_buffer"].clone()
        for module, prefix in ((teacher, "teacher."), (student, "student."), (blocks, "abfs.")):
            for name, value in module.state_dict().items():
                found[f"{step} {prefix}{name}"] = value.double().clone()
    if rank == 0:
        (folder / "found.json").write_text(json.dumps([[name, value.numel()] for name, value in found.items()]))
        torch.cat([value.reshape(-1) for value in found.values()]).numpy().tofile(folder / "found.bin")
    dist.destroy_process_group()


folder = Path(sys.argv[1])
settings = json.loads((folder / "settings.json").read_text())
if len(sys.argv) > 2:
    work(folder, int(sys.argv[2]), settings)
else:
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [
        subprocess.Popen([sys.executable, __file__, str(folder), str(rank)], env=environment) for rank in range(2)]
    ends = [rank.wait() for rank in ranks]
    if any(ends):
        raise SystemExit(f"the ranks ended with {ends}")

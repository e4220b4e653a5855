#!/usr/bin/env python3
"""Measures how far PyTorch's own bfloat16 autocast is from float64 on the golden tasks.

The networks (reference_models.py) and the method are written plainly, filled by the rule of the golden values, and
checked against the files in float64 before anything is measured. Prints the table of
`Tests/GoldenValuesTests/BFloat16Errors.swift`, by which a test sees that its own yardstick, the same networks by LibTorch's
operators on the processor at hand, is PyTorch's autocast; the other errors as comments. Needs PyTorch (2.13 was used) and ten seconds:

    python3 Scripts/measure_bfloat16_error.py Tests/Fixtures
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from reference_models import make

STEPS = 8  # first steps, each on other images: a single batch's error is a matter of luck


def hashed(key, count):
    with np.errstate(over="ignore"):
        x = np.uint64(key << 32) + np.arange(count, dtype=np.uint64)
        x += np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return torch.from_numpy((x >> np.uint64(40)).astype(np.float64) / 2**23 - 1)


def tensor(key, shape, scale=1.0):
    return (hashed(key, int(np.prod(shape))) * scale).float().reshape(shape)


def fill(state, base):
    names = sorted(name for name in state if not name.endswith("num_batches_tracked"))
    for position, name in enumerate(names):
        entry = state[name]
        value = hashed(base + position, entry.numel())
        if entry.dim() >= 2:
            value = value * (6 / (entry.numel() / entry.shape[0])) ** 0.5
        elif name.endswith("running_var"):
            value = 1 + 0.2 * value
        elif name.endswith("weight"):
            value = 1 + 0.1 * value
        else:
            value = 0.1 * value
        entry.copy_(value.float().reshape(entry.shape))


class Fusion(nn.Module):
    def __init__(self, width_in, mid, width_out, attends):
        super().__init__()
        self.conv1 = nn.Sequential(nn.Conv2d(width_in, mid, 1, bias=False), nn.BatchNorm2d(mid))
        self.conv2 = nn.Sequential(
            nn.Conv2d(mid, width_out, 3, 1, 1, bias=False), nn.BatchNorm2d(width_out)
        )
        if attends:
            self.att_conv = nn.Sequential(nn.Conv2d(2 * mid, 2, 1), nn.Sigmoid())

    def forward(self, x, deeper, size):
        x = self.conv1(x)
        if deeper is not None:
            deeper = F.interpolate(deeper, x.shape[-2:], mode="nearest")
            maps = self.att_conv(torch.cat([x, deeper], 1))
            x = x * maps[:, :1] + deeper * maps[:, 1:]
        if x.shape[-2:] != size:
            x = F.interpolate(x, size, mode="nearest")
        return self.conv2(x), x


class Pair(nn.Module):
    """ReviewKD between two networks; what is not given is as the authors have it on CIFAR-100."""

    def __init__(self, student, teacher, mid=None, preactivations=False):
        super().__init__()
        self.preactivations = preactivations
        self.student = make(student)
        widths, targets = (
            [*(x.shape[1] for x in after[1:]), pooled.shape[1]]
            for after, _, pooled, _ in (make(n)(torch.zeros(2, 3, 32, 32)) for n in (student, teacher))
        )
        levels = list(zip(widths[::-1], targets[::-1]))  # the deepest are matched
        self.abfs = nn.ModuleList(
            Fusion(a, mid or min(512, widths[-1]), b, index > 0) for index, (a, b) in enumerate(levels)
        )

    def forward(self, images, labels, teacher, weight):
        with torch.no_grad():
            _, before, pooled, _ = teacher(images)
        targets = [*before[1:], pooled]
        after, before, pooled, logits = self.student(images)
        levels = before if self.preactivations else after
        deeper, review, self.compared = None, 0.0, []
        for fusion, x, target in zip(self.abfs, [pooled, *levels[:0:-1]], targets[::-1]):
            output, deeper = fusion(x, deeper, target.shape[-2:])
            review = review + context_loss(output, target)
            self.compared.insert(0, (output, target))
        cross_entropy = F.cross_entropy(logits, labels)
        return cross_entropy, review, cross_entropy + weight * review


def context_loss(student, teacher):
    loss, share, total = F.mse_loss(student, teacher), 1.0, 1.0
    for size in (4, 2, 1):
        if size < student.shape[2]:
            share /= 2
            pooled = [F.adaptive_avg_pool2d(x, size) for x in (student, teacher)]
            loss = loss + share * F.mse_loss(*pooled)
            total += share
    return loss / total


def error(found, exact, floor=0.0):
    return (found.double() - exact).norm().item() / max(exact.norm().item(), floor)


def autocast(low):
    return torch.autocast("cpu", torch.bfloat16, enabled=low)


def network(name, base, running_stats, dtype):
    model = make(name).to(dtype)
    with torch.no_grad():
        fill(model.state_dict(), base)
        for key, values in running_stats.items():
            model.state_dict()[key].copy_(torch.tensor(values, dtype=torch.float64))
    return model.eval()


def forward_errors(golden):
    def run(low):
        dtype = torch.float32 if low else torch.float64
        model = network(golden["model"], 0, golden["running_stats"], dtype)
        images = tensor(*(golden["input"][key] for key in ("key", "shape", "scale"))).to(dtype)
        with torch.no_grad(), autocast(low):
            after, before, pooled, logits = model(images)
        return [*after, *before[1:], pooled, logits]

    exact = run(False)
    assert abs(exact[-1].norm().item() / golden["logits_summary"]["l2"] - 1) < 1e-9
    stages = range(len(golden["feats"]))
    names = [*(f"feats {i}" for i in stages), *(f"preact_feats {i}" for i in stages[1:])]
    errors = [error(low, high) for low, high in zip(run(True), exact)]
    return dict(zip([*names, "pooled", "logits"], errors))


def step_errors(golden):
    def run(low, step):
        dtype = torch.float32 if low else torch.float64
        teacher = network(golden["teacher"], 5000, golden["teacher_running_stats"], dtype)
        pair = Pair(
            golden["student"], golden["teacher"], golden.get("mid_channels"),
            golden.get("student_preactivations", False)).to(dtype)
        with torch.no_grad():
            fill(pair.state_dict(), 0)
        size = golden.get("image_size", 32)
        images = tensor(2000003 + step, (golden["batch"], 3, size, size), 1.5).to(dtype)
        labels = torch.tensor([7 * i % 100 for i in range(golden["batch"])])
        with autocast(low):
            losses = pair(images, labels, teacher, golden["weight"])
        losses[-1].backward()
        return losses, [parameter.grad.double() for parameter in pair.parameters()]

    squares = dict.fromkeys(["cross_entropy", "review", "total", "gradient", "tensors"], 0.0)
    for step in range(STEPS):
        losses, gradients = run(False, step)
        if step == 0:
            assert abs(losses[-1].item() / golden["steps"][0]["loss"] - 1) < 1e-9
        low_losses, low_gradients = run(True, step)
        whole = [torch.cat([g.flatten() for g in side]) for side in (low_gradients, gradients)]
        # A bias in front of a batch norm has no gradient but rounding.
        floor = whole[1].norm().item() / 10_000
        every = [error(low, high, floor) for low, high in zip(low_gradients, gradients)]
        found = [error(low, high) for low, high in zip(low_losses, losses)]
        found += [error(*whole), float(np.sqrt(np.mean(np.square(every))))]
        for name, value in zip(squares, found):
            squares[name] += value**2 / STEPS
    return {name: value**0.5 for name, value in squares.items()}


def main():
    torch.set_num_threads(1)
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        kind = path.name.split("-")[0]
        if kind not in ("forward", "pair"):
            continue
        golden = json.loads(path.read_text())
        errors = forward_errors(golden) if kind == "forward" else step_errors(golden)
        name = "logits" if kind == "forward" else "gradient"
        print(f'    "{path.name}": ("{name}", {errors.pop(name):.3g}),')
        print("    // " + ", ".join(f"{other} {value:.3g}" for other, value in errors.items()))


if __name__ == "__main__":
    main()

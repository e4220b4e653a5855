#!/usr/bin/env python3
"""Writes golden values of the project's own for the families that the shared ones leave out.

Computed in float64 by the plain PyTorch networks of reference_models.py, filled by the rule of the
golden values, in the form of the files `forward-MODEL.json` and `pair-TEACHER-STUDENT.json`. Needs
PyTorch and a few minutes:

    python3 Scripts/make_golden_values.py Tests/Fixtures vgg8 MobileNetV2 ShuffleV1 ShuffleV2 \\
        ResNet18 ResNet50 wrn_40_2:wrn_16_2 resnet8:vgg8 resnet8:MobileNetV2 \\
        imagenet-ResNet34 imagenet-ResNet50 imagenet-ResNet101 imagenet-MobileNetV1 \\
        imagenet-ResNet34:imagenet-ResNet18 imagenet-ResNet50:imagenet-MobileNetV1
"""

import json
import pathlib
import sys

import torch

from measure_bfloat16_error import Pair, fill, hashed, tensor
from reference_models import make

# The size of images of the networks that are made for larger ones, so that maps have odd sizes, too.
SIZES = {"imagenet-MobileNetV1": 224, "imagenet-ResNet34": 112}

# As the authors have it on ImageNet. The maps are 28, 14, 7 and 4, or 24, 12, 6 and 3 pixels high.
PAIRS = {
    "imagenet-ResNet34:imagenet-ResNet18": {
        "weight": 1.0, "batch": 4, "image_size": 112, "student_preactivations": True,
        "mid_channels": 512,
    },
    "imagenet-ResNet50:imagenet-MobileNetV1": {
        "weight": 8.0, "batch": 4, "image_size": 96, "student_preactivations": True,
        "mid_channels": 256,
    },
}


def input_of(name):
    size = SIZES.get(name, 96 if name.startswith("imagenet-") else 32)
    return {"key": 1000003, "shape": [2, 3, size, size], "scale": 1.5}


def short(value):
    """Statistics of few decimals, so that those of large networks are no large files."""
    return [float(f"{x:.2g}") for x in value.tolist()]


def summary(value):
    flat = value.reshape(-1)
    return {
        "shape": list(value.shape),
        "absmean": flat.abs().mean().item(),
        "l2": flat.norm().item(),
        "dot": (flat @ hashed(9, flat.numel())).item(),
        "first": flat[:8].tolist(),
    }


def trained(name, base, given):
    """A network whose activations are of size 1, as in a trained one, and its running statistics."""
    model = make(name)
    images = tensor(given["key"], given["shape"], given["scale"])
    statistics = {}
    with torch.no_grad():
        fill(model.state_dict(), base)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 1.0
        model(images)
        for key, value in model.state_dict().items():
            if "running_" in key:
                # So that the file's decimals are few; those of bfloat16 numbers are exact.
                is_large = name.startswith("imagenet-")
                statistics[key] = short(value) if is_large else value.bfloat16().tolist()
        model.double()
        for key, value in statistics.items():
            model.state_dict()[key].copy_(torch.tensor(value, dtype=torch.float64))
    return model.eval(), statistics


def forward(name):
    given = input_of(name)
    model, statistics = trained(name, 0, given)
    images = tensor(given["key"], given["shape"], given["scale"])
    with torch.no_grad():
        after, before, pooled, logits = model(images.double())
    return {
        "model": name, "running_stats": statistics, "input": given,
        "feats": [summary(x) for x in after], "preact_feats": [summary(x) for x in before],
        "pooled": summary(pooled.flatten(1)), "logits_summary": summary(logits),
        "logits": logits[:, :10].tolist(),
    }


def pair(teacher_name, student_name, steps=3):
    settings = PAIRS.get(f"{teacher_name}:{student_name}", {})
    weight, batch, size = (
        settings.get(key, usual)
        for key, usual in (("weight", 5.0), ("batch", 8), ("image_size", 32)))
    given = {**input_of(teacher_name), "shape": [2, 3, size, size]}
    teacher, statistics = trained(teacher_name, 5000, given)
    model = Pair(
        student_name, teacher_name, settings.get("mid_channels"),
        settings.get("student_preactivations", False)).double()
    with torch.no_grad():
        fill(model.state_dict(), 0)
    options = {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    optimizer = torch.optim.SGD(model.parameters(), **options)
    labels = torch.tensor([7 * i % 100 for i in range(batch)])
    recorded = []
    for index in range(steps):
        images = tensor(2000003 + index, (batch, 3, size, size), 1.5).double()
        optimizer.zero_grad()
        cross_entropy, review, loss = model(images, labels, teacher, weight)
        loss.backward()
        step = {
            "ce": cross_entropy.item(), "hcl": review.item(), "loss": loss.item(),
            "review": [summary(a.detach()) for a, _ in model.compared],
            "teacher": [summary(b) for _, b in model.compared],
        }
        if index == 0:
            step["grad_l2"] = {k: p.grad.norm().item() for k, p in model.named_parameters()}
        optimizer.step()
        recorded.append(step)
    after = {
        key: summary(value) for key, value in model.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    return {
        "student": student_name, "teacher": teacher_name, "teacher_running_stats": statistics,
        "weight": weight, "optimizer": options, "batch": batch, **settings, "steps": recorded,
        "after": after,
    }


def main():
    torch.set_num_threads(1)
    for name in sys.argv[2:]:
        kind = "pair" if ":" in name else "forward"
        values = pair(*name.split(":")) if kind == "pair" else forward(name)
        path = pathlib.Path(sys.argv[1]) / f"{kind}-{name.replace(':', '-')}.json"
        is_large = "imagenet-" in name
        path.write_text(json.dumps(values, separators=(",", ":") if is_large else None) + "\n")
        print(path)


if __name__ == "__main__":
    main()

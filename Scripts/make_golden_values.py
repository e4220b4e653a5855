#!/usr/bin/env python3
"""Writes golden values of the project's own for the families that the shared ones leave out.

Computed in float64 by the plain PyTorch networks of reference_models.py, filled by the rule of the
golden values, in the form of the files `forward-MODEL.json` and `pair-TEACHER-STUDENT.json`. Needs
PyTorch and a minute:

    python3 Scripts/make_golden_values.py Tests/Fixtures vgg8 MobileNetV2 ShuffleV1 ShuffleV2 \\
        ResNet18 ResNet50 wrn_40_2:wrn_16_2 resnet8:vgg8 resnet8:MobileNetV2
"""

import json
import pathlib
import sys

import torch

from measure_bfloat16_error import Pair, fill, hashed, tensor
from reference_models import make

INPUT = {"key": 1000003, "shape": [2, 3, 32, 32], "scale": 1.5}


def summary(value):
    flat = value.reshape(-1)
    return {
        "shape": list(value.shape),
        "absmean": flat.abs().mean().item(),
        "l2": flat.norm().item(),
        "dot": (flat @ hashed(9, flat.numel())).item(),
        "first": flat[:8].tolist(),
    }


def trained(name, base):
    """A network whose activations are of size 1, as in a trained one, and its running statistics."""
    model = make(name)
    images = tensor(INPUT["key"], INPUT["shape"], INPUT["scale"])
    statistics = {}
    with torch.no_grad():
        fill(model.state_dict(), base)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 1.0
        model(images)
        for key, value in model.state_dict().items():
            if "running_" in key:
                value.copy_(value.bfloat16())  # so that the file's decimals are few and exact
                statistics[key] = value.tolist()
    return model.double().eval(), statistics


def forward(name):
    model, statistics = trained(name, 0)
    images = tensor(INPUT["key"], INPUT["shape"], INPUT["scale"])
    with torch.no_grad():
        after, before, pooled, logits = model(images.double())
    return {
        "model": name, "running_stats": statistics, "input": INPUT,
        "feats": [summary(x) for x in after], "preact_feats": [summary(x) for x in before],
        "pooled": summary(pooled.flatten(1)), "logits_summary": summary(logits),
        "logits": logits[:, :10].tolist(),
    }


def pair(teacher_name, student_name, weight=5.0, batch=8, steps=3):
    teacher, statistics = trained(teacher_name, 5000)
    model = Pair(student_name, teacher_name).double()
    with torch.no_grad():
        fill(model.state_dict(), 0)
    options = {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    optimizer = torch.optim.SGD(model.parameters(), **options)
    labels = torch.tensor([7 * i % 100 for i in range(batch)])
    recorded = []
    for index in range(steps):
        images = tensor(2000003 + index, (batch, 3, 32, 32), 1.5).double()
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
        "weight": weight, "optimizer": options, "batch": batch, "steps": recorded, "after": after,
    }


def main():
    torch.set_num_threads(1)
    for name in sys.argv[2:]:
        kind = "pair" if ":" in name else "forward"
        values = pair(*name.split(":")) if kind == "pair" else forward(name)
        path = pathlib.Path(sys.argv[1]) / f"{kind}-{name.replace(':', '-')}.json"
        path.write_text(json.dumps(values) + "\n")
        print(path)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes golden values of the terms that are added to ReviewKD, from their published formulas in float64.

Needs torch and NumPy. `.venv-export` has them (`Scripts/export_environment.sh`):

    .venv-export/bin/python Scripts/make_term_values.py > Tests/Fixtures/unit-additions.json

Inputs and summaries are those of the other golden values: `hashed(key, count) * scale`, row major, as float32.
"""

import json
import math

import torch
import torch.nn.functional as F

from make_golden_values import summary
from measure_bfloat16_error import tensor

def case(method, inputs, parameters, formula):
    """One case: the formula's value and its gradient for the input `student`."""
    tensors = {name: tensor(*filled).double() for name, filled in inputs.items()}
    tensors["student"].requires_grad_(True)
    loss = formula(tensors, parameters)
    loss.backward()
    return {
        "method": method,
        "inputs": {
            name: {"key": key, "shape": shape, "scale": scale}
            for name, (key, shape, scale) in inputs.items()
        },
        "parameters": parameters,
        "loss": loss.item(),
        "grad_student": summary(tensors["student"].grad.detach()),
    }


def divergence(student, teacher, temperature):
    """Hinton's term: T² times the mean over images of KL(teacher ‖ student)."""
    target = F.softmax(teacher / temperature, dim=1)
    prediction = F.log_softmax(student / temperature, dim=1)
    return F.kl_div(prediction, target, reduction="batchmean") * temperature**2


def standardized(tensors, parameters):
    """Sun et al. 2024: Hinton's term of z-scores, with the sample's deviation."""

    def scores(logits):
        deviation, mean = torch.std_mean(logits, dim=1, correction=1, keepdim=True)
        return (logits - mean) / (deviation + 1e-7)

    return divergence(
        scores(tensors["student"]), scores(tensors["teacher"]), parameters["temperature"]
    )


def multi_level(tensors, parameters):
    """Jin et al. 2023 for one view, with the masks as the factor that they are in the published program."""
    student, teacher = tensors["student"], tensors["teacher"]
    images, classes = student.shape
    confidence = F.softmax(teacher, dim=1)

    def share(values):
        return (values <= values.quantile(0.5)).double().mean()

    of_images, of_classes = share(confidence.amax(1)), share(confidence.sum(0))
    total = 0
    for temperature in [parameters["temperature"], 2.0, 3.0, 5.0, 6.0]:
        own = F.softmax(student / temperature, dim=1)
        goal = F.softmax(teacher / temperature, dim=1)
        total = total + of_images * divergence(student, teacher, temperature)
        total = total + of_classes * (goal.T @ goal - own.T @ own).square().sum() / classes
        total = total + of_images * (goal @ goal.T - own @ own.T).square().sum() / images
    return total


def norm_and_direction(tensors, parameters):
    """Wang et al. 2023, image by image as in the published program."""
    total = 0
    rows = zip(tensors["student"], tensors["teacher"], tensors["means"])
    for student, teacher, mean in rows:
        longer = max(student.norm(), teacher.norm())
        total = total + 1 - student @ (mean / mean.norm()) / longer
    return total / len(tensors["student"])


def entropy_weighted(tensors, parameters):
    """Su et al. 2025: each term of the hierarchical context loss with a weight for each image."""
    temperature = parameters["temperature"]

    def entropy(logits):
        return torch.distributions.Categorical(logits=logits / temperature).entropy()

    unsure = entropy(tensors["teacher_logits"])
    most = math.log(tensors["student_logits"].shape[1])
    weights = (unsure + unsure * entropy(tensors["student_logits"]) / most) / 2

    def distance(student, teacher):
        return (weights * (student - teacher).square().flatten(1).mean(1)).mean()

    student, teacher = tensors["student"], tensors["teacher"]
    total, share, shares = distance(student, teacher), 1.0, 1.0
    for size in [4, 2, 1]:
        if size >= student.shape[2]:
            continue
        share /= 2
        shares += share
        pooled = [F.adaptive_avg_pool2d(maps, size) for maps in (student, teacher)]
        total = total + share * distance(*pooled)
    return total / shares


def main():
    logits = {"student": (9030, [8, 10], 4.0), "teacher": (9031, [8, 10], 6.0)}
    other_logits = {"student": (9032, [6, 20], 5.0), "teacher": (9033, [6, 20], 3.0)}
    # The student's features are longer than the teacher's in the second case, shorter in the third.
    features = [
        {"student": (9034, [6, 16], s), "teacher": (9035, [6, 16], t), "means": (9036, [6, 16], 1.0)}
        for s, t in [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)]
    ]
    cases = [
        case("kd_standardize", logits, {"temperature": 2.0}, standardized),
        case("kd_standardize", other_logits, {"temperature": 4.0}, standardized),
        case("mlkd", logits, {"temperature": 4.0}, multi_level),
        case("mlkd", other_logits, {"temperature": 4.0}, multi_level),
    ]
    cases += [case("nd", inputs, {}, norm_and_direction) for inputs in features]
    for key, shape in [(9040, [3, 5, 8, 8]), (9050, [3, 5, 7, 7]), (9060, [4, 6, 1, 1])]:
        inputs = {
            "student": (key, shape, 1.0),
            "teacher": (key + 1, shape, 1.0),
            "student_logits": (key + 2, [shape[0], 10], 6.0),
            "teacher_logits": (key + 3, [shape[0], 10], 8.0),
        }
        cases.append(case("review_ea", inputs, {"temperature": 3.0}, entropy_weighted))
    print(json.dumps({"cases": cases}, indent=1))


main()

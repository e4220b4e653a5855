#!/usr/bin/env python3
"""Writes golden values of operations of detection that the files of detectron2 do not cover.

    python detection_values.py > operations.json

Everything is written down from the definitions, without our code and without detectron2's: RoIAlign sample by sample in
numpy, masks pasted by PyTorch's `grid_sample`, losses by PyTorch's functional losses with its gradients. All in float64.
Made with PyTorch 2.13.0+cpu and numpy 2.4.6. Inputs follow the fill rule of the golden values (`hashed`).
"""

import json
import math
import sys

import numpy as np
import torch
from torch.nn import functional as F

WORDS = np.uint64


def hashed(key, count):
    x = (WORDS(key) << WORDS(32)) + np.arange(count, dtype=WORDS) + WORDS(0x9E3779B97F4A7C15)
    x = (x ^ (x >> WORDS(30))) * WORDS(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> WORDS(27))) * WORDS(0x94D049BB133111EB)
    x = x ^ (x >> WORDS(31))
    return (x >> WORDS(40)).astype(np.float64) / 2**23 - 1


def filled(key, shape, scale=1.0):
    """The description of a tensor and the tensor."""
    values = (hashed(key, math.prod(shape)) * scale).astype(np.float32).astype(np.float64)
    return {"key": key, "shape": list(shape), "scale": scale}, values.reshape(shape)


def summary(values):
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    return {
        "shape": list(np.shape(values)),
        "absmean": float(np.abs(flat).mean()),
        "l2": float(np.sqrt((flat * flat).sum())),
        "dot": float((flat * hashed(9, flat.size)).sum()),
        "first": flat[:8].tolist(),
    }


def boxes(key, count, size=100.0):
    """Boxes of some pixels around places of a picture, with four decimals."""
    u = (hashed(key, 4 * count).reshape(count, 4) + 1) / 2
    sides = 4 + 40 * u[:, 2:]
    corner = u[:, :2] * size - sides / 2
    return np.round(np.concatenate([corner, corner + sides], axis=1), 4)


# ------------------------------------------------------------------------------------ regions


def taps(at, places):
    """The places that a sample lies between, with their shares."""
    if at < -1 or at > places:
        return []
    at = max(at, 0)
    low = int(at)
    if low >= places - 1:
        return [(places - 1, 1.0)]
    return [(low, 1 - (at - low)), (low + 1, at - low)]


def shares(box, height, width, bins, scale, ratio, aligned):
    """What each place of a map counts in each bin: [rows, columns, height, width]."""
    left, top, right, bottom = (side * scale - (0.5 if aligned else 0) for side in box)
    across, down = right - left, bottom - top
    if not aligned:
        across, down = max(across, 1), max(down, 1)
    high, wide = down / bins[0], across / bins[1]
    rows, columns = ratio or math.ceil(high), ratio or math.ceil(wide)
    found = np.zeros((*bins, height, width))
    for i in range(bins[0]):
        for j in range(bins[1]):
            for a in range(rows):
                for b in range(columns):
                    for y, of_row in taps(top + (i + (a + 0.5) / rows) * high, height):
                        for x, of_column in taps(left + (j + (b + 0.5) / columns) * wide, width):
                            found[i, j, y, x] += of_row * of_column / (rows * columns)
    return found


def region_case(name, key, shape, bins, scale, ratio, aligned, rois):
    given, values = filled(key, shape)
    probe, weights = filled(key + 1, (len(rois), shape[1], *bins))
    pooled, gradient = [], np.zeros_like(values)
    for number, (image, *box) in enumerate(rois):
        share = shares(box, shape[2], shape[3], bins, scale, ratio, aligned)
        pooled.append(np.einsum("cyx,ijyx->cij", values[image], share))
        gradient[image] += np.einsum("cij,ijyx->cyx", weights[number], share)
    return {
        "name": name, "map": given, "output_size": list(bins), "spatial_scale": scale,
        "sampling_ratio": ratio, "aligned": aligned, "rois": rois,
        "pooled": [summary(one) for one in pooled], "probe": probe, "gradient": summary(gradient),
    }


def regions():
    rois = [
        [0, 1.5, 2.25, 20.0, 30.5], [1, -9, -7, 60, 70], [1, 10, 10, 11, 10.5], [0, 30, 30, 12, 8],
        [1, 5, 5, 5, 25], [0, 200, 200, 300, 300], [0, -1000, 12, 4000, 20],
    ]
    return [
        region_case("two samples a bin", 51000, (2, 19, 13, 17), (3, 5), 0.5, 2, True, rois),
        region_case("three samples, not aligned", 51010, (2, 67, 9, 8), (2, 2), 0.25, 3, False, rois),
        region_case("as many as there are, not aligned", 51020, (2, 16, 11, 12), (4, 3), 0.25, 0, False, rois),
        region_case("one channel", 51030, (2, 1, 13, 17), (7, 7), 0.5, 0, True, rois),
        region_case("a map of one place", 51040, (2, 80, 1, 1), (2, 3), 0.03125, 0, True, rois),
    ]


# ------------------------------------------------------------------------------------- losses


def encode(targets, sources, weights):
    wide, high = sources[:, 2] - sources[:, 0], sources[:, 3] - sources[:, 1]
    x = (targets[:, 0] + targets[:, 2] - sources[:, 0] - sources[:, 2]) / 2
    y = (targets[:, 1] + targets[:, 3] - sources[:, 1] - sources[:, 3]) / 2
    return np.stack([
        weights[0] * x / wide, weights[1] * y / high,
        weights[2] * np.log((targets[:, 2] - targets[:, 0]) / wide),
        weights[3] * np.log((targets[:, 3] - targets[:, 1]) / high),
    ], axis=1)


def distance(found, targets, beta):
    difference = (found - torch.tensor(targets)).abs()
    if beta == 0:
        return difference.sum()
    return torch.where(difference < beta, difference**2 / (2 * beta), difference - beta / 2).sum()


def proposal_case(beta, size, samples):
    anchors = boxes(52000, 40)
    given_logits, logits = filled(52001, (len(samples), 40), 3.0)
    given_deltas, deltas = filled(52002, (len(samples), 40, 4), 0.8)
    logits = torch.tensor(logits, requires_grad=True)
    deltas = torch.tensor(deltas, requires_grad=True)
    of_class, of_box = logits.sum() * 0, deltas.sum() * 0
    for image, (positives, negatives) in enumerate(samples):
        drawn = logits[image, positives + negatives]
        targets = torch.tensor([1.0] * len(positives) + [0.0] * len(negatives), dtype=torch.float64)
        of_class = of_class + F.binary_cross_entropy_with_logits(drawn, targets, reduction="sum")
        truths = boxes(52010 + image, 40)[positives]
        if positives:
            of_box = of_box + distance(
                deltas[image, positives], encode(truths, anchors[positives], (1, 1, 1, 1)), beta)
    of_class, of_box = of_class / (size * len(samples)), of_box / (size * len(samples))
    (of_class + of_box).backward()
    return {
        "anchors": anchors.tolist(), "logits": given_logits, "deltas": given_deltas, "beta": beta,
        "batch_size_per_image": size,
        "samples": [
            {"positives": p, "negatives": n, "truths": boxes(52010 + i, 40)[p].tolist()}
            for i, (p, n) in enumerate(samples)
        ],
        "classification": of_class.item(), "box": of_box.item(),
        "logits_gradient": summary(logits.grad), "deltas_gradient": summary(deltas.grad),
    }


def box_head_case(classes, count, agnostic, beta):
    rows = len(classes)
    given_logits, logits = filled(53001, (rows, count + 1), 4.0)
    given_deltas, deltas = filled(53002, (rows, 4 if agnostic else 4 * count), 1.5)
    proposals, truths = boxes(53003, rows), boxes(53004, rows)
    logits = torch.tensor(logits, requires_grad=True)
    deltas = torch.tensor(deltas, requires_grad=True)
    of_class = F.cross_entropy(logits, torch.tensor(classes)) if rows else logits.sum() * 0
    of_box = deltas.sum() * 0
    for row, kind in enumerate(classes):
        if kind == count:
            continue
        start = 0 if agnostic else 4 * kind
        target = encode(truths[row : row + 1], proposals[row : row + 1], (10, 10, 5, 5))[0]
        of_box = of_box + distance(deltas[row, start : start + 4], target, beta)
    of_box = of_box / max(rows, 1)
    (of_class + of_box).backward()
    return {
        "classes": classes, "class_count": count, "beta": beta, "logits": given_logits,
        "deltas": given_deltas, "proposals": proposals.tolist(), "truths": truths.tolist(),
        "class": of_class.item(), "box": of_box.item(), "logits_gradient": summary(logits.grad),
        "deltas_gradient": summary(deltas.grad),
    }


def mask_case():
    given, logits = filled(54001, (4, 1, 6, 6), 3.0)
    targets = hashed(54002, 4 * 36).reshape(4, 6, 6) > 0.2
    logits = torch.tensor(logits, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logits[:, 0], torch.tensor(targets, dtype=torch.float64))
    loss.backward()
    return {
        "logits": given, "targets": "hashed(54002, 144) > 0.2", "loss": loss.item(),
        "gradient": summary(logits.grad),
    }


def focal_case(alpha, gamma):
    given, logits = filled(55001, (12, 5), 6.0)
    classes = [0, 5, 5, 3, -1, 4, 5, -1, 2, 2, 5, 1]
    logits = torch.tensor(logits, requires_grad=True)
    loss = torch.zeros((), dtype=torch.float64)
    for row, kind in enumerate(classes):
        if kind < 0:
            continue
        for column in range(5):
            p = torch.sigmoid(logits[row, column])
            right = p if column == kind else 1 - p
            weight = 1 if alpha < 0 else alpha if column == kind else 1 - alpha
            loss = loss - weight * (1 - right) ** gamma * torch.log(right)
    loss.backward()
    return {
        "logits": given, "classes": classes, "alpha": alpha, "gamma": gamma, "loss": loss.item(),
        "gradient": summary(logits.grad),
    }


# -------------------------------------------------------------------------------------- masks


def paste_case(size, threshold, places, given, masks):
    height, width = size
    rows = []
    for mask, box in zip(masks, places):
        left, top, right, bottom = box
        y = (np.arange(height) + 0.5 - top) / (bottom - top) * 2 - 1
        x = (np.arange(width) + 0.5 - left) / (right - left) * 2 - 1
        grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=2)
        found = F.grid_sample(
            torch.tensor(mask)[None, None], torch.tensor(grid)[None], align_corners=False)[0, 0]
        rows.append(["".join("01"[int(v)] for v in row) for row in (found >= threshold)])
    return {
        "size": list(size), "threshold": threshold, "boxes": [list(box) for box in places],
        "masks": given, "rows": rows,
    }


def pasting():
    places = [
        [3.25, 2.5, 20.75, 19.0], [-8.5, -3.2, 12.1, 9.4], [25.3, 17.7, 44.0, 33.3],
        [10.2, 10.1, 10.9, 10.6], [-40.0, -50.0, 70.0, 66.0], [100.0, 100.0, 120.0, 120.0],
    ]
    found = []
    for threshold in (0.5, 0.3, 0.9):
        given, values = filled(56000, (len(places), 28, 28), 0.5)
        given["offset"] = 0.5
        found.append(paste_case((24, 30), threshold, places, given, values + 0.5))
    edges = [[4.0, 5.0, 12.0, 15.0], [4.5, 5.5, 12.5, 15.5]]
    ones = {"value": 1, "shape": [2, 28, 28]}
    found.append(paste_case((20, 18), 0.5, edges, ones, np.ones((2, 28, 28))))
    return found


def rescaling():
    given = [[10.5, 20.25, 300.75, 410.5], [-5, 3, 20, 30], [600, 390, 700, 500]]
    size, original = (400, 640), (333, 500)
    y, x = original[0] / size[0], original[1] / size[1]
    rescaled = [
        [min(max(v * f, 0), limit) for v, f, limit in zip(box, (x, y, x, y), (500, 333, 500, 333))]
        for box in given
    ]
    return {"boxes": given, "size": size, "original": original, "rescaled": rescaled}


def main():
    samples = [([3, 7, 21], [0, 1, 2, 30, 39]), ([], [5, 6, 7, 8])]
    classes = [0, 4, 2, 2, 4, 1, 3, 4, 0]
    values = {
        "regions": regions(),
        "proposals": [
            proposal_case(0.0, 256, samples), proposal_case(0.4, 16, samples[::-1]),
            proposal_case(0.0, 8, [([], []), ([], [])]),
        ],
        "box_head": [
            box_head_case(classes, 4, False, 0.0), box_head_case(classes, 4, True, 0.5),
            box_head_case([0, 1, 1, 0], 1, False, 0.1), box_head_case([4, 4], 4, False, 0.0),
        ],
        "mask": mask_case(),
        "focal": [focal_case(0.25, 2.0), focal_case(-1, 1.5)],
        "paste": pasting(),
        "rescaled": rescaling(),
    }
    json.dump(values, sys.stdout)
    print()


main()

#!/usr/bin/env python3
"""Compares `reviewkd coco evaluate` with pycocotools on random data sets.

    python3 -m venv venv && venv/bin/pip install pycocotools==2.0.11 numpy==2.4.6
    venv/bin/python compare_with_pycocotools.py [--tool '.build/release/reviewkd coco evaluate'] [--count 500] [--seed 0] [--keep DIR]

Each data set has some of: equal scores, crowd regions, more than 100 results of a class in an image, areas at the borders of
the ranges, ids that are 0, repeat or are strings, images and categories that are not listed, scores and boxes that are no
numbers, sizes of zero and below; masks as polygons, plain and packed runs, with and without boxes.

All twelve figures have to agree to 1e-12. Where pycocotools raises an exception, the tool has to end with status 1 and one sentence.
Data sets that differ are named, kept where --keep says so, and the script ends with status 1.
"""

import argparse
import contextlib
import io
import json
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def packed(pixels):
    runs = masks.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": [int(side) for side in runs["size"]], "counts": runs["counts"].decode()}


def plain(pixels):
    counts, current, length = [], 0, 0
    for pixel in pixels.flatten(order="F"):
        if pixel != current:
            counts.append(length)
            current, length = pixel, 0
        length += 1
    return {"size": list(pixels.shape), "counts": [int(count) for count in [*counts, length]]}


class Maker:
    """Makes one data set of a seed."""

    def __init__(self, seed, type_):
        self.random = random.Random(f"{seed} {type_}")
        self.type = type_
        pick = self.random.random
        self.width, self.height = self.random.choice([(60, 45), (150, 110), (400, 300), (640, 480)])
        if type_ == "segm":
            self.width, self.height = self.random.choice([(20, 15), (60, 45), (150, 110)])
        self.ties = pick() < 0.5
        self.crowds = self.random.choice([0, 0, 0.1, 0.4])
        self.string_ids = pick() < 0.1
        self.odd = pick() < 0.25
        self.image_count = self.random.choice([1, 2, 5, 12])
        self.class_count = self.random.choice([1, 1, 3, 6])
        self.many = pick() < 0.15

    def box(self):
        kind = self.random.random()
        if kind < 0.15:
            side = self.random.choice([32, 96, 10])
            return [float(self.random.randint(0, 40)), float(self.random.randint(0, 40)), float(side), float(side)]
        x, y = self.random.uniform(-5, self.width - 2), self.random.uniform(-5, self.height - 2)
        box = [x, y, self.random.uniform(1, self.width - x), self.random.uniform(1, self.height - y)]
        if self.odd and kind > 0.97:
            box[2] = self.random.choice([0, -3.5, -box[2]])
        return [round(number, 2) for number in box]

    def near(self, box):
        if self.random.random() < 0.2:
            return list(box)
        shake = self.random.choice([0.02, 0.1, 0.3])
        return [round(number + self.random.uniform(-shake, shake) * max(abs(box[2 + i % 2]), 1), 2) for i, number in enumerate(box)]

    def pixels(self, box):
        pixels = np.zeros((self.height, self.width), dtype=np.uint8)
        x, y, w, h = (int(max(0, number)) for number in box)
        pixels[y : y + h, x : x + w] = 1
        if self.random.random() < 0.7:
            noise = np.random.default_rng(self.random.randint(0, 1 << 30)).random(pixels.shape)
            pixels[noise < 0.1] = 0
        return pixels

    def polygon(self, box):
        x, y, w, h = box
        points = [(x, y), (x + w, y), (x + w, y + h), (x + 0.5 * w, y + 0.7 * h), (x, y + h)]
        jitter = self.random.choice([0, 1.5])
        return [round(number + self.random.uniform(-jitter, jitter), 2) for point in points for number in point]

    def segmentation(self, box, forms):
        form = self.random.choice(forms)
        if form == "polygon":
            parts = [self.polygon(box)]
            if self.random.random() < 0.2:
                parts.append(self.polygon([box[0] + box[2] / 2, box[1], box[2] / 2, box[3]]))
            if self.random.random() < 0.05:
                parts.append([1, 2, 3, 4])
            return parts
        return packed(self.pixels(box)) if form == "packed" else plain(self.pixels(box))

    def make(self):
        truths = {"images": [], "categories": [], "annotations": []}
        image_ids = list(range(1, self.image_count + 1))
        if self.odd:
            image_ids = [7 * number for number in image_ids]
        if self.string_ids:
            image_ids = [str(number) for number in image_ids]
        truths["images"] = [{"id": i, "width": self.width, "height": self.height} for i in image_ids]
        self.random.shuffle(truths["images"])
        category_ids = self.random.sample(range(1, 90), self.class_count)
        truths["categories"] = [{"id": c, "name": f"c{c}"} for c in category_ids]
        count = self.random.choice([0, 1, 5, 20, 60])
        for number in range(count):
            box = self.box()
            is_crowd = self.random.random() < self.crowds
            area = self.random.choice([box[2] * box[3], box[2] * box[3] * 0.6, 1024, 9216]) if self.random.random() < 0.9 else 0
            truth = {
                "id": number + 1,
                "image_id": self.random.choice(image_ids),
                "category_id": self.random.choice(category_ids),
                "bbox": box,
                "area": area,
                "iscrowd": int(is_crowd),
            }
            if self.type == "segm":
                truth["segmentation"] = self.segmentation(box, ["packed", "plain"] if is_crowd else ["polygon", "polygon", "packed", "plain"])
            truths["annotations"].append(truth)
        if self.odd:
            self.spoil(truths)
        return truths, self.results(truths, image_ids, category_ids)

    def spoil(self, truths):
        annotations = truths["annotations"]
        for _ in range(self.random.randint(0, 3)):
            if not annotations:
                return
            one = self.random.choice(annotations)
            kind = self.random.randint(0, 7)
            if kind == 0:
                one["id"] = 0
            elif kind == 1:
                one["id"] = self.random.choice(annotations)["id"]
            elif kind == 2:
                one["category_id"] = 4711
            elif kind == 3:
                one["image_id"] = "nowhere" if self.string_ids else 4711
            elif kind == 4:
                one["id"] = self.random.choice([-5, 0.5, 2**60 + 1, "7", "0"])
            elif kind == 5:
                one["area"] = self.random.choice([-1, 1e10 + 1, 1e10, float("nan")])
            elif kind == 6:
                one["iscrowd"] = self.random.choice([True, False, 2])
            else:
                truths["images"].append(dict(truths["images"][0]))

    def score(self):
        if self.odd and self.random.random() < 0.03:
            return self.random.choice([float("nan"), float("inf"), -1.0, 3, 0.0, -0.0])
        return self.random.choice([0.1, 0.5, 0.9]) if self.ties else round(self.random.random(), 4)

    def results(self, truths, image_ids, category_ids):
        has_boxes = self.type == "bbox" or self.random.random() < 0.5
        forms = self.random.choice([["packed"], ["packed", "plain", "polygon"], [None]]) if has_boxes else ["packed"]
        results = []

        def add(image, category, box):
            result = {"image_id": image, "category_id": category, "score": self.score()}
            if has_boxes:
                result["bbox"] = box
            if self.type == "segm" and forms != [None] and not (has_boxes and self.random.random() < 0.1):
                result["segmentation"] = self.segmentation(box, forms)
            results.append(result)

        for truth in truths["annotations"]:
            image = truth["image_id"] if truth["image_id"] in image_ids else image_ids[0]
            category = truth["category_id"]
            for _ in range(self.random.choice([0, 1, 1, 2])):
                if self.random.random() < 0.1:
                    category = self.random.choice(category_ids)
                add(image, category, self.near(truth["bbox"]))
        for _ in range(self.random.choice([1, 5, 30])):
            add(self.random.choice(image_ids), self.random.choice(category_ids), self.box())
        if self.many:
            for _ in range(self.random.choice([101, 150])):
                add(image_ids[0], category_ids[0], self.box())
        if self.odd:
            for _ in range(self.random.randint(0, 2)):
                one = self.random.choice(results)
                kind = self.random.randint(0, 3)
                if kind == 0:
                    one["category_id"] = 9999
                elif kind == 1 and has_boxes and self.type == "bbox":
                    one["bbox"] = self.random.choice([[float("nan")] * 4, [float("nan"), 1, 5, 5], [1, 1, float("nan"), 5], [1, 1, float("inf"), 5]])
                elif kind == 2:
                    one["category_id"] = float(one["category_id"])
        self.random.shuffle(results)
        return results


def expected(folder, type_):
    """pycocotools' figures, or its exception."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            truths = COCO(str(folder / "gt.json"))
            evaluation = COCOeval(truths, truths.loadRes(str(folder / "dt.json")), type_)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return [float(number) for number in evaluation.stats]


def found(folder, type_, tool):
    command = [*tool, "--annotations", str(folder / "gt.json"), "--results", str(folder / "dt.json"), "--type", type_, "--json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        figures = json.loads(run.stdout)
        return [figures[name] for name in NAMES]
    return f"status {run.returncode}: {run.stderr.strip()}"


def agree(expected, found):
    if isinstance(expected, str) or isinstance(found, str):
        return isinstance(expected, str) and isinstance(found, str) and found.startswith("status 1: Error: ")
    return all(abs(one - other) <= 1e-12 for one, other in zip(expected, found))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default=".build/release/reviewkd coco evaluate")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    tool = shlex.split(options.tool)
    counts = {"figures": 0, "exceptions": 0, "different": 0}
    largest = 0.0
    for number in range(options.seed, options.seed + options.count):
        type_ = "segm" if number % 3 == 0 else "bbox"
        truths, results = Maker(number, type_).make()
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            if options.keep:
                folder = options.keep / str(number)
                folder.mkdir(parents=True, exist_ok=True)
            (folder / "gt.json").write_text(json.dumps(truths))
            (folder / "dt.json").write_text(json.dumps(results))
            wanted, got = expected(folder, type_), found(folder, type_, tool)
        if not agree(wanted, got):
            counts["different"] += 1
            print(f"{number} {type_}:\n  pycocotools {wanted}\n  the tool    {got}")
        elif isinstance(wanted, str):
            counts["exceptions"] += 1
        else:
            counts["figures"] += 1
            largest = max([largest, *(abs(one - other) for one, other in zip(wanted, got))])
    print(", ".join(f"{count} {name}" for name, count in counts.items()) + f"; largest difference {largest:.2g}")
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())

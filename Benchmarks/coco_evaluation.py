#!/usr/bin/env python3
"""Times `reviewkd coco evaluate` beside pycocotools, faster-coco-eval and hotcoco, whole processes in turn.

    python3 -m venv .venv-coco
    .venv-coco/bin/pip install pycocotools==2.0.11 numpy==2.4.6 faster-coco-eval==1.8.0 hotcoco==1.3.0
    swift build -c release --product reviewkd
    .venv-coco/bin/python Benchmarks/coco_evaluation.py [--data DIR] [--rounds 5] [--types bbox,segm] [--json FILE]

The data are made from a seed: 5,000 images with 36,000 objects of 80 categories and 100,000 results. Sizes are spread as
COCO's are, objects have polygons (crowd regions plain run lengths), results of masks packed run lengths. `--data` keeps them.

For each program: the median of the wall time and of the processor time (user and system, all threads), and the greatest peak
memory (`ru_maxrss`). The figures of all programs have to agree to 1e-9. The load of the machine stands beside them, because
the wall time is worth no more than that.
"""

import argparse
import json
import math
import os
import pathlib
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
IMAGES, OBJECTS, RESULTS, CATEGORIES = 5_000, 36_000, 100_000, 80

PYTHON = """
import sys, json
{imports}
truths = COCO(sys.argv[1])
evaluation = Evaluation(truths, truths.loadRes(sys.argv[2]), sys.argv[3])
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
print(json.dumps([float(number) for number in evaluation.stats[:12]]))
"""
IMPORTS = {
    "pycocotools": "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval as Evaluation",
    "faster-coco-eval": "from faster_coco_eval import COCO, COCOeval_faster as Evaluation",
    "hotcoco": "from hotcoco import COCO, COCOeval as Evaluation",
}


def outline(numbers, box):
    """The polygon of an object in a box, with a corner every few pixels as annotators draw it."""
    x, y, w, h = box
    corners = max(6, min(60, int((w + h) / 8)))
    phase = numbers.uniform(0, 2 * math.pi)
    points = []
    for corner in range(corners):
        angle = phase + 2 * math.pi * corner / corners
        radius = numbers.uniform(0.75, 1)
        points += [x + w / 2 * (1 + radius * math.cos(angle)), y + h / 2 * (1 + radius * math.sin(angle))]
    return [round(number, 2) for number in points]


def shifted(numbers, box, share):
    x, y, w, h = box
    return [
        x + numbers.gauss(0, share) * w,
        y + numbers.gauss(0, share) * h,
        w * math.exp(numbers.gauss(0, share)),
        h * math.exp(numbers.gauss(0, share)),
    ]


def clipped(box, size):
    width, height = size
    left, top = (min(max(number, 0), limit - 2) for number, limit in zip(box[:2], size))
    right, bottom = min(max(box[0] + box[2], left + 1), width), min(max(box[1] + box[3], top + 1), height)
    return [round(number, 2) for number in (left, top, right - left, bottom - top)]


def make(folder, seed):
    """Writes gt.json, dt-bbox.json and dt-segm.json."""
    from pycocotools import mask as masks

    numbers = random.Random(seed)
    images = [
        {"id": 139 + 116 * index, "file_name": f"{139 + 116 * index:012}.jpg", "width": w, "height": h}
        for index in range(IMAGES)
        for w, h in [numbers.choice([(640, 480), (640, 427), (480, 640), (500, 375)])]
    ]
    numbers.shuffle(images)
    frequencies = [1 / (rank + 3) for rank in range(CATEGORIES)]

    def draw_box(image):
        size = math.exp(numbers.uniform(math.log(8), math.log(400)))
        shape = math.exp(numbers.gauss(0, 0.5))
        w, h = size * shape, size / shape
        box = [numbers.uniform(0, image["width"]) - w / 2, numbers.uniform(0, image["height"]) - h / 2, w, h]
        return clipped(box, (image["width"], image["height"]))

    def runs(polygon, image):
        return masks.merge(masks.frPyObjects([polygon], image["height"], image["width"]))

    annotations = []
    for index in range(OBJECTS):
        image = numbers.choice(images)
        box = draw_box(image)
        polygon = outline(numbers, box)
        mask = runs(polygon, image)
        is_crowd = index % 100 == 7
        segmentation = [polygon]
        if is_crowd:
            pixels = masks.decode(mask).flatten(order="F")
            borders = [0, *(pixels[1:] != pixels[:-1]).nonzero()[0] + 1, len(pixels)]
            counts = [int(end - begin) for begin, end in zip(borders, borders[1:])]
            segmentation = {"size": [image["height"], image["width"]], "counts": ([0] if pixels[0] else []) + counts}
        annotations.append(
            {
                "segmentation": segmentation,
                "area": float(masks.area(mask)) + 0.5 * (index % 2),
                "iscrowd": int(is_crowd),
                "image_id": image["id"],
                "bbox": box,
                "category_id": numbers.choices(range(1, CATEGORIES + 1), frequencies)[0],
                "id": 100_000 + 7 * index,
            }
        )
    by_id = {image["id"]: image for image in images}
    boxes, segments = [], []
    for index in range(RESULTS):
        if index < 2 * OBJECTS:
            truth = annotations[index % OBJECTS]
            image, category = by_id[truth["image_id"]], truth["category_id"]
            share = abs(numbers.gauss(0, 0.12))
            box = clipped(shifted(numbers, truth["bbox"], share), (image["width"], image["height"]))
            score = min(max(numbers.gauss(0.7 - 2 * share, 0.2), 0.001), 1)
        else:
            image = numbers.choice(images)
            category = numbers.choices(range(1, CATEGORIES + 1), frequencies)[0]
            box, score = draw_box(image), numbers.betavariate(1, 6)
        mask = runs(outline(numbers, box), image)
        result = {"image_id": image["id"], "category_id": category, "score": score}
        boxes.append({**result, "bbox": box})
        segmentation = {"size": [int(side) for side in mask["size"]], "counts": mask["counts"].decode()}
        segments.append({**result, "segmentation": segmentation})
    order = sorted(range(RESULTS), key=lambda index: boxes[index]["image_id"])
    truths = {
        "info": {"description": "made data"},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": f"category {number}"} for number in range(1, CATEGORIES + 1)],
    }
    (folder / "gt.json").write_text(json.dumps(truths))
    (folder / "dt-bbox.json").write_text(json.dumps([boxes[index] for index in order]))
    (folder / "dt-segm.json").write_text(json.dumps([segments[index] for index in order]))


def command(program, tool, type_, folder):
    truths, results = str(folder / "gt.json"), str(folder / f"dt-{type_}.json")
    if program == "reviewkd":
        return [*tool, "--annotations", truths, "--results", results, "--type", type_, "--json"]
    return [sys.executable, "-c", PYTHON.format(imports=IMPORTS[program]), truths, results, type_]


def measure(arguments):
    """Runs a process; its wall time, processor time, peak memory in bytes and figures."""
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{shlex.join(arguments)[:200]}: {errors.decode()}")
        output.seek(0)
        figures = json.loads(output.read().decode().strip().splitlines()[-1])
    if isinstance(figures, dict):
        figures = [figures[name] for name in NAMES]
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default=".build/release/reviewkd coco evaluate")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--types", default="bbox,segm")
    parser.add_argument("--programs", default=",".join(["reviewkd", *IMPORTS]))
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--make", type=pathlib.Path, help="only make the data, in a folder")
    options = parser.parse_args()
    if options.make:
        make(options.make, options.seed)
        return
    temporary = None if options.data else tempfile.TemporaryDirectory()
    folder = options.data or pathlib.Path(temporary.name)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dt-segm.json").exists():
        # In a process of its own: what is started from a large one counts the memory of that as its peak.
        subprocess.run([sys.executable, __file__, "--seed", str(options.seed), "--make", str(folder)], check=True)
    programs = options.programs.split(",")
    records = []
    for type_ in options.types.split(","):
        runs = {program: [] for program in programs}
        for number in range(options.rounds):
            for program in programs:
                load = os.getloadavg()[0]
                wall, processor, memory, figures = measure(command(program, shlex.split(options.tool), type_, folder))
                runs[program].append((wall, processor, memory, figures, load))
                records.append(
                    {"type": type_, "program": program, "round": number, "seconds": wall, "processor_seconds": processor, "peak_memory_bytes": memory, "load": load}
                )
        known = runs[programs[-1]][0][3] if "pycocotools" not in runs else runs["pycocotools"][0][3]
        print(f"{type_:18}  wall s  (least)   processor s  peak MiB  load  largest difference")
        for program, measured in runs.items():
            walls, processors, memories, figures, loads = zip(*measured)
            difference = max(abs(one - other) for found in figures for one, other in zip(found, known))
            print(
                f"{program:18}  {statistics.median(walls):6.3f}  ({min(walls):.3f})  {statistics.median(processors):11.3f}"
                f"  {max(memories) / 2**20:8.0f}  {statistics.mean(loads):4.1f}  {difference:.1g}"
            )
            if difference > 1e-9:
                raise SystemExit(f"{program} has other figures: {figures[0]}, expected {known}")
    if options.json:
        options.json.write_text("".join(json.dumps(record) + "\n" for record in records))


if __name__ == "__main__":
    main()

"""Writes Fixtures/pycocotools.json: what pycocotools 2.0.11 makes of polygons and of pairs of masks.

    python3 -m venv venv && venv/bin/pip install pycocotools==2.0.11 numpy==2.4.6 && venv/bin/python pycocotools_values.py

`polygons`: each has `height`, `width` and `polygons` with the `packed` runs of their union, its `area` and its `box`.
`pairs`: the packed runs of two masks of one size with their intersection over union; with the second one as a crowd region it is
`crowd`.

    venv/bin/python pycocotools_values.py --more COUNT SEED FILE

writes COUNT further cases of polygons, drawn with SEED, into FILE; `REVIEWKD_MASK_VALUES=FILE swift test --filter Masks` compares
them.
"""

import json
import math
import pathlib
import random
import sys

from pycocotools import mask as masks

HERE = pathlib.Path(__file__).parent / "Fixtures"


def coordinate(numbers, limit, kind):
    """A coordinate of an outline in a picture that is `limit` pixels long."""
    if kind == "whole":
        return float(numbers.randint(-2, limit + 2))
    if kind == "fifths":
        # These lie on the steps of the walk and between two of them.
        return numbers.randint(-10, 10 * limit + 10) / 10
    if kind == "far":
        return round(numbers.uniform(-3 * limit, 4 * limit), 2)
    return round(numbers.uniform(-0.2 * limit, 1.2 * limit), 2)


def blob(numbers, height, width):
    """The outline of an object, as annotators draw it."""
    corners = numbers.randint(5, 40)
    x, y = numbers.uniform(0, width), numbers.uniform(0, height)
    size = numbers.uniform(0.02, 0.6) * min(height, width)
    angles = sorted(numbers.uniform(0, 2 * math.pi) for _ in range(corners))
    radii = [size * numbers.uniform(0.4, 1) for _ in range(corners)]
    points = ((x + r * math.cos(a), y + r * math.sin(a)) for a, r in zip(angles, radii))
    outline = [round(min(max(c, 0), limit), 2) for point in points for c, limit in zip(point, (width, height))]
    return outline if numbers.random() < 0.5 else [c for i in range(corners - 1, -1, -1) for c in outline[2 * i : 2 * i + 2]]


def polygon(numbers, height, width):
    if numbers.random() < 0.5:
        return blob(numbers, height, width)
    kind = numbers.choice(["whole", "fifths", "any", "far"])
    corners = numbers.randint(3, 9)
    return [coordinate(numbers, limit, kind) for _ in range(corners) for limit in (width, height)]


def case(height, width, polygons):
    runs = masks.merge(masks.frPyObjects(polygons, height, width))
    return {
        "height": height,
        "width": width,
        "polygons": polygons,
        "packed": runs["counts"].decode(),
        "area": int(masks.area(runs)),
        "box": [int(number) for number in masks.toBbox(runs)],
    }


def drawn(numbers):
    limit = numbers.choice([3, 12, 60, 60, 200, 640])
    height, width = numbers.randint(1, limit), numbers.randint(1, limit)
    count = numbers.choice([1, 1, 1, 2, 3])
    return case(height, width, [polygon(numbers, height, width) for _ in range(count)])


KNOWN = [
    (20, 20, [[0, 0, 10, 0, 10, 10, 0, 10]]),
    (20, 20, [[0.5, 0.5, 10.5, 0.5, 10.5, 10.5, 0.5, 10.5]]),
    (20, 20, [[0, 0, 10, 0, 0, 10]]),
    (20, 20, [[0, 0, 0, 10, 10, 0]]),
    (20, 20, [[0, 0, 10, 0, 0, 10, 3]]),
    (20, 20, [[0, 0, 10, 10, 10, 0, 0, 10]]),
    (20, 20, [[-5, -5, 20, -5, 20, 20, -5, 20]]),
    (20, 20, [[3, 3, 3.5, 3, 3.5, 3.5, 3, 3.5]]),
    (20, 20, [[0, 0, 10, 0, 10, 10, 0, 10] * 2]),
    (20, 20, [[0, 0, 10, 0, 10, 10, 0, 10], [5, 5, 15, 5, 15, 15, 5, 15]]),
    (20, 20, [[0, 0, 10, 0, 10, 10, 0, 10], [1, 2, 10, 12]]),
    (20, 20, [[0, 0, 5, 5, 3]]),
    (20, 20, [[4, 4, 4, 4, 4, 4]]),
    (1, 1, [[0, 0, 1, 0, 1, 1, 0, 1]]),
    (28, 28, [[0, 0, 28, 0, 28, 28, 0, 28]]),
]


def pair(numbers):
    height, width = numbers.randint(1, 40), numbers.randint(1, 40)
    first, second = (
        masks.merge(masks.frPyObjects([polygon(numbers, height, width)], height, width)) for _ in range(2)
    )
    return {
        "height": height,
        "width": width,
        "first": first["counts"].decode(),
        "second": second["counts"].decode(),
        "iou": float(masks.iou([first], [second], [0])[0, 0]),
        "crowd": float(masks.iou([first], [second], [1])[0, 0]),
    }


def write(path, **lists):
    parts = (f'"{name}": [\n' + ",\n".join(map(json.dumps, cases)) + "\n]" for name, cases in lists.items())
    path.write_text("{" + ",\n".join(parts) + "}\n")


def main():
    if sys.argv[1:2] == ["--more"]:
        numbers = random.Random(int(sys.argv[3]))
        write(pathlib.Path(sys.argv[4]), polygons=[drawn(numbers) for _ in range(int(sys.argv[2]))], pairs=[])
        return
    numbers = random.Random(19)
    polygons = [case(*known) for known in KNOWN] + [drawn(numbers) for _ in range(60)]
    write(HERE / "pycocotools.json", polygons=polygons, pairs=[pair(numbers) for _ in range(40)])


if __name__ == "__main__":
    main()

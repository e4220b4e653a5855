#!/usr/bin/env bash
#
# pycocotools 2.0.11: an empty mask has an empty box if its runs are written as one, `[100]`. If they end in a run of
# length 0, or have one inside, which decodes to the same pixels, its box begins beyond the picture and is 4,294,967,287
# pixels wide. Such a box is then a detection's `bbox` where results have masks alone. A mask that has pixels has the
# right box with such runs as well.
#
# Seen on 2026-11-29 on an AMD EPYC with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install pycocotools==2.0.11 numpy==2.4.6
expect 'pycocotools 2.0.11
runs [100]: 0 pixels, box [0, 0, 0, 0]
runs [100, 0]: 0 pixels, box [10, 10, 4294967287, 4294967287]
runs [5, 0, 95]: 0 pixels, box [10, 10, 4294967287, 4294967287]
runs [5, 2, 3, 0, 90]: 2 pixels, box [0, 5, 1, 2]
runs [0, 100]: 100 pixels, box [0, 0, 10, 10]' <<'PYTHON'
from importlib.metadata import version

from pycocotools import mask

print("pycocotools", version("pycocotools"))
for runs in ([100], [100, 0], [5, 0, 95], [5, 2, 3, 0, 90], [0, 100]):
    packed = mask.frPyObjects({"size": [10, 10], "counts": runs}, 10, 10)
    box = [int(number) for number in mask.toBbox(packed)]
    print(f"runs {runs}: {mask.decode(packed).sum()} pixels, box {box}")
PYTHON

#!/usr/bin/env bash
#
# datasets 5.2.0: a picture that was opened from a file is stored as the name of that file, even if it has been changed
# in place since, so that the file comes back as it was. So map with thumbnail, paste or ImageDraw does nothing to
# pictures that lie in files: they keep their size and their pixels, and nothing is said. The same function over the
# same pictures works where their bytes lie in the table, as in Parquet files, and so do resize and crop, which make new
# pictures. Bytes themselves give way to a file that happens to have their name. The page of Image lists its inputs and
# tells none of it.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
expect 'datasets 5.2.0
white pictures of 80 x 60, mapped by
thumbnail to 20 x 15, pictures in files: 80 x 60, brightness 255
thumbnail to 20 x 15, bytes in the table: 20 x 15, brightness 255
resize to 20 x 15, pictures in files: 20 x 15, brightness 255
resize to 20 x 15, bytes in the table: 20 x 15, brightness 255
paste of black, pictures in files: 80 x 60, brightness 255
paste of black, bytes in the table: 80 x 60, brightness 0
a black rectangle, pictures in files: 80 x 60, brightness 255
a black rectangle, bytes in the table: 80 x 60, brightness 0
a copy with a black rectangle, pictures in files: 80 x 60, brightness 0
a copy with a black rectangle, bytes in the table: 80 x 60, brightness 0
bytes of a black picture, named as a white one in a file: brightness 255' <<'PYTHON'
import os
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=os.path.abspath("home"))

import datasets
import numpy
from PIL import Image, ImageDraw

print("datasets", datasets.__version__)
datasets.disable_progress_bars()
features = datasets.Features({"image": datasets.Image()})
Image.new("RGB", (80, 60), "white").save("white.png")
in_files = datasets.Dataset.from_dict({"image": ["white.png"]}, features=features)
white = {"bytes": Path("white.png").read_bytes(), "path": None}
in_table = datasets.Dataset.from_dict({"image": [white]}, features=features)


def thumbnail(row):
    row["image"].thumbnail((20, 15))
    return row


def resize(row):
    return {"image": row["image"].resize((20, 15))}


def paste(row):
    row["image"].paste("black", (0, 0, 80, 60))
    return row


def draw(row):
    ImageDraw.Draw(row["image"]).rectangle((0, 0, 80, 60), fill="black")
    return row


def draw_on_copy(row):
    return draw({"image": row["image"].copy()})


def show(name, edit):
    for place, rows in (("pictures in files", in_files), ("bytes in the table", in_table)):
        image = rows.map(edit)[0]["image"]
        print(f"{name}, {place}: {image.width} x {image.height}, brightness {numpy.asarray(image).max()}")


print("white pictures of 80 x 60, mapped by")
show("thumbnail to 20 x 15", thumbnail)
show("resize to 20 x 15", resize)
show("paste of black", paste)
show("a black rectangle", draw)
show("a copy with a black rectangle", draw_on_copy)
Image.new("RGB", (80, 60), "black").save("black.png")
named = {"bytes": Path("black.png").read_bytes(), "path": "white.png"}
image = datasets.Dataset.from_dict({"image": [named]}, features=features)[0]["image"]
print(f"bytes of a black picture, named as a white one in a file: brightness {numpy.asarray(image).max()}")
PYTHON

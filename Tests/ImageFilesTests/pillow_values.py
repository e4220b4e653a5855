"""Writes Fixtures/pillow.json: what Pillow 13.0.0 makes of every file in Fixtures/pillow.

    python3 -m venv venv && venv/bin/pip install pillow==13.0.0 && venv/bin/python pillow_values.py

For each file its size and the SHA-256 of R G B bytes: of all pixels; of the centre (resized, then cropped, both given); of boxes cut out,
resized to squares and mirrored or not, with `scale` where the picture was decoded at a fraction of its size (`draft`). A file that
Pillow does not read has its error instead.
"""

import hashlib
import json
import pathlib
import random
import warnings

import PIL
from PIL import Image

HERE = pathlib.Path(__file__).parent / "Fixtures"


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def centre(image, resize, crop):
    width, height = image.size
    size = (resize, int(resize * height / width)) if width <= height else (int(resize * width / height), resize)
    image = image.resize(size, Image.BILINEAR)
    width, height = size
    left = (crop - width) // 2 if crop > width else 0
    top = (crop - height) // 2 if crop > height else 0
    padded = Image.new("RGB", (max(width, crop), max(height, crop)))
    padded.paste(image, (left, top))
    left, top = round((padded.width - crop) / 2), round((padded.height - crop) / 2)
    return digest(padded.crop((left, top, left + crop, top + crop)))


def cut(image, box, scale, size, is_flipped):
    left, top, width, height = (number // scale for number in box)
    image = image.crop((left, top, left + width, top + height)).resize((size, size), Image.BILINEAR)
    return digest(image.transpose(Image.FLIP_LEFT_RIGHT) if is_flipped else image)


def exact_boxes(image, numbers):
    for size in (32, 7, 64, 48, 15, 32):
        width, height = numbers.randint(1, image.width), numbers.randint(1, image.height)
        box = [numbers.randint(0, image.width - width), numbers.randint(0, image.height - height), width, height]
        is_flipped = numbers.random() < 0.5
        yield {"box": box, "size": size, "flipped": is_flipped, "scale": 1, "sha256": cut(image, box, 1, size, is_flipped)}


def reduced_boxes(path, numbers):
    """Boxes with borders between the pixels of the reduced picture, which Pillow's draft mode decodes."""
    for scale in (2, 4, 8):
        image = Image.open(path)
        width, height = (numbers.randint(side // (2 * scale), side // scale) for side in image.size)
        if width < 2 or height < 2:
            continue
        box = [numbers.randint(0, image.width // scale - width), numbers.randint(0, image.height // scale - height), width, height]
        box = [number * scale for number in box]
        # The largest reduction that leaves as many pixels is this one.
        size = min(width, height) if scale < 8 else numbers.randint(1, min(width, height))
        wanted = tuple(-(-side // scale) for side in image.size)
        image.draft(None, tuple(side // scale for side in image.size))
        if image.size == wanted and (scale == 8 or 2 * size * scale > min(box[2:])):
            entry = {"box": box, "size": size, "flipped": True, "scale": scale}
            yield entry | {"sha256": cut(image.convert("RGB"), box, scale, size, True)}


def values(path):
    numbers = random.Random(path.name)
    try:
        original = Image.open(path)
        image = original.convert("RGB")
    except Exception as error:
        return {"file": path.name, "error": f"{type(error).__name__}: {str(error).replace(str(path), path.name)}"}
    result = {"file": path.name, "width": image.width, "height": image.height, "sha256": digest(image)}
    result["centres"] = [
        {"resize": resize, "crop": crop, "sha256": centre(image, resize, crop)} for resize, crop in ((36, 32), (32, 32), (20, 31))
    ]
    result["cuts"] = list(exact_boxes(image, numbers))
    if original.format == "JPEG":
        result["cuts"] += reduced_boxes(path, numbers)
    return result


def main():
    warnings.simplefilter("ignore")
    pictures = [values(path) for path in sorted((HERE / "pillow").iterdir())]
    lines = ",\n".join(json.dumps(picture) for picture in pictures)
    (HERE / "pillow.json").write_text(f'{{"pillow": "{PIL.__version__}", "pictures": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes what Pillow makes of two images by the operations of RandAugment and TrivialAugment.

Needs Pillow and NumPy:

    python3 Scripts/make_second_views.py > Tests/VisionDataTests/Fixtures/second-views.json

The calls and ranges are those of torchvision's `RandAugment` and `TrivialAugmentWide` with their defaults, for
images of Pillow. Each case has the code of an operation, as in `StrongCode`, and the SHA-256 of the pixels of both
images, row by row, red, green and blue in turn.
"""

import hashlib
import json

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

SIZE = 32
LEVELS = 31
OPERATIONS = [
    "identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "color",
    "contrast", "sharpness", "posterize", "solarize", "auto_contrast", "equalize",
]
RANGES = {
    "randaugment": {"shear": 0.3, "translate": 150.0 / 331 * SIZE, "rotate": 30.0, "blend": 0.9, "bits": 4},
    "trivial": {"shear": 0.99, "translate": 32.0, "rotate": 135.0, "blend": 0.99, "bits": 6},
}


def images():
    """One image of all values, and a dark one of few."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    first = np.stack([x * 8 + y % 5, y * 7 + x % 3 * 9, (x * y) % 251], axis=2)
    second = np.stack([40 + x // 4, 60 + (x + y) // 8, 50 + (x * x + y) % 30], axis=2)
    return [Image.fromarray((image % 256).astype(np.uint8)) for image in (first, second)]


def moved(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)


def changed(image, name, level, sign, ranges):
    def strength(most):
        return sign * most * level / (LEVELS - 1)

    def blended(kind):
        return kind(image).enhance(1.0 + strength(ranges["blend"]))

    if name == "shear_x":
        return moved(image, (1, strength(ranges["shear"]), 0, 0, 1, 0))
    if name == "shear_y":
        return moved(image, (1, 0, 0, strength(ranges["shear"]), 1, 0))
    if name == "translate_x":
        return moved(image, (1, 0, -int(strength(ranges["translate"])), 0, 1, 0))
    if name == "translate_y":
        return moved(image, (1, 0, 0, 0, 1, -int(strength(ranges["translate"]))))
    if name == "rotate":
        return image.rotate(strength(ranges["rotate"]), Image.Resampling.NEAREST)
    if name == "brightness":
        return blended(ImageEnhance.Brightness)
    if name == "color":
        return blended(ImageEnhance.Color)
    if name == "contrast":
        return blended(ImageEnhance.Contrast)
    if name == "sharpness":
        return blended(ImageEnhance.Sharpness)
    if name == "posterize":
        return ImageOps.posterize(image, 8 - round(level / ((LEVELS - 1) / ranges["bits"])))
    if name == "solarize":
        return ImageOps.solarize(image, 255.0 - 255.0 * level / (LEVELS - 1))
    if name == "auto_contrast":
        return ImageOps.autocontrast(image)
    if name == "equalize":
        return ImageOps.equalize(image)
    return image


def main():
    inputs = images()
    cases = []
    for view, ranges in RANGES.items():
        levels = [9] if view == "randaugment" else [0, 1, 7, 15, 20, 30]
        for operation, name in enumerate(OPERATIONS):
            for level in levels:
                for negative in (0, 1):
                    digests = []
                    for image in inputs:
                        result = changed(image, name, level, -1 if negative else 1, ranges)
                        digests.append(hashlib.sha256(np.asarray(result).tobytes()).hexdigest())
                    code = (operation * LEVELS + level) * 2 + negative
                    cases.append({"view": view, "operation": name, "code": code, "sha256": digests})
    text = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"size": {SIZE}, "cases": [\n{text}\n]}}')


main()

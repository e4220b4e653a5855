#!/usr/bin/env python3
"""Makes the files of `detectors` beside it: small ones in the forms of detectron2's model zoo, and names.

    python make_detector_files.py pickles      # with numpy 1.26 (numpy.core) and with numpy 2 (numpy._core)
    PYTHONPATH=SOURCES python make_detector_files.py names     # SOURCES holds detectron2 02b5c4e

`names.json` has for files of R-18 and R-50 each name as Caffe2 and torchvision write it, and what detectron2's own
conversion makes of it.
"""

import json
import os
import pickle
import sys
from pathlib import Path

import numpy

FOLDER = Path(__file__).parent / "detectors"
CONVOLUTIONS = {"R18": ([2, 2, 2, 2], 2), "R50": ([3, 4, 6, 3], 3)}


class Code:
    def __reduce__(self):
        return os.system, ("touch reviewkd-was-here",)


def pickles():
    kind = "core" if numpy.__version__.startswith("1.") else "_core"
    weights = {
        "backbone.weight": numpy.arange(6, dtype=numpy.float32).reshape(2, 3) / 4,
        "backbone.turned": numpy.asfortranarray(numpy.arange(6, dtype=numpy.float32).reshape(2, 3)),
        "pixel_mean": numpy.array([103.53, 116.28, 123.675], dtype=numpy.float32).reshape(3, 1, 1),
        "proposal_generator.anchor_generator.cell_anchors.0": numpy.zeros((3, 4), dtype=numpy.float32),
        "steps": numpy.array(7, dtype=numpy.int64),
    }
    for protocol in (2, 4):
        zoo = {"model": weights, "__author__": "Detectron2 Model Zoo"}
        (FOLDER / f"zoo-{kind}-{protocol}.pkl").write_bytes(pickle.dumps(zoo, protocol))
    if kind == "core":
        blobs = {"conv1_w": weights["backbone.weight"], "conv1_w_momentum": weights["backbone.weight"]}
        (FOLDER / "blobs.pkl").write_bytes(pickle.dumps({"blobs": blobs, "cfg": "MODEL: {}"}, 2))
        for place, value in {
            "beside": {"model": weights, "extra": Code()}, "instead": {"model": Code()}, "all": Code(),
        }.items():
            (FOLDER / f"code-{place}.pkl").write_bytes(pickle.dumps(value, 4))


def names():
    from detectron2.checkpoint.c2_model_loading import convert_basic_c2_names

    result = {}
    for kind, (counts, depth) in CONVOLUTIONS.items():
        caffe2 = ["conv1_w", "res_conv1_bn_s", "res_conv1_bn_b"]
        torchvision = ["conv1.weight", *(f"bn1.{e}" for e in ["weight", "bias", "running_mean", "running_var"])]
        for stage, count in enumerate(counts):
            for block in range(count):
                branches = ["branch2a", "branch2b", "branch2c"][:depth]
                parts = [(f"conv{i + 1}", f"bn{i + 1}") for i in range(depth)]
                if block == 0 and (stage > 0 or depth == 3):
                    branches.append("branch1")
                    parts.append(("downsample.0", "downsample.1"))
                caffe2 += [f"res{stage + 2}_{block}_{b}_{e}" for b in branches for e in ["w", "bn_s", "bn_b"]]
                for convolution, norm in parts:
                    torchvision.append(f"layer{stage + 1}.{block}.{convolution}.weight")
                    for ending in ["weight", "bias", "running_mean", "running_var"]:
                        torchvision.append(f"layer{stage + 1}.{block}.{norm}.{ending}")
        converted = {}
        for key in torchvision:
            # As tools/convert-torchvision-to-d2.py of detectron2 does it.
            own = key if "layer" in key else "stem." + key
            for t in range(1, 5):
                own = own.replace(f"layer{t}", f"res{t + 1}").replace(f"bn{t}", f"conv{t}.norm")
            converted[key] = own.replace("downsample.0", "shortcut").replace("downsample.1", "shortcut.norm")
        result[kind] = {"caffe2": dict(zip(caffe2, convert_basic_c2_names(caffe2))), "torchvision": converted}
    (FOLDER / "names.json").write_text(json.dumps(result, indent=0) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    {"pickles": pickles, "names": names}[sys.argv[1]]()

"""Checks an ONNX file with several outputs and runs it with onnxruntime.

    run_pyramid.py MODEL IMAGES HEIGHT WIDTH FOLDER

IMAGES holds float32 [N, 3, HEIGHT, WIDTH] as raw bytes; each output goes to FOLDER under its name in the same form, and its
name is printed.
"""

import sys

import numpy
import onnx
import onnxruntime

model, images, height, width, folder = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
pixels = numpy.fromfile(images, numpy.float32).reshape(-1, 3, int(height), int(width))
for output, value in zip(session.get_outputs(), session.run(None, {"images": pixels})):
    value.astype(numpy.float32).tofile(f"{folder}/{output.name}")
    print(output.name)

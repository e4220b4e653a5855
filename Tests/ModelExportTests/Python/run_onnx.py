"""Checks an ONNX file and runs it with onnxruntime.

    run_onnx.py MODEL IMAGES SIZE LOGITS

IMAGES holds float32 [N, 3, SIZE, SIZE] as raw bytes; the logits go to LOGITS in the same form. It prints one line of
JSON: the inputs and outputs as onnxruntime sees them, and the metadata.
"""

import json
import sys

import numpy
import onnx
import onnxruntime

model, images, size, logits = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
pixels = numpy.fromfile(images, numpy.float32).reshape(-1, 3, int(size), int(size))
batches = [pixels[start : start + 32] for start in range(0, len(pixels), 32)]
# The last batch is smaller where it does not come out even, which the first dimension has to allow.
result = numpy.concatenate([session.run(["logits"], {"images": batch})[0] for batch in batches])
result.astype(numpy.float32).tofile(logits)
print(
    json.dumps(
        {
            "inputs": [[value.name, value.type, value.shape] for value in session.get_inputs()],
            "outputs": [[value.name, value.type, value.shape] for value in session.get_outputs()],
            "metadata": session.get_modelmeta().custom_metadata_map,
            "opset": onnx.load(model).opset_import[0].version,
        }
    )
)

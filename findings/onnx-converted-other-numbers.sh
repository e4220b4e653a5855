#!/usr/bin/env bash
#
# onnx 1.23.2: convert_version, which is said to raise an error where a conversion is not supported, writes valid files
# of networks that answer otherwise. Bilinear Upsample and Resize of opsets 9 and 10 become another interpolation, half
# a pixel away; nearest interpolation changes for some scales and not for others. Softmax over channels, made older,
# becomes one over channels and pixels together. The checker finds nothing. The reference evaluator of the same package
# finds nothing either in Softmax: it takes that of opset 11 for that of opset 13.
#
# The rows below follow from the operators' pages: 5 lies between 0 and 10 in opset 10, and the shares of 1, 3, 1 and 1
# are 1/2, 3/4, 1/2, 1/4 by columns and 1/6, 1/2, 1/6, 1/6 in all.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
expect 'onnx 1.23.2 onnxruntime 1.32.0
row 0 10 20 30
Upsample to 8, linear, opset 9: 0 5 10 15 20 25 30 30
Upsample to 8, linear, made opset 20: 0 2.5 7.5 12.5 17.5 22.5 27.5 30
Resize to 8, linear, opset 10: 0 5 10 15 20 25 30 30
Resize to 8, linear, made opset 20: 0 2.5 7.5 12.5 17.5 22.5 27.5 30
Resize to 8, nearest, opset 10: 0 0 10 10 20 20 30 30
Resize to 8, nearest, made opset 20: 0 0 10 10 20 20 30 30
Resize to 3, nearest, opset 10: 0 20 30
Resize to 3, nearest, made opset 20: 0 10 30
rows 1 3 and 1 1, shares along columns
Softmax, opset 13: 0.5 0.75 0.5 0.25, by the reference evaluator 0.5 0.75 0.5 0.25
Softmax, made opset 11: 0.167 0.5 0.167 0.167, by the reference evaluator 0.5 0.75 0.5 0.25' <<'PYTHON'
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter
from onnx.reference import ReferenceEvaluator

print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)


def network(opset, operator, images, shape, constants, attributes):
    node = helper.make_node(operator, ["x", *(constant.name for constant in constants)], ["y"], **attributes)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, images.shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)]
    graph = helper.make_graph([node], "network", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)


def text(numbers):
    return " ".join(f"{number:.3g}" for number in numbers.flatten())


def run(model, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return text(session.run(None, {"x": images})[0])


def show(name, opset, target, operator, images, shape, constants=(), reference=False, **attributes):
    model = network(opset, operator, images, shape, constants, attributes)
    converted = version_converter.convert_version(model, target)
    for label, each in ((f"opset {opset}", model), (f"made opset {target}", converted)):
        onnx.checker.check_model(each, full_check=True)
        line = f"{name}, {label}: {run(each, images)}"
        if reference:
            line += f", by the reference evaluator {text(ReferenceEvaluator(each).run(None, {'x': images})[0])}"
        print(line)


row = numpy.array([[[[0, 10, 20, 30]]]], numpy.float32)
print("row", text(row))
for operator, opset, mode, width in (
    ("Upsample", 9, "linear", 8),
    ("Resize", 10, "linear", 8),
    ("Resize", 10, "nearest", 8),
    ("Resize", 10, "nearest", 3),
):
    scales = numpy_helper.from_array(numpy.array([1, 1, 1, width / 4], numpy.float32), "scales")
    show(f"{operator} to {width}, {mode}", opset, 20, operator, row, [1, 1, 1, width], [scales], mode=mode)
parts = numpy.array([[[1, 3], [1, 1]]], numpy.float32)
print("rows 1 3 and 1 1, shares along columns")
show("Softmax", 13, 11, "Softmax", numpy.log(parts), [1, 2, 2], reference=True, axis=1)
PYTHON

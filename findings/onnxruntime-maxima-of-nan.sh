#!/usr/bin/env bash
#
# onnxruntime 1.32.0, x86: whether NaN survives a maximum depends on the operator and on where it lies. Relu, Clip and
# Max of two keep it always; pooling keeps it only at the last place of a window, ReduceMax and ArgMax only at the
# first. At other places ReduceMax may lose a neighbour too: the largest of 1, NaN, 3 and 4 is 3, which is neither NaN
# nor the largest of the rest. So a network whose maps hold NaN answers with plain finite numbers, and a check by the
# largest absolute value finds nothing. PyTorch and ONNX's reference evaluator give NaN. The operators' pages are
# silent.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
expect 'onnxruntime 1.32.0
Relu of NaN, Max of NaN and 1, of 1 and NaN: nan nan nan
1 2 3 4 with NaN at the first, second, third and last place
ReduceMax: nan 3 4 3
ReduceMax of eight, 5 6 7 8 behind them: nan 7 8 7
ArgMax, from 0: 0 3 3 2
GlobalMaxPool: 4 4 4 nan
MaxPool of 2 x 2: 4 4 4 nan
ReduceMax by the reference evaluator: nan nan nan nan
ArgMax by the reference evaluator: 0 1 2 3
GlobalMaxPool by the reference evaluator: nan nan nan nan' <<'PYTHON'
import numpy
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

print("onnxruntime", onnxruntime.__version__)


def network(operator, inputs, kind, attributes):
    names = [f"x{number}" for number in range(len(inputs))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name, x in zip(names, inputs)]
    graph = helper.make_graph([node], "network", values, [helper.make_tensor_value_info("y", kind, None)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(operator, *inputs, reference=False, kind=TensorProto.FLOAT, **attributes):
    model = network(operator, inputs, kind, attributes)
    feed = {f"x{number}": x for number, x in enumerate(inputs)}
    if reference:
        return ReferenceEvaluator(model).run(None, feed)[0].item()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feed)[0].item()


def row(place, numbers=(1, 2, 3, 4)):
    found = numpy.array([numbers], numpy.float32)
    found[0, place] = numpy.nan
    return found


def show(name, compute):
    print(f"{name}: {' '.join(f'{compute(place):.0f}' for place in range(4))}")


one, nan = numpy.ones(1, numpy.float32), numpy.full(1, numpy.nan, numpy.float32)
print(f"Relu of NaN, Max of NaN and 1, of 1 and NaN: {run('Relu', nan)} {run('Max', nan, one)} {run('Max', one, nan)}")
indices = {"kind": TensorProto.INT64, "axis": 1, "keepdims": 0}
print("1 2 3 4 with NaN at the first, second, third and last place")
show("ReduceMax", lambda place: run("ReduceMax", row(place), keepdims=0))
show("ReduceMax of eight, 5 6 7 8 behind them", lambda place: run("ReduceMax", row(place, range(1, 9)), keepdims=0))
show("ArgMax, from 0", lambda place: run("ArgMax", row(place), **indices))
show("GlobalMaxPool", lambda place: run("GlobalMaxPool", row(place)[None]))
show("MaxPool of 2 x 2", lambda place: run("MaxPool", row(place).reshape(1, 1, 2, 2), kernel_shape=[2, 2]))
show("ReduceMax by the reference evaluator", lambda place: run("ReduceMax", row(place), reference=True, keepdims=0))
show("ArgMax by the reference evaluator", lambda place: run("ArgMax", row(place), reference=True, **indices))
show("GlobalMaxPool by the reference evaluator", lambda place: run("GlobalMaxPool", row(place)[None], reference=True))
PYTHON

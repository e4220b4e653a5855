"""Times our ONNX files and those of PyTorch's own exporter in the same onnxruntime, and compares their sizes.

    onnx_latency.py FOLDER MODEL... [--threads 1,2] [--turns 5] [--int8]

FOLDER holds MODEL.pth and MODEL.onnx for each model, both written by `reviewkd export`, and with --int8 also
MODEL.int8.onnx. The plain PyTorch networks of Scripts/reference_models.py take the .pth file strictly, and
torch.onnx.export(dynamo=False, opset_version=17) writes them, with batch norms folded, which is its own choice. Each turn
runs each file for about a second, one after the other; the medians of the turns are printed as rows of a table.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy
import onnxruntime
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Scripts"))
from reference_models import make  # noqa: E402


class Logits(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images)[-1]


def pytorch_file(folder, model, size):
    state = torch.load(folder / f"{model}.pth", weights_only=True)
    classes = list(state.values())[-1].shape[0]
    network = make(model, classes)
    network.load_state_dict(state, strict=True)
    path = folder / f"{model}.pytorch.onnx"
    torch.onnx.export(
        Logits(network.eval()).eval(), (torch.zeros(1, 3, size, size),), path, dynamo=False, opset_version=17,
        input_names=["images"], output_names=["logits"], dynamic_axes={"images": {0: "N"}, "logits": {0: "N"}})
    return path


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def milliseconds(run, images, seconds):
    run(images)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        run(images)
        count += 1
    return 1000 * (time.perf_counter() - start) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--int8", action="store_true")
    arguments = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}, PyTorch {torch.__version__}")
    print("| model | threads | ours, ms | PyTorch's, ms | ratio | int8, ms | ours, MB | PyTorch's, MB | int8, MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for model in arguments.models:
        size = 224 if model.startswith("imagenet") else 32
        paths = {
            "ours": arguments.folder / f"{model}.onnx",
            "theirs": pytorch_file(arguments.folder, model, size),
        }
        if arguments.int8:
            paths["int8"] = arguments.folder / f"{model}.int8.onnx"
        images = numpy.random.default_rng(0).normal(size=(1, 3, size, size)).astype(numpy.float32)
        results = {}
        for threads in map(int, arguments.threads.split(",")):
            runs = {}
            for name, path in paths.items():
                own = session(path, threads)
                runs[name] = lambda pixels, own=own: own.run(["logits"], {"images": pixels})[0]
            results = {name: run(images) for name, run in runs.items()}
            difference = numpy.abs(results["ours"] - results["theirs"]).max()
            assert difference < 1e-4 * max(1, numpy.abs(results["theirs"]).max()), f"{model} differs by {difference}"
            times = {name: [] for name in runs}
            for turn in range(arguments.turns):
                order = list(runs) if turn % 2 == 0 else list(runs)[::-1]
                for name in order:
                    times[name].append(milliseconds(runs[name], images, arguments.seconds))
            medians = {name: statistics.median(values) for name, values in times.items()}
            whole = f"{medians['int8']:.2f}" if "int8" in medians else ""
            sizes = {name: f"{path.stat().st_size / 1e6:.2f}" for name, path in paths.items()}
            print(
                f"| {model} | {threads} | {medians['ours']:.2f} | {medians['theirs']:.2f} "
                f"| {medians['ours'] / medians['theirs']:.3f} | {whole} | {sizes['ours']} | {sizes['theirs']} "
                f"| {sizes.get('int8', '')} |", flush=True)


main()

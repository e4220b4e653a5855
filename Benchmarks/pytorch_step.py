"""Times one step of ReviewKD in PyTorch: the yardstick for `reviewkd bench`.

    python pytorch_step.py [--pair PAIR] [--work WORK] [--method METHOD] [--mode MODE]
                           [--batch-size N] [--steps N] [--warmup N] [--threads N] [--device DEVICE]

PAIR    resnet56-resnet20 or resnet32x4-resnet8x4
WORK    distill   teacher, student, fusion blocks, both losses, backward pass, update
        train     the student alone: forward pass, cross entropy, backward pass, update
        evaluate  the student's forward pass and its cross entropy
METHOD  of distill: reviewkd, or one of pytorch_methods.py
MODE    plain     as PyTorch comes: float32, NCHW, eager
        compile   torch.compile, channels_last, bfloat16 autocast, fused SGD; on a GPU with CUDA
                  graphs (`reduce-overhead`)

Whole steps on synthetic images that are already on the device, with random weights. A step ends
with its loss on the host. Prints one JSON object; `ms_per_step` is the median of the timed steps.
"""

import argparse
import json
import platform
import resource
import statistics
from typing import NamedTuple

import pytorch_methods as methods
import timed_steps
import torch
from torch import nn
from torch.nn import functional


class Network(NamedTuple):
    """The depth of a CIFAR ResNet and the channels of its stem and stages."""

    depth: int
    widths: list[int]


class Pair(NamedTuple):
    """A teacher, its student, and the authors' weight of the review loss."""

    teacher: Network
    student: Network
    review_weight: float


PAIRS = {
    "resnet56-resnet20": Pair(
        Network(56, [16, 16, 32, 64]), Network(20, [16, 16, 32, 64]), review_weight=0.6
    ),
    "resnet32x4-resnet8x4": Pair(
        Network(32, [32, 64, 128, 256]), Network(8, [32, 64, 128, 256]), review_weight=5.0
    ),
}
CLASS_COUNT = 100


def convolution(inputs, outputs, size, stride=1):
    """A convolution that keeps the size of the map but for its stride, and its batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; its last ReLU is left to the caller."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = convolution(inputs, outputs, 3, stride)
        self.second = convolution(outputs, outputs, 3)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride)

    def forward(self, x):
        return self.second(functional.relu(self.first(x))) + self.shortcut(x)


class ResNet(nn.Module):
    """A ResNet for images of 32 x 32 pixels."""

    def __init__(self, network):
        super().__init__()
        blocks = (network.depth - 2) // 6
        self.stem = convolution(3, network.widths[0], 3)
        self.stages = nn.ModuleList()
        inputs = network.widths[0]
        for index, width in enumerate(network.widths[1:]):
            stage = nn.ModuleList()
            for block in range(blocks):
                stage.append(BasicBlock(inputs, width, 2 if index > 0 and block == 0 else 1))
                inputs = width
            self.stages.append(stage)
        self.classifier = nn.Linear(inputs, CLASS_COUNT)

    def forward(self, x):
        """Returns logits, and each stage's output before and after its ReLU; pooled last."""
        x = functional.relu(self.stem(x))
        before, after = [], []
        for stage in self.stages:
            for block in stage:
                preactivation = block(x)
                x = functional.relu(preactivation)
            before.append(preactivation)
            after.append(x)
        pooled = functional.adaptive_avg_pool2d(x, 1)
        return self.classifier(pooled.flatten(1)), before + [pooled], after + [pooled]


class AttentionBasedFusion(nn.Module):
    """The ABF block; without a deeper level it only projects."""

    def __init__(self, inputs, shared, outputs, fuses):
        super().__init__()
        self.project = convolution(inputs, shared, 1)
        self.attention = nn.Conv2d(2 * shared, 2, 1) if fuses else None
        self.expand = convolution(shared, outputs, 3)

    def forward(self, feature, deeper):
        feature = self.project(feature)
        if self.attention is not None:
            deeper = functional.interpolate(deeper, feature.shape[-2:], mode="nearest")
            maps = torch.sigmoid(self.attention(torch.cat([feature, deeper], 1)))
            feature = feature * maps[:, :1] + deeper * maps[:, 1:]
        return self.expand(feature), feature


class ReviewedStudent(nn.Module):
    """The student with the fusion blocks that lead its levels to the teacher's."""

    def __init__(self, pair):
        super().__init__()
        self.network = ResNet(pair.student)
        inputs = pair.student.widths[1:] + pair.student.widths[-1:]
        outputs = pair.teacher.widths[1:] + pair.teacher.widths[-1:]
        self.fusions = nn.ModuleList(
            AttentionBasedFusion(width, inputs[-1], output, index < len(inputs) - 1)
            for index, (width, output) in enumerate(zip(inputs, outputs))
        )

    def forward(self, x):
        logits, _, features = self.network(x)
        results, deeper = [], None
        for fusion, feature in zip(reversed(self.fusions), reversed(features)):
            result, deeper = fusion(feature, deeper)
            results.insert(0, result)
        return logits, results


def hierarchical_context_loss(student, teacher):
    """The HCL: squared differences of the maps and of their 4x4, 2x2 and 1x1 averages."""
    total = 0.0
    for ours, theirs in zip(student, teacher):
        loss, weight, weights = functional.mse_loss(ours, theirs), 1.0, 1.0
        for size in (4, 2, 1):
            if size >= ours.shape[2]:
                continue
            weight /= 2
            weights += weight
            loss = loss + weight * functional.mse_loss(
                functional.adaptive_avg_pool2d(ours, size),
                functional.adaptive_avg_pool2d(theirs, size),
            )
        total = total + loss / weights
    return total


def settle(teacher, images):
    """Gives the teacher running statistics that fit its random weights, then freezes it."""
    for module in teacher.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        teacher(images)
    teacher.eval().requires_grad_(False)


def make_step(options, device):
    """Makes a function that takes one step and returns its loss."""
    tuned = options.mode == "compile"
    layout = torch.channels_last if tuned else torch.contiguous_format
    pair = PAIRS[options.pair]
    student = ReviewedStudent(pair).to(device, memory_format=layout)
    images = torch.randn(options.batch_size, 3, 32, 32, device=device)
    images = images.contiguous(memory_format=layout)
    targets = torch.randint(0, CLASS_COUNT, (options.batch_size,), device=device)

    if options.work == "distill" and options.method != "reviewkd":
        teacher = ResNet(pair.teacher).to(device, memory_format=layout)
        settle(teacher, images)
        labels = torch.arange(50_000, device=device) % CLASS_COUNT
        norms = [stage[-1].second[1] for stage in teacher.stages]
        method = methods.make(
            options.method, pair.student.widths[1:], pair.teacher.widths[1:], norms, labels
        ).to(device, memory_format=layout)
        batch = methods.Batch(targets, torch.arange(options.batch_size, device=device))
        label_weight, method_weight = methods.WEIGHTS[options.method]

        def features(network, images):
            logits, before, after = network(images)
            return methods.Features(logits, before[:-1], after[:-1], after[-1].flatten(1))

        def loss_of(images, targets):
            with torch.no_grad():
                expected = features(teacher, images)
            found = features(student.network, images)
            labels_loss = functional.cross_entropy(found.logits, targets)
            return label_weight * labels_loss + method_weight * method(found, expected, batch)

        trained = nn.ModuleList([student.network, method])
    elif options.work == "distill":
        teacher = ResNet(pair.teacher).to(device, memory_format=layout)
        settle(teacher, images)

        def loss_of(images, targets):
            with torch.no_grad():
                _, expected, _ = teacher(images)
            logits, reviewed = student(images)
            review = hierarchical_context_loss(reviewed, expected)
            return functional.cross_entropy(logits, targets) + pair.review_weight * review

        trained = student
    else:

        def loss_of(images, targets):
            return functional.cross_entropy(student.network(images)[0], targets)

        trained = student.network

    if tuned:
        loss_of = torch.compile(
            loss_of, mode="reduce-overhead" if device.type == "cuda" else "default"
        )

    def forward():
        with torch.autocast(device.type, torch.bfloat16, enabled=tuned):
            return loss_of(images, targets)

    if options.work == "evaluate":
        student.eval().requires_grad_(False)
        return lambda: forward().item()

    optimizer = torch.optim.SGD(
        trained.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4,
        fused=True if tuned else None,
    )

    def step():
        loss = forward()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pair", default="resnet56-resnet20", choices=PAIRS)
    parser.add_argument("--work", default="distill", choices=("distill", "train", "evaluate"))
    parser.add_argument(
        "--method", default="reviewkd", choices=["reviewkd", *methods.WEIGHTS]
    )
    parser.add_argument("--mode", default="plain", choices=("plain", "compile"))
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, help="steps before the clock (default: 3; GPU: 10)")
    parser.add_argument("--threads", type=int, help="threads of one operator (default: PyTorch's)")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    for name in ("batch_size", "steps", "warmup", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} is {value}, expected at least 1")
    return options


def main():
    options = parse_options()
    device = torch.device(options.device)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = options.mode == "compile"
    torch.manual_seed(0)
    step = make_step(options, device)
    warmup = options.warmup or (10 if device.type == "cuda" else 3)
    milliseconds = statistics.median(timed_steps.milliseconds(step, warmup, options.steps))
    report = {
        "pair": options.pair,
        "work": options.work,
        "method": options.method,
        "mode": options.mode,
        "device": options.device,
        "precision": "bfloat16" if options.mode == "compile" else "float32",
        "batch_size": options.batch_size,
        "threads": torch.get_num_threads(),
        "steps": options.steps,
        "ms_per_step": milliseconds,
        "images_per_second": 1000 * options.batch_size / milliseconds,
        # Linux counts in KiB; the processes that compile are not in it.
        "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "version": f"PyTorch {torch.__version__}, Python {platform.python_version()}",
    }
    if device.type == "cuda":
        report["peak_device_memory_bytes"] = torch.cuda.max_memory_allocated(device)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

"""Times one step of Faster R-CNN in torchvision: the yardstick for `reviewkd bench coco/...`.

    python -m venv .venv-torchvision
    .venv-torchvision/bin/pip install "torch===2.13.0" torchvision==0.28.0 numpy
    .venv-torchvision/bin/python Benchmarks/torchvision_detection.py --work WORK
        [--precision float32|bfloat16] [--channels-last] [--stride-in-1x1] [--batch-size N]
        [--size HEIGHT WIDTH] [--steps N] [--warmup N] [--threads N] [--fixtures FOLDER]

torchvision 0.28.0 needs PyTorch's build for CUDA, some 5 GB; it runs on the CPU.

WORK    train     Faster R-CNN R50-FPN: forward pass, losses, backward pass, update
        distill   Faster R-CNN R18-FPN learns from the pyramid of R50 by ReviewKD: both networks,
                  the five fusion blocks, all losses, backward pass, update
        evaluate  Faster R-CNN R50-FPN: from pictures to boxes
        check     compares losses and gradients with the golden values in FOLDER, float64
                  (torchvision_golden.py), and ends with status 1 where they differ

The networks are torchvision's own, eager, with frozen batch norms, the stem and the first stage
fixed, and 80 classes. They have random weights and the counts of detectron2: before suppression
2,000 proposals a level in training and 1,000 in evaluation, after it 1,000 a picture, of which 512
regions learn beside 256 anchors. `--precision bfloat16` is autocast; `--channels-last` gives the
weights that layout. R50 has its strides in the 3x3 convolutions, as torchvision's does;
`--stride-in-1x1` moves them to where detectron2 and `reviewkd` have them, which saves operations.

Whole steps on synthetic pictures in memory, normalised within the step. A step ends with its loss,
or its boxes, on the host. Prints one JSON object; `ms_per_step` is the median of the timed steps.
`memory_of_imports_bytes` is the part of the peak that the libraries alone take. Run nothing else on
the machine meanwhile: with a busy neighbour two threads of PyTorch are slower than one.
"""

import argparse
import json
import platform
import resource
import statistics
import sys
from pathlib import Path

import pytorch_step
import timed_steps
import torch
import torchvision
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.resnet import Bottleneck

CLASS_COUNT = 80
LEVELS = 5
WIDTH = 256
REVIEW_WEIGHT = 1.2
BOXES_PER_PICTURE = 8
# Of the train part of ImageNet, for pictures of 0...1.
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def make_pyramid(name):
    """A ResNet with frozen norms and its FPN: maps p2 to p6."""
    return resnet_fpn_backbone(backbone_name=name, weights=None, trainable_layers=3)


def make_detector(name, size, **settings):
    """A Faster R-CNN for pictures of one size, which it keeps; the settings are torchvision's."""
    usual = {
        "min_size": min(size),
        "max_size": max(size),
        "image_mean": MEAN,
        "image_std": DEVIATION,
        "rpn_pre_nms_top_n_train": 2000,
        "rpn_pre_nms_top_n_test": 1000,
        "rpn_post_nms_top_n_train": 1000,
        "rpn_post_nms_top_n_test": 1000,
        "rpn_batch_size_per_image": 256,
        "rpn_positive_fraction": 0.5,
        "box_batch_size_per_image": 512,
        "box_positive_fraction": 0.25,
        "box_score_thresh": 0.05,
        "box_detections_per_img": 100,
    }
    detector = FasterRCNN(make_pyramid(name), CLASS_COUNT + 1, **(usual | settings))
    settle(detector)
    return detector


def settle(detector):
    """Gives the heads first weights with which a picture has all its proposals, few of them sure.

    Those of the box head are detectron2's; with PyTorch's, which torchvision leaves, thousands of
    boxes pass the score threshold. Proposals stay near their anchors, as in a trained network: with
    the usual deviation of 0.01 it depends on the seed how many are distinct, 300 to 1,000.
    """
    heads = detector.roi_heads
    for layer in (heads.box_head.fc6, heads.box_head.fc7):
        nn.init.kaiming_uniform_(layer.weight, a=1)
        nn.init.zeros_(layer.bias)
    predictor = heads.box_predictor
    for layer, deviation in (
        (detector.rpn.head.bbox_pred, 0.001),
        (predictor.cls_score, 0.01),
        (predictor.bbox_pred, 0.001),
    ):
        nn.init.normal_(layer.weight, std=deviation)
        nn.init.zeros_(layer.bias)


def move_stride(pyramid):
    """Moves a bottleneck's stride from the 3x3 to the first 1x1 convolution; its weights fit."""
    for module in pyramid.modules():
        if isinstance(module, Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, (1, 1)


def keep_boxes_exact(detector):
    """Keeps boxes in float32 under autocast, as whoever wants them right has to.

    torchvision makes anchors in the type of the first map. In bfloat16 coordinates above 256 are
    then rounded to multiples of 2, above 512 to multiples of 4, and what is decoded from them is
    bfloat16, too. It runs all the same, in the same time. RoIAlign and suppression need nothing:
    under autocast torchvision carries them out in float32.
    """

    def shapes_in_float32(generator, inputs):
        pictures, maps = inputs
        return pictures, [torch.zeros((), device=m.device).expand(m.shape) for m in maps]

    def to_float32(module, inputs, outputs):
        logits, deltas = outputs
        if isinstance(logits, torch.Tensor):
            return logits.float(), deltas.float()
        return [x.float() for x in logits], [x.float() for x in deltas]

    detector.rpn.anchor_generator.register_forward_pre_hook(shapes_in_float32)
    detector.rpn.head.register_forward_hook(to_float32)
    detector.roi_heads.box_predictor.register_forward_hook(to_float32)


class Review(nn.Module):
    """The five fusion blocks, the deepest first."""

    def __init__(self):
        super().__init__()
        self.fusions = nn.ModuleList(
            pytorch_step.AttentionBasedFusion(WIDTH, WIDTH, WIDTH, index > 0)
            for index in range(LEVELS)
        )

    def forward(self, maps):
        """Maps from shallow to deep to what is compared with the teacher's, in the same order."""
        results, deeper = [], None
        for fusion, feature in zip(self.fusions, reversed(maps)):
            result, deeper = fusion(feature, deeper)
            results.insert(0, result)
        return results


class ReviewedDetector(nn.Module):
    """A detector that learns from boxes and from another one's pyramid, which is not part of it."""

    def __init__(self, detector, teacher):
        super().__init__()
        self.detector, self.review = detector, Review()
        self.teach = teacher

    def forward(self, pictures, targets):
        """The losses by name; that of the review is not weighted."""
        batch, targets = self.detector.transform(pictures, targets)
        maps = self.detector.backbone(batch.tensors)
        proposals, proposal_losses = self.detector.rpn(batch, maps, targets)
        _, box_losses = self.detector.roi_heads(maps, proposals, batch.image_sizes, targets)
        with torch.no_grad():
            expected = self.teach(batch.tensors)
        reviewed = self.review(list(maps.values()))
        review = pytorch_step.hierarchical_context_loss(reviewed, expected)
        return {**proposal_losses, **box_losses, "loss_review": review}


def make_teacher(options, layout):
    """A function from normalised pictures to the maps of R50's pyramid."""
    pyramid = make_pyramid("resnet50").to(memory_format=layout).eval().requires_grad_(False)
    if options.stride_in_1x1:
        move_stride(pyramid)
    return lambda pictures: list(pyramid(pictures).values())


def make_batch(count, size):
    """Pictures of normal numbers once normalised, and boxes of 5 to 60 % of a side with classes."""
    height, width = size
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    pictures, targets = [], []
    for _ in range(count):
        sides = torch.empty(BOXES_PER_PICTURE, 2).uniform_(0.05, 0.6)
        corners = torch.rand(BOXES_PER_PICTURE, 2) * (1 - sides)
        boxes = torch.cat([corners, corners + sides], 1) * torch.tensor([width, height] * 2)
        labels = torch.randint(1, CLASS_COUNT + 1, (BOXES_PER_PICTURE,))
        pictures.append(torch.randn(3, height, width) * deviation + mean)
        targets.append({"boxes": boxes, "labels": labels})
    return pictures, targets


def count_boxes(detector, counts):
    """Notes how many boxes each step has, so that programs can be seen to do the same work."""

    def proposals(module, inputs, outputs):
        counts["proposals"] = [len(boxes) for boxes in outputs[0]]

    def regions(module, inputs, outputs):
        counts["regions"] = len(outputs)

    detector.rpn.register_forward_hook(proposals)
    detector.roi_heads.box_head.register_forward_hook(regions)


def make_step(options, counts):
    """Makes a function that takes one step."""
    low = options.precision == "bfloat16"
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    distills = options.work == "distill"
    detector = make_detector("resnet18" if distills else "resnet50", options.size)
    if options.stride_in_1x1:
        move_stride(detector.backbone)
    if low:
        keep_boxes_exact(detector)
    count_boxes(detector, counts)
    network = ReviewedDetector(detector, make_teacher(options, layout)) if distills else detector
    network.to(memory_format=layout)
    pictures, targets = make_batch(options.batch_size, options.size)

    def autocast():
        return torch.autocast("cpu", torch.bfloat16, enabled=low)

    def evaluate():
        with torch.no_grad(), autocast():
            results = network(pictures)
        counts["detections"] = [len(result["boxes"].tolist()) for result in results]

    if options.work == "evaluate":
        network.eval()
        return evaluate

    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=1e-6, momentum=0.9, weight_decay=1e-4)

    def train():
        with autocast():
            losses = network(pictures, targets)
            review = REVIEW_WEIGHT * losses.pop("loss_review", 0.0)
            total = sum(losses.values()) + review
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        counts["loss"] = total.item()

    return train


def peak_memory():
    """Bytes; Linux counts in KiB."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(options):
    """Times steps and prints what was found."""
    memory_of_imports = peak_memory()
    torch.manual_seed(0)
    counts = {}
    step = make_step(options, counts)
    milliseconds = statistics.median(timed_steps.milliseconds(step, options.warmup, options.steps))
    report = {
        "work": options.work,
        "precision": options.precision,
        "layout": "channels_last" if options.channels_last else "contiguous",
        "stride": "1x1" if options.stride_in_1x1 else "3x3",
        "batch_size": options.batch_size,
        "size": options.size,
        "threads": torch.get_num_threads(),
        "steps": options.steps,
        "ms_per_step": milliseconds,
        "images_per_second": 1000 * options.batch_size / milliseconds,
        "peak_memory_bytes": peak_memory(),
        "memory_of_imports_bytes": memory_of_imports,
        **counts,
        "version": f"torchvision {torchvision.__version__}, PyTorch {torch.__version__}, "
        f"Python {platform.python_version()}",
    }
    print(json.dumps(report))


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", required=True, choices=("train", "distill", "evaluate", "check"))
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--stride-in-1x1", action="store_true")
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument(
        "--size", type=int, nargs=2, default=[512, 640], metavar=("HEIGHT", "WIDTH")
    )
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=2, help="steps before the clock")
    parser.add_argument("--threads", type=int, help="threads of one operator (default: PyTorch's)")
    parser.add_argument(
        "--fixtures",
        type=Path,
        default=Path(__file__).resolve().parent.parent / "Tests/Fixtures/detection",
        help="the folder of golden values, for check",
    )
    options = parser.parse_args()
    for name in ("batch_size", "steps", "warmup", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} is {value}, expected at least 1")
    if min(options.size) < 64:
        parser.error(f"--size is {options.size}, expected at least 64 pixels a side")
    if options.work == "check" and not options.fixtures.is_dir():
        parser.error(f"--fixtures is {options.fixtures}, expected a folder of golden values")
    return options


def main():
    options = parse_options()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    if options.work == "check":
        import torchvision_golden

        sys.exit(0 if torchvision_golden.agrees(options.fixtures) else 1)
    measure(options)


if __name__ == "__main__":
    main()

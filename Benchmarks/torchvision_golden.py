"""Compares torchvision_detection.py with the golden values of detectron2 and ReviewKD, in float64.

It reads `losses-faster_rcnn-R18.json` and `reviewkd-faster_rcnn-R50-R18.json`: the losses of one
step and the gradients of every parameter, those of the fusion blocks too. The networks are those
that are timed, filled by the rule of the golden values under detectron2's names.

torchvision has habits that detectron2 does not share. `follow_detectron2` switches these off, and
nothing else:

- Regions are pooled without the shift of half a pixel, and from 2 x 2 samples a bin.
- Anchors are rounded to whole pixels.
- Boxes are learnt by a smooth L1 distance (beta 1/9).
- The proposals' losses are averaged over the anchors that were drawn, not over all that could be.
- The anchors' labels are float32; PyTorch's cross entropy of two classes takes its type from them,
  so that this loss is float32 in a network of float64.
- A level's stride is the picture's side over the map's, rounded down: 53 for p6, not 64, in a
  picture of 160 pixels. No loss of these files shows it.
- Proposals with a side below a thousandth of a pixel go, not only empty ones. Nor do they show it.

The fixtures draw every anchor and every region, so that chance plays no part. The pictures have
two sizes, hence torchvision's private `_skip_resize`. The teacher's strides move to the 1x1
convolutions. What differs too, but not in the results of float64: an epsilon in a region's level
(1e-6, not 1e-8), and suppression that sorts by probability instead of logit.
"""

import base64
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from torch.nn import functional
from torchvision.models.detection import roi_heads, rpn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import poolers, roi_align

sys.path.append(str(Path(__file__).resolve().parent.parent / "Scripts"))

import torchvision_detection as yardstick  # noqa: E402
from measure_bfloat16_error import fill, hashed  # noqa: E402

BOUND = 1e-6
LOSSES = {
    "rpn_class": ("loss_objectness", "loss_rpn_cls"),
    "rpn_box": ("loss_rpn_box_reg", "loss_rpn_loc"),
    "class": ("loss_classifier", "loss_cls"),
    "box": ("loss_box_reg", "loss_box_reg"),
    "review": ("loss_review", "loss_ReviewKD"),
}
# From torchvision's names to detectron2's.
NAMES = [
    (r"^detector\.", ""),
    (r"^backbone\.body\.conv1\.", "backbone.bottom_up.stem.conv1."),
    (r"^backbone\.body\.bn1\.", "backbone.bottom_up.stem.conv1.norm."),
    (
        r"^backbone\.body\.layer(\d)\.",
        lambda found: f"backbone.bottom_up.res{int(found[1]) + 1}.",
    ),
    (r"\.bn(\d)\.", r".conv\1.norm."),
    (r"\.downsample\.0\.", ".shortcut."),
    (r"\.downsample\.1\.", ".shortcut.norm."),
    (
        r"^backbone\.fpn\.(inner|layer)_blocks\.(\d)\.0\.",
        lambda found: "backbone.fpn_"
        + {"inner": "lateral", "layer": "output"}[found[1]]
        + f"{int(found[2]) + 2}.",
    ),
    (r"^rpn\.head\.conv\.0\.0\.", "proposal_generator.rpn_head.conv."),
    (r"^rpn\.head\.cls_logits\.", "proposal_generator.rpn_head.objectness_logits."),
    (r"^rpn\.head\.bbox_pred\.", "proposal_generator.rpn_head.anchor_deltas."),
    (r"^roi_heads\.", "roi_heads."),
    (r"\.fc6\.", ".fc1."),
    (r"\.fc7\.", ".fc2."),
    (r"^review\.fusions\.(\d)\.project\.", r"kd_trans.abfs.\1.conv1."),
    (r"^review\.fusions\.(\d)\.expand\.", r"kd_trans.abfs.\1.conv2."),
    (r"^review\.fusions\.(\d)\.attention\.", r"kd_trans.abfs.\1.att_conv.0."),
]


class ExactAnchors(AnchorGenerator):
    """Anchors of any size, at strides of 4 to 64."""

    def generate_anchors(self, scales, aspect_ratios, **_):
        sides = torch.tensor(scales, dtype=torch.float64)
        ratios = torch.tensor(aspect_ratios, dtype=torch.float64)
        widths = (sides[None, :] ** 2 / ratios[:, None]).sqrt()
        heights = widths * ratios[:, None]
        return torch.stack([-widths, -heights, widths, heights], -1).flatten(0, 1) / 2

    def grid_anchors(self, grid_sizes, strides):
        powers = [torch.tensor(4 << level) for level in range(len(grid_sizes))]
        return super().grid_anchors(grid_sizes, [[power, power] for power in powers])


def follow_detectron2(detector, drawn_anchors):
    """Switches off the habits of torchvision that detectron2 does not share, for this process."""
    detector.roi_heads.box_roi_pool.sampling_ratio = 0
    poolers.roi_align = lambda *inputs, **settings: roi_align(*inputs, **settings, aligned=True)

    own = detector.rpn.anchor_generator
    detector.rpn.anchor_generator = ExactAnchors(own.sizes, own.aspect_ratios)

    def distance(found, wanted, beta, reduction):
        return functional.l1_loss(found, wanted, reduction=reduction)

    exact = SimpleNamespace(**{**vars(functional), "smooth_l1_loss": distance})
    rpn.F, roi_heads.F = exact, exact

    averaged = detector.rpn.compute_loss

    def compute_loss(objectness, deltas, labels, targets):
        labels = [label.to(objectness.dtype) for label in labels]
        share = sum((label >= 0).sum() for label in labels) / (drawn_anchors * len(labels))
        return tuple(share * loss for loss in averaged(objectness, deltas, labels, targets))

    detector.rpn.compute_loss = compute_loss
    detector.rpn.min_size = sys.float_info.min


def detectron2_name(name):
    for pattern, replacement in NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def to_detectron2(name, value):
    """Puts the background last, and leaves out its box, which nothing learns."""
    if "box_predictor.cls_score" in name:
        return value.roll(-1, 0)
    return value[4:] if "box_predictor.bbox_pred" in name else value


def from_detectron2(name, value):
    if "box_predictor.cls_score" in name:
        return value.roll(1, 0)
    is_box = "box_predictor.bbox_pred" in name
    return torch.cat([torch.zeros_like(value[:4]), value]) if is_box else value


def load(module, base, scaled, files, prefix=""):
    """Fills a network as the golden values are, under detectron2's names."""
    entries = {
        prefix + name: value
        for name, value in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    state = {
        detectron2_name(name): to_detectron2(name, torch.zeros_like(value))
        for name, value in entries.items()
    }
    fill(state, base)
    for name, factor in scaled.items():
        state[name] *= factor
    for file in files:
        for name, text in json.loads(file.read_text())["running_stats"].items():
            numbers = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.bfloat16)
            state[name] = numbers.double()
    for name, value in entries.items():
        value.copy_(from_detectron2(name, state[detectron2_name(name)]))


def picture(key, height, width):
    fine = hashed(key, 3 * height * width).reshape(3, height, width)
    rows, columns = -(-height // 16), -(-width // 16)
    coarse = hashed(key + 1000, 3 * rows * columns).reshape(3, rows, columns)
    coarse = coarse.repeat_interleave(16, 1).repeat_interleave(16, 2)[:, :height, :width]
    return (96 * (coarse + 1) + 32 * (fine + 1)).floor()


def make_detector(golden):
    config = golden["config"]
    drawn = config["MODEL.RPN.BATCH_SIZE_PER_IMAGE"]
    detector = yardstick.make_detector(
        "resnet18",
        [128, 160],
        image_mean=golden["pixels"]["mean"],
        image_std=golden["pixels"]["std"],
        rpn_pre_nms_top_n_train=config["MODEL.RPN.PRE_NMS_TOPK_TRAIN"],
        rpn_post_nms_top_n_train=config["MODEL.RPN.POST_NMS_TOPK_TRAIN"],
        rpn_batch_size_per_image=drawn,
        rpn_positive_fraction=config["MODEL.RPN.POSITIVE_FRACTION"],
        box_batch_size_per_image=config["MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE"],
        box_positive_fraction=config["MODEL.ROI_HEADS.POSITIVE_FRACTION"],
        _skip_resize=True,
    )
    follow_detectron2(detector, drawn)
    return detector


def make_teacher(golden, pictures, folder):
    """A function that gives the teacher's maps of the pictures, which it normalises by itself."""
    pyramid = yardstick.make_pyramid("resnet50").double().eval()
    yardstick.move_stride(pyramid)
    files = [folder / name for name in golden["teacher_running_stats"]]
    load(pyramid, golden["teacher_base"], golden["teacher_scaled"], files, "backbone.")
    mean, deviation = (
        torch.tensor(golden["teacher_pixels"][key], dtype=torch.float64)[:, None, None]
        for key in ("mean", "std")
    )

    def teach(batch):
        padded = torch.zeros_like(batch)
        for image, place in zip(pictures, padded):
            place[:, : image.shape[1], : image.shape[2]] = (image.flip(0) - mean) / deviation
        return list(pyramid(padded).values())

    return teach


def make_targets(images):
    return [
        {
            "boxes": torch.tensor(image["boxes"], dtype=torch.float64),
            "labels": torch.tensor(image["classes"]) + 1,
        }
        for image in images
    ]


def run(golden, folder):
    """The network after one backward pass, and its losses."""
    network = make_detector(golden)
    pictures = [picture(image["key"], *image["size"]) for image in golden["images"]]
    if "teacher" in golden:
        teach = make_teacher(golden, pictures, folder)
        network = yardstick.ReviewedDetector(network, teach)
    network.double()
    files = [folder / name for name in golden["running_stats"]]
    load(network, golden["base"], golden["scaled"], files)
    losses = network(pictures, make_targets(golden["images"]))
    if "loss_review" in losses:
        losses["loss_review"] = golden["weight"] * losses["loss_review"]
    sum(losses.values()).backward()
    return network, losses


def gradient_error(network, golden):
    """The largest error of a gradient's norm or inner product, relative to its norm."""
    worst, seen = 0.0, set()
    for name, parameter in network.named_parameters():
        if parameter.grad is None:
            continue
        gradient = to_detectron2(name, parameter.grad).flatten()
        expected = golden["gradients"][detectron2_name(name)]
        seen.add(detectron2_name(name))
        found = (gradient.norm(), gradient @ hashed(9, len(gradient)))
        for value, key in zip(found, ("l2", "dot")):
            worst = max(worst, abs(value.item() - expected[key]) / expected["l2"])
    missing = golden["gradients"].keys() - seen
    if missing:
        raise SystemExit(f"no gradient of {', '.join(sorted(missing))}, expected one of each")
    return worst


def agrees(folder):
    """Prints the relative error of each loss and of the worst gradient; whether all are small."""
    worst = 0.0
    for file in ("losses-faster_rcnn-R18.json", "reviewkd-faster_rcnn-R50-R18.json"):
        golden = json.loads((folder / file).read_text())
        network, losses = run(golden, folder)
        print(file)
        for name, (own, theirs) in LOSSES.items():
            if theirs not in golden["losses"]:
                continue
            found, expected = losses[own].item(), golden["losses"][theirs]
            error = abs(found - expected) / abs(expected)
            worst = max(worst, error)
            print(f"  {name:10} {found:.12g}, expected {expected:.12g}, differs by {error:.1e}")
        error = gradient_error(network, golden)
        worst = max(worst, error)
        print(
            f"  gradients  of {len(golden['gradients'])} parameters differ by at most {error:.1e}"
        )
    if worst > BOUND:
        print(
            f"the largest difference is {worst:.1e}, expected at most {BOUND:.0e}", file=sys.stderr
        )
    return worst <= BOUND

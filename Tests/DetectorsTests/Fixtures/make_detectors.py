#!/usr/bin/env python3
"""Makes the golden values of detectors in this folder, from detectron2 and the authors' code, in float64.

    PYTHONPATH=SOURCES python make_detectors.py OUTPUT STATISTICS

SOURCES holds `detectron2` (02b5c4e, its forced float32 replaced by float64), `reviewkd_model` (ReviewKD cede6ea,
`Detection/model`) and a plain-Python `torchvision.ops` (RoIAlign, NMS within each class). STATISTICS is the folder with
`stats-R18.json` and `stats-R50.json`. The form of the files is that of `Tests/Fixtures/detection`, with smaller pictures.
Made with Python 3.11, PyTorch 2.13.0+cpu, fvcore 0.1.5, pycocotools 2.0.11.
"""

import base64
import json
import sys
from pathlib import Path

import fvcore.nn.focal_loss
import numpy
import torch

torch.set_num_threads(2)
# The focal loss in float64 too.
fvcore.nn.focal_loss.sigmoid_focal_loss_jit = None
SOURCE = Path(fvcore.nn.focal_loss.__file__).read_text().split("sigmoid_focal_loss_jit")[0].replace(".float()", ".double()")
SPACE = {}
exec(SOURCE, SPACE)
fvcore.nn.sigmoid_focal_loss_jit = SPACE["sigmoid_focal_loss"]
fvcore.nn.focal_loss.sigmoid_focal_loss_jit = SPACE["sigmoid_focal_loss"]

import pycocotools.mask  # noqa: E402
from detectron2.config import get_cfg  # noqa: E402
from detectron2.modeling import build_model  # noqa: E402
from detectron2.structures import Boxes, Instances, PolygonMasks, pairwise_iou  # noqa: E402
from detectron2.utils.events import EventStorage  # noqa: E402
from reviewkd_model.config import add_distillation_cfg  # noqa: E402
from reviewkd_model.kd_trans import build_kd_trans, hcl  # noqa: E402
import reviewkd_model.backbone  # noqa: E402, F401

BASES = {"R18": 0, "R50": 5000, "R101": 10000, "MV2": 15000}
BGR = {"mean": [103.53, 116.28, 123.675], "std": [1.0, 1.0, 1.0]}
RGB = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
FULL = {"mean": [103.53, 116.28, 123.675], "std": [57.375, 57.12, 58.395]}


def hashed(key, count):
    with numpy.errstate(over="ignore"):
        x = (numpy.uint64(key) << numpy.uint64(32)) + numpy.arange(count, dtype=numpy.uint64)
        x = x + numpy.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        x = x ^ (x >> numpy.uint64(31))
    return (x >> numpy.uint64(40)).astype(numpy.float64) / 2**23 - 1


def picture(key, height, width):
    fine = hashed(key, 3 * height * width).reshape(3, height, width)
    rows, columns = -(-height // 16), -(-width // 16)
    coarse = hashed(key + 1000, 3 * rows * columns).reshape(3, rows, columns)
    coarse = coarse.repeat(16, 1).repeat(16, 2)[:, :height, :width]
    return torch.from_numpy(numpy.floor(96 * (coarse + 1) + 32 * (fine + 1)))


def summary(tensor, short=False):
    values = tensor.detach().double().contiguous().flatten().numpy()
    result = {"l2": float(numpy.sqrt((values**2).sum())), "dot": float(values @ hashed(9, values.size))}
    if not short:
        result = {
            "shape": list(tensor.shape), "absmean": float(numpy.abs(values).mean()) if values.size else 0.0, **result,
            "first": values[:8].tolist(),
        }
    return result


def fill(entries, base):
    names = sorted(name for name in entries if not name.endswith("num_batches_tracked"))
    for place, name in enumerate(names):
        tensor = entries[name]
        values = hashed(base + place, tensor.numel())
        if tensor.dim() >= 2:
            values = values * numpy.sqrt(6 / (tensor.numel() / tensor.shape[0]))
        elif name.endswith("running_var"):
            values = 1 + 0.2 * values
        elif name.endswith("weight"):
            values = 1 + 0.1 * values
        else:
            values = 0.1 * values
        tensor.data.copy_(torch.from_numpy(values.astype(numpy.float32)).double().reshape(tensor.shape))


def configuration(name):
    family, kind = name.split("-")
    cfg = get_cfg()
    add_distillation_cfg(cfg)
    cfg.MODEL.DEVICE = "cpu"
    changed = {}
    if family == "retinanet":
        cfg.MODEL.META_ARCHITECTURE = "RetinaNet"
        cfg.MODEL.BACKBONE.NAME = "build_retinanet_resnet_fpn_backbone"
        cfg.MODEL.RESNETS.OUT_FEATURES = ["res3", "res4", "res5"]
        cfg.MODEL.FPN.IN_FEATURES = ["res3", "res4", "res5"]
        sizes = [[x, x * 2 ** (1.0 / 3), x * 2 ** (2.0 / 3)] for x in [32, 64, 128, 256, 512]]
        cfg.MODEL.ANCHOR_GENERATOR.SIZES = sizes
        changed = {
            "MODEL.RETINANET.TOPK_CANDIDATES_TEST": 100, "MODEL.RETINANET.SCORE_THRESH_TEST": 0.05,
            "MODEL.RETINANET.SMOOTH_L1_LOSS_BETA": 0.1, "TEST.DETECTIONS_PER_IMAGE": 20,
        }
    else:
        features = ["m2", "m3", "m4", "m5"] if kind == "MV2" else ["res2", "res3", "res4", "res5"]
        cfg.MODEL.META_ARCHITECTURE = "GeneralizedRCNN"
        cfg.MODEL.BACKBONE.NAME = (
            "build_mobilenetv2_fpn_backbone" if kind == "MV2" else "build_resnet_fpn_backbone")
        cfg.MODEL.RESNETS.OUT_FEATURES = features
        cfg.MODEL.MOBILENETV2.OUT_FEATURES = features
        cfg.MODEL.FPN.IN_FEATURES = features
        cfg.MODEL.ANCHOR_GENERATOR.SIZES = [[32], [64], [128], [256], [512]]
        cfg.MODEL.RPN.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
        cfg.MODEL.ROI_HEADS.NAME = "StandardROIHeads"
        cfg.MODEL.ROI_HEADS.IN_FEATURES = ["p2", "p3", "p4", "p5"]
        cfg.MODEL.ROI_BOX_HEAD.NAME = "FastRCNNConvFCHead"
        cfg.MODEL.ROI_BOX_HEAD.NUM_FC = 2
        cfg.MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION = 7
        cfg.MODEL.ROI_MASK_HEAD.NAME = "MaskRCNNConvUpsampleHead"
        cfg.MODEL.ROI_MASK_HEAD.NUM_CONV = 4
        cfg.MODEL.ROI_MASK_HEAD.POOLER_RESOLUTION = 14
        cfg.MODEL.MASK_ON = family == "mask_rcnn"
        changed = {
            "MODEL.RPN.PRE_NMS_TOPK_TEST": 150, "MODEL.RPN.POST_NMS_TOPK_TEST": 40,
            "MODEL.RPN.PRE_NMS_TOPK_TRAIN": 300, "MODEL.RPN.POST_NMS_TOPK_TRAIN": 80,
            "MODEL.ROI_HEADS.SCORE_THRESH_TEST": 0.03, "TEST.DETECTIONS_PER_IMAGE": 12,
            "MODEL.RPN.BATCH_SIZE_PER_IMAGE": 8192, "MODEL.RPN.POSITIVE_FRACTION": 1.0,
            "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": 512, "MODEL.ROI_HEADS.POSITIVE_FRACTION": 1.0,
        }
    if kind == "MV2":
        cfg.MODEL.BACKBONE.FREEZE_AT = 0
    else:
        cfg.MODEL.RESNETS.DEPTH = int(kind[1:])
        if kind in ("R18", "R34"):
            cfg.MODEL.RESNETS.RES2_OUT_CHANNELS = 64
    for key, value in changed.items():
        cfg.merge_from_list([key, value])
    return cfg, changed


def pixels_of(kind):
    return RGB if kind == "R18" else FULL if kind == "MV2" else BGR


def scaling(name):
    if name.startswith("retinanet"):
        scaled = {"head.cls_score.weight": 0.0625, "head.bbox_pred.weight": 0.03125}
        return scaled, {"head.cls_score.bias": -1.75}
    scaled = {
        "proposal_generator.rpn_head.objectness_logits.weight": 0.125,
        "proposal_generator.rpn_head.anchor_deltas.weight": 0.015625,
        "roi_heads.box_predictor.cls_score.weight": 0.125,
        "roi_heads.box_predictor.bbox_pred.weight": 0.125,
        "backbone.fpn_output4.weight": 2.0, "backbone.fpn_output5.weight": 4.0,
    }
    if name.startswith("mask_rcnn"):
        scaled["roi_heads.mask_head.predictor.weight"] = 0.25
    return scaled, {}


def prepare(model, name, folder, entries=None, scaled=None, shifted=None):
    """Fills a model (or some of its entries) and gives what the file says of it."""
    kind = name.split("-")[1]
    entries = entries if entries is not None else dict(model.state_dict(keep_vars=True))
    fill(entries, BASES[kind])
    own_scaled, own_shifted = scaling(name)
    scaled = own_scaled if scaled is None else scaled
    shifted = own_shifted if shifted is None else shifted
    files = []
    if kind != "MV2":
        files = [f"stats-{kind}.json"]
        statistics = json.loads((folder / files[0]).read_text())["running_stats"]
        for key, text in statistics.items():
            raw = numpy.frombuffer(base64.b64decode(text), dtype="<u2").astype(numpy.uint32) << 16
            entries[key].data.copy_(torch.from_numpy(raw.view(numpy.float32).astype(numpy.float64)))
    for key, factor in scaled.items():
        entries[key].data.mul_(factor)
    for key, summand in shifted.items():
        entries[key].data.add_(summand)
    return {
        "base": BASES[kind], "scaled": scaled, "shifted": shifted, "running_stats": files, "pixels": pixels_of(kind),
    }


def build(name):
    cfg, changed = configuration(name)
    model = build_model(cfg).double()
    pixels = pixels_of(name.split("-")[1])
    model.pixel_mean.data = torch.tensor(pixels["mean"], dtype=torch.float64).view(3, 1, 1)
    model.pixel_std.data = torch.tensor(pixels["std"], dtype=torch.float64).view(3, 1, 1)
    return model, changed


def levels(maps):
    return {key: summary(value) for key, value in maps.items()}


def instances(found, final=False):
    result = {
        "size": list(found.image_size), "count": len(found), "boxes": found.pred_boxes.tensor.tolist(),
        "scores": found.scores.tolist(), "classes": found.pred_classes.tolist(),
    }
    if found.has("pred_masks"):
        masks = found.pred_masks
        if final:
            runs = [pycocotools.mask.encode(numpy.asfortranarray(m.numpy().astype(numpy.uint8))) for m in masks]
            result["mask_areas"] = [int(m.sum()) for m in masks]
            result["mask_runs"] = [r["counts"].decode() for r in runs]
        else:
            result["masks"] = summary(masks[:, 0])
            result["mask_means"] = masks.mean(dim=(1, 2, 3)).tolist()
    return result


def proposals_of(all_proposals):
    return [{
        "size": list(p.image_size), "count": len(p), "boxes": summary(p.proposal_boxes.tensor),
        "first_boxes": p.proposal_boxes.tensor[:4].tolist(), "logits": summary(p.objectness_logits),
    } for p in all_proposals]


def clone(instances_list):
    return [Instances(i.image_size, **{k: (Boxes(v.tensor.clone()) if isinstance(v, Boxes) else v.clone())
                                       for k, v in i.get_fields().items()}) for i in instances_list]


@torch.no_grad()
def forward_file(name, folder, cases):
    model, changed = build(name)
    model.eval()
    result = {"model": name, **prepare(model, name, folder), "config": changed, "cases": []}
    for images in cases:
        inputs = []
        for image in images:
            entry = {"image": picture(image["key"], *image["size"])}
            if "output" in image:
                entry["height"], entry["width"] = image["output"]
            inputs.append(entry)
        batch = model.preprocess_image(inputs)
        case = {"images": images, "padded": summary(batch.tensor), "image_sizes": [list(s) for s in batch.image_sizes]}
        case["bottom_up"] = levels(model.backbone.bottom_up(batch.tensor))
        features = model.backbone(batch.tensor)
        case["fpn"] = levels(features)
        if name.startswith("retinanet"):
            maps = [features[f] for f in model.head_in_features]
            logits, deltas = model.head(maps)
            case["head"] = {key: {"logits": summary(a), "deltas": summary(b)}
                            for key, a, b in zip(model.head_in_features, logits, deltas)}
            found = model.forward_inference(batch, maps, [logits, deltas])
        else:
            generator = model.proposal_generator
            maps = [features[f] for f in generator.in_features]
            logits, deltas = generator.rpn_head(maps)
            case["rpn_logits"] = levels(dict(zip(generator.in_features, logits)))
            case["rpn_deltas"] = levels(dict(zip(generator.in_features, deltas)))
            proposals, _ = generator(batch, features, None)
            case["proposals"] = proposals_of(proposals)
            heads = model.roi_heads
            boxes = [p.proposal_boxes for p in proposals]
            pooled = heads.box_pooler([features[f] for f in heads.box_in_features], boxes)
            from detectron2.modeling.poolers import assign_boxes_to_levels
            level = assign_boxes_to_levels(boxes, 2, 5, 224, 4)
            case["roi_levels"] = [int((level == i).sum()) for i in range(4)]
            hidden = heads.box_head(pooled)
            logits, deltas = heads.box_predictor(hidden)
            case["pooled"], case["box_head"] = summary(pooled), summary(hidden)
            case["class_logits"], case["box_deltas"] = summary(logits), summary(deltas)
            found, _ = heads(batch, features, proposals, None)
        case["detections"] = [instances(f) for f in found]
        final = []
        from detectron2.modeling.postprocessing import detector_postprocess
        for f, entry, size in zip(clone(found), inputs, batch.image_sizes):
            final.append(detector_postprocess(f, entry.get("height", size[0]), entry.get("width", size[1])))
        case["final"] = [instances(f, final=True) for f in final]
        print(name, "detections", [len(f) for f in found], "scores", [f.scores[:3].tolist() for f in found])
        result["cases"].append(case)
    return result


def random_boxes(seed, height, width, count, anchors, thresholds):
    """Boxes on a grid of a quarter of a pixel whose matches do not hang on rounding."""
    random = numpy.random.default_rng(seed)
    boxes = []
    while len(boxes) < count:
        w, h = random.integers(60, 4 * width - 20), random.integers(60, 4 * height - 20)
        x, y = random.integers(0, 4 * width - w), random.integers(0, 4 * height - h)
        box = [x / 4, y / 4, (x + w) / 4, (y + h) / 4]
        overlaps = pairwise_iou(Boxes(torch.tensor([box]).double()), Boxes(anchors))[0].sort(descending=True).values
        if overlaps[0] - overlaps[1] < 5e-3:
            continue
        boxes.append(box)
    best = pairwise_iou(Boxes(torch.tensor(boxes).double()), Boxes(anchors)).max(dim=0).values
    close = min(float((best - t).abs().min()) for t in thresholds)
    return boxes if close > 2e-4 else random_boxes(seed + 1000, height, width, count, anchors, thresholds)


def annotate(model, name, images):
    """Adds boxes, classes and polygons to pictures."""
    inputs = [{"image": picture(i["key"], *i["size"])} for i in images]
    with torch.no_grad():
        batch = model.preprocess_image(inputs)
        features = model.backbone(batch.tensor)
    if name.startswith("retinanet"):
        anchors = model.anchor_generator([features[f] for f in model.head_in_features])
        thresholds = [0.4, 0.5]
    else:
        anchors = model.proposal_generator.anchor_generator([features[f] for f in model.proposal_generator.in_features])
        thresholds = [0.3, 0.7]
    anchors = Boxes.cat(anchors).tensor
    for place, image in enumerate(images):
        count = 3 - place
        image["boxes"] = random_boxes(place + 7, *image["size"], count, anchors, thresholds)
        image["classes"] = [[3, 79, 17], [0, 44]][place]
        image["polygons"] = [
            [[x0, y0, x1, (3 * y0 + y1) / 4, (x0 + 3 * x1) / 4, y1, (3 * x0 + x1) / 4, (y0 + y1) / 2]]
            for x0, y0, x1, y1 in image["boxes"]]
        # One object in two parts.
        x0, y0, x1, y1 = image["boxes"][0]
        image["polygons"][0] = [
            [x0, y0, (x0 + x1) / 2, y0, x0, y1], [x1, y1, (x0 + 2 * x1) / 3, y1, x1, (y0 + y1) / 2]]


def with_targets(images, drop_second=False):
    inputs = []
    for place, image in enumerate(images):
        target = Instances(tuple(image["size"]))
        keep = 0 if drop_second and place == 1 else len(image["boxes"])
        target.gt_boxes = Boxes(torch.tensor(image["boxes"][:keep]).double().reshape(-1, 4))
        target.gt_classes = torch.tensor(image["classes"][:keep], dtype=torch.int64)
        target.gt_masks = PolygonMasks([[numpy.array(p) for p in polygons] for polygons in image["polygons"][:keep]])
        inputs.append({"image": picture(image["key"], *image["size"]), "instances": target})
    return inputs


def counted(storage):
    return {key: value[0] for key, value in storage.latest().items()}


def describe_training(model, name, inputs, result):
    batch = model.preprocess_image(inputs)
    targets = [i["instances"] for i in inputs]
    with torch.no_grad(), EventStorage():
        features = model.backbone(batch.tensor)
        if name.startswith("retinanet"):
            anchors = model.anchor_generator([features[f] for f in model.head_in_features])
            labels, _ = model.label_anchors(anchors, targets)
            background = model.num_classes
            positive = [(label >= 0) & (label < background) for label in labels]
        else:
            generator = model.proposal_generator
            anchors = generator.anchor_generator([features[f] for f in generator.in_features])
            labels, _ = generator.label_and_sample_anchors(anchors, targets)
            positive = [label == 1 for label in labels]
            proposals, _ = generator(batch, features, targets)
            result["proposals"] = proposals_of(proposals)
            rois = model.roi_heads.label_and_sample_proposals(clone(proposals), targets)
            result["rois"] = []
            for sampled in rois:
                classes = sampled.gt_classes[sampled.gt_classes < 80].sort().values.tolist()
                result["rois"].append({"count": len(sampled), "foreground": len(classes), "classes": classes})
    result["anchor_labels"] = [
        {str(k): int((label == k).sum()) for k in label.unique().tolist()} for label in labels]
    result["positive_anchors"] = [p.nonzero()[:, 0].tolist() for p in positive]
    return result


def finish(parameters, total, result, running=()):
    """Goes backward from the total and takes a step."""
    optimizer = {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.0001}
    norms = [p for n, p in parameters if n.startswith("kd_trans.") and p.dim() == 1 and "att_conv" not in n]
    chosen = {id(p) for p in norms}
    sgd = torch.optim.SGD([
        {"params": norms, "weight_decay": 0.0}, {"params": [p for _, p in parameters if id(p) not in chosen]},
    ], **optimizer)
    total.backward()
    result["total"] = float(total)
    result["optimizer"] = optimizer
    result["without_gradient"] = [n for n, p in parameters if p.grad is None]
    known = [(n, p) for n, p in parameters if p.grad is not None]
    result["gradient_l2_of_all"] = float(sum((p.grad**2).sum() for _, p in known).sqrt())
    result["gradients"] = {n: summary(p.grad, short=True) for n, p in known}
    sgd.step()
    result["after"] = {n: summary(p, short=True) for n, p in [*parameters, *running]}


def losses_file(name, folder, images):
    model, changed = build(name)
    model.train()
    result = {"model": name, **prepare(model, name, folder), "config": changed, "images": images}
    annotate(model, name, images)
    inputs = with_targets(images)
    with EventStorage() as storage:
        losses = model(inputs)
        result["counted"] = counted(storage)
    if name.startswith("retinanet"):
        result["loss_normalizer"] = model.loss_normalizer
    describe_training(model, name, inputs, result)
    result["losses"] = {key: float(value) for key, value in losses.items()}
    with torch.no_grad(), EventStorage() as storage:
        if name.startswith("retinanet"):
            del model.loss_normalizer
        second = model(with_targets(images, drop_second=True))
        result["second_image_without_objects"] = {
            "losses": {key: float(value) for key, value in second.items()}, "counted": counted(storage)}
        if name.startswith("retinanet"):
            result["second_image_without_objects"]["loss_normalizer"] = model.loss_normalizer
    parameters = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    finish(parameters, sum(losses.values()), result)
    print(name, result["losses"], result["counted"], result.get("rois"))
    return result


def review_file(student_name, teacher_name, folder, weight, images):
    student, changed = build(student_name)
    teacher, _ = build(teacher_name)
    student.train()
    transform = build_kd_trans(None).double()
    transform.train()
    own = dict(student.state_dict(keep_vars=True))
    added = {f"kd_trans.{n}": t for n, t in transform.state_dict(keep_vars=True).items()}
    result = {"student": student_name, "teacher": teacher_name, "weight": weight}
    result |= prepare(student, student_name, folder, entries={**own, **added})
    backbone = {n: t for n, t in teacher.state_dict(keep_vars=True).items() if n.startswith("backbone.")}
    teacher_scaled = {k: v for k, v in scaling(teacher_name)[0].items() if k.startswith("backbone.")}
    described = prepare(teacher, teacher_name, folder, entries=backbone, scaled=teacher_scaled, shifted={})
    result |= {f"teacher_{key}": described[key] for key in ["base", "scaled", "running_stats", "pixels"]}
    student_is_rgb = student_name.endswith("R18")
    result["teacher_channels"] = "the student's reversed" if student_is_rgb else "as the student's"
    result |= {"config": changed, "images": images}
    annotate(student, student_name, images)
    inputs = with_targets(images)
    with torch.no_grad():
        reverse = [2, 1, 0] if student_is_rgb else [0, 1, 2]
        turned = [{"image": i["image"][reverse]} for i in inputs]
        known = teacher.backbone(teacher.preprocess_image(turned).tensor)
    describe_training(student, student_name, inputs, result)
    with EventStorage():
        losses = student(inputs)
    features = student.backbone(student.preprocess_image(inputs).tensor)
    names = list(student.head_in_features) if student_name.startswith("retinanet") else ["p2", "p3", "p4", "p5", "p6"]
    outputs = transform([features[n] for n in names])
    for output in outputs:
        output.retain_grad()
    distances = {n: hcl([o], [known[n]]) for n, o in zip(names, outputs)}
    result["hcl"] = {n: float(d) for n, d in distances.items()}
    result["hcl_sum"] = sum(result["hcl"].values())
    result["student_fpn"] = {n: summary(features[n]) for n in names}
    result["review"] = {n: summary(o) for n, o in zip(names, outputs)}
    result["teacher_fpn"] = {n: summary(known[n]) for n in names}
    losses["loss_ReviewKD"] = sum(distances.values()) * weight
    result["losses"] = {key: float(value) for key, value in losses.items()}
    parameters = [(n, p) for n, p in student.named_parameters() if p.requires_grad]
    parameters += [(f"kd_trans.{n}", p) for n, p in transform.named_parameters()]
    running = [(f"kd_trans.{n}", b) for n, b in transform.named_buffers() if not n.endswith("tracked")]
    finish(parameters, sum(losses.values()), result, running)
    result["review_gradients"] = {n: summary(o.grad, short=True) for n, o in zip(names, outputs)}
    print(student_name, result["losses"])
    return result


def main():
    output, folder = Path(sys.argv[1]), Path(sys.argv[2])
    two = [
        [{"key": 3100001, "size": [64, 96]}, {"key": 3100002, "size": [64, 96]}],
        [{"key": 3100003, "size": [50, 90], "output": [75, 200]}, {"key": 3100004, "size": [64, 61], "output": [64, 61]}],
    ]
    pair = lambda key: [{"key": key, "size": [64, 96]}, {"key": key + 1, "size": [60, 81]}]  # noqa: E731
    files = {
        "forward-faster_rcnn-MV2": lambda: forward_file("faster_rcnn-MV2", folder, two),
        "forward-mask_rcnn-R18": lambda: forward_file("mask_rcnn-R18", folder, two),
        "forward-retinanet-R18": lambda: forward_file("retinanet-R18", folder, two),
        "losses-faster_rcnn-MV2": lambda: losses_file("faster_rcnn-MV2", folder, pair(3100011)),
        "losses-mask_rcnn-R18": lambda: losses_file("mask_rcnn-R18", folder, pair(3100021)),
        "losses-retinanet-R18": lambda: losses_file("retinanet-R18", folder, pair(3100031)),
        "reviewkd-mask_rcnn-R50-R18": lambda: review_file(
            "mask_rcnn-R18", "mask_rcnn-R50", folder, 1.5, pair(3100041)),
        "reviewkd-retinanet-R50-R18": lambda: review_file(
            "retinanet-R18", "retinanet-R50", folder, 1.0, pair(3100051)),
        "reviewkd-faster_rcnn-R50-MV2": lambda: review_file(
            "faster_rcnn-MV2", "faster_rcnn-R50", folder, 2.0, pair(3100061)),
    }
    for name, make in files.items():
        if len(sys.argv) > 3 and not any(part in name for part in sys.argv[3:]):
            continue
        text = json.dumps(make(), separators=(",", ":"))
        (output / f"{name}.json").write_text(text + "\n")
        print(name, len(text), "bytes", flush=True)


if __name__ == "__main__":
    main()

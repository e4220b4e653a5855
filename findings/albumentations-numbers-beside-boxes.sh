#!/usr/bin/env bash
#
# albumentations 2.0.8: what label_fields names is carried beside the boxes in an array of float32. So whole numbers
# above 16,777,216 come back as others, lists of them as floats, and two boxes can end with one number between them.
# Numbers of crowds in COCO, such as 900100448263, are moved by up to 32768, that is to those of other pictures. Nothing
# is said, and no transform need have done anything. The same numbers as text come back as they were. The page of
# BboxParams speaks of fields that are joined with boxes, and that of keypoints likewise, and neither tells of a limit.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install albumentations==2.0.8 opencv-python-headless==5.0.0.93 numpy==2.4.6
expect 'albumentations 2.0.8
whole numbers 7 16777216 16777217 900100448263 900100448264
beside boxes, a list: 7.0 16777216.0 16777216.0 900100456448.0 900100456448.0
beside boxes, an array of int64: 7 16777216 16777216 900100456448 900100456448
as a fifth number of the boxes: 7.0 16777216.0 16777216.0 900100456448.0 900100456448.0
beside points, a list: 7.0 16777216.0 16777216.0 900100456448.0 900100456448.0
beside boxes, as text: 7 16777216 16777217 900100448263 900100448264' <<'PYTHON'
import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations
import numpy

print("albumentations", albumentations.__version__)
numbers = [7, 16777216, 16777217, 900100448263, 900100448264]
image = numpy.zeros((100, 100, 3), numpy.uint8)
boxes = [[10, 10, 20, 20]] * len(numbers)
points = [[10, 10]] * len(numbers)


def show(name, values):
    print(f"{name}: {' '.join(str(value) for value in values)}")


def beside_boxes(ids):
    parameters = albumentations.BboxParams("coco", label_fields=["ids"])
    transform = albumentations.Compose([albumentations.NoOp()], bbox_params=parameters)
    return transform(image=image, bboxes=boxes, ids=ids)["ids"]


def in_boxes(ids):
    transform = albumentations.Compose([albumentations.NoOp()], bbox_params=albumentations.BboxParams("coco"))
    numbered = [[*box, number] for box, number in zip(boxes, ids)]
    return [box[4] for box in transform(image=image, bboxes=numbered)["bboxes"]]


def beside_points(ids):
    parameters = albumentations.KeypointParams("xy", label_fields=["ids"])
    transform = albumentations.Compose([albumentations.NoOp()], keypoint_params=parameters)
    return transform(image=image, keypoints=points, ids=ids)["ids"]


print("whole numbers", *numbers)
show("beside boxes, a list", beside_boxes(numbers))
show("beside boxes, an array of int64", beside_boxes(numpy.array(numbers)))
show("as a fifth number of the boxes", in_boxes(numbers))
show("beside points, a list", beside_points(numbers))
show("beside boxes, as text", beside_boxes([str(number) for number in numbers]))
PYTHON

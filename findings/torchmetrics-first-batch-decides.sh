#!/usr/bin/env bash
#
# torchmetrics 1.9.0: a MetricCollection looks at its metrics after the first batch, and those whose counts are equal
# then are one from there on, whatever their arguments are: the others are never updated again. So two thresholds give
# one accuracy if the first batch is an easy one, and a metric that leaves out the background equals one that does not
# if the first batch has no background. The same batches in another order give both numbers rightly. Nothing is said.
# The page says that metrics of a group share their state and differ in how it is computed into a number only, which is
# not so here, and not that the first batch's numbers decide.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torchmetrics==1.9.0 torch==2.13.0+cpu numpy==2.4.6
expect 'torchmetrics 1.9.0
accuracy at thresholds 0.5 and 0.9
each alone: 1.00 0.50
a collection, easy batch first: 1.00 1.00
a collection, hard batch first: 1.00 0.50
a collection with compute_groups=False, easy batch first: 1.00 0.50
accuracy with and without the background
each alone: 0.50 1.00
a collection, easy batch first: 0.50 0.50
a collection, hard batch first: 0.50 1.00
a collection with compute_groups=False, easy batch first: 0.50 1.00' <<'PYTHON'
import torch
import torchmetrics
from torchmetrics.classification import BinaryAccuracy, MulticlassAccuracy

print("torchmetrics", torchmetrics.__version__)
torch.set_num_threads(1)


def values(metric, batches):
    for predictions, labels in batches:
        metric.update(predictions, labels)
    found = metric.compute()
    return list(found.values()) if isinstance(found, dict) else [found]


def show(name, make, easy, hard):
    print(name)

    def line(label, numbers):
        print(f"{label}: {' '.join(f'{number:.2f}' for number in numbers)}")

    def collection(**options):
        return torchmetrics.MetricCollection(dict(zip("ab", make())), **options)

    line("each alone", [values(metric, [easy, hard])[0] for metric in make()])
    line("a collection, easy batch first", values(collection(), [easy, hard]))
    line("a collection, hard batch first", values(collection(), [hard, easy]))
    apart = collection(compute_groups=False)
    line("a collection with compute_groups=False, easy batch first", values(apart, [easy, hard]))


sure = torch.tensor([0.99, 0.98, 0.01, 0.02]), torch.tensor([1, 1, 0, 0])
unsure = torch.tensor([0.6, 0.7, 0.8, 0.7]), torch.tensor([1, 1, 1, 1])
show(
    "accuracy at thresholds 0.5 and 0.9",
    lambda: (BinaryAccuracy(threshold=0.5), BinaryAccuracy(threshold=0.9)),
    sure,
    unsure,
)

objects = torch.tensor([1, 2, 1, 2]), torch.tensor([1, 2, 1, 2])
background = torch.tensor([1, 2, 1, 2]), torch.tensor([0, 0, 0, 0])
show(
    "accuracy with and without the background",
    lambda: (
        MulticlassAccuracy(3, average="micro"),
        MulticlassAccuracy(3, average="micro", ignore_index=0),
    ),
    objects,
    background,
)
PYTHON

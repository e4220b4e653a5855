#!/usr/bin/env bash
#
# torcheval 0.0.7: a label is among the top k where fewer than k classes are greater, so that equal ones all count. A
# network that answers zero everywhere, or NaN, is right in one row of 100 for k = 1, which is done by argmax, and in
# all of them for k = 2. No broken network is needed: the probabilities of a sure network in float16 are zero from some
# rank on, and then every label is in the top 5. Its logits, and probabilities in float32, give the true number. Nothing
# is said of ties or NaN on the page, which speaks of the number of top probabilities to be considered.
#
# The label's rank is known here: it is 1 in the first row, 2 in the second and so on to 100.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torcheval==0.0.7 torch==2.13.0+cpu numpy==2.4.6
expect 'torcheval 0.0.7
100 classes, the labels on ranks 1 to 100
in truth: top 1 1%, top 2 2%, top 5 5%
logits: top 1 1%, top 2 2%, top 5 5%
probabilities, float32: top 1 1%, top 2 2%, top 5 5%
probabilities, float16: top 1 1%, top 2 2%, top 5 100%
logits, all zero: top 1 1%, top 2 100%, top 5 100%
logits, all NaN: top 1 1%, top 2 100%, top 5 100%
hit rate, all NaN: top 1 100%, top 2 100%, top 5 100%' <<'PYTHON'
from importlib.metadata import version

import torch
from torcheval.metrics import HitRate, MulticlassAccuracy

print("torcheval", version("torcheval"))
torch.set_num_threads(1)
classes = 100
rows = torch.arange(classes)
labels = (3 * rows) % classes
# The class on rank r has the logit -5 (r - 1), and row i has its label on rank i + 1.
logits = -5.0 * ((rows[None] - 2 * rows[:, None]) % classes)
ranks = 1 + (logits > logits.gather(1, labels[:, None])).sum(1)
assert ranks.tolist() == list(range(1, classes + 1)) and all(row.unique().numel() == classes for row in logits)


def show(name, accuracy):
    print(f"{name}: {', '.join(f'top {k} {accuracy(k):.0%}' for k in (1, 2, 5))}")


def accuracy_of(scores):
    return lambda k: MulticlassAccuracy(k=k).update(scores, labels).compute().item()


def hits_of(scores):
    return lambda k: HitRate(k=k).update(scores, labels).compute().mean().item()


print(f"{classes} classes, the labels on ranks 1 to {classes}")
show("in truth", lambda k: (ranks <= k).double().mean().item())
show("logits", accuracy_of(logits))
show("probabilities, float32", accuracy_of(logits.softmax(1)))
show("probabilities, float16", accuracy_of(logits.half().softmax(1)))
show("logits, all zero", accuracy_of(torch.zeros(classes, classes)))
show("logits, all NaN", accuracy_of(torch.full((classes, classes), float("nan"))))
show("hit rate, all NaN", hits_of(torch.full((classes, classes), float("nan"))))
PYTHON

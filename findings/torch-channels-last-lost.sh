#!/usr/bin/env bash
#
# torch 2.13.0: of two ways to say the same thing, one keeps a batch of maps in channels-last memory and the other does
# not, so that each convolution behind it has to turn its input around. x[i] keeps it and x.index_select(0, i) does
# not; where keeps it and masked_fill does not; cat keeps it and repeat does not. Which of two addends stands first
# decides as well: x + y has the layout of x. The numbers are the same, so that nothing but the time shows it. Mixup,
# a draw of images and a memory bank are all made of such lines.
#
# Seen on 2026-11-30 with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
x[i]: channels last
x.index_select(0, i): contiguous
where(m, 0, x): channels last
x.masked_fill(m, 0): contiguous
cat([x, x]): channels last
x.repeat(2, 1, 1, 1): contiguous
x + y: channels last
y + x: contiguous
normalize(x, dim=1): channels last
x.softmax(1): contiguous' <<'PYTHON'
import torch
import torch.nn.functional as F

print("torch", torch.__version__)
x = torch.rand(4, 8, 6, 6).contiguous(memory_format=torch.channels_last)
y = torch.rand(4, 8, 6, 6)
i = torch.tensor([3, 1, 0, 2])
m = torch.tensor([True, False, False, True]).reshape(4, 1, 1, 1)


def show(name, result):
    kept = result.is_contiguous(memory_format=torch.channels_last)
    assert kept or result.is_contiguous()
    print(f"{name}: {'channels last' if kept else 'contiguous'}")


def show_both(names, results):
    assert torch.equal(*results)
    for name, result in zip(names, results):
        show(name, result)


show_both(["x[i]", "x.index_select(0, i)"], [x[i], x.index_select(0, i)])
show_both(["where(m, 0, x)", "x.masked_fill(m, 0)"], [torch.where(m, 0, x), x.masked_fill(m, 0)])
show_both(["cat([x, x])", "x.repeat(2, 1, 1, 1)"], [torch.cat([x, x]), x.repeat(2, 1, 1, 1)])
show_both(["x + y", "y + x"], [x + y, y + x])
show("normalize(x, dim=1)", F.normalize(x, dim=1))
show("x.softmax(1)", x.softmax(1))
PYTHON

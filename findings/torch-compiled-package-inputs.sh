#!/usr/bin/env bash
#
# torch 2.13.0: a package that AOTInductor compiled (.pt2) does not look at its inputs. Compiled for 4 images, it takes
# 8 and answers for 4. The same images in another memory format, or in float64, get wrong answers of the right shape.
# Nothing is said, although eager PyTorch takes all three, and torch.export knows the shapes and types. The variable
# AOTI_RUNTIME_CHECK_INPUTS=1, which its error message does not name, makes each of them an error.
#
# Seen on 2026-11-29 with Python 3.11: the table below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

command -v g++ >/dev/null || {
    echo 'not seen: the compiler g++ is lacking' >&2
    exit 1
}
install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
unchecked, 4 images: [4, 10], right
unchecked, 8 images: [4, 10], wrong
unchecked, channels last: [4, 10], wrong
unchecked, float64: [4, 10], wrong
checked, 4 images: [4, 10], right
checked, 8 images: RuntimeError
checked, channels last: RuntimeError
checked, float64: RuntimeError' <<'PYTHON'
import os
import subprocess
import sys

import torch
from torch import nn

RUN = '''
import sys, torch
package = torch._inductor.aoti_load_package("network.pt2")
for name, images, expected in torch.load("inputs.pt"):
    try:
        found = package(images)
        same = found.shape == expected.shape and torch.allclose(found, expected, atol=1e-4)
        print(f"{sys.argv[1]}, {name}: {list(found.shape)}, {'right' if same else 'wrong'}")
    except RuntimeError as error:
        print(f"{sys.argv[1]}, {name}: RuntimeError")
'''

print("torch", torch.__version__, flush=True)
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)
).eval()
images, more = torch.randn(4, 3, 16, 16), torch.randn(8, 3, 16, 16)
with torch.no_grad():
    program = torch.export.export(network, (images,))
    torch._inductor.aoti_compile_and_package(program, package_path="network.pt2")
    last = images.contiguous(memory_format=torch.channels_last)
    cases = [
        ("4 images", images, network(images)),
        ("8 images", more, network(more)),
        ("channels last", last, network(images)),
        ("float64", images.double(), network(images)),
    ]
    torch.save(cases, "inputs.pt")
for name, checks in ("unchecked", "0"), ("checked", "1"):
    environment = {**os.environ, "AOTI_RUNTIME_CHECK_INPUTS": checks}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, name], env=environment, check=True, stderr=subprocess.DEVNULL
    )
PYTHON

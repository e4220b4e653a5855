#!/usr/bin/env bash
#
# torch 2.13.0: torch.save takes pickle_protocol 0 to 5 without a word, but torch.load with its default
# (weights_only=True) reads protocols 2 and 3 alone. Protocol 4 is what Python itself has used by default since
# 3.8. What protocol 0 wrote cannot be read in any way, since its reference to a storage is a text there and
# torch.load asserts a tuple.
#
# Seen on 2026-11-28 with Python 3.11: the table below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
protocol 0: default UnpicklingError, weights_only=False AssertionError
protocol 1: default UnpicklingError, weights_only=False read
protocol 2: default read, weights_only=False read
protocol 3: default read, weights_only=False read
protocol 4: default UnpicklingError, weights_only=False read
protocol 5: default UnpicklingError, weights_only=False read' <<'PYTHON'
import io

import torch

print("torch", torch.__version__)


def outcome(contents, **options):
    try:
        torch.load(io.BytesIO(contents), **options)
        return "read"
    except Exception as error:
        return type(error).__name__


for protocol in range(6):
    file = io.BytesIO()
    torch.save({"weight": torch.ones(2), "epoch": 3}, file, pickle_protocol=protocol)
    default = outcome(file.getvalue())
    full = outcome(file.getvalue(), weights_only=False)
    print(f"protocol {protocol}: default {default}, weights_only=False {full}")
PYTHON

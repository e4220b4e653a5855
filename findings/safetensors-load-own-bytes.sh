#!/usr/bin/env bash
#
# safetensors 0.8.0: safetensors.torch.save makes bytes of a tensor of the types float8_e8m0fnu and
# float4_e2m1fn_x2, load_file reads them from a file, and load refuses the same bytes in memory with a KeyError.
# Its list of types is a second one, in which these two are missing.
#
# Seen on 2026-11-28 with torch 2.13.0 and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6 safetensors==0.8.0
expect "safetensors 0.8.0
float8_e4m3fn: load_file read, load read
float8_e8m0fnu: load_file read, load KeyError 'F8_E8M0'
float4_e2m1fn_x2: load_file read, load KeyError 'F4'" <<'PYTHON'
import safetensors
import safetensors.torch
import torch

print("safetensors", safetensors.__version__)


def outcome(read):
    try:
        read()
        return "read"
    except Exception as error:
        return f"{type(error).__name__} {error}"


for name in ("float8_e4m3fn", "float8_e8m0fnu", "float4_e2m1fn_x2"):
    tensor = torch.zeros(4, dtype=torch.uint8).view(getattr(torch, name))
    contents = safetensors.torch.save({"weight": tensor})
    with open("weights.safetensors", "wb") as file:
        file.write(contents)
    from_file = outcome(lambda: safetensors.torch.load_file("weights.safetensors"))
    from_bytes = outcome(lambda: safetensors.torch.load(contents))
    print(f"{name}: load_file {from_file}, load {from_bytes}")
PYTHON

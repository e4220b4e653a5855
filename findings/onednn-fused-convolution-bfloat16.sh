#!/usr/bin/env bash
#
# torch 2.13.0 on x86-64: on a processor with AVX2 alone (here by ONEDNN_MAX_CPU_ISA and ATEN_CPU_CAPABILITY) a
# convolution in bfloat16 works, since it falls back, but the fused convolution that torch.compile and folded networks
# use, mkldnn::_convolution_pointwise, raises an error. Whether it would can be asked with
# mkldnn::_is_mkldnn_bf16_supported beforehand.
#
# Seen on 2026-11-28 on an AMD EPYC with Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
export ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
expect 'torch 2.13.0+cpu
mkldnn::_is_mkldnn_bf16_supported: False
conv2d in bfloat16: no error
mkldnn::_convolution_pointwise in bfloat16: RuntimeError
mkldnn::_convolution_pointwise in float32: no error' <<'PYTHON'
import torch

print("torch", torch.__version__)
print("mkldnn::_is_mkldnn_bf16_supported:", torch.ops.mkldnn._is_mkldnn_bf16_supported())


def outcome(convolve, dtype):
    images = torch.ones(1, 16, 8, 8, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.ones(16, 16, 3, 3, dtype=dtype)
    try:
        convolve(images, weight)
        return "no error"
    except Exception as error:
        return type(error).__name__


def plain(images, weight):
    return torch.conv2d(images, weight, padding=1)


def fused(images, weight):
    return torch.ops.mkldnn._convolution_pointwise(
        images, weight, None, [1, 1], [1, 1], [1, 1], 1, "relu", [], ""
    )


print("conv2d in bfloat16:", outcome(plain, torch.bfloat16))
print("mkldnn::_convolution_pointwise in bfloat16:", outcome(fused, torch.bfloat16))
print("mkldnn::_convolution_pointwise in float32:", outcome(fused, torch.float32))
PYTHON

#!/usr/bin/env bash
#
# torch 2.13.0 (oneDNN 3) on x86-64 with AVX-512, float32: with torch.use_deterministic_algorithms(True) and the same inputs, the
# gradients of a convolution have other last bits with another number of threads. Not only that of the weights, which is a
# sum over the batch: the gradient of the input of a strided convolution too, although each of its numbers is a sum of its
# own. The forward pass, products of matrices and sums along a dimension give the same bits. So a seed and deterministic
# algorithms do not reproduce a run on a machine with another number of cores.
#
# Seen on 2026-11-28 on an AMD EPYC with Python 3.11, oneDNN limited to AVX512_CORE: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

grep -q avx512f /proc/cpuinfo || { echo 'this shows on a processor with AVX-512 alone' >&2 && exit 1; }
install torch==2.13.0+cpu numpy==2.4.6
export ONEDNN_MAX_CPU_ISA=AVX512_CORE ATEN_CPU_CAPABILITY=avx512
expect 'torch 2.13.0+cpu
the same bits with 1, 2, 3, 4 and 8 threads:
convolution, forward: yes
convolution, gradient of the weights: no
convolution of stride 1, gradient of the input: yes
convolution of stride 2, gradient of the input: no
product of matrices: yes
sum along a dimension: yes
sum of everything: no' <<'PYTHON'
import torch
from torch.nn import functional as F

torch.use_deterministic_algorithms(True)
generator = torch.Generator().manual_seed(0)


def random(*shape):
    tensor = torch.randn(*shape, generator=generator)
    return tensor.to(memory_format=torch.channels_last) if len(shape) == 4 else tensor


def compare(name, work):
    results = []
    for threads in (1, 2, 3, 4, 8):
        torch.set_num_threads(threads)
        results.append(work())
    same = all(torch.equal(results[0], other) for other in results[1:])
    print(f"{name}: {'yes' if same else 'no'}")


def gradient(stride, place):
    images, weight = random(16, 64, 16, 16), random(128, 64, 3, 3)
    output = F.conv2d(images, weight, stride=stride, padding=1)
    ahead = random(*output.shape)

    def work():
        leaves = [images.clone().requires_grad_(), weight.clone().requires_grad_()]
        F.conv2d(*leaves, stride=stride, padding=1).backward(ahead)
        return leaves[place].grad

    return work


images, weight = random(16, 64, 16, 16), random(128, 64, 3, 3)
left, right, many = random(512, 512), random(512, 512), random(1000, 1000)
print("torch", torch.__version__)
print("the same bits with 1, 2, 3, 4 and 8 threads:")
compare("convolution, forward", lambda: F.conv2d(images, weight, stride=2, padding=1))
compare("convolution, gradient of the weights", gradient(1, 1))
compare("convolution of stride 1, gradient of the input", gradient(1, 0))
compare("convolution of stride 2, gradient of the input", gradient(2, 0))
compare("product of matrices", lambda: left @ right)
compare("sum along a dimension", lambda: many.sum(1))
compare("sum of everything", lambda: many.sum())
PYTHON

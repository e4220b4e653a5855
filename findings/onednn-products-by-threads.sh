#!/usr/bin/env bash
#
# torch 2.13.0 on a processor with AMX: products of matrices in bfloat16 have other last bits with another number of
# threads, also under torch.use_deterministic_algorithms(True): oneDNN cuts a long sum by the threads. A classifier's
# x @ W and one with a bias are concerned. Kept from AMX, each gives the same bits.
#
# Seen on 2026-11-29 on an Intel Xeon (Emerald Rapids) with Python 3.11: the lines below. Without AMX there is nothing
# to be seen.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

needs_amx
install torch==2.13.0+cpu numpy==2.4.6
readonly program='
import torch

torch.use_deterministic_algorithms(True)
generator = torch.Generator().manual_seed(0)


def compare(name, work):
    results = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        results.append(work())
    same = all(torch.equal(results[0], other) for other in results[1:])
    print(name + ":", "the same" if same else "different")


def random(*shape):
    return torch.randn(*shape, generator=generator).bfloat16()


for inner in (64, 2048):
    left, right, bias = random(128, inner), random(inner, 100), random(100)
    compare(f"product, {inner} summands", lambda: left @ right)
    compare(f"with a bias, {inner} summands", lambda: torch.addmm(bias, left, right))
'
expect 'product, 64 summands: the same
with a bias, 64 summands: the same
product, 2048 summands: different
with a bias, 2048 summands: different' <<<"$program"
ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 expect 'product, 64 summands: the same
with a bias, 64 summands: the same
product, 2048 summands: the same
with a bias, 2048 summands: the same' <<<"$program"

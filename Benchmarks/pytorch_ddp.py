"""Times steps of ReviewKD under PyTorch's DistributedDataParallel: the yardstick for `reviewkd distill --processes`.

    python pytorch_ddp.py [--pair PAIR] [--processes N] [--batch-size N] [--steps N] [--warmup N] [--threads N]

Eager PyTorch in channels_last and bfloat16 autocast with fused SGD. The batch size is that of all processes together.
Whole steps on synthetic images, with random weights. Prints one JSON object; `images_per_second` is of the median step of
the first process.
"""

import argparse
import json
import os
import socket
import statistics

import torch
from torch import distributed, multiprocessing
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

import timed_steps
from pytorch_step import CLASS_COUNT, PAIRS, ResNet, ReviewedStudent, hierarchical_context_loss, settle


def train(rank, options, port, answers):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    distributed.init_process_group("gloo", rank=rank, world_size=options.processes)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    pair, layout = PAIRS[options.pair], torch.channels_last
    teacher = ResNet(pair.teacher).to(memory_format=layout)
    student = DistributedDataParallel(ReviewedStudent(pair).to(memory_format=layout), gradient_as_bucket_view=True)
    count = options.batch_size // options.processes
    images = torch.randn(count, 3, 32, 32).contiguous(memory_format=layout)
    targets = torch.randint(0, CLASS_COUNT, (count,))
    settle(teacher, images)
    optimizer = torch.optim.SGD(
        student.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)

    def step():
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                _, expected, _ = teacher(images)
            logits, reviewed = student(images)
            loss = functional.cross_entropy(logits, targets)
            loss = loss + pair.review_weight * hierarchical_context_loss(reviewed, expected)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    times = timed_steps.milliseconds(step, options.warmup, options.steps)
    if rank == 0:
        answers.put(statistics.median(times))
    distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="resnet56-resnet20", choices=PAIRS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.batch_size % options.processes:
        parser.error(f"--batch-size is {options.batch_size}, expected a multiple of {options.processes} processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answers = multiprocessing.get_context("spawn").SimpleQueue()
    multiprocessing.spawn(train, (options, port, answers), options.processes)
    milliseconds = answers.get()
    print(
        json.dumps(
            {
                "pair": options.pair,
                "processes": options.processes,
                "threads": options.threads,
                "batch_size": options.batch_size,
                "ms_per_step": milliseconds,
                "images_per_second": 1000 * options.batch_size / milliseconds,
                "version": f"PyTorch {torch.__version__}",
            }
        )
    )


if __name__ == "__main__":
    main()

"""Times steps of one process with two threads and of two processes with one thread each, in turn.

    process_turns.py REVIEWKD [--recipe NAME] [--batch-size N] [--turns N] [--steps N]

Each turn runs `reviewkd bench` for each way, in the opposite order to the turn before. Other guests of a virtual machine slow
its cores down one by one, and two processes then wait for the slower one at each step. So three more figures stand beside the
medians. The fastest step of each run is what the machine does when nothing disturbs it. And `apart` are two benchmarks of half
the batch that run side by side and send nothing: with steps of a and b milliseconds, processes that wait for each other at
each step cannot take less than the larger one.
"""

import argparse
import json
import statistics
import subprocess


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--recipe", default="cifar100/resnet56-resnet20")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--steps", default="40")
    options = parser.parse_args()
    start = [options.program, "bench", options.recipe, "--steps", options.steps, "--json", "--batch-size"]
    whole, half = str(options.batch_size), str(options.batch_size // 2)
    commands = {
        "one": [start + [whole, "--threads", "2"]],
        "two": [start + [whole, "--processes", "2", "--threads", "1"]],
        "apart": [["taskset", "-c", core] + start + [half, "--threads", "1"] for core in "01"],
    }
    print("| turn | one: median, fastest ms | two: median, fastest ms | apart: medians ms | one / two | of fastest "
          "| two / slower one apart |\n|---|---|---|---|---|---|---|")
    ratios = []
    for turn in range(1, options.turns + 1):
        found = {}
        for name in list(commands)[:: 1 if turn % 2 else -1]:
            running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands[name]]
            found[name] = [json.loads(process.communicate()[0]) for process in running]
        (one,), (two,) = found["one"], found["two"]
        apart = [report["ms_per_step"] for report in found["apart"]]
        ratios.append((one["ms_per_step"] / two["ms_per_step"],
                       one["fastest_ms_per_step"] / two["fastest_ms_per_step"], two["ms_per_step"] / max(apart)))
        print(f"| {turn} | {one['ms_per_step']:.1f}, {one['fastest_ms_per_step']:.1f} "
              f"| {two['ms_per_step']:.1f}, {two['fastest_ms_per_step']:.1f} "
              f"| {apart[0]:.1f}, {apart[1]:.1f} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios[-1]) + " |", flush=True)
    medians = [statistics.median(column) for column in zip(*ratios)]
    print("| median | | | | " + " | ".join(f"{ratio:.2f}" for ratio in medians) + " |")


main()

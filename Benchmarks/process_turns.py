"""Times steps of one process with two threads and of two processes with one thread each, in turn.

    process_turns.py REVIEWKD [--recipe NAME] [--batch-size N] [--turns N] [--steps N]

Each turn runs `reviewkd bench` once for each, in the opposite order to the turn before. Other guests of a virtual machine slow
its cores down one by one, and two processes then wait for the slower one at each step. So the fastest step of each run is
printed beside the median: nothing disturbed it.
"""

import argparse
import json
import statistics
import subprocess


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--recipe", default="cifar100/resnet56-resnet20")
    parser.add_argument("--batch-size", default="128")
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--steps", default="40")
    options = parser.parse_args()
    command = [options.program, "bench", options.recipe, "--batch-size", options.batch_size, "--steps", options.steps, "--json"]
    ways = {"one": ["--threads", "2"], "two": ["--processes", "2", "--threads", "1"]}
    print("| turn | one: median, fastest ms | two: median, fastest ms | ratio of medians | of fastest |\n|---|---|---|---|---|")
    medians, fastest = [], []
    for turn in range(1, options.turns + 1):
        found = {}
        for name in list(ways)[:: 1 if turn % 2 else -1]:
            result = subprocess.run(command + ways[name], check=True, capture_output=True, text=True)
            report = json.loads(result.stdout)
            found[name] = report["ms_per_step"], report["fastest_ms_per_step"]
        (one, one_fastest), (two, two_fastest) = found["one"], found["two"]
        medians.append(one / two)
        fastest.append(one_fastest / two_fastest)
        print(f"| {turn} | {one:.1f}, {one_fastest:.1f} | {two:.1f}, {two_fastest:.1f} "
              f"| {medians[-1]:.2f} | {fastest[-1]:.2f} |", flush=True)
    print(f"| median | | | {statistics.median(medians):.2f} | {statistics.median(fastest):.2f} |")


main()

"""Calculates how training scales to many cards or machines, by the formula of the ring all-reduce.

    scaling_model.py

Nothing is measured here. A ring of n processes that adds S bytes takes 2 (n - 1) rounds. In each one every process sends
S / n bytes: t(n, S) = 2 (n - 1) (a + S / (n b)), with a seconds for a message and b bytes a second. The sums begin with the
backward pass. So a step takes its computing time and the sum of the last bucket, a sixth of S, or the time before the
backward pass and the whole sum, whichever is longer. Each process has the same batch as one alone (weak scaling). The
efficiency is the computing time divided by the step's.
"""

NETWORKS = {
    # Name: seconds a message, bytes a second.
    "Ethernet, 10 Gbit/s": (50e-6, 1.25e9),
    "Ethernet, 100 Gbit/s": (20e-6, 12.5e9),
    "NVLink in a machine (8 cards at most)": (5e-6, 300e9),
}
WORK = {
    # Name: bytes of gradients, milliseconds of a step, and of those in the backward pass.
    "ResNet-56 -> ResNet-20, batch 128, a machine that takes 145 ms": (1_570_408, 145, 80),
    "ResNet-32x4 -> ResNet-8x4, batch 128, a machine that takes 600 ms": (12_169_256, 600, 330),
    "ResNet-34 -> ResNet-18 on photographs, a card that takes 100 ms": (76_969_664, 100, 55),
}


def ring(processes, size, message, rate):
    return 2 * (processes - 1) * (message + size / (processes * rate)) if processes > 1 else 0


def step(processes, work, network):
    size, whole, backward = work
    whole_sum, last = (1000 * ring(processes, part, *network) for part in (size, size / 6))
    return max(whole + last, whole - backward + whole_sum)


def main():
    counts = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    for name, work in WORK.items():
        print(f"\n{name}: {work[0] / 1e6:.1f} MB, {work[1]} ms\n")
        print("| efficiency with | " + " | ".join(map(str, counts)) + " |")
        print("|---|" + "---|" * len(counts))
        for network, facts in NETWORKS.items():
            most = 8 if "8 cards" in network else counts[-1]
            cells = [f"{work[1] / step(count, work, facts):.2f}" if count <= most else "" for count in counts]
            print(f"| {network} | " + " | ".join(cells) + " |")


main()

"""Times whole steps, whatever they do."""

import time


def milliseconds(step, warmup, steps):
    """The times of `steps` calls, after `warmup` others."""
    for _ in range(warmup):
        step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    return times

#!/usr/bin/env bash
#
# torch 2.13.0, CPU: torch.set_num_threads sets two numbers, neither of which is "the number of threads" of its page. One
# is the calling thread's own. The other is what a thread will take that has not yet computed anything, and the last
# call of any thread decides it. So a program that sets 1 in its main thread goes on with 4 in a thread that computed
# before; a helper that sets 3 for itself leaves the main thread with 1 and gives 3 to every thread that starts later,
# such as those of a server or of a loader.
#
# Seen on 2026-11-30 on an Intel Xeon with AMX and Python 3.11: the lines below.
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

install torch==2.13.0+cpu numpy==2.4.6
expect 'torch 2.13.0+cpu
main sets 4; a thread computes: 4
main sets 1; the same thread: 4
main: 1
a new thread: 1
another thread sets 3; main: 1
a new thread: 3' <<'PYTHON'
import threading

import torch

print("torch", torch.__version__)


def in_a_new_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


torch.set_num_threads(4)
computed, changed = threading.Event(), threading.Event()


def early():
    torch.ones(3).sum()
    print("main sets 4; a thread computes:", torch.get_num_threads())
    computed.set()
    changed.wait()
    print("main sets 1; the same thread:", torch.get_num_threads())


thread = threading.Thread(target=early)
thread.start()
computed.wait()
torch.set_num_threads(1)
changed.set()
thread.join()
print("main:", torch.get_num_threads())
print("a new thread:", in_a_new_thread(torch.get_num_threads))
in_a_new_thread(lambda: torch.set_num_threads(3))
print("another thread sets 3; main:", torch.get_num_threads())
print("a new thread:", in_a_new_thread(torch.get_num_threads))
PYTHON

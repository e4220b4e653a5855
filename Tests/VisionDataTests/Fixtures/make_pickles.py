"""Makes the pickles beside it with NumPy: three images of CIFAR-100's test split by the rule of CifarFixture, and one.

    pip install numpy==2.4.6 && python make_pickles.py
"""

import pathlib
import pickle

import numpy as np

FOLDER = pathlib.Path(__file__).parent
NAME = "test.bin"


def pixels(record):
    seed = 0
    for byte in NAME.encode():
        seed = seed * 31 + byte
    # Swift's sum wraps at 64 bits; this name is too short for that.
    seed = seed % 251 + record
    return [(index * index + seed * 17) % 256 for index in range(3072)]


def small(record):
    """Pixels below 128, which protocol 2 writes with one byte each."""
    return [index % 128 for index in range(3072)]


def main():
    write("cifar100", pixels, 3)
    write("cifar100-one", small, 1)


def write(name, pixels, count):
    data = np.array([pixels(record) for record in range(count)], dtype=np.uint8)
    labels = [(record + 7) % 10 for record in range(count)]
    for protocol, keys in ((2, str), (4, str.encode)):
        batch = {
            keys("filenames"): [keys(f"image_{i}.png") for i in range(count)],
            keys("batch_label"): keys("testing batch 1 of 1"),
            keys("fine_labels"): labels, keys("coarse_labels"): list(range(count)), keys("data"): data,
        }  # fmt: skip
        path = FOLDER / f"{name}-protocol{protocol}.pkl"
        path.write_bytes(pickle.dumps(batch, protocol=protocol))


if __name__ == "__main__":
    main()

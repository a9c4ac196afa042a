"""MNIST: 70,000 handwritten digits, 28 by 28 pixels each, that every first network learns to read.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition,
Proceedings of the IEEE 86(11), 1998.
"""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..ops.creation import from_numpy
from ..tensor import Tensor
from ..utils.data import Dataset
from .download import DownloadError, download
from .idx import DatasetError, decompressed, parse_idx, read_idx

VARIABLE = "TINYGRAD_SM_DATA"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
PLACES = ("", "mnist", "MNIST/raw")  # within the folder that was named; torchvision's is the last


@dataclass(frozen=True)
class _File:
    """One of the four published files, and what tells that it is the real one."""

    name: str
    shape: tuple[int, ...]
    sha256: str  # of the decompressed bytes: mirrors compress differently

    @property
    def size(self) -> int:
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


TRAIN_FILES = (
    _File(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _File(
        "train-labels-idx1-ubyte",
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
)
TEST_FILES = (
    _File(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _File(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


@dataclass(frozen=True)
class Digits:
    """The digits, as they were found.

    Attributes:
        train_images: uint8 of shape (N, 28, 28); 0 is paper and 255 is ink.
        train_labels: uint8 of shape (N,), from 0 to 9.
        test_images: as ``train_images``.
        test_labels: as ``train_labels``.
        folder: where they were found.
        why_subset: why this is not the whole of MNIST; empty where it is.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    folder: Path
    why_subset: str = ""


def load_mnist(
    data_dir: str | os.PathLike[str] | None = None,
    *,
    fallback: str | os.PathLike[str] | None = None,
    say: Callable[[str], object] | None = None,
    mirrors: Sequence[str] = MIRRORS,
) -> Digits:
    """Find MNIST, or download it.

    It is looked for in ``data_dir``; or else in the folder that ``$TINYGRAD_SM_DATA`` names; or
    else in ``cache_folder()``, where missing files are downloaded to. The four files may be plain
    or in gzip, and each is verified by the SHA-256 of its decompressed bytes.

    Args:
        data_dir: the folder with the four files. They may also lie in ``mnist`` or ``MNIST/raw``
            within it.
        fallback: a folder with four files of the same names that may hold fewer digits. It is
            used where nothing else was named and nothing could be downloaded.
        say: called with a line of text before each download, for instance ``print``.
        mirrors: where to download from, in this order.

    Raises:
        DatasetError: if a file of a folder that was named is missing, or if any file is truncated,
            altered or another one. A named place never falls back to the next.
        DownloadError: if there is no fallback and nothing could be downloaded.
    """
    named = _named_folder(data_dir)
    if named is not None:
        folder = _place(named)
        _check_all_there(folder, (*TRAIN_FILES, *TEST_FILES))
        return Digits(*_read(folder, TRAIN_FILES), *_read(folder, TEST_FILES), folder)
    try:
        folder = _complete(cache_folder(), (*TRAIN_FILES, *TEST_FILES), say, mirrors)
    except DownloadError as error:
        if fallback is None:
            raise
        return _read_subset(Path(fallback), str(error))
    return Digits(*_read(folder, TRAIN_FILES), *_read(folder, TEST_FILES), folder)

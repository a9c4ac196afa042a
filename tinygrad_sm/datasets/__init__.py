"""Data sets: arrays of real examples, found, downloaded and verified.

>>> from tinygrad_sm.datasets import load_mnist
>>> digits = load_mnist("data/mnist")  # doctest: +SKIP
>>> digits.train_images.shape  # doctest: +SKIP
(60000, 28, 28)
"""

from .download import DownloadError
from .idx import DatasetError, read_idx
from .mnist import MNIST, Digits, cache_folder, load_mnist

__all__ = [
    "MNIST",
    "DatasetError",
    "Digits",
    "DownloadError",
    "cache_folder",
    "load_mnist",
    "read_idx",
]

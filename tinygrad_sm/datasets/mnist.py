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
from dataclasses import dataclass, field
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
GZIP_MARGIN = 1 << 16  # bytes that gzip may add to what cannot be compressed
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
FILES = (*TRAIN_FILES, *TEST_FILES)


@dataclass(frozen=True)
class Digits:
    """The digits, as they were found.

    Attributes:
        train_images: uint8 of shape (N, 28, 28); 0 is paper and 255 is ink.
        train_labels: uint8 of shape (N,), from 0 to 9.
        test_images: as ``train_images``.
        test_labels: as ``train_labels``.
        why_subset: why this is not the whole of MNIST; empty where it is.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    why_subset: str = field(default="", kw_only=True)


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
        return Digits(*_read_all(named, FILES))
    try:
        return Digits(*_obtain_all(cache_folder(), FILES, mirrors, say))
    except DownloadError as error:
        if fallback is None:
            raise
        return _read_subset(Path(fallback), str(error))


def cache_folder() -> Path:
    """Where downloads are kept.

    ``tinygrad_sm`` within ``$XDG_CACHE_HOME``; without that variable within ``~/.cache``, on macOS
    ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``.
    """
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # the specification says to ignore a relative one
        return Path(xdg, "tinygrad_sm")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local, "tinygrad_sm", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tinygrad_sm"
    return Path.home() / ".cache" / "tinygrad_sm"


class MNIST(Dataset):
    """The digits of MNIST as a data set, in the manner of torchvision.

    An item is an image and its digit, an ``int``. The image is a float32 tensor of shape
    (1, 28, 28) from 0 (paper) to 1 (ink).

    Args:
        root: the folder with the files, or that they are downloaded to. Without one:
            ``$TINYGRAD_SM_DATA``, or else ``cache_folder()``.
        train: the 60,000 digits to train on, or the 10,000 to test with.
        transform: what to make of each image.
        target_transform: what to make of each digit.
        download: whether to download files that are missing or damaged.

    Attributes:
        data: the images as a uint8 tensor of shape (N, 28, 28), from 0 to 255.
        targets: the digits as an int64 tensor of shape (N,).
        classes: the names of the ten classes.

    Raises:
        DatasetError: if a file is missing, truncated, altered or another one.
        DownloadError: if it should be downloaded and could not.
    """

    classes = tuple("0123456789")

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
        download: bool = False,
    ) -> None:
        self.root = _named_folder(root) or cache_folder()
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        files = TRAIN_FILES if train else TEST_FILES
        images, labels = (
            _obtain_all(self.root, files, MIRRORS, None)
            if download
            else _read_all(self.root, files)
        )
        self.data = from_numpy(images)
        self.targets = from_numpy(labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = (self.data[index] / 255).unsqueeze(0)
        target: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        return f"MNIST(root={str(self.root)!r}, train={self.train}, {len(self):,} digits)"


def _named_folder(given: str | os.PathLike[str] | None) -> Path | None:
    """The folder that the argument or, without one, the environment names; ``None`` if neither."""
    if given is None:
        given = os.environ.get(VARIABLE) or None
    return None if given is None else Path(given).expanduser()


def _place(folder: Path, otherwise: str = "") -> Path:
    """Where in the folder the files lie; ``otherwise`` within it if none is there."""
    for place in PLACES:
        if any(_path(folder / place, file) for file in FILES):
            return folder / place
    return folder / otherwise


def _path(folder: Path, file: _File) -> Path | None:
    """The file, plain or in gzip, if it is there."""
    for path in (folder / file.name, folder / f"{file.name}.gz"):
        if path.is_file():
            return path
    return None


def _read_all(named: Path, files: Sequence[_File]) -> list[np.ndarray]:
    """The files in a folder that was named."""
    folder = _place(named)
    paths = [_path(folder, file) for file in files]
    missing = [file.name for file, path in zip(files, paths, strict=True) if path is None]
    if missing:
        state = "is not a folder" if not folder.is_dir() else f"lacks {', '.join(missing)}"
        raise DatasetError(
            f"{folder} {state}: expected the files of MNIST there, plain or in gzip (.gz): "
            f"{', '.join(file.name for file in files)}. They are published at {MIRRORS[0]}"
        )
    return [_read(path, file) for path, file in zip(paths, files, strict=True) if path]


def _read(path: Path, file: _File) -> np.ndarray:
    return read_idx(path, max_bytes=file.size, sha256=file.sha256)


def _obtain_all(
    root: Path,
    files: Sequence[_File],
    mirrors: Sequence[str],
    say: Callable[[str], object] | None,
) -> list[np.ndarray]:
    """The files in a folder of ours, into which the missing or damaged ones are downloaded."""
    folder = _place(root, PLACES[-1])
    order = list(mirrors)
    return [_obtain(folder, file, order, say) for file in files]


def _obtain(
    folder: Path, file: _File, mirrors: list[str], say: Callable[[str], object] | None
) -> np.ndarray:
    path = _path(folder, file)
    damage = None
    if path is not None:
        try:
            return _read(path, file)
        except DatasetError as error:
            damage = error
    try:
        _download(folder / file.name, file, mirrors, say)
    except DownloadError as error:
        if damage is None:
            raise
        raise DatasetError(f"{damage}. A new copy would replace it, but {error}") from None
    return _read(folder / file.name, file)


def _download(
    path: Path, file: _File, mirrors: list[str], say: Callable[[str], object] | None
) -> None:
    """Download one file; the mirror that had it is asked first the next time."""

    def accept(content: bytes) -> bytes:
        data = decompressed(io.BytesIO(content), file.name, file.size)
        parse_idx(data, file.name, max_bytes=file.size, sha256=file.sha256)
        return data

    if say is not None:
        say(f"downloading {file.name} to {path.parent}")
    urls = [f"{mirror}{file.name}.gz" for mirror in mirrors]
    used = download(urls, path, accept, max_bytes=file.size + GZIP_MARGIN)
    mirrors.insert(0, mirrors.pop(urls.index(used)))


def _read_subset(folder: Path, why: str) -> Digits:
    """Files of the same names with fewer digits."""
    images, labels, test_images, test_labels = (
        read_idx(folder / f"{file.name}.gz", max_bytes=file.size) for file in FILES
    )
    _check_pair(folder, images, labels)
    _check_pair(folder, test_images, test_labels)
    return Digits(images, labels, test_images, test_labels, why_subset=why)


def _check_pair(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    fits = labels.ndim == 1 and len(labels) and images.shape == (len(labels), 28, 28)
    if not fits or images.dtype != np.uint8 or labels.dtype != np.uint8 or labels.max() > 9:
        raise DatasetError(
            f"{folder}: expected uint8 images of shape (N, 28, 28), N > 0, and uint8 labels of "
            f"shape (N,) from 0 to 9, not {images.dtype} {images.shape} and {labels.dtype} "
            f"{labels.shape} up to {labels.max(initial=0)}"
        )

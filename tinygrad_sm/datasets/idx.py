"""The IDX format, in which MNIST is published: a header, then an array's bytes, perhaps in gzip.

The header is two zero bytes, one byte for the element type, one for the number of dimensions, and
each size as a big-endian 32-bit integer. The elements follow in C order, big-endian as well.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import zlib
from typing import BinaryIO

import numpy as np

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_DIMENSIONS = 64  # NumPy's own limit
_GZIP = b"\x1f\x8b"


class DatasetError(RuntimeError):
    """A data set that is not there, or not what it should be."""


def read_idx(
    path: str | os.PathLike[str], *, max_bytes: int = 1 << 30, sha256: str | None = None
) -> np.ndarray:
    """The array that an IDX file holds, in the machine's byte order.

    Args:
        path: the file, plain or in gzip: its first bytes tell which.
        max_bytes: the most that it may hold when decompressed. No more than one byte beyond it is
            ever decompressed, so a small file that unpacks to a huge one does no harm.
        sha256: the digest, in hexadecimal, that the decompressed bytes must have.

    Raises:
        DatasetError: for a truncated, damaged or altered file, or one in another format; the
            message names the file and what was expected.
        OSError: for a file that cannot be opened.
    """
    with open(path, "rb") as file:
        data = decompressed(file, os.fspath(path), max_bytes)
    return parse_idx(data, os.fspath(path), max_bytes=max_bytes, sha256=sha256)


def decompressed(file: BinaryIO, name: str, max_bytes: int) -> bytes:
    """What a file holds, out of its gzip if it is in one: at most ``max_bytes`` + 1 bytes of it.

    Raises:
        DatasetError: for a gzip file that is truncated or damaged.
    """
    is_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if not is_gzip:
        return file.read(max_bytes + 1)
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return stream.read(max_bytes + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(
            f"{name}: truncated or damaged: expected a whole gzip file, but: {error}"
        ) from None


def parse_idx(data: bytes, name: str, *, max_bytes: int, sha256: str | None) -> np.ndarray:
    """The array in the decompressed bytes of an IDX file; ``name`` is what errors call it."""
    dtype, shape, start = _header(data, name)
    expected = start + math.prod(shape) * dtype.itemsize
    if expected > max_bytes or len(data) != expected:
        held = f"{len(data):,}" if len(data) <= min(expected, max_bytes) else "more than that"
        raise DatasetError(
            f"{name}: truncated, altered or another file: its header announces an array of shape "
            f"{shape} and dtype {dtype.name}, which makes {expected:,} bytes (at most "
            f"{max_bytes:,} were expected), but it holds {held}"
        )
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256:
        raise DatasetError(
            f"{name}: altered or another file: expected {sha256} as the SHA-256 of its "
            f"decompressed bytes, but it is {digest}"
        )
    elements = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return elements.astype(dtype.newbyteorder("="))


def _header(data: bytes, name: str) -> tuple[np.dtype, tuple[int, ...], int]:
    """The element type, the shape, and where the elements start."""
    known = len(data) >= 4 and data[:2] == b"\0\0" and data[2] in _DTYPES
    if not known or data[3] > _MAX_DIMENSIONS:
        raise DatasetError(
            f"{name}: not an IDX file: expected 00 00, an element type "
            f"({', '.join(f'{code:02x}' for code in _DTYPES)}) and a number of dimensions up to "
            f"{_MAX_DIMENSIONS:02x}, plain or in gzip, but it begins with "
            f"{data[:4].hex(' ') or 'nothing'}"
        )
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DatasetError(
            f"{name}: truncated: expected a header of {start} bytes for {data[3]} dimensions, "
            f"but it holds {len(data)}"
        )
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", data[3], offset=4))
    return np.dtype(_DTYPES[data[2]]), shape, start

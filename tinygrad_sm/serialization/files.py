"""The file around what is saved: written whole or not at all, read only if its checksum is right."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC = b"\x93SGSAVE1"
HEAD = len(MAGIC) + 16
DIGEST = hashlib.sha256().digest_size
CHUNK = 1 << 20


class DamagedFileError(RuntimeError):
    """A file is not what ``save`` wrote: cut short, altered, or of another kind."""


class Parts(NamedTuple):
    """What a file consists of."""

    header: bytes
    memory: list[Any]


def name_of(f: Any) -> str:
    """What to call a file in messages."""
    if isinstance(f, str | os.PathLike):
        return repr(os.fspath(f))
    name = getattr(f, "name", None)
    return repr(name) if isinstance(name, str) else f"<{type(f).__name__}>"


# --- writing ---------------------------------------------------------------------------------------


def write(f: Any, header: bytes, blocks: list[np.ndarray]) -> None:
    """Write a file of a header and blocks of bytes.

    Args:
        f: a path, which is replaced in one instant; or a file object, which is written to.
        header: the header.
        blocks: the memory.

    Raises:
        OSError: if the file cannot be written; a file that was there before is still there then.
    """
    parts = _sealed(header, blocks)
    if not isinstance(f, str | os.PathLike):
        _write_all(f, parts)
        return
    path = os.path.realpath(f)
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a pipe is not replaced
        with open(path, "wb") as there:
            _write_all(there, parts)
        return
    replace(path, parts)


def _sealed(header: bytes, blocks: list[np.ndarray]) -> Iterator[Any]:
    """All parts of a file in their order, the checksum of what went before at the end."""
    digest = hashlib.sha256()
    memory = sum(block.nbytes for block in blocks)
    sizes = np.array([len(header), memory], "<u8").tobytes()
    parts: list[Any] = [MAGIC, sizes, header, *(b.data for b in blocks if b.nbytes)]
    for part in parts:
        digest.update(part)
        yield part
    yield digest.digest()


def _write_all(f: Any, parts: Iterable[Any]) -> None:
    if not hasattr(f, "write"):
        raise TypeError(f"save: expected a path or a file object, not {type(f).__name__}")
    for part in parts:
        f.write(part)
    f.flush()


def replace(path: str, parts: Iterable[Any]) -> None:
    """Put a new file in the place of an old one: at every moment one of the two is there.

    The new one is written beside the old one, flushed to the disk, and renamed.
    """
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.getpid()}-{os.urandom(4).hex()}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as f:
            with contextlib.suppress(OSError):  # who may read the old file may read the new one
                os.chmod(beside, stat.S_IMODE(os.stat(path).st_mode))
            _write_all(f, parts)
            os.fsync(f.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    _flush_folder(folder)


def _flush_folder(folder: str) -> None:
    """Make a rename outlive a power cut, where the system lets folders be flushed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_BINARY = getattr(os, "O_BINARY", 0)


# --- reading ---------------------------------------------------------------------------------------


class Reader:
    """A file whose checksum has been found right.

    Args:
        f: a path, or a file object, which is read from where it stands.

    Raises:
        DamagedFileError: if it is not a whole file of ours.
        FileNotFoundError: if there is none.
    """

    def __init__(self, f: Any) -> None:
        self.name = name_of(f)
        self._close = isinstance(f, str | os.PathLike)
        self._file: BinaryIO = open(f, "rb") if self._close else _seekable(f)  # noqa: SIM115
        try:
            self._check(whole=self._close)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it was opened here; leave another behind what was read."""
        if self._close:
            self._file.close()

    def _check(self, whole: bool) -> None:
        start = self._file.tell()
        there = self._file.seek(0, os.SEEK_END) - start
        self._file.seek(start)
        head = self._file.read(HEAD)
        if not head.startswith(MAGIC):
            raise self._damage(_guess(head))
        if len(head) < HEAD:
            raise self._damage("it ends within its first bytes")
        header, self.memory = (int(n) for n in np.frombuffer(head[len(MAGIC) :], "<u8"))
        length = HEAD + header + self.memory + DIGEST
        if there < length:
            raise self._damage(f"it has {there} of {length} bytes: it was cut short or altered")
        if whole and there > length:
            raise self._damage(f"it has {there} bytes, {there - length} more than it should")
        self._file.seek(start)
        digest = hashlib.sha256()
        left = length - DIGEST
        while left:
            chunk = self._file.read(min(CHUNK, left))
            if not chunk:
                raise self._damage("it became shorter while it was read")
            digest.update(chunk)
            left -= len(chunk)
        if self._file.read(DIGEST) != digest.digest():
            raise self._damage("its checksum is wrong: a part of it was altered")
        self._end = start + length
        self._file.seek(start + HEAD)
        self.header = self._file.read(header)

    def _damage(self, how: str) -> DamagedFileError:
        return DamagedFileError(
            f"load: the file {self.name} cannot be used: {how}. Nothing was read"
        )

    def blocks(self, sizes: list[int]) -> list[np.ndarray]:
        """The memory in blocks, once the header is read.

        Raises:
            ValueError: if the sizes do not add up to the memory that there is.
        """
        if any(type(n) is not int or n < 0 for n in sizes) or sum(sizes) != self.memory:
            raise ValueError("the sizes of its blocks do not add up to its memory")
        found = []
        for size in sizes:
            block = np.empty(size, np.uint8)
            if size and self._file.readinto(block.data) != size:  # type: ignore[attr-defined]
                raise ValueError("it became shorter while it was read")
            found.append(block)
        self._file.seek(self._end)
        return found


def _seekable(f: Any) -> BinaryIO:
    """A file object that can be read twice."""
    if not hasattr(f, "read"):
        raise TypeError(f"load: expected a path or a file object, not {type(f).__name__}")
    if hasattr(f, "seek") and hasattr(f, "readinto") and getattr(f, "seekable", lambda: True)():
        return f
    return io.BytesIO(f.read())


def _guess(head: bytes) -> str:
    """What a file that is not ours seems to be."""
    if not head:
        return "it is empty"
    if head.startswith(b"\x80"):
        return "it seems to be a pickle, which can run code, and not a file that save wrote"
    return "it does not begin as a file that save wrote"

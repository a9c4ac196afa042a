"""Files that PyTorch's ``save`` wrote: zip archives of a pickle and the memory of its tensors.

The archive holds, in one folder, ``data.pkl``, which describes the value, ``data/0``, ``data/1``
and so on, the memory that its tensors look into, and ``version`` and ``byteorder``. The pickle is
read as data (see ``pickles.py``), so that nothing of the file is run.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from typing import Any

import numpy as np

from ..dtypes import dtype
from ..tensor import Tensor
from .files import DamagedFileError, name_of
from .memory import NUMBERS, look, tensor_on
from .pickles import ARRAYS, Builder, Token, read
from .safe_names import CONTAINERS, DTYPE_NAMES, SIZES, known

MAGIC = b"PK\x03\x04"
_KINDS = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_ABSENT = ["BFloat16Storage", "ComplexFloatStorage", "ComplexDoubleStorage"]


def is_zip(f: Any) -> bool:
    """Whether a file begins as a zip archive does; one that cannot be looked into is none."""
    if isinstance(f, str | os.PathLike):
        with open(f, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    if not hasattr(f, "seek") or not hasattr(f, "read") or not getattr(f, "seekable", bool)():
        return False
    start = f.tell()
    begins = f.read(len(MAGIC)) == MAGIC
    f.seek(start)
    return begins


def load_zip(f: Any) -> Any:
    """Read an archive.

    Args:
        f: a path, or a file object that can seek.

    Raises:
        DamagedFileError: for an archive that is not whole and unaltered, or not PyTorch's.
        pickle.UnpicklingError: for one that uses more than tensors, plain values and what
            ``add_safe_globals`` allowed.
    """
    try:
        with zipfile.ZipFile(f) as archive:
            return _Archive(archive, archive.fp).value()
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(f"load: the file {name_of(f)} cannot be read: {error}") from (
            error
        )
    except (*_WRONG, zipfile.BadZipFile) as error:
        raise DamagedFileError(
            f"load: the file {name_of(f)} cannot be used: it is a zip archive, such as PyTorch's "
            f"save writes, but not a whole one of these: {error}. Nothing was read"
        ) from error


_WRONG = (ValueError, TypeError, KeyError, IndexError, EOFError, NotImplementedError, RuntimeError)


class _Archive:
    """An open archive, and the blocks of memory that were read so far."""

    def __init__(self, archive: zipfile.ZipFile, f: Any) -> None:
        self.archive = archive
        there = f.seek(0, os.SEEK_END)
        if sum(entry.file_size for entry in archive.infolist()) > there:
            raise ValueError("its members are larger than it is itself")
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("it has no data.pkl, or several")
        self.folder = names[0].removesuffix("data.pkl")
        self._member("version")
        order = self.folder + "byteorder"
        if order in archive.namelist() and self._member("byteorder") != b"little":
            raise ValueError("its numbers are big-endian")
        self.blocks: dict[str, tuple[np.ndarray, list[Any]]] = {}

    def _member(self, name: str) -> bytes:
        """The bytes of a member, which are there as they are: a zip cannot promise more than it is."""
        entry = self.archive.getinfo(self.folder + name)
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ValueError(f"its member {entry.filename} is compressed")
        return self.archive.read(entry)

    def value(self) -> Any:
        """What the archive describes."""
        return read(self._member("data.pkl"), known(_NAMES), self._block)

    def _block(self, reference: Any) -> tuple[str, np.ndarray, list[Any]]:
        """The memory that a storage of the pickle stands for, and the count of writes to it."""
        kind, storage, key, _, _ = reference
        if kind != "storage" or not isinstance(storage, Token) or not isinstance(key, str):
            raise pickle.UnpicklingError("it refers to something that is no storage")
        if storage.name in _ABSENT:
            raise pickle.UnpicklingError(
                f"it has a {storage.name}, and there are no tensors of its kind here"
            )
        if key not in self.blocks:
            raw = np.frombuffer(bytearray(self._member(f"data/{key}")), np.uint8)
            self.blocks[key] = raw, [0]
        return storage.value, *self.blocks[key]


def _tensor(
    storage: Any,
    offset: int,
    shape: Any,
    strides: Any,
    requires_grad: bool = False,
    hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    kind, block, version = storage
    return _look(kind, block, version, offset, shape, strides, requires_grad)


def _tensor_of_bytes(
    storage: Any,
    offset: int,
    shape: Any,
    strides: Any,
    requires_grad: bool,
    hooks: Any,
    kind: Any,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(kind, dtype) or kind.name not in NUMBERS:
        raise pickle.UnpicklingError(f"it has a tensor of {kind}, of which there are none here")
    _, block, version = storage
    return _look(kind.name, block, version, offset, shape, strides, requires_grad)


def _look(
    kind: str,
    block: np.ndarray,
    version: list[Any],
    offset: int,
    shape: Any,
    strides: Any,
    requires_grad: bool,
) -> Tensor:
    """A tensor on a block; PyTorch counts offset and strides in elements."""
    size = NUMBERS[kind].itemsize
    array = look(kind, list(shape), [step * size for step in strides], offset * size, block)
    return tensor_on("Tensor", array, version, requires_grad)


def _parameter(data: Any, requires_grad: bool, hooks: Any, state: Any = None) -> Tensor:
    if not isinstance(data, Tensor):
        raise pickle.UnpicklingError("it has a parameter of what is no tensor")
    return tensor_on("Parameter", data.array, data.version, requires_grad)


def _absent(name: str) -> Builder:
    def refuse(*_: Any) -> Any:
        raise pickle.UnpicklingError(f"it has a tensor of a kind that there is not here: {name}")

    return Builder(refuse)


_NAMES: dict[str, Any] = {
    **CONTAINERS,
    **ARRAYS,
    **{f"torch.{name}": Token(name, kind) for name, kind in _KINDS.items()},
    **{f"torch.{name}": Token(name) for name in _ABSENT},
    **{f"torch.{name}": kind for name, kind in DTYPE_NAMES.items()},
    **{f"torch.{name}": builder for name, builder in SIZES.items()},
    "torch.storage.UntypedStorage": Token("UntypedStorage", "uint8"),
    "torch._utils._rebuild_tensor_v2": Builder(_tensor),
    "torch._utils._rebuild_tensor_v3": Builder(_tensor_of_bytes),
    "torch._utils._rebuild_parameter": Builder(_parameter),
    "torch._utils._rebuild_parameter_with_state": Builder(_parameter),
    "torch.serialization._get_layout": _absent("sparse"),
    "torch._utils._rebuild_sparse_tensor": _absent("sparse"),
    "torch._utils._rebuild_qtensor": _absent("quantized"),
}

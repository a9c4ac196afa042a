"""``save`` and ``load``."""

from __future__ import annotations

import io
import json
import pickle
import sys
from typing import Any

from ..devices import device
from .files import DamagedFileError, Reader, write
from .memory import Table, kind_of, values_of
from .pickles import read
from .pytorch_files import is_zip, load_zip
from .safe_names import OURS, known
from .values import decode, encode

# what wrong JSON raises on its way to values
_WRONG = (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, RuntimeError)


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write an object to a file.

    Containers (dicts, lists, tuples, sets), numbers, strings, bytes, ``None``, tensors, parameters,
    arrays, dtypes and sizes are written as data that ``load`` reads without running any code; so
    are the ``state_dict`` of modules, optimizers and schedules. Tensors that share memory share it
    when they are loaded, and a tensor that occurs twice is one tensor then.

    Anything else in the object, such as a whole module, is written as a pickle: ``load`` then needs
    ``weights_only=False``, and the program that loads must be able to import its class.

    A file at a path is replaced in one instant: a crash leaves the old file or the new one.

    Args:
        obj: the object.
        f: a path, or a file object open for writing bytes.
        pickle_module: what pickles the rest.
        pickle_protocol: accepted and ignored.

    Raises:
        ValueError: for a container that contains itself.
        OSError: if the file cannot be written.

    >>> import io, tinygrad_sm as sg
    >>> f = io.BytesIO()
    >>> sg.save({"epoch": 3, "weights": [sg.ones(2)]}, f)
    >>> _ = f.seek(0)
    >>> sg.load(f)
    {'epoch': 3, 'weights': [tensor([1., 1.])]}
    """
    _check_machine()
    table = Table()

    def other(value: Any) -> dict[str, Any]:
        if kind_of(value) is not None:
            return {"tensor": table.add(value)}
        raw = pickle_module.dumps(value)
        return {
            "pickle": [table.add_block(raw), f"{type(value).__module__}.{type(value).__name__}"]
        }

    value = encode(obj, other)
    tensors = table.entries()
    header = {
        "value": value,
        "tensors": tensors,
        "blocks": [block.nbytes for block in table.blocks],
    }
    text = json.dumps(header, separators=(",", ":"), allow_nan=False)
    write(f, text.encode("ascii"), table.blocks)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = pickle,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what ``save`` wrote. No code of the file is run unless ``weights_only=False``.

    Files that PyTorch's ``save`` wrote are read as well, if they hold tensors and plain values:
    their pickles are read as data, whatever ``weights_only`` is. A class that such a file, or a
    pickle in one of ours, may use can be named by ``serialization.add_safe_globals``.

    Args:
        f: a path, or a file object open for reading bytes.
        map_location: where tensors shall be: ``"cpu"``, which they always are.
        pickle_module: what unpickles what was pickled.
        weights_only: ``False`` to unpickle what is not plain data. A pickle can run any code: only
            for files of a source that you trust.
        mmap: accepted; the file is read at once.
        **pickle_load_args: for ``pickle_module.loads``.

    Raises:
        DamagedFileError: a RuntimeError, for a file that is not whole and unaltered, or not one
            that ``save`` wrote.
        pickle.UnpicklingError: for a file that holds a pickle, unless that is allowed.
        FileNotFoundError: if there is no file.
        RuntimeError: for a ``map_location`` that is not the CPU.
    """
    _check_machine()
    _check_location(map_location)
    if is_zip(f):
        return load_zip(f)
    with Reader(f) as file:
        try:
            return _read(file, pickle_module, weights_only is False, pickle_load_args)
        except _WRONG as error:
            raise DamagedFileError(
                f"load: the file {file.name} cannot be used, though its checksum is right: "
                f"{type(error).__name__}: {error}. It was not written by save"
            ) from error


def _read(file: Reader, pickle_module: Any, trusted: bool, options: dict[str, Any]) -> Any:
    header = json.loads(file.header)
    blocks = file.blocks(header["blocks"])
    tensors = values_of(header["tensors"], blocks)

    def other(kind: str, content: Any) -> Any:
        if kind == "tensor":
            return tensors[_natural(content)]
        if kind != "pickle":
            raise ValueError(f"it has a value of an unknown kind, {kind!r}")
        number, name = content
        raw = blocks[_natural(number)]
        if not trusted:
            try:
                return read(raw.tobytes(), known(OURS))
            except pickle.UnpicklingError as error:
                raise pickle.UnpicklingError(
                    f"load: the file {file.name} holds a pickle of {name}, which can run code when "
                    f"it is loaded: {error}. If you trust where the file comes from, pass "
                    "weights_only=False; better, save a state_dict instead"
                ) from error
        try:
            return pickle_module.load(io.BytesIO(raw.data), **options)
        except _WRONG as error:
            raise pickle.UnpicklingError(
                f"load: the pickle of {name} in the file {file.name} cannot be read: "
                f"{type(error).__name__}: {error}"
            ) from error

    return decode(header["value"], other)


def _natural(number: Any) -> int:
    """An index from a file: Python would take -1 and True as well."""
    if type(number) is not int or number < 0:
        raise ValueError(f"it has an index that is none, {number!r}")
    return number


def _check_machine() -> None:
    if sys.byteorder != "little":
        raise NotImplementedError("save, load: this machine's numbers are big-endian")


def _check_location(place: Any) -> None:
    """Refuse to put tensors where there is no computing; what maps from elsewhere maps nothing."""
    if place is None or callable(place) or isinstance(place, dict):
        return
    if device(place).type != "cpu":
        raise RuntimeError(f"load: map_location {str(place)!r}: there is no device but 'cpu'")

"""Files of the safetensors format, which PyTorch reads and writes too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..ops.creation import as_tensor
from ..tape import Value, wrap
from ..tensor import Tensor
from .files import DamagedFileError, name_of, replace

_HOW = "install the extra: pip install tinygrad_sm[safetensors]"


def save_safetensors(
    tensors: Mapping[str, Any], filename: Any, metadata: dict[str, str] | None = None
) -> None:
    """Write tensors by name, such as a ``state_dict``, to a safetensors file.

    The file at the path is replaced in one instant. Tensors that share memory are written each in
    full.

    Args:
        tensors: tensors or arrays by name.
        filename: the path.
        metadata: strings by name, to be written along.

    Raises:
        ImportError: if the safetensors library is not installed.
        TypeError: for something that is not a tensor, or a name that is not a string.
    """
    arrays = {}
    for name, value in tensors.items():
        if not isinstance(name, str) or not isinstance(value, Value | np.ndarray):
            raise TypeError(
                f"save_safetensors: expected tensors by name, not {type(value).__name__} at {name!r}"
                ": a safetensors file holds nothing else; use save for nested containers"
            )
        arrays[name] = np.asarray(as_tensor(value).array, order="C")
    raw = _library().save(arrays, metadata=metadata)
    replace(os.path.realpath(filename), [raw])


def load_safetensors(filename: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """Read the tensors of a safetensors file.

    Args:
        filename: the path.
        device: ``"cpu"``.

    Raises:
        ImportError: if the safetensors library is not installed.
        DamagedFileError: a RuntimeError, for a file that is damaged or of another format.
        FileNotFoundError: if there is none.
        NotImplementedError: for a dtype that NumPy does not have, such as bfloat16.
    """
    library = _library()
    with open(filename, "rb") as f:
        raw = f.read()
    try:
        arrays = library.load(raw)
    except (KeyError, AttributeError, TypeError) as error:
        raise NotImplementedError(
            f"load_safetensors: the file {name_of(filename)} holds a dtype that NumPy does not have "
            f"({error}): convert it to float32 where it was written"
        ) from error
    except Exception as error:
        raise DamagedFileError(
            f"load_safetensors: the file {name_of(filename)} cannot be used: {error}"
        ) from error
    return {name: wrap(np.array(array)) for name, array in arrays.items()}


def _library() -> Any:
    try:
        import safetensors.numpy as library
    except ImportError as error:
        raise ImportError(f"safetensors is not installed: {_HOW}") from error
    return library

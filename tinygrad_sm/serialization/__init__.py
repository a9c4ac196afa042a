r"""Saving and loading: nested containers of tensors in a format that cannot run code.

The file, all numbers little-endian:

======================  ===========================================================================
8 bytes                 ``\x93SGSAVE1``
8 bytes                 the length of the header
8 bytes                 the length of the memory
header                  JSON, in ASCII
memory                  the elements of the tensors, block after block
32 bytes                SHA-256 of everything before
======================  ===========================================================================

The header is ``{"value": ..., "blocks": [bytes, ...], "tensors": [...]}``. In the value, JSON's own
kinds stand for themselves, and every other kind is an object of one key that names it, such as
``{"tuple": [1, 2]}`` or ``{"tensor": 0}`` (the first in ``tensors``); ``values.py`` lists them all.
A tensor says which block it looks into, and how: dtype, shape, offset and strides. Tensors that
share memory look into one block.

Nothing is read that the checksum does not vouch for, nothing is allocated that the file is not long
enough for, and what is read is only ever data.

Files that PyTorch's ``save`` wrote are read too, as ``pytorch_files.py`` says.
"""

from .safe_names import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from .safetensor_files import load_safetensors, save_safetensors
from .saving import load, save

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "load_safetensors",
    "safe_globals",
    "save",
    "save_safetensors",
]

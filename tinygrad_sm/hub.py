"""Downloads of files and of weights; models by the name of a repository are left out.

The names that are not defined here can be imported, and raise when they are used.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from importlib import import_module
from typing import Any
from urllib.parse import urlparse
from urllib.request import Request, urlopen

from . import serialization
from .left_out import contents


class _NoBar:
    """What ``tqdm`` would draw a bar for, without a bar: it is not installed."""

    def __init__(self, iterable: Any = None, *args: Any, **kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Any:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def update(self, n: int = 1) -> None:
        """Do nothing, as do the other methods."""

    def set_postfix(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    set_description = set_postfix_str = write = set_postfix

    def close(self) -> None:
        """Do nothing."""


try:
    tqdm = import_module("tqdm.auto").tqdm
except ImportError:
    tqdm = _NoBar

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "set_dir", "tqdm"]

_directory: str | None = None
_CHUNK = 1 << 16
_HASH = re.compile(r"-([a-f0-9]{8,64})\.")


def get_dir() -> str:
    """Where downloads are kept: ``$TORCH_HOME/hub``, by default ``~/.cache/torch/hub``."""
    if _directory is not None:
        return _directory
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads in another folder."""
    global _directory
    _directory = os.path.expanduser(d)


def download_url_to_file(
    url: str, dst: str, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Fetch a file; it is at its place once it is whole, and not before.

    Args:
        url: where it is.
        dst: where to put it.
        hash_prefix: what its SHA-256 begins with, in hexadecimal digits.
        progress: show how far it is.

    Raises:
        RuntimeError: for another hash; nothing is kept then.
        URLError: an OSError, if it cannot be fetched.
    """
    digest = hashlib.sha256()
    beside = f"{os.path.expanduser(dst)}.{secrets.token_hex(4)}.partial"
    try:
        with urlopen(Request(url, headers={"User-Agent": "tinygrad_sm.hub"})) as answer:
            length = answer.headers.get("Content-Length")
            bar = tqdm(
                total=None if length is None else int(length),
                disable=not progress,
                unit="B",
                unit_scale=True,
            )
            with bar, open(beside, "wb") as f:
                while chunk := answer.read(_CHUNK):
                    f.write(chunk)
                    digest.update(chunk)
                    bar.update(len(chunk))
        if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(
                f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}"): '
                f"{url} is not what it should be"
            )
        os.replace(beside, os.path.expanduser(dst))
    finally:
        if os.path.exists(beside):
            os.remove(beside)


_download_url_to_file = download_url_to_file


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Load what ``save`` wrote from a URL, or from where it was kept the last time.

    What runs code is never loaded, whatever ``weights_only`` says.

    Args:
        url: where it is.
        model_dir: where to keep it; ``get_dir()/checkpoints`` by default.
        map_location: as for ``load``.
        progress: show how far it is.
        check_hash: whether the file's name ends on digits of its hash, which shall be checked.
        file_name: the file's name; the last part of the URL by default.
        weights_only: accepted and ignored.
    """
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    os.makedirs(folder, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, found[1] if found else None, progress)
    state: dict[str, Any] = serialization.load(path, map_location=map_location)
    return state


__getattr__ = contents(__name__)

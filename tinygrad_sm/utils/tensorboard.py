"""Numbers of a training run, in the files that TensorBoard reads.

A file is a chain of records, each a message of protocol buffers with its length and two checksums.
Only numbers and texts are written. A picture, a histogram, a graph and the like are left out: these
methods can be called, and say so once.

Formats: https://github.com/tensorflow/tensorboard, ``compat/proto/event.proto`` and ``summary.proto``.
"""

from __future__ import annotations

import os
import socket
import struct
import time
import warnings
from typing import Any, BinaryIO

import numpy as np

__all__ = ["FileWriter", "SummaryWriter"]

_TEXT = "text"


def _table() -> list[int]:
    """The table of CRC-32C, by byte (Castagnoli et al., 1993: the polynomial 0x1EDC6F41)."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def _checksum(data: bytes) -> int:
    """The checksum of a record: CRC-32C, rotated and shifted so that it can be summed itself."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _number(value: int) -> bytes:
    """An integer in groups of seven bits, the lowest first."""
    value &= (1 << 64) - 1
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _field(number: int, content: bytes | str | int | float) -> bytes:
    """One field of a message: a message or text, a whole number, or a double."""
    if isinstance(content, str):
        content = content.encode()
    if isinstance(content, bytes):
        return _number(number << 3 | 2) + _number(len(content)) + content
    if isinstance(content, float):
        return _number(number << 3 | 1) + struct.pack("<d", content)
    return _number(number << 3) + _number(content)


def _single(number: int, value: float) -> bytes:
    """A field that is a float32."""
    return _number(number << 3 | 5) + struct.pack("<f", value)


class FileWriter:
    """A file of events.

    Args:
        log_dir: the folder, which is made if need be.
        filename_suffix: what the file's name shall end on.
    """

    def __init__(self, log_dir: str, filename_suffix: str = "", **options: Any) -> None:
        self.log_dir = os.fspath(log_dir)
        os.makedirs(self.log_dir, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        self._file: BinaryIO = open(  # noqa: SIM115
            os.path.join(self.log_dir, name + filename_suffix), "wb"
        )
        self._write(_field(3, "brain.Event:2"), time.time())

    def add_summary(self, value: bytes, step: int | None, walltime: float | None) -> None:
        """Write one value of a summary."""
        self._write(_field(2, int(step or 0)) + _field(5, _field(1, value)), walltime)

    def _write(self, event: bytes, walltime: float | None) -> None:
        data = _field(1, float(time.time() if walltime is None else walltime)) + event
        length = struct.pack("<Q", len(data))
        for part in (length, data):
            self._file.write(part + struct.pack("<I", _checksum(part)))

    def flush(self) -> None:
        """Hand what was written on to the system."""
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SummaryWriter:
    """Writes numbers of a training run for TensorBoard.

    Args:
        log_dir: the folder; by default one in ``runs/`` whose name has the time and the machine.
        comment: what that folder's name shall end on.
        purge_step: accepted and ignored.
        max_queue: accepted: nothing is queued.
        flush_secs: accepted and ignored.
        filename_suffix: what the file's name shall end on.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            now = time.strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self.filename_suffix = filename_suffix
        self.file_writer = FileWriter(self.log_dir, filename_suffix)
        self._others: dict[str, FileWriter] = {}
        self._told: set[str] = set()

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Write a number.

        Args:
            tag: its name.
            scalar_value: a number, or a tensor of one element.
            global_step: when, in steps.
            walltime: when, in seconds since 1970; now by default.
            new_style: accepted and ignored.
            double_precision: accepted and ignored.
        """
        self._add_scalar(self.file_writer, tag, scalar_value, global_step, walltime)

    def _add_scalar(
        self, writer: FileWriter, tag: str, number: Any, step: int | None, walltime: float | None
    ) -> None:
        value = float(np.asarray(getattr(number, "array", number)).item())
        writer.add_summary(_field(1, tag) + _single(2, value), step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Write several numbers to be drawn in one plot, each in a folder of its own."""
        for tag, number in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag}_{tag}".replace("/", "_"))
            if folder not in self._others:
                self._others[folder] = FileWriter(folder, self.filename_suffix)
            self._add_scalar(self._others[folder], main_tag, number, global_step, walltime)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Write a text, in Markdown."""
        plugin = _field(9, _field(1, _field(1, _TEXT)))
        tensor = _field(1, 7) + _field(2, _field(2, _field(1, 1))) + _field(8, text_string)
        value = _field(1, f"{tag}/text_summary") + plugin + _field(8, tensor)
        self.file_writer.add_summary(value, global_step, walltime)

    def _leave_out(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            warnings.warn(
                f"SummaryWriter.{name}: only numbers and texts are written here; this is left out",
                stacklevel=3,
            )

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return lambda *args, **kwargs: self._leave_out(name)

    def flush(self) -> None:
        """Hand what was written on to the system."""
        for writer in (self.file_writer, *self._others.values()):
            writer.flush()

    def close(self) -> None:
        """Close the files."""
        for writer in (self.file_writer, *self._others.values()):
            writer.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

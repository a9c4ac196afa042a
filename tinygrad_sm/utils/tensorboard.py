"""Numbers of a training run for TensorBoard, by the package ``tensorboard`` where it is installed."""

from __future__ import annotations

import os
import socket
import time
import warnings
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["SummaryWriter"]

_FILES = "tensorboard.summary.writer.event_file_writer"
_PROTOCOL = "tensorboard.compat.proto"


class SummaryWriter:
    """Writes numbers, texts and histograms of a training run for TensorBoard.

    Without the package ``tensorboard`` nothing is written, and the first call says so. Pictures,
    graphs and the like are left out: their methods can be called, and say so once.

    Args:
        log_dir: the folder; by default one in ``runs/`` whose name has the time and the machine.
        comment: what that folder's name shall end on.
        purge_step: accepted and ignored.
        max_queue: how many events wait before they are written.
        flush_secs: seconds after which they are written anyway.
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
        self._options = max_queue, flush_secs, filename_suffix
        self._files: dict[str, Any] = {}
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
        value = {"tag": tag, "simple_value": _number(scalar_value)}
        self._write(self.log_dir, value, global_step, walltime)

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
            value = {"tag": main_tag, "simple_value": _number(number)}
            self._write(folder, value, global_step, walltime)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Write a text, in Markdown."""
        value = {
            "tag": f"{tag}/text_summary",
            "metadata": {"plugin_data": {"plugin_name": "text"}},
            "tensor": {
                "dtype": "DT_STRING",
                "tensor_shape": {"dim": [{"size": 1}]},
                "string_val": [text_string.encode()],
            },
        }
        self._write(self.log_dir, value, global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = 64,
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Write how often values lie where.

        Args:
            tag: their name.
            values: a tensor or an array.
            global_step: when, in steps.
            bins: their number, their edges or a way of ``numpy.histogram`` to choose them;
                ``"tensorflow"``, another library's choice, is 64.
            walltime: when, in seconds since 1970; now by default.
            max_bins: accepted and ignored.
        """
        numbers = np.asarray(getattr(values, "array", values), np.float64).reshape(-1)
        counts, edges = np.histogram(numbers, 64 if bins == "tensorflow" else bins)
        histogram = {
            "min": numbers.min(initial=np.inf),
            "max": numbers.max(initial=-np.inf),
            "num": numbers.size,
            "sum": numbers.sum(),
            "sum_squares": numbers @ numbers,
            "bucket_limit": edges[1:],
            "bucket": counts,
        }
        self._write(self.log_dir, {"tag": tag, "histo": histogram}, global_step, walltime)

    def _write(self, folder: str, value: dict[str, Any], step: Any, walltime: float | None) -> None:
        """One value of a summary, as an event in the file of a folder."""
        if folder not in self._files:
            try:
                files, events, summaries = map(
                    import_module, (_FILES, f"{_PROTOCOL}.event_pb2", f"{_PROTOCOL}.summary_pb2")
                )
            except ImportError:
                self._say(
                    "nothing is written: tensorboard is not installed (pip install tensorboard)"
                )
                return
            queue, seconds, suffix = self._options
            self._files[folder] = files.EventFileWriter(folder, queue, seconds, suffix)
            self._event, self._summary = events.Event, summaries.Summary
        event = self._event(
            wall_time=time.time() if walltime is None else walltime,
            step=int(_number(step or 0)),
            summary=self._summary(value=[self._summary.Value(**value)]),
        )
        self._files[folder].add_event(event)

    def _say(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            warnings.warn(f"SummaryWriter: {what}", stacklevel=4)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return lambda *args, **kwargs: self._say(f"{name} is left out")

    def flush(self) -> None:
        """Write what waits."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _number(value: Any) -> float:
    return float(np.asarray(getattr(value, "array", value)).item())

"""One run of a program as it was recorded, and the forms in which it is shown."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

from ..watching import unwatch, watch, watchers
from .recorder import Recorder

MAX_BYTES = 1 << 30


class Trace:
    """What ran inside a ``with`` block, as far as it came.

    Args:
        max_bytes: room for copies of arrays; past it only statistics of a sample are kept, and
            the page says so.
        check: whether each rule is held against finite differences when the trace is shown.
        title: the page's title; the name of the program by default.
        profile: whether to measure times too, for the page's flame view (see ``profiler``).

    Raises:
        RuntimeError: on entry, while another trace runs.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        check: bool = True,
        title: str | None = None,
        profile: bool = False,
    ) -> None:
        self.title = title or os.path.basename(sys.argv[0] or "") or "session"
        self.error: dict[str, Any] | None = None
        self._check = check
        self._recorder = Recorder(max_bytes)
        self._document: dict[str, Any] | None = None
        self._used = False
        self._profile: Any = None
        self._flame: list[dict[str, Any]] | None = None
        if profile:
            from ..profiler.session import profile as Profile  # loaded only where it is asked for

            self._profile = Profile(profile_memory=True)

    def __enter__(self) -> Trace:
        if any(isinstance(watcher, Recorder) for watcher in watchers()):
            raise RuntimeError("trace: another trace is running: end it first")
        if self._used:
            raise RuntimeError("trace: this one has run already: make another with trace()")
        self._used = True
        watch(self._recorder)
        if self._profile is not None:
            self._profile.start()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, frames: Any) -> None:
        if self._profile is not None:
            self._profile.stop()
            self._flame = self._recorder.flame(self._profile.events())
        unwatch(self._recorder)
        self._recorder.close()
        if error is not None and not isinstance(error, SystemExit):
            self.error = _described(error)

    def document(self) -> dict[str, Any]:
        """The trace as lists and dictionaries; ``trace/schema.md`` describes them.

        Raises:
            RuntimeError: while the trace still runs.
        """
        if self._recorder in watchers():
            raise RuntimeError("trace: it is still running: leave the with block first")
        if self._document is None:
            from .document import Document  # here and below: loaded only where a trace is shown

            self._document = Document(self._recorder, self.title, self.error, self._check).build()
            self._document["flame"] = self._flame
        return self._document

    @property
    def profile(self) -> Any:
        """The times of the run, as ``profiler.profile`` has them.

        Raises:
            RuntimeError: if they were not asked for.
        """
        if self._profile is None:
            raise RuntimeError("trace: no times were measured: make it with trace(profile=True)")
        return self._profile

    def json(self) -> str:
        """The document as JSON."""
        import json

        return json.dumps(self.document(), ensure_ascii=False, separators=(",", ":"))

    def text(self) -> str:
        """The run as text, for a terminal."""
        from .text import as_text

        return as_text(self.document())

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        from .dot import as_dot

        return as_dot(self.document())

    def html(self) -> str:
        """The page."""
        from .page import as_html

        return as_html(self.document())

    def save(self, path: Any) -> None:
        """Write the trace; the suffix says how: ``.html``, ``.json``, ``.dot`` or ``.txt``.

        Raises:
            ValueError: for another suffix.
        """
        forms = {".html": self.html, ".json": self.json, ".dot": self.dot, ".txt": self.text}
        suffix = os.path.splitext(os.fspath(path))[1]
        if suffix not in forms:
            raise ValueError(f"save: expected a name that ends in {', '.join(forms)}, not {path}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(forms[suffix]())

    def show(self) -> str:
        """Write the page to a temporary file and open it in a browser; the file's path."""
        import tempfile
        import webbrowser

        descriptor, path = tempfile.mkstemp(prefix="tape-", suffix=".html")
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(self.html())
        if not webbrowser.open(f"file://{path}"):
            print(f"open {path} in a browser")
        return path

    def _repr_html_(self) -> str:
        from .page import as_frame

        return as_frame(self.document())

    def __repr__(self) -> str:
        steps = self._recorder.steps
        forward = sum(type(step) is int for step in steps)
        backward = sum(type(step) is tuple and len(step) == 4 for step in steps)
        return f"<Trace: {forward} operations, {backward} backward steps>"


def _described(error: BaseException) -> dict[str, Any]:
    """What was raised, and the line of the program that it came from."""
    from .sources import shown_path

    package = os.path.dirname(os.path.dirname(__file__)) + os.sep
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith((package, "<frozen"))]
    last = own[-1] if own else None
    return {
        "type": type(error).__name__,
        "message": str(error),
        "file": shown_path(last.filename) if last else "",
        "line": last.lineno if last else 0,
    }

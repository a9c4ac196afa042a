"""The other end of the pipe: a worker as the benchmark sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .environment import ROOT


class WorkerError(RuntimeError):
    """A worker ended, or answered something else than was asked."""


class Worker:
    """A contestant with one problem, in its own process; a context manager that ends it.

    Attributes:
        contestant: its name.
        absent: why it does not take part, or ``None``.
    """

    def __init__(self, contestant: str, row: str, variables: Mapping[str, str]) -> None:
        self.contestant = contestant
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contestant, row],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(variables),
            cwd=ROOT,
            text=True,
        )
        self.absent: str | None = self._read().get("absent")

    def ask(self, question: str, *arguments: Any) -> Any:
        """The worker's answer; it is idle before the question and after the answer.

        Raises:
            WorkerError: if it ended instead; what it printed stands on standard error.
        """
        assert self._process.stdin is not None
        try:
            print(json.dumps([question, *arguments]), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._ended() from None
        return self._read()["answer"]

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return json.loads(line)

    def _ended(self) -> WorkerError:
        code = self._process.wait()
        return WorkerError(
            f"the worker of {self.contestant} ended with exit status {code}: see its message above"
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

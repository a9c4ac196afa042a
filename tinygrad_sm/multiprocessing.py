"""Processes: Python's own ``multiprocessing``, under PyTorch's name.

A tensor that is sent to another process arrives as a copy, unless ``share_memory_`` was called on
it: then both processes look at the same memory.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import (
    Array,
    AuthenticationError,
    Barrier,
    BoundedSemaphore,
    BufferTooShort,
    Condition,
    Event,
    JoinableQueue,
    Lock,
    Manager,
    Pipe,
    Pool,
    Process,
    ProcessError,
    Queue,
    RawArray,
    RawValue,
    RLock,
    Semaphore,
    SimpleQueue,
    TimeoutError,
    Value,
    active_children,
    allow_connection_pickling,
    connection,
    context,
    cpu_count,
    current_process,
    freeze_support,
    get_all_start_methods,
    get_context,
    get_logger,
    get_start_method,
    log_to_stderr,
    managers,
    parent_process,
    pool,
    queues,
    reducer,
    set_executable,
    set_forkserver_preload,
    set_start_method,
)
from multiprocessing.reduction import ForkingPickler
from typing import Any

from .nn.parameter import Buffer, Parameter
from .shared_memory import sent
from .tensor import Tensor

__all__ = [
    "Array",
    "AuthenticationError",
    "Barrier",
    "BoundedSemaphore",
    "BufferTooShort",
    "Condition",
    "Event",
    "JoinableQueue",
    "Lock",
    "Manager",
    "Pipe",
    "Pool",
    "Process",
    "ProcessError",
    "Queue",
    "RLock",
    "RawArray",
    "RawValue",
    "Semaphore",
    "SimpleQueue",
    "TimeoutError",
    "Value",
    "active_children",
    "allow_connection_pickling",
    "connection",
    "context",
    "cpu_count",
    "current_process",
    "freeze_support",
    "get_all_sharing_strategies",
    "get_all_start_methods",
    "get_context",
    "get_logger",
    "get_sharing_strategy",
    "get_start_method",
    "log_to_stderr",
    "managers",
    "parent_process",
    "pool",
    "queues",
    "reducer",
    "set_executable",
    "set_forkserver_preload",
    "set_sharing_strategy",
    "set_start_method",
    "spawn",
]

for _kind in (Tensor, Parameter, Buffer):
    ForkingPickler.register(_kind, sent)


def get_all_sharing_strategies() -> set[str]:
    """How tensors are sent: in files alone, that is, as copies."""
    return {"file_system"}


def get_sharing_strategy() -> str:
    """``"file_system"``."""
    return "file_system"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accept the one strategy that there is, or PyTorch's default.

    Raises:
        ValueError: for another name.
    """
    if new_strategy not in ("file_system", "file_descriptor"):
        raise ValueError(f"set_sharing_strategy: no strategy is called {new_strategy!r}")


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Run ``fn(i, *args)`` in ``nprocs`` processes, i from 0.

    Args:
        fn: a function that can be pickled.
        args: its further arguments.
        nprocs: how many processes.
        join: wait for all of them; else the processes are returned.
        daemon: end them with this process.
        start_method: how Python starts a process.

    Raises:
        RuntimeError: if a process ends with an error, once all have ended.
    """
    starting = get_context(start_method)
    running = [
        starting.Process(target=fn, args=(i, *args), daemon=daemon)  # type: ignore[attr-defined]
        for i in range(nprocs)
    ]
    for process in running:
        process.start()
    if not join:
        return running
    for process in running:
        process.join()
    for i, process in enumerate(running):
        if process.exitcode:
            raise RuntimeError(f"spawn: process {i} ended with exit code {process.exitcode}")
    return None

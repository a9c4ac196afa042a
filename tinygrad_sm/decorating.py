"""A function decorated with a context: the context is entered while the function's own lines run.

A generator gives control away at each ``yield``, so the context is left there and entered again
when it goes on; the caller's lines between run outside. So too with an asynchronous generator. A
coroutine that waits keeps it: its task runs nothing else meanwhile.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


def running_in(
    context: Callable[[], AbstractContextManager[Any]], function: Callable[..., Any]
) -> Callable[..., Any]:
    """The function, each run of whose lines is inside a new ``context()``."""
    for kind, wrapped in _KINDS:
        if kind(function):
            return functools.wraps(function)(wrapped(context, function))
    return functools.wraps(function)(_plain(context, function))


def _plain(context: Any, function: Any) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        with context():
            return function(*args, **kwargs)

    return run


def _coroutine(context: Any, function: Any) -> Any:
    async def run(*args: Any, **kwargs: Any) -> Any:
        with context():
            return await function(*args, **kwargs)

    return run


def _generator(context: Any, function: Any) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, given = steps.send, None
        while True:
            try:
                with context():
                    made = step(given)
            except StopIteration as stop:
                return stop.value
            try:
                step, given = steps.send, (yield made)
            except GeneratorExit:
                with context():
                    steps.close()
                raise
            except BaseException as error:
                step, given = steps.throw, error

    return run


def _asynchronous_generator(context: Any, function: Any) -> Any:
    async def run(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        step, given = steps.asend, None
        while True:
            try:
                with context():
                    made = await step(given)
            except StopAsyncIteration:
                return
            try:
                step, given = steps.asend, (yield made)
            except GeneratorExit:
                with context():
                    await steps.aclose()
                raise
            except BaseException as error:
                step, given = steps.athrow, error

    return run


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]], ...] = (
    (inspect.isgeneratorfunction, _generator),
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isasyncgenfunction, _asynchronous_generator),
)

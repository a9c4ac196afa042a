"""Results that are set later, under PyTorch's names; whoever waits for one waits for its thread."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")

__all__ = ["Future", "collect_all", "wait_all"]


class Future(Generic[T]):
    """A result that is not there yet.

    Args:
        devices: where results will be: the CPU, whatever is said.

    >>> answer = Future()
    >>> doubled = answer.then(lambda done: 2 * done.value())
    >>> answer.set_result(21)
    >>> doubled.wait()
    42
    """

    def __init__(self, *, devices: Any = None) -> None:
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def done(self) -> bool:
        """Whether there is a result, or an error."""
        return self._future.done()

    def wait(self) -> T:
        """The result, once it is there; an error that was set in its place is raised."""
        return self._future.result()

    def value(self) -> T:
        """The result, which must be there.

        Raises:
            RuntimeError: if it is not.
        """
        if not self.done():
            raise RuntimeError("Future.value: there is no result yet: wait() for it")
        return self.wait()

    def set_result(self, result: T) -> None:
        """Set the result, once.

        Raises:
            RuntimeError: if it was set before.
        """
        self._settle(self._future.set_result, result)

    def set_exception(self, result: BaseException) -> None:
        """Set an error, which whoever waits will be raised.

        Raises:
            RuntimeError: if a result was set before.
        """
        self._settle(self._future.set_exception, result)

    def _settle(self, settle: Callable[[Any], None], outcome: Any) -> None:
        try:
            settle(outcome)
        except concurrent.futures.InvalidStateError:
            raise RuntimeError("Future: a result was set before, and cannot be set again") from None

    def add_done_callback(self, callback: Callable[[Future[T]], None]) -> None:
        """Call ``callback(self)`` once there is a result; at once if there is."""
        self._future.add_done_callback(lambda _: callback(self))

    def then(self, callback: Callable[[Future[T]], Any]) -> Future[Any]:
        """What ``callback(self)`` will return, once there is a result."""
        following: Future[Any] = Future()

        def follow(_: Any) -> None:
            try:
                result = callback(self)
            except BaseException as error:
                following.set_exception(error)
            else:
                following.set_result(result)

        self._future.add_done_callback(follow)
        return following


def collect_all(futures: Sequence[Future[Any]]) -> Future[list[Future[Any]]]:
    """One future, whose result is the given ones when all of them are done."""
    all_of_them: Future[list[Future[Any]]] = Future()
    if not futures:
        all_of_them.set_result([])

    def look(_: Any) -> None:
        if all(future.done() for future in futures) and not all_of_them.done():
            all_of_them.set_result(list(futures))

    for future in futures:
        future.add_done_callback(look)
    return all_of_them


def wait_all(futures: Sequence[Future[Any]]) -> list[Any]:
    """The results of all, once they are there; the first error is raised."""
    return [future.wait() for future in futures]

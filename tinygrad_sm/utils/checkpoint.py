"""Checkpoints: run a part of the forward pass again in the backward walk, instead of saving it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from ..autograd.graph import saved_tensors_hooks
from ..func.levels import opened
from ..func.modules import swapped_again
from ..func.trees import mapped
from ..ops.random import get_rng_state, set_rng_state
from ..tape import LEAF, active, alias, enable_grad, is_grad_enabled
from ..tensor import Tensor
from .selective import (
    CheckpointPolicy,
    SelectiveCheckpointContext,
    create_selective_checkpoint_contexts,
)

__all__ = [
    "CheckpointError",
    "CheckpointPolicy",
    "SelectiveCheckpointContext",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]


class CheckpointError(RuntimeError):
    """The part that was run again did not do the same."""


class _Run:
    """One run of a checkpointed function: how to run it again, and what that saved.

    The second run finds the circumstances of the first: the levels of transforms, what
    ``functional_call`` had put into modules, and all that is kept in context variables.
    """

    def __init__(self, function: Callable[[], Any], settings: dict[str, Any]) -> None:
        self.function = function
        self.preserve = settings["preserve_rng_state"]
        self.state = get_rng_state() if self.preserve else None
        self.context = settings["context"]
        self.levels = tuple(active)
        self.circumstances = copy_context()
        self.check = settings["determinism_check"] != "none"
        self.shapes: list[Any] = []
        self.found: dict[int, Any] = {}

    def pack(self, t: Any) -> int:
        """Keep a number in a tensor's place."""
        self.shapes.append((t.array.shape, t.array.dtype))
        return len(self.shapes) - 1

    def unpack(self, place: int) -> Any:
        """The tensor of that number, from a run that is done when first needed."""
        if place not in self.found:
            self._again()
        return self.found.pop(place)

    def _again(self) -> None:
        saved: list[Any] = []

        def keep(t: Any) -> Any:
            saved.append(t.detach())
            return t

        now = get_rng_state() if self.preserve else None
        if self.preserve:
            set_rng_state(self.state)
        try:
            self.circumstances.copy().run(self._run_again, keep)
        finally:
            if self.preserve:
                set_rng_state(now)
        if self.check:
            self._compare([(t.array.shape, t.array.dtype) for t in saved])
        self.found = dict(enumerate(saved))

    def _run_again(self, keep: Callable[[Any], Any]) -> None:
        with contextlib.ExitStack() as stack:
            for level in self.levels:
                stack.enter_context(opened(level))
            stack.enter_context(swapped_again())
            stack.enter_context(enable_grad())
            stack.enter_context(self.context)
            stack.enter_context(saved_tensors_hooks(keep, lambda t: t))
            self.function()

    def _compare(self, shapes: list[Any]) -> None:
        if len(shapes) != len(self.shapes):
            raise CheckpointError(
                "checkpoint: a different number of tensors was saved during the original forward "
                f"({len(self.shapes)}) and recomputation ({len(shapes)}): the function must do the "
                "same each time"
            )
        for i, (before, after) in enumerate(zip(self.shapes, shapes, strict=True)):
            if before != after:
                raise CheckpointError(
                    "checkpoint: recomputed values have different metadata than in the original "
                    f"forward: saved tensor {i} was {before} and is {after}"
                )


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """The random states of the GPUs that hold ``args``: two empty lists, as there is none."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Set the random states of GPUs: nothing, as there is none.

    Raises:
        RuntimeError: if there is a state to set.
    """
    if len(states):
        raise RuntimeError("set_device_states: there is no GPU here whose state could be set")


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments off the tape, which require grad where they did.

    Raises:
        RuntimeError: for something else than a tuple.
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    return tuple(
        x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs
    )


def noop_context_fn() -> tuple[Any, Any]:
    """What ``context_fn`` returns by default: two blocks that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def set_checkpoint_early_stop(enable: bool) -> contextlib.AbstractContextManager[None]:
    """Accepted, for a ``with`` block: ``early_stop`` of all checkpoints in it."""
    return contextlib.nullcontext()


def set_checkpoint_debug_enabled(enabled: bool | None) -> contextlib.AbstractContextManager[None]:
    """Accepted, for a ``with`` block: ``debug`` of all checkpoints in it."""
    return contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)`` whose inner values are not kept, but computed again when needed.

    It trades time for memory: of all that the function computes, the tape keeps only its arguments.
    Parameters that it uses get their gradients as usual.

    Args:
        function: must do the same each time, randomness apart.
        *args: its arguments.
        use_reentrant: accepted; there is one implementation, which has no restrictions.
        context_fn: returns two context managers, for the first run and for the second; see
            ``create_selective_checkpoint_contexts``.
        determinism_check: ``"default"``: compare shapes and dtypes; ``"none"``: do not.
        debug: accepted; a difference is told of with all that is known in any case.
        early_stop: accepted; a second run goes to its end, so that one that does more is noticed.
        preserve_rng_state: let the second run draw the same random numbers (dropout).
        **kwargs: its arguments by name.

    Raises:
        CheckpointError: in the backward walk, if the second run saves something else.

    >>> import tinygrad_sm as sg
    >>> x = sg.tensor(2.0, requires_grad=True)
    >>> sg.utils.checkpoint.checkpoint(lambda x: x.exp().log() * x, x).backward()
    >>> x.grad
    tensor(4.)
    """
    if not is_grad_enabled():
        return function(*args, **kwargs)
    first, second = (context_fn or noop_context_fn)()
    kept_args, kept_kwargs = mapped(_entry, (args, kwargs))
    run = _Run(
        lambda: function(*kept_args, **kept_kwargs),
        {
            "preserve_rng_state": preserve_rng_state,
            "context": second,
            "determinism_check": determinism_check,
        },
    )
    with first, saved_tensors_hooks(run.pack, run.unpack):
        return function(*args, **kwargs)


def _entry(x: Any) -> Any:
    """An argument for the second run: recorded as in the first, but on a tape of its own."""
    return alias(x, LEAF if x.requires_grad else None) if isinstance(x, Tensor) else x


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """A chain of functions or modules in ``segments`` parts, each but the last checkpointed.

    Args:
        functions: a ``Sequential``, or a list of callables.
        segments: how many parts.
        input: what the first is given.
        use_reentrant: accepted.
        **kwargs: ``preserve_rng_state``.

    Raises:
        ValueError: for an argument that is not known.
    """
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError(f"Unexpected keyword arguments: {','.join(kwargs)}")
    chain = list(functions.children()) if hasattr(functions, "children") else list(functions)
    length = len(chain) // segments
    for i in range(segments - 1):
        part = _chained(chain[i * length : (i + 1) * length])
        input = checkpoint(part, input, preserve_rng_state=preserve)
    return _chained(chain[(segments - 1) * length :])(input)


def _chained(functions: Sequence[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return run

"""Hooks: functions of the user's that run when a module is called or differentiated."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...primitive import primitive
from ...tape import Value, is_grad_enabled, wrap
from ...tensor import RemovableHandle, Tensor

if TYPE_CHECKING:
    from .module import Module


class Hook:
    """One registered function and how it wants to be called.

    Attributes:
        function: what the user gave.
        with_kwargs: whether it is shown the keyword arguments of the call.
        always: whether it is called even if ``forward`` failed.
    """

    __slots__ = ("always", "function", "with_kwargs")

    def __init__(
        self, function: Callable[..., Any], with_kwargs: bool = False, always: bool = False
    ) -> None:
        self.function = function
        self.with_kwargs = with_kwargs
        self.always = always

    def __call__(self, module: Module, args: Any, kwargs: dict[str, Any], *output: Any) -> Any:
        """Call a hook that runs before or, given the output, after ``forward``."""
        shown = (args, kwargs) if self.with_kwargs else (args,)
        return self.function(module, *shown, *output)


class Hooks:
    """The hooks of one module, each kind in the order in which they run."""

    def __init__(self) -> None:
        self.forward_pre: list[Hook] = []
        self.forward: list[Hook] = []
        self.backward_pre: list[Hook] = []
        self.backward: list[Hook] = []
        self.state_pre: list[Hook] = []
        self.state_post: list[Hook] = []
        self.load_pre: list[Hook] = []
        self.load_post: list[Hook] = []

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a module with its hooks around it."""
        pending = [*self._shared("forward"), *self.forward]
        try:
            return self._call(module, args, kwargs, pending)
        except Exception:
            _call_anyway(pending, module, args, kwargs)
            raise

    def _shared(self, kind: str) -> list[Hook]:
        """The hooks of a kind that all modules have, which run before a module's own."""
        found: list[Hook] = [] if self is everywhere else getattr(everywhere, kind)
        return found

    def _call(
        self,
        module: Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        pending: list[Hook],
    ) -> Any:
        for hook in [*self._shared("forward_pre"), *self.forward_pre]:
            args, kwargs = _changed_input(hook, hook(module, args, kwargs), args, kwargs)
        passage = None
        before = [*self._shared("backward_pre"), *self.backward_pre]
        after = [*self._shared("backward"), *self.backward]
        if (before or after) and is_grad_enabled():
            passage = Passage(module, before, after)
            args = passage.watch_inputs(args)
        result = module.forward(*args, **kwargs)
        while pending:
            changed = pending.pop(0)(module, args, kwargs, result)
            result = result if changed is None else changed
        return result if passage is None else passage.watch_outputs(result)


class Table(MutableMapping[int, Callable[..., Any]]):
    """The hooks of one kind, by number, as PyTorch keeps them: what is deleted here is removed.

    Args:
        hooks: the hooks, in the order in which they run.
    """

    def __init__(self, hooks: list[Hook]) -> None:
        self._hooks = hooks

    def __getitem__(self, key: int) -> Callable[..., Any]:
        return self._hooks[self._place(key)].function

    def __setitem__(self, key: int, function: Callable[..., Any]) -> None:
        known = [id(hook) for hook in self._hooks]
        if key in known:
            self._hooks[known.index(key)].function = function
        else:
            self._hooks.append(Hook(function))

    def __delitem__(self, key: int) -> None:
        del self._hooks[self._place(key)]

    def _place(self, key: int) -> int:
        for place, hook in enumerate(self._hooks):
            if id(hook) == key:
                return place
        raise KeyError(key)

    def __iter__(self) -> Iterator[int]:
        return iter([id(hook) for hook in self._hooks])

    def __len__(self) -> int:
        return len(self._hooks)

    def __repr__(self) -> str:
        return f"OrderedDict({dict(self)})" if self else "OrderedDict()"


everywhere = Hooks()  # those of all modules


def add(
    hooks: list[Hook],
    function: Callable[..., Any],
    prepend: bool = False,
    with_kwargs: bool = False,
    always: bool = False,
) -> RemovableHandle:
    """Put a function among hooks of one kind, last or first."""
    hook = Hook(function, with_kwargs, always)
    hooks.insert(0 if prepend else len(hooks), hook)
    return RemovableHandle(hooks, hook)


def _changed_input(
    hook: Hook, changed: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments after a forward pre-hook, which may have returned others."""
    if changed is None:
        return args, kwargs
    if not hook.with_kwargs:
        return (changed if isinstance(changed, tuple) else (changed,)), kwargs
    if not (isinstance(changed, tuple) and len(changed) == 2):
        raise RuntimeError(
            "a forward pre-hook with with_kwargs=True must return None or a tuple of (new_args, "
            f"new_kwargs), but got {changed!r}"
        )
    return changed


def _call_anyway(
    pending: list[Hook], module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """After a failure, call the hooks that asked for it, with ``None`` as the output."""
    for hook in pending:
        if hook.always:
            try:
                hook(module, args, kwargs, None)
            except Exception as error:
                warnings.warn(
                    f"a forward hook with always_call=True raised {error!r}, which is left aside "
                    "for the error that was raised in forward",
                    stacklevel=4,
                )


# --- backward ------------------------------------------------------------------------------------

_watched = primitive(
    lambda arrived, *tensors: tuple(x.view() for x in tensors),
    "The tensors themselves; ``arrived`` is given their gradients, and returns what goes on.",
    name="backward_hook",
    several=True,
    tensors=lambda g, arrived: arrived(g),
)


class Passage:
    """One call of a module with backward hooks: what its gradients are on their way through.

    Args:
        module: the module called.
        pre: the hooks to call when the gradients of its outputs are known.
        hooks: those to call when the gradients have come through.
    """

    def __init__(self, module: Module, pre: list[Hook], hooks: list[Hook]) -> None:
        self.module = module
        self.pre = [hook.function for hook in pre]
        self.hooks = [hook.function for hook in hooks]
        self.inputs = self.outputs = _Group((), [])
        self.grad_output: tuple[Any, ...] = ()

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, such that their gradients come by here."""
        self.inputs, args = _watch(args, self.inputs_arrived)
        return args

    def watch_outputs(self, result: Any) -> Any:
        """What ``forward`` returned, such that its gradients come by here."""
        if not isinstance(result, Tensor | tuple):
            warnings.warn(
                f"{type(self.module).__name__}: for backward hooks to be called, forward should "
                f"return a Tensor or a tuple of Tensors, not {type(result).__name__}",
                stacklevel=4,
            )
            return result
        if isinstance(result, Tensor):
            self.outputs, (result,) = _watch((result,), self.outputs_arrived)
            return result
        self.outputs, result = _watch(result, self.outputs_arrived)
        return result

    def outputs_arrived(self, grads: Sequence[Any]) -> list[Any]:
        """Show the gradients of the outputs to the pre-hooks; they come before all the others."""
        grad_output = self.outputs.spread(grads)
        for hook in self.pre:
            grad_output = _replaced(hook(self.module, grad_output), grad_output, "grad_output")
        self.grad_output = grad_output
        if not self.inputs.places:
            self._run_hooks(self.inputs.spread([]))
        return self.outputs.pick(grad_output, grads)

    def inputs_arrived(self, grads: Sequence[Any]) -> list[Any]:
        """Show the gradients of the inputs to the hooks."""
        return self.inputs.pick(self._run_hooks(self.inputs.spread(grads)), grads)

    def _run_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            changed = hook(self.module, grad_input, self.grad_output)
            grad_input = _replaced(changed, grad_input, "grad_input")
        return grad_input


class _Group:
    """Which of a call's arguments, or results, have gradients.

    Attributes:
        everything: per argument, its (shape, dtype), or ``None`` if it is not a Tensor.
        places: the positions of those that require grad.
    """

    def __init__(self, everything: Sequence[Any], places: list[int]) -> None:
        self.everything = everything
        self.places = places

    def spread(self, grads: Sequence[Any]) -> tuple[Any, ...]:
        """A gradient for each, as the user sees it: 0 where none flows, ``None`` for no tensor."""
        if not self.places:
            return (None,) * len(self.everything)
        full = [None if kind is None else wrap(np.zeros(*kind)) for kind in self.everything]
        for place, grad in zip(self.places, grads, strict=True):
            full[place] = grad if isinstance(grad, Value) else wrap(grad)
        return tuple(full)

    def pick(self, full: Sequence[Any], grads: Sequence[Any]) -> list[Any]:
        """What goes on along the tape: Tensors if it is being recorded, else arrays.

        The arrays are views, because the tape adds into arrays that nobody else can hold, and
        these a hook may have kept.
        """
        record = any(isinstance(grad, Value) for grad in grads)
        chosen = [full[place] for place in self.places]
        return chosen if record else [None if g is None else g.array.view() for g in chosen]


def _watch(
    values: tuple[Any, ...], arrived: Callable[[Sequence[Any]], list[Any]]
) -> tuple[_Group, tuple[Any, ...]]:
    """The values, those that require grad replaced by twins whose gradients ``arrived`` sees.

    A twin shares memory and the count of writes, but is read-only: a write through it would
    escape the hooks.
    """
    tensors = [v if isinstance(v, Tensor) else None for v in values]
    kinds = [None if t is None else (t.array.shape, t.array.dtype) for t in tensors]
    tracked = {i: t for i, t in enumerate(tensors) if t is not None and t.requires_grad}
    twins = _watched(arrived, *tracked.values()) if tracked else ()
    replaced = list(values)
    for (place, tensor), twin in zip(tracked.items(), twins, strict=True):
        twin.array.flags.writeable = False
        twin.version = tensor.version
        replaced[place] = twin
    return _Group(kinds, list(tracked)), tuple(replaced)


def _replaced(changed: Any, old: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """What a backward hook returned in place of gradients, as a tuple.

    Raises:
        RuntimeError: if their number changed.
    """
    if changed is None:
        return old
    new = tuple(changed) if isinstance(changed, tuple | list) else (changed,)
    if len(new) != len(old):
        raise RuntimeError(
            f"a backward hook returned an invalid number of {name}, got {len(new)}, but expected "
            f"{len(old)}: return None, or a tuple with one entry each"
        )
    return new

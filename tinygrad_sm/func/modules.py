"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..ops.shape import stack
from ..tape import LEAF, wrap

if TYPE_CHECKING:
    from ..nn import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers.

    Args:
        module: the module; it is as before afterwards.
        parameter_and_buffer_dicts: tensors by the names of ``named_parameters`` and
            ``named_buffers``, in one dict or several; other names mean nothing.
        args: the argument, or a tuple of arguments.
        kwargs: arguments by name.
        tie_weights: a tensor given for a parameter with several names counts for all of them.
        strict: whether every parameter and buffer must be given, and nothing else.

    Raises:
        RuntimeError: in strict mode, for names missing or unknown.
        ValueError: for a name in two of several dicts.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.Linear(2, 1)
    >>> sg.func.functional_call(layer, {"weight": sg.ones(1, 2), "bias": sg.zeros(1)}, sg.ones(2))
    tensor([2.])
    """
    given = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    if strict:
        missing, unexpected = set(places) - set(given), set(given) - set(places)
        if missing or unexpected:
            raise RuntimeError(
                f"functional_call: strict=True, but missing {sorted(missing)}, unexpected "
                f"{sorted(unexpected)}"
            )
    if tie_weights:
        given = _tied(places, given)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(places, given):
        return module(*positional, **(kwargs or {}))


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    merged: dict[str, Any] = {}
    for one in dicts:
        both = merged.keys() & one.keys()
        if both:
            raise ValueError(f"functional_call: {sorted(both)} appear in more than one dict")
        merged.update(one)
    return merged


def _places(module: Module) -> dict[str, tuple[dict[str, Any], str]]:
    """Where each parameter and buffer is kept, by its full name."""
    return {
        f"{path}.{name}" if path else name: (store, name)
        for path, part in module.named_modules(remove_duplicate=False)
        for store in (part._parameters, part._buffers)
        for name, value in store.items()
        if value is not None
    }


def _tied(places: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What was given for one name of a shared tensor, for its other names too."""
    by_tensor = {id(places[n][0][places[n][1]]): v for n, v in given.items() if n in places}
    tied = {
        name: by_tensor[id(store[key])]
        for name, (store, key) in places.items()
        if id(store[key]) in by_tensor
    }
    return {**given, **tied, **given}


@contextmanager
def _swapped(places: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[None]:
    given = {name: value for name, value in given.items() if name in places}
    token = _open_swaps.set((*_open_swaps.get(), (places, given)))
    try:
        with _put_in(places, given):
            yield
    finally:
        _open_swaps.reset(token)


_open_swaps: ContextVar[tuple[Any, ...]] = ContextVar("open_swaps", default=())


@contextmanager
def _put_in(places: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[None]:
    before = {name: places[name][0][places[name][1]] for name in given}
    try:
        for name, value in given.items():
            store, key = places[name]
            store[key] = value
        yield
    finally:
        for name, value in before.items():
            store, key = places[name]
            store[key] = value


@contextmanager
def swapped_again() -> Iterator[None]:
    """What ``functional_call`` had put in, for a checkpoint that runs its function once more."""
    with ExitStack() as stack:
        for places, given in _open_swaps.get():
            stack.enter_context(_put_in(places, given))
        yield


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several equal modules, stacked: for ``vmap`` over them.

    Returns:
        Two dicts of tensors (models, *shape); the parameters are leaves that require grad.

    Raises:
        RuntimeError: for no models, or models of different kinds or modes.
    """
    if not models:
        raise RuntimeError("stack_module_state: expected at least one model, got none")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: expected all models to be of the same class")
    if len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: expected all models to be in the same mode: call train() or eval()"
        )
    params = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return (
        {name: _stacked([p[name] for p in params]) for name in params[0]},
        {name: _stacked([b[name] for b in buffers]) for name in buffers[0]},
    )


def _stacked(tensors: list[Any]) -> Any:
    joined = stack([t.detach() for t in tensors])
    return wrap(joined.array, LEAF if tensors[0].requires_grad else None)

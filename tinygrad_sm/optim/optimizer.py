"""What all optimizers share: parameter groups, state, hooks, and the walk that is one step."""

from __future__ import annotations

import copy
import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import numpy as np

from ..tape import Value, enable_grad, wrap, written
from ..tensor import RemovableHandle, Tensor
from .mistakes import Lookout

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Hook = Callable[..., Any]
_TRANSIENT = ("_hook_lists", "_memory", "_lookout")  # what is not copied or pickled


class _Required:
    """The type of ``required``."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
"""As a default, says that every parameter group must name this option itself."""


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """A ``step`` that runs the hooks around it and notes that it ran."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if type(self).step is not hooked:  # called by a subclass through super()
            return step(self, *args, **kwargs)
        everything: tuple[Any, ...] = (self, *args)
        for hook in self._hooks("step_pre"):
            result = hook(self, everything, kwargs)
            if result is None:
                continue
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(
                    f"{type(self).__name__}.step: a pre-hook must return None or a tuple "
                    f"(args, kwargs), not {result!r}"
                )
            everything, kwargs = result
        self._stepped = True
        closure = kwargs.get("closure", everything[1] if len(everything) > 1 else None)
        if closure is None:
            self._lookout.check(self)
        loss = step(*everything, **kwargs)
        if closure is not None:
            self._lookout.check(self)
        self._lookout.stepped()
        for hook in self._hooks("step_post"):
            hook(self, everything, kwargs)
        return loss

    return hooked


class Optimizer:
    """Base of all optimizers.

    A subclass either defines ``_update``, the rule for one parameter, or a ``step`` of its own.

    Args:
        params: the parameters: an iterable of tensors, of (name, tensor) pairs, or of dicts, each
            a parameter group with its own options beside ``"params"``.
        defaults: the options, for groups that do not set them.

    Attributes:
        param_groups: one dict a group; change an option there at any time.
        state: what the rule remembers, a dict for each parameter.
        defaults: the options as given.

    Raises:
        TypeError: for something that is not a tensor among the parameters.
        ValueError: for no parameters at all, one that is the result of an operation, one in two
            groups, or an option that is not finite.
    """

    _stepped = False  # whether a step was taken: schedules warn where theirs comes first

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, Value):
            raise TypeError(
                f"{type(self).__name__}: params should be an iterable of Tensors or dicts, but got "
                "a single Tensor: put it in a list"
            )
        given: list[Any] = list(params)
        if not given:
            raise ValueError(
                f"{type(self).__name__}: optimizer got an empty parameter list. Usual causes: the "
                "model has no parameters, or its parameters() iterator was used up before"
            )
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in _TRANSIENT}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._hold(p for group in self.param_groups for p in group["params"])

    def _hold(self, params: Iterable[Any]) -> None:
        """Let parameters know that an optimizer has them."""
        holder = self._lookout.holder
        for p in params:
            if hasattr(type(p), "_holder"):  # a parameter of a module
                p._holder = holder
                holder.modules = True

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            options = sorted(set(group) - {"params"})
            text += "".join(f"    {name}: {group[name]}\n" for name in options)
        return text + ")"

    # --- groups -----------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, such as layers unfrozen during training.

        Args:
            param_group: ``{"params": ..., option: value, ...}``; options left out take their
                defaults.

        Raises:
            TypeError: if it is no dict, or holds something that is not a tensor.
            ValueError: for a parameter that is the result of an operation or is in another group
                already, an option missing or not finite, or names given for some only.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        params, names = _split_names(self._listed(param_group["params"]))
        for p in params:
            self._check_parameter(p)
        options = {**self.defaults, **param_group}
        for name in self.defaults:
            if options[name] is required:
                raise ValueError(
                    f"{type(self).__name__}: parameter group didn't specify a value of required "
                    f"optimization parameter {name}"
                )
        self._check_finite(options)
        if names:
            options["param_names"] = names
        self._check_against_other_groups(params, "param_names" in options)
        param_group.update(options, params=params)
        self.param_groups.append(param_group)
        self._hold(params)

    @functools.cached_property
    def _lookout(self) -> Lookout:
        return Lookout()

    def _listed(self, params: Any) -> list[Any]:
        if isinstance(params, set):
            raise TypeError(
                f"{type(self).__name__}: parameters need to be in an ordered collection, but a set "
                "has another order in each run: use a list"
            )
        return [params] if isinstance(params, Value) else list(params)

    def _check_parameter(self, p: Any) -> None:
        if not isinstance(p, Value):
            raise TypeError(
                f"{type(self).__name__}: optimizer can only optimize Tensors, but one of the "
                f"params is {type(p).__name__}"
            )
        if not (p.is_leaf or p.retains_grad):  # type: ignore[attr-defined]
            raise ValueError(
                f"{type(self).__name__}: can't optimize a non-leaf Tensor: this one, of shape "
                f"{p.array.shape}, is the result of {p.node.name()}. Make it "
                "with requires_grad=True after the computation, or detach() it first"
            )

    def _check_against_other_groups(self, params: list[Tensor], named: bool) -> None:
        if len(set(params)) != len(params):
            warnings.warn(
                f"{type(self).__name__}: a parameter group holds the same parameter more than "
                "once, which is updated as often in each step",
                stacklevel=4,
            )
        for group in self.param_groups:
            if named != ("param_names" in group):
                raise ValueError(
                    f"{type(self).__name__}: all parameter groups should be given with names, or "
                    "all without"
                )
            if not set(params).isdisjoint(group["params"]):
                raise ValueError(
                    f"{type(self).__name__}: some parameters appear in more than one parameter "
                    "group: each can have one set of options only"
                )

    def _check_finite(self, group: dict[str, Any]) -> None:
        """Refuse an option that would turn every parameter into NaN.

        Raises:
            ValueError: naming the option.
        """
        for name in self.defaults:
            value = group[name]
            if value is None or type(value) is bool or (type(value) is float and isfinite(value)):
                continue  # most options, and this is asked in each step
            for number in value if isinstance(value, tuple | list) else (value,):
                if _is_float(number) and not isfinite(number):
                    raise ValueError(
                        f"{type(self).__name__}: {name} is {value}: expected a finite number"
                    )

    # --- a step -----------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or set them to zero.

        Args:
            set_to_none: leave ``None`` in ``grad``, so that a parameter which gets no gradient
                is skipped by ``step``; otherwise fill the gradient with zeros in place.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    p.grad.detach_().zero_()

    @_with_hooks
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient, by the optimizer's rule.

        Everything is checked before the first parameter is changed.

        Args:
            closure: computes the loss and its gradients anew, and returns the loss.

        Returns:
            What the closure returned, or ``None``.

        Raises:
            RuntimeError: for a gradient of another shape or dtype than its parameter, or a
                parameter over read-only memory.
            ValueError: for an option that is not finite.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        ready = self._ready()
        try:
            with np.errstate(all="ignore"):  # infinities go their way, as in PyTorch
                for group, p, grad in ready:
                    self._update(p, grad, self.state[p], group)
        finally:
            written(*(p for _, p, _ in ready))
        return loss

    def _update(
        self, p: Tensor, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        """The rule: write the new value into ``p.array``; neither ``grad`` nor its memory change.

        Args:
            p: the parameter.
            grad: its gradient, of its shape and dtype.
            state: what earlier steps left for this parameter; empty in the first.
            group: the options.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step")

    def _ready(self) -> list[tuple[dict[str, Any], Tensor, np.ndarray]]:
        """(group, parameter, gradient) of all parameters that have one, checked."""
        ready = []
        for i, group in enumerate(self.param_groups):
            self._check_finite(group)
            for j, p in enumerate(group["params"]):
                grad = p._grad
                if grad is None:
                    continue
                x, g = p.array, grad.array
                if x.shape != g.shape or x.dtype != g.dtype or not x.flags.writeable:
                    self._complain(group.get("param_names", {j: j})[j], i, x, g)
                ready.append((group, p, g))
        return ready

    def _complain(self, name: Any, group: int, x: np.ndarray, g: np.ndarray) -> None:
        if x.flags.writeable:
            problem = (
                f"has shape {x.shape} and dtype {x.dtype}, but its gradient {g.shape} and "
                f"{g.dtype}: was its data replaced after backward()? Call zero_grad() then"
            )
        else:
            problem = "lies in read-only memory, or is expanded: make it of a clone()"
        raise RuntimeError(
            f"{type(self).__name__}.step: parameter {name} of group {group} {problem}. "
            "Nothing was changed"
        )

    # --- saving and loading -----------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, with numbers in place of parameters, as PyTorch lays it out.

        Returns:
            ``{"state": {number: {name: Tensor, ...}}, "param_groups": [{option: value, ...,
            "params": [number, ...]}]}``. The tensors are those in use, not copies.
        """
        for hook in self._hooks("state_dict_pre"):
            hook(self)
        numbers: dict[Any, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], start):
                numbers.setdefault(p, i)
            start += len(group["params"])
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [numbers[p] for p in group["params"]]})
        packed = {
            numbers.get(key, key): entry
            for key, entry in self.state.items()
            if not (isinstance(entry, dict) and not entry)  # what a rule without a state left
        }
        state_dict: dict[str, Any] = {"state": packed, "param_groups": groups}
        for hook in self._hooks("state_dict_post"):
            state_dict = _or_given(hook(self, state_dict), state_dict)
        return state_dict

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state and options that ``state_dict`` returned.

        Parameters are matched by their order. Tensors are copied, in the parameter's dtype; arrays
        and other libraries' tensors are taken too.

        Raises:
            ValueError: if groups, their sizes or the shapes of the state do not fit; nothing is
                changed then.
        """
        state_dict = dict(state_dict)
        for hook in self._hooks("load_state_dict_pre"):
            state_dict = _or_given(hook(self, state_dict), state_dict)
        saved = self._checked_groups(state_dict)
        owner = {
            number: p
            for new, group in zip(saved, self.param_groups, strict=True)
            for number, p in zip(new["params"], group["params"], strict=True)
        }
        state: dict[Any, Any] = defaultdict(dict)
        for number, entry in state_dict["state"].items():
            if number in owner:
                entry = _restored(entry, owner[number])
                self._check_state(number, owner[number], entry)
                number = owner[number]
            state[number] = entry
        for new, group in zip(saved, self.param_groups, strict=True):
            new["params"] = group["params"]
            for name in (*self.defaults, "param_names"):
                if name in group:
                    new.setdefault(name, group[name])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._hooks("load_state_dict_post"):
            hook(self)

    def _checked_groups(self, state_dict: dict[str, Any]) -> list[dict[str, Any]]:
        """A copy of the saved groups, which are as many and as large as the optimizer's."""
        where = f"{type(self).__name__}.load_state_dict"
        missing = {"state", "param_groups"} - set(state_dict)
        if missing:
            raise ValueError(
                f"{where}: expected the keys 'state' and 'param_groups', but "
                f"{sorted(missing)} are missing: is this the state_dict of an optimizer?"
            )
        saved: list[dict[str, Any]] = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError(
                f"{where}: loaded state dict has a different number of parameter groups: "
                f"{len(saved)}, the optimizer {len(self.param_groups)}. Add the groups in the same "
                "way as when it was saved"
            )
        for i, (new, group) in enumerate(zip(saved, self.param_groups, strict=True)):
            if len(new["params"]) != len(group["params"]):
                raise ValueError(
                    f"{where}: loaded state dict contains a parameter group that doesn't match the "
                    f"size of optimizer's group: group {i} has {len(new['params'])} parameter(s) "
                    f"in the state dict, {len(group['params'])} in the optimizer. Was it saved "
                    "for another model?"
                )
        return saved

    def _check_state(self, number: int, p: Tensor, entry: dict[str, Any]) -> None:
        """Refuse loaded state that cannot belong to a parameter.

        Raises:
            ValueError: if a tensor with dimensions has not the parameter's shape.
        """
        for name, value in entry.items():
            expected = (), self._shape_kept(name, p.array.shape)
            if isinstance(value, Value) and value.array.shape not in expected:
                raise ValueError(
                    f"{type(self).__name__}.load_state_dict: {name} of parameter {number} has shape "
                    f"{value.array.shape}, the parameter {p.array.shape}: the parameters must come "
                    "in the same order as when it was saved"
                )

    def _shape_kept(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what is remembered under a name for a parameter of a shape."""
        return shape

    # --- hooks ------------------------------------------------------------------------------------

    def _hooks(self, kind: str) -> tuple[Hook, ...]:
        """The hooks of a kind; none for a subclass that never called ``__init__`` here."""
        return tuple(self.__dict__.get("_hook_lists", {}).get(kind, ()))

    def _register(self, kind: str, hook: Hook, prepend: bool = False) -> RemovableHandle:
        hooks = self.__dict__.setdefault("_hook_lists", {}).setdefault(kind, [])
        hooks.insert(0 if prepend else len(hooks), hook)
        return RemovableHandle(hooks, hook)

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step.

        ``args`` begins with the optimizer. The hook may return a pair ``(args, kwargs)`` to be
        used instead.
        """
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict``."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)``, which may return another, after ``state_dict``."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)``, which may return another, before loading it."""
        return self._register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Hook, prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` after ``load_state_dict``."""
        return self._register("load_state_dict_post", hook, prepend)


def _or_given(result: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a hook returned, or what it was given if it returned nothing."""
    return given if result is None else result


def _is_float(value: Any) -> bool:
    """Whether an option is a float: Python's, NumPy's or a tensor of one."""
    if isinstance(value, Value):
        return value.array.size == 1
    return isinstance(value, float | np.floating)


def _split_names(params: list[Any]) -> tuple[list[Any], list[str]]:
    """Tensors and names of what may be (name, tensor) pairs.

    Raises:
        ValueError: if some have names and others not.
    """
    names = [p[0] for p in params if isinstance(p, tuple)]
    if names and len(names) != len(params):
        raise ValueError(
            "all optimizer params should be with/without names: only "
            f"{len(names)} of {len(params)} have one"
        )
    return ([p[1] for p in params] if names else params), names


def _restored(value: Any, p: Tensor, name: str | None = None) -> Any:
    """A copy of loaded state: tensors in the parameter's dtype, save for the step count."""
    if isinstance(value, dict):
        return {key: _restored(v, p, key) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_restored(v, p) for v in value)
    if not hasattr(value, "__array__") or isinstance(value, np.generic):
        return value
    array = np.asarray(value)
    keep = name == "step" or p.array.dtype.kind != "f"
    return wrap(np.array(array, array.dtype if keep else p.array.dtype, order="K"))

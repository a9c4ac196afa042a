"""Weights set to 0 and kept there: masks over parameters.

A pruned ``weight`` is ``weight_orig``, the parameter, times ``weight_mask``, a buffer. Pruning a
tensor again adds to its mask, of what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any

import numpy as np

from ...ops.random import default_generator
from ...tape import wrap
from ...tensor import Tensor
from ..modules.module import Module


class BasePruningMethod:
    """How to choose what becomes 0: a subclass says so in ``compute_mask``.

    Attributes:
        PRUNING_TYPE: ``"unstructured"``, ``"structured"`` (whole channels) or ``"global"``.
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name = ""

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the pruned tensor, before each call of the module."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The new mask of a tensor, given the scores ``t`` of its elements and the old mask."""
        raise NotImplementedError(f"{type(self).__name__} does not define compute_mask")

    def apply_mask(self, module: Module) -> Tensor:
        """The tensor with its mask applied."""
        original = getattr(module, self._tensor_name + "_orig")
        return getattr(module, self._tensor_name + "_mask").to(original.dtype) * original

    @classmethod
    def apply(
        cls,
        module: Module,
        name: str,
        *args: Any,
        importance_scores: Tensor | None = None,
        **kwargs: Any,
    ) -> BasePruningMethod:
        """Prune a parameter of a module.

        Args:
            module: whose parameter it is.
            name: the parameter's name.
            *args: for the method's constructor.
            importance_scores: what decides in place of the parameter's own values.
            **kwargs: for the method's constructor.

        Raises:
            AssertionError: for scores of another shape.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        tensor = getattr(module, name)
        scores = tensor if importance_scores is None else importance_scores
        if scores.shape != tensor.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}"
            )
        old = _hook_of(module, name)
        if old is None:
            before = wrap(np.ones_like(tensor.array))
        else:
            before = getattr(module, name + "_mask").detach().clone()
            method = PruningContainer(old.function).add_pruning_method(method)
        mask = method.compute_mask(scores.detach(), before)
        if old is None:
            delattr(module, name)
            module.register_parameter(name + "_orig", tensor)
        elif module._hooks is not None:
            module._hooks.forward_pre.remove(old)
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(
        self,
        t: Tensor,
        default_mask: Tensor | None = None,
        importance_scores: Tensor | None = None,
    ) -> Tensor:
        """A tensor with what the method chooses set to 0."""
        scores = t if importance_scores is None else importance_scores
        before = wrap(np.ones_like(t.array)) if default_mask is None else default_mask
        return t * self.compute_mask(scores.detach(), before)

    def remove(self, module: Module) -> None:
        """Make the pruned tensor the parameter itself."""
        name = self._tensor_name
        pruned = self.apply_mask(module)
        original = getattr(module, name + "_orig")
        delattr(module, name)
        delattr(module, name + "_orig")
        delattr(module, name + "_mask")
        original.data = pruned.detach()
        module.register_parameter(name, original)


def _hook_of(module: Module, name: str | None = None) -> Any:
    for hook in module._hooks.forward_pre if module._hooks else ():
        method = hook.function
        if isinstance(method, BasePruningMethod) and name in (None, method._tensor_name):
            return hook
    return None


class PruningContainer(BasePruningMethod):
    """Several methods applied to one tensor, each to what the ones before left."""

    def __init__(self, *methods: Any) -> None:
        self._methods: tuple[BasePruningMethod, ...] = ()
        for method in methods:
            self._tensor_name = method._tensor_name
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> PruningContainer:
        """Add a method at the end; those of a container one by one.

        Raises:
            TypeError: for something else.
            ValueError: for a method that prunes another tensor.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to {self}. Found '{method._tensor_name}'"
            )
        inner = method._methods if isinstance(method, PruningContainer) else (method,)
        self._methods += inner
        return self

    def __len__(self) -> int:
        return len(self._methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._methods)

    def __getitem__(self, i: int) -> BasePruningMethod:
        return self._methods[i]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The old mask with what the last method takes from it."""
        method = self._methods[-1]
        old = default_mask.array
        if method.PRUNING_TYPE == "global":
            return method.compute_mask(t, default_mask)
        if method.PRUNING_TYPE == "unstructured":
            left: Any = old == 1
        else:
            dim = method.dim % old.ndim  # type: ignore[attr-defined]
            others = tuple(i for i in range(old.ndim) if i != dim)
            left = [slice(None)] * old.ndim
            left[dim] = old.sum(others) != 0
            left = tuple(left)
        new = old.copy()
        new[left] = method.compute_mask(wrap(t.array[left]), wrap(old[left])).array
        return wrap(new)


# --- methods --------------------------------------------------------------------------------------


class Identity(BasePruningMethod):
    """Prunes nothing, but puts mask and original in place."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The old mask."""
        return default_mask


def _check_amount(amount: Any) -> None:
    if isinstance(amount, bool) or not isinstance(amount, float | int | Integral):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if amount < 0 or (not isinstance(amount, Integral) and amount > 1):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0.0, 1.0] or a non-negative "
            "integer"
        )


def _number(amount: Any, size: int) -> int:
    """How many of ``size`` an amount means, an integer or a share.

    Raises:
        ValueError: if there are not so many.
    """
    count = int(amount) if isinstance(amount, Integral) else round(amount * size)
    if count > size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to prune={size}"
        )
    return count


class _Amount(BasePruningMethod):
    """What is pruned is a number or a share."""

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount

    def _without(self, mask: Tensor, scores: np.ndarray) -> Tensor:
        """The mask without those of the lowest scores."""
        new = mask.array.copy()
        count = _number(self.amount, scores.size)
        new.reshape(-1)[np.argsort(scores.reshape(-1), kind="stable")[:count]] = 0
        return wrap(new)


class L1Unstructured(_Amount):
    """Prunes the elements of the least absolute values."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the smallest."""
        return self._without(default_mask, np.abs(t.array))


class RandomUnstructured(_Amount):
    """Prunes elements at random."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without some."""
        draws = default_generator.uniform(t.array.size, t.array.dtype)
        return self._without(default_mask, -draws)


class _Channels(_Amount):
    """What is pruned is a number or share of the channels, the places along a dimension."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _kept_channels(self, t: Tensor, default_mask: Tensor, scores: np.ndarray) -> Tensor:
        """The mask with the channels of the highest scores alone."""
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor "
                f"of shape {tuple(t.shape)} with {t.ndim} dims"
            )
        count = _number(self.amount, len(scores))
        kept = np.ones(len(scores), default_mask.array.dtype)
        kept[np.argsort(scores, kind="stable")[:count]] = 0
        shape = [1] * t.ndim
        shape[self.dim] = -1
        return wrap(default_mask.array * kept.reshape(shape))


class RandomStructured(_Channels):
    """Prunes channels at random.

    Args:
        amount: how many, or what share.
        dim: the dimension of the channels.
    """

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without some channels."""
        draws = default_generator.uniform(t.size(self.dim), np.dtype(np.float32))
        return self._kept_channels(t, default_mask, draws)


class LnStructured(_Channels):
    """Prunes the channels of the least norms.

    Args:
        amount: how many, or what share.
        n: the order of the norm.
        dim: the dimension of the channels.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the smallest channels."""
        others = tuple(i for i in range(t.ndim) if i != self.dim % t.ndim)
        norms = t.norm(self.n, others).array if others else np.zeros(1)
        return self._kept_channels(t, default_mask, norms)


class CustomFromMask(BasePruningMethod):
    """Prunes what a mask says."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Both masks together."""
        return default_mask * self.mask.to(default_mask.dtype)


# --- by name ----------------------------------------------------------------------------------------


def identity(module: Module, name: str) -> Module:
    """Put mask and original of a parameter in place, and prune nothing; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune elements of a parameter at random: a number or a share; returns the module."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: Module, name: str, amount: float, importance_scores: Tensor | None = None
) -> Module:
    """Prune the smallest elements of a parameter: a number or a share; returns the module.

    >>> import tinygrad_sm as sg
    >>> layer = l1_unstructured(sg.nn.Linear(10, 10), "weight", amount=0.3)
    >>> int((layer.weight == 0).sum())
    30
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune channels of a parameter at random: a number or a share; returns the module."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module,
    name: str,
    amount: float,
    n: Any,
    dim: int,
    importance_scores: Tensor | None = None,
) -> Module:
    """Prune the channels of a parameter with the least n-norms; returns the module."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune what a mask says; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: pairs of a module and a parameter's name.
        pruning_method: one that is unstructured.
        importance_scores: what decides in place of the parameters' own values, by such a pair.
        **kwargs: for the method's constructor.

    Raises:
        TypeError: for a method that is structured.
    """
    if pruning_method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {pruning_method.PRUNING_TYPE}"
        )
    pairs = list(parameters)
    given = importance_scores or {}
    scores = [given.get(pair, getattr(*pair)).array for pair in pairs]
    masks = [getattr(m, n + "_mask", None) for m, n in pairs]
    before = [np.ones_like(s) if k is None else k.array for s, k in zip(scores, masks, strict=True)]
    container = PruningContainer()
    container._tensor_name = method_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = method_name
    container.add_pruning_method(method)
    flat = [wrap(np.concatenate([a.reshape(-1) for a in part])) for part in (scores, before)]
    final = container.compute_mask(*flat).array
    start = 0
    for (module, name), part in zip(pairs, scores, strict=True):
        mask = final[start : start + part.size].reshape(part.shape)
        custom_from_mask(module, name, wrap(mask))
        start += part.size


def remove(module: Module, name: str) -> Module:
    """Make a pruned tensor the parameter itself; returns the module.

    Raises:
        ValueError: if it is not pruned.
    """
    hook = _hook_of(module, name)
    if hook is None or module._hooks is None:
        raise ValueError(
            f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
        )
    hook.function.remove(module)
    module._hooks.forward_pre.remove(hook)
    return module


def is_pruned(module: Module) -> bool:
    """Whether something in a module, or below it, is pruned."""
    return any(_hook_of(child) is not None for child in module.modules())

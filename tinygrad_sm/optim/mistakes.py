"""Mistakes in training that raise no error: an optimizer without gradients, or not with all.

Each is told once an optimizer, as a ``LikelyMistakeWarning``. Parameters of other optimizers, those
that are frozen, and gradients of tensors that are no ``nn.Parameter`` are left alone: adversarial
networks, fine-tuning with ``requires_grad_(False)`` and attacks on inputs are correct programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import reached
from ..hints import LikelyMistakeWarning, warn
from ..lines import variables
from ..tape import tick

if TYPE_CHECKING:
    from .optimizer import Optimizer

_TOLD = reached.Holder()  # of parameters that were told of: another optimizer tells nothing of them
_NAMED = 4  # parameters; more are counted


class Lookout:
    """What an optimizer remembers to notice mistakes by.

    Attributes:
        holder: given to its parameters.
    """

    def __init__(self) -> None:
        self.holder = reached.Holder()
        self._scheduled = False  # whether a schedule sets the rates
        self._walk = reached.latest[0]  # the last walk before the step before
        self._clock = tick()
        self._trained = False  # whether a step had a gradient
        self._told: set[str] = set()

    def check(self, optimizer: Optimizer) -> None:
        """Warn of a step without gradients, or of parameters that were left out."""
        if _has_gradient(optimizer):
            self._trained = True
            if reached.alone and "left out" not in self._told:
                self._check_for_left_out(optimizer)
        elif "without" not in self._told and not self._is_meant():
            self._told.add("without")
            warn(_without_gradients(optimizer, self.holder, self._walk), LikelyMistakeWarning)

    def stepped(self) -> None:
        """A step is over."""
        self._walk = reached.latest[0]
        self._clock = tick()

    def rescheduled(self) -> None:
        """A schedule has set the rates."""
        self._scheduled = True
        self._clock = tick()

    def _is_meant(self) -> bool:
        """Whether a program may well step without gradients: no walk ran since the step before.

        Either gradients are set by hand, as in earlier steps, or nothing at all was recorded:
        the program tries out a schedule, or a rule on tensors that belong to no module.
        """
        if reached.latest[0] > self._walk:
            return False
        tried_out = self._scheduled or not self.holder.modules
        return self._trained or (tried_out and tick() == self._clock + 1)

    def _check_for_left_out(self, optimizer: Optimizer) -> None:
        others = _alone_since(self.holder.reached - 1) if self.holder.reached else []
        if others:
            self._told.add("left out")
            for p in others:
                p._holder = _TOLD
            warn(
                f"{type(optimizer).__name__}.step: backward reached {_named(others)} together with "
                "parameters of this optimizer, but no optimizer has them: they are not trained. "
                "Give them to the optimizer too (a module in a plain list is not in parameters(): "
                "use nn.ModuleList), or freeze them with requires_grad_(False)",
                LikelyMistakeWarning,
            )


def _has_gradient(optimizer: Optimizer) -> bool:
    """Whether some parameter has one; mostly the first that is asked."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                return True
    return False


def _without_gradients(optimizer: Optimizer, holder: reached.Holder, before: int) -> str:
    """Why no parameter has a gradient."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    start = (
        f"{type(optimizer).__name__}.step: none of its {len(params)} parameters has a gradient, so "
        "nothing was changed. "
    )
    if not any(p.requires_grad for p in params):
        return f"{start}None requires grad: call requires_grad_() on those to train"
    if reached.latest[0] <= before:
        return f"{start}No backward ran since the step before: call loss.backward() first"
    if holder.reached > before:
        return (
            f"{start}They had one after backward, which was dropped since: call zero_grad() "
            "before backward(), not between backward() and step()"
        )
    others = _alone_since(before)
    if others:
        return (
            f"{start}They are not in the graph: backward reached {_named(others)}, which this "
            "optimizer does not have. Usual cause: it was made before the model, or a part of it, "
            "was replaced, copied or converted. Make it afterwards, from model.parameters()"
        )
    return (
        f"{start}They are not in the graph of what backward was called on. Usual causes: the loss "
        "is not computed from them, or passes through detach(), no_grad(), .item() or NumPy"
    )


def _alone_since(walk: int) -> list[Any]:
    """Parameters that no optimizer has and that walks after one reached, with gradients."""
    return [
        p
        for p in reached.alone
        if p._reached > walk and p._holder is None and p.grad is not None and p.requires_grad
    ]


def _named(parameters: list[Any]) -> str:
    """Their number, with the names of the first."""
    names = _names_of(parameters)
    known = [f"{names.get(p, 'one')} of shape {p.array.shape}" for p in parameters]
    known.sort()
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"{len(known)} parameters ({', '.join(known[:_NAMED])}{more})"


def _names_of(parameters: list[Any]) -> dict[Any, str]:
    """What the running program calls them: ``model.head.weight``."""
    wanted = set(parameters)
    names: dict[Any, str] = {}
    for name, value in variables():
        listed = getattr(type(value), "named_parameters", None)
        for path, p in listed(value) if listed is not None else ():
            if p in wanted:
                names.setdefault(p, f"{name}.{path}")
    return names

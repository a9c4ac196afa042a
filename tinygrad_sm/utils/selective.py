"""Selective checkpoints: some operations' results are kept, so that the second run need not compute them.

While a checkpointed function runs, each operation asks the policy; in the second run, what was kept
takes the place of the operation's forward function, and is recorded as its result.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import Token
from typing import Any

from ..func.levels import choosing
from ..primitive import Primitive, record
from ..tape import Value, active, is_grad_enabled, output_of, wrap

Operation = Callable[..., Any]


class CheckpointPolicy(enum.Enum):
    """Whether an operation's result is saved, or computed again; ``PREFER`` is the same here."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


_COMPUTED_AGAIN = (CheckpointPolicy.MUST_RECOMPUTE, CheckpointPolicy.PREFER_RECOMPUTE)


class SelectiveCheckpointContext:
    """What a policy is told beside the operation and its arguments: the result."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute = is_recompute
        self.op_output = op_output


class _Chooser:
    """A block in which operations are run by ``choose``."""

    def __init__(self) -> None:
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        active.append(self)  # operations look for levels, and find this
        self._tokens.append(choosing.set(self.choose))

    def __exit__(self, *exc: object) -> None:
        choosing.reset(self._tokens.pop())
        active.remove(self)

    def choose(self, op: Primitive, call: Operation, args: tuple[Any, ...]) -> Any:
        """The result of an operation on plain tensors."""
        raise NotImplementedError


class _Keeping(_Chooser):
    """The first run: ``kept[op][i]`` is the result of the i-th call of an operation, if it is kept."""

    def __init__(self, policy: Callable[..., Any]) -> None:
        super().__init__()
        self.policy = policy
        self.calls: defaultdict[Primitive, int] = defaultdict(int)
        self.kept: dict[tuple[Primitive, int], tuple[Any, int]] = {}

    def choose(self, op: Primitive, call: Operation, args: tuple[Any, ...]) -> Any:
        """Run it, and keep the result where the policy says so."""
        number = self.calls[op]
        self.calls[op] += 1
        out = call(*args)
        context = SelectiveCheckpointContext(is_recompute=False, op_output=out)
        saves = self.policy(context, call, *args) not in (*_COMPUTED_AGAIN, False)
        if saves and not (op.several or op.residuals):
            self.kept[op, number] = out.detach(), out._version
        return out


class _Replaying(_Chooser):
    """The second run."""

    def __init__(self, first: _Keeping, may_change: bool) -> None:
        super().__init__()
        self.first = first
        self.may_change = may_change
        self.calls: defaultdict[Primitive, int] = defaultdict(int)

    def __enter__(self) -> None:
        self.calls.clear()
        super().__enter__()

    def choose(self, op: Primitive, call: Operation, args: tuple[Any, ...]) -> Any:
        """What was kept, on its place on the tape; else run it."""
        number = self.calls[op]
        self.calls[op] += 1
        if (op, number) not in self.first.kept:
            return call(*args)
        out, version = self.first.kept[op, number]
        if out._version != version and not self.may_change:
            raise RuntimeError(
                f"checkpoint: the result of {op.name} that was kept has been changed in place: say "
                "allow_cache_entry_mutation=True if that is meant"
            )
        mask = sum(
            1 << i for i, a in enumerate(args) if isinstance(a, Value) and a.node is not None
        )
        mask &= op.differentiable
        if not mask or not is_grad_enabled():
            return wrap(out.array)
        return output_of(record(op, mask, args, out.array), out.array)


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Callable[..., Any] | Sequence[Operation],
    allow_cache_entry_mutation: bool = False,
) -> tuple[Any, Any]:
    """For ``checkpoint(..., context_fn=partial(this, policy))``: keep some operations' results.

    Args:
        policy_fn_or_list: ``policy(context, op, *args)`` returns a ``CheckpointPolicy``; ``op`` is the
            operation as a function, known by its ``__name__`` (``"mm"`` for products of matrices).
            Or a list of operations, or of such names, to keep.
        allow_cache_entry_mutation: let results that are kept be written to.

    Returns:
        a context manager for the first run, and one for the second.

    >>> import functools
    >>> import tinygrad_sm as sg
    >>> from tinygrad_sm.utils.checkpoint import checkpoint
    >>> x = sg.ones(2, 2, requires_grad=True)
    >>> products = functools.partial(create_selective_checkpoint_contexts, ["mm"])
    >>> checkpoint(lambda x: (x @ x).exp().sum(), x, context_fn=products).backward()
    """
    if callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        names = {getattr(op, "__name__", op) for op in policy_fn_or_list}

        def policy(context: Any, op: Operation, *args: Any, **kwargs: Any) -> CheckpointPolicy:
            found = op.__name__ in names
            return CheckpointPolicy.MUST_SAVE if found else CheckpointPolicy.PREFER_RECOMPUTE

    first = _Keeping(policy)
    return first, _Replaying(first, allow_cache_entry_mutation)

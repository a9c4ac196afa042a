"""An optimizer whose state is shared out over processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..distributed.collectives import broadcast
from ..distributed.groups import Group, member_of
from ..distributed.objects import gather_object
from ..tape import LEAF, wrap
from ..tensor import Tensor
from .optimizer import Optimizer, Params


class ZeroRedundancyOptimizer(Optimizer):
    """Run another optimizer on a share of the parameters, and take the rest from the other ranks.

    Every rank keeps the state of its share alone (momenta and the like), so with N ranks it takes an
    N-th of the memory. Gradients must be equal on all ranks, as ``DistributedDataParallel`` makes
    them. This is the first stage of ZeRO: Rajbhandari et al., 2020, arXiv:1910.02054.

    Args:
        params: the parameters, or groups of them, the same on every rank.
        optimizer_class: the optimizer.
        process_group: who takes part; the world by default.
        parameters_as_bucket_view: ignored.
        overlap_with_ddp: must be False.
        **defaults: the optimizer's options.

    Raises:
        NotImplementedError: for ``overlap_with_ddp``.
        ValueError: before ``init_process_group``.
    """

    def __init__(
        self,
        params: Params,
        optimizer_class: Callable[..., Optimizer],
        process_group: Group = None,
        parameters_as_bucket_view: bool = False,
        overlap_with_ddp: bool = False,
        **defaults: Any,
    ) -> None:
        if overlap_with_ddp:
            raise NotImplementedError("ZeroRedundancyOptimizer: overlap_with_ddp is left out")
        self.process_group = member_of(process_group)
        self._whole_state: dict[str, Any] | None = None
        super().__init__(params, defaults)
        self._owner = self._shares()
        self.optim = self._optimizer_of_my_share(optimizer_class)

    def _shares(self) -> dict[Tensor, int]:
        """Who keeps which parameter: the largest first, each to whom has least."""
        loads = [0] * self.process_group.size()
        owner = {}
        for p in sorted(self._all(), key=lambda p: -p.array.size):
            rank = loads.index(min(loads))
            owner[p] = rank
            loads[rank] += p.array.size
        return owner

    def _all(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _mine(self, group: dict[str, Any]) -> list[Tensor]:
        return [p for p in group["params"] if self._owner[p] == self.process_group.rank()]

    def _optimizer_of_my_share(self, make: Callable[..., Optimizer]) -> Optimizer | None:
        groups = [{**group, "params": self._mine(group)} for group in self.param_groups]
        for group in groups:
            group.pop("param_names", None)
        if not any(group["params"] for group in groups):
            self._take_defaults(make([wrap(np.zeros(1), LEAF)], **self.defaults))
            return None
        mine = make(groups, **self.defaults)
        self._take_defaults(mine)
        return mine

    def _take_defaults(self, other: Optimizer) -> None:
        """The optimizer's own defaults, for what the groups here do not say."""
        self.defaults = other.defaults
        for group in self.param_groups:
            for name, value in other.defaults.items():
                group.setdefault(name, value)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step with this rank's share, then give and take the parameters.

        Args:
            closure: computes the loss again; run once.
        """
        loss = None if closure is None else closure()
        if self.optim is not None:
            for mine, group in zip(self.optim.param_groups, self.param_groups, strict=True):
                mine.update({k: v for k, v in group.items() if k not in ("params", "param_names")})
            self.optim.step()
        works = [
            broadcast(p, group=self.process_group, group_src=owner, async_op=True)
            for p, owner in self._owner.items()
        ]
        for work in works:
            if work is not None:
                work.wait()
        return loss

    def consolidate_state_dict(self, to: int = 0) -> None:
        """Bring the state of all ranks to one of them, whose ``state_dict`` is then whole.

        Args:
            to: a rank of the world; every rank must call this.
        """
        mine = {} if self.optim is None else self.optim.state
        numbers = {p: i for i, p in enumerate(self._all())}
        state = {numbers[p]: values for p, values in mine.items()}
        me = self.process_group.ranks[self.process_group.rank()] == to
        found: list[Any] | None = [None] * self.process_group.size() if me else None
        gather_object(state, found, dst=to, group=self.process_group)
        self._whole_state = None
        if found is not None:
            self._whole_state = {i: values for share in found for i, values in share.items()}

    def state_dict(self) -> dict[str, Any]:
        """What the optimizer would have in one process.

        Raises:
            RuntimeError: on a rank to which ``consolidate_state_dict`` did not bring the state.
        """
        if self._whole_state is None:
            raise RuntimeError(
                "ZeroRedundancyOptimizer: the state has not been consolidated on this rank: every "
                "rank must call consolidate_state_dict(to=RANK) first"
            )
        return {**super().state_dict(), "state": dict(sorted(self._whole_state.items()))}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the share of this rank from a whole state, saved with any number of ranks."""
        super().load_state_dict({**state_dict, "state": {}})
        if self.optim is None:
            return
        mine = [p for group in self.optim.param_groups for p in group["params"]]
        numbers = {p: i for i, p in enumerate(self._all())}
        share = self.optim.state_dict()
        for part, group in zip(share["param_groups"], state_dict["param_groups"], strict=True):
            part.update({k: v for k, v in group.items() if k not in ("params", "param_names")})
        found = {i: state_dict["state"].get(numbers[p]) for i, p in enumerate(mine)}
        share["state"] = {i: values for i, values in found.items() if values is not None}
        self.optim.load_state_dict(share)

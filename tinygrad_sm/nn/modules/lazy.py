"""Lazy modules: layers that take the size of their input from the first one that they are given."""

from __future__ import annotations

from typing import Any

from ..parameter import is_lazy
from .module import Module


class LazyModuleMixin(Module):
    """A module that makes its parameters when it is first called.

    A subclass starts with uninitialized parameters and defines ``initialize_parameters``, which
    gives them their shapes by the arguments of the call. After that the module is one of the class
    ``cls_to_become``. An optimizer may be given the parameters before: they stay the same objects.
    """

    cls_to_become: type | None = None

    def has_uninitialized_params(self) -> bool:
        """Whether parameters or buffers of its own still wait for their shapes."""
        return any(is_lazy(t) for t in (*self._parameters.values(), *self._buffers.values()))

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes; a subclass defines it.

        Raises:
            NotImplementedError: here.
        """
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def _materialize(self, name: str, shape: tuple[int, ...]) -> None:
        """Give a parameter or buffer its shape, if it waits for one."""
        waiting = getattr(self, name)
        if is_lazy(waiting):
            waiting.materialize(shape)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make the parameters, then run ``forward``, with the module's hooks around it."""
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(
                f"module {type(self).__name__} has not been fully initialized: "
                "initialize_parameters must materialize every parameter"
            )
        if self.cls_to_become is not None:
            self.__class__ = self.cls_to_become
        return Module.__call__(self, *args, **kwargs)

"""Modules that hold others: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from operator import index
from typing import Any

from .module import Module


class _Numbered(Module):
    """Children by number."""

    def _fill(self, modules: Iterable[Any]) -> None:
        self._modules.clear()
        for i, module in enumerate(modules):
            self._modules[str(i)] = module

    def _name(self, i: Any) -> str:
        i = index(i)
        if not -len(self) <= i < len(self):
            raise IndexError(f"index {i} is out of range: there are {len(self)} modules")
        return list(self._modules)[i]

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)(*self._sliced(i))
        return self._modules[self._name(i)]

    def _sliced(self, i: slice) -> list[Any]:
        return list(self._modules.values())[i]

    def __setitem__(self, i: Any, module: Module) -> None:
        self._modules[self._name(i)] = module

    def __delitem__(self, i: Any) -> None:
        kept = list(self._modules.values())
        del kept[i]
        self._fill(kept)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, i: int, module: Module) -> Any:
        """Put a module in at a place."""
        kept = list(self._modules.values())
        kept.insert(i, module)
        self._fill(kept)
        return self


class Sequential(_Numbered):
    """Modules one after the other: each gets what the one before gave.

    Takes modules, or one OrderedDict of them.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self._fill(args)

    def forward(self, input: Any) -> Any:
        """The last module's result."""
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)(OrderedDict(list(self._modules.items())[i]))
        return super().__getitem__(i)


class ModuleList(_Numbered):
    """A list whose modules are registered."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self._fill(modules)

    def __getitem__(self, i: Any) -> Any:
        return type(self)(self._sliced(i)) if isinstance(i, slice) else super().__getitem__(i)


class ModuleDict(Module):
    """A dict whose modules are registered."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add or replace modules by name."""
        for name, module in modules.items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: str) -> bool:
        return name in self._modules

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """Names and modules."""
        return self._modules.items()

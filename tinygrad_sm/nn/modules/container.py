"""Modules and parameters in lists and dicts, and modules one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from operator import index
from typing import Any, NoReturn, Self

from ...tensor import Tensor
from ..parameter import Parameter
from .module import Module


def _place(kind: str, i: Any, size: int) -> int:
    """A list index counted from the front.

    Raises:
        IndexError: if nothing stands there.
    """
    i = index(i)
    if not -size <= i < size:
        raise IndexError(f"index {i} is out of range: the {kind} has {size} entries")
    return i % size


def _iterable(kind: str, values: Any) -> Iterable[Any]:
    """The values of a list that is to be added.

    Raises:
        TypeError: for a single value.
    """
    if not isinstance(values, Iterable) or isinstance(values, Tensor):
        raise TypeError(
            f"{kind}.extend should be called with an iterable, but got {type(values).__name__}"
        )
    return values


def _pairs(kind: str, values: Any) -> Iterable[tuple[Any, Any]]:
    """The (name, value) pairs of a dict, or of an iterable of pairs.

    Raises:
        TypeError: for something else.
        ValueError: for an element that is no pair.
    """
    if isinstance(values, Mapping | ModuleDict | ParameterDict):
        return list(values.items())
    if not isinstance(values, Iterable):
        raise TypeError(
            f"{kind}.update should be called with an iterable of key/value pairs, but got "
            f"{type(values).__name__}"
        )
    pairs = []
    for i, pair in enumerate(values):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{kind}.update: element #{i} is no pair but {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{kind}.update: element #{i} has length {len(pair)}; 2 is required")
        pairs.append(pair)
    return pairs


class _Numbered(Module):
    """Children in order, by number."""

    def _fill(self, modules: Iterable[Any]) -> None:
        """Take these children, numbered from 0, in place of the present ones."""
        numbered = {str(i): module for i, module in enumerate(modules)}
        for name, module in numbered.items():
            self._check_child(name, module)
        self._modules.clear()
        self._modules.update(numbered)

    def _name(self, i: Any) -> str:
        return list(self._modules)[_place(type(self).__name__, i, len(self))]

    def __getitem__(self, i: Any) -> Any:
        return self._modules[self._name(i)]

    def __setitem__(self, i: Any, module: Module) -> None:
        self.add_module(self._name(i), module)

    def __delitem__(self, i: Any) -> None:
        for name in list(self._modules)[i] if isinstance(i, slice) else [self._name(i)]:
            del self._modules[name]
        self._fill(list(self._modules.values()))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end.

        Raises:
            TypeError: for something else than an iterable of modules; nothing is added then.
        """
        new = list(_iterable(type(self).__name__, modules))
        for module in new:
            self._check_child("", module)
        for module in new:
            self.append(module)
        return self

    def _insert(self, i: int, module: Module) -> None:
        modules = list(self._modules.values())
        modules.insert(i, module)
        self._fill(modules)

    def pop(self, key: int) -> Any:
        """Take the module at a place out, and return it."""
        module = self[key]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules one after the other: each is given what the one before returned.

    Args:
        *args: modules, or one OrderedDict of names and modules.

    >>> import tinygrad_sm as sg
    >>> model = sg.nn.Sequential(sg.nn.Linear(4, 3), sg.nn.ReLU())
    >>> model(sg.zeros(2, 4)).shape
    tinygrad_sm.Size([2, 3])
    >>> model[0]
    Linear(in_features=4, out_features=3, bias=True)
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self._fill(args)

    def forward(self, input: Any) -> Any:
        """What the last module returns."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)(OrderedDict(list(self._modules.items())[i]))
        return super().__getitem__(i)

    def insert(self, index: int, module: Module) -> Self:
        """Put a module in front of the one at a place; the modules are numbered anew.

        Raises:
            TypeError: for something that is no module.
            IndexError: for a place beyond the end.
        """
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range: there are {len(self)} modules")
        self._insert(index, module)
        return self

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(
                f"add operator supports only objects of Sequential class, but {type(other)} is "
                "given"
            )
        return Sequential(*self, *other)

    def __mul__(self, other: int) -> Sequential:
        if not isinstance(other, int):
            raise TypeError(f"Sequential: cannot be repeated {type(other).__name__} times")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return Sequential(*list(self) * other)

    __rmul__ = __mul__


class ModuleList(_Numbered):
    """A list whose modules are registered; what calls them is up to its owner.

    >>> import tinygrad_sm as sg
    >>> sg.nn.ModuleList(sg.nn.Linear(2, 2) for _ in range(3))
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)(list(self)[i])
        return super().__getitem__(i)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Module) -> None:
        """Put a module in front of the one at a place."""
        self._insert(index, module)

    def _child_lines(self) -> list[str]:
        """One line for each run of children that print alike."""
        lines = []
        for text, run in groupby(enumerate(map(repr, self)), key=lambda pair: pair[1]):
            places = [i for i, _ in run]
            if len(places) == 1:
                lines.append(f"({places[0]}): {text}")
            else:
                lines.append(f"({places[0]}-{places[-1]}): {len(places)} x {text}")
        return lines


class ModuleDict(Module):
    """A dict whose modules are registered, in the order in which they were added."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[Any] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take a module out, and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """The names with their modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[Any]) -> None:
        """Add modules, or replace those of the same names.

        Args:
            modules: a dict, a ModuleDict or an iterable of (name, module) pairs.
        """
        for name, module in _pairs("ModuleDict", modules):
            self[name] = module


def _describe(name: Any, value: Any, kind: str) -> str:
    """A line of the repr of a list or dict of parameters; two spaces deeper, as PyTorch has it."""
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    size = "x".join(map(str, value.array.shape))
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {what} containing: [{kind} of size {size}]"


def _trained(value: Any) -> Any:
    """A Tensor as a Parameter; anything else as it is."""
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


class ParameterList(Module):
    """A list whose tensors are registered as parameters.

    Tensors become Parameters; other objects are kept as they are.

    >>> import tinygrad_sm as sg
    >>> weights = sg.nn.ParameterList([sg.zeros(2, 3), sg.zeros(3)])
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)([self[j] for j in range(self._size)[i]])
        return getattr(self, str(_place("ParameterList", i, self._size)))

    def __setitem__(self, i: Any, value: Any) -> None:
        setattr(self, str(_place("ParameterList", i, self._size)), _trained(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._size))

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end."""
        setattr(self, str(self._size), _trained(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several values at the end.

        Raises:
            TypeError: for something else than an iterable.
        """
        for value in list(_iterable("ParameterList", values)):
            self.append(value)
        return self

    def forward(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to be called.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("ParameterList should not be called: it only holds parameters")

    def extra_repr(self) -> str:
        """A line for each value."""
        return "\n".join(
            _describe(i, value, str(getattr(value, "dtype", ""))) for i, value in enumerate(self)
        )


class ParameterDict(Module):
    """A dict whose tensors are registered as parameters, in the order in which they were added.

    Tensors become Parameters; other objects are kept as they are.
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise AttributeError(
                f"ParameterDict has no attribute {key!r}: its keys are {list(self._keys)}"
            )
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in self._keys:
            self._check_name("parameter", "_parameters", key)
        setattr(self, key, _trained(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: Any) -> ParameterDict:
        new = self.copy()
        new.update(other)
        return new

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or ``default`` if there is none."""
        return getattr(self, key) if key in self._keys else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set to ``default`` if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Take a value out, and return it.

        Raises:
            AttributeError: if there is none, as in PyTorch.
        """
        value = self[key]
        delattr(self, key)
        del self._keys[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take the newest value out, and return it with its key."""
        key = next(reversed(self))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all values."""
        for key in list(self):
            del self[key]

    def copy(self) -> ParameterDict:
        """Another ParameterDict with the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new ParameterDict with one value for all keys."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Any:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterator[Any]:
        """The values."""
        return (self[key] for key in self)

    def items(self) -> Iterator[tuple[str, Any]]:
        """The names with their values."""
        return ((key, self[key]) for key in self)

    def update(self, parameters: Any) -> None:
        """Add values, or replace those of the same names.

        Args:
            parameters: a dict, whose keys are taken in alphabetical order as PyTorch does; an
                OrderedDict, a ParameterDict or an iterable of (name, value) pairs.
        """
        pairs = _pairs("ParameterDict", parameters)
        if type(parameters) is dict:
            pairs = sorted(pairs, key=lambda pair: pair[0])
        for key, value in pairs:
            self[key] = value

    def forward(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to be called.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("ParameterDict should not be called: it only holds parameters")

    def extra_repr(self) -> str:
        """A line for each value."""
        return "\n".join(
            _describe(key, value, value.type() if isinstance(value, Tensor) else "")
            for key, value in self.items()
        )

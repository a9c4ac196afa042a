"""Module: what layers, losses and models are made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Self

import numpy as np

from ... import tape
from ...devices import check_device
from ...dtypes import as_numpy_dtype, bfloat16, dtype
from ...ops.creation import empty_like
from ...tape import no_grad
from ...tensor import RemovableHandle, Tensor
from ..parameter import Buffer, Parameter
from . import hooks, state
from .located import locate

_STORES = {"_parameters": "parameters", "_buffers": "buffer", "_modules": "module"}
_EXPECTED = {
    "_parameters": ("as parameter", "nn.Parameter or None"),
    "_buffers": ("as buffer", "nn.Buffer, Tensor or None"),
    "_modules": ("as child module", "nn.Module or None"),
}


class Module:
    """The base of layers, losses and models: a function that knows its parameters.

    A subclass calls ``super().__init__()``, sets Parameters and other Modules as attributes, and
    defines ``forward``. What it set is then found by ``parameters()``, ``state_dict()``,
    ``train()``, ``to()`` and the rest. Calling a module runs ``forward`` and its hooks.

    Attributes:
        training: whether layers that behave otherwise in training (dropout, batch norm) do so.

    >>> import tinygrad_sm as sg
    >>> class Regression(sg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = sg.nn.Linear(3, 1)
    ...     def forward(self, x):
    ...         return self.layer(x).sigmoid()
    >>> model = Regression()
    >>> model
    Regression(
      (layer): Linear(in_features=3, out_features=1, bias=True)
    )
    >>> [name for name, _ in model.named_parameters()]
    ['layer.weight', 'layer.bias']
    >>> model(sg.zeros(2, 3)).shape
    tinygrad_sm.Size([2, 1])
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]
    _hooks: hooks.Hooks | None = None  # made with the first hook, so that a call can skip them

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _modules={},
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward``, with the module's hooks around it."""
        try:
            if tape.tracer is not None:
                return tape.tracer.call_module(self, args, kwargs)
            if self._hooks is None:
                return self.forward(*args, **kwargs)
            return self._hooks.call(self, args, kwargs)
        except Exception as error:
            locate(error, self)
            raise

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's result; every subclass that is called defines it.

        Raises:
            NotImplementedError: here.
        """
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function: define '
            "forward(self, ...) in the class, with that spelling and indented as its method"
        )

    # --- attributes ------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._store("_parameters", name, value)
        elif isinstance(value, Module):
            self._store("_modules", name, value)
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        else:
            store = self._store_of(name)
            if store is None:
                super().__setattr__(name, value)
                return
            if value is not None and not (store == "_buffers" and isinstance(value, Tensor)):
                what, expected = _EXPECTED[store]
                raise TypeError(
                    f"cannot assign {_kind_of(value)!r} {what} {name!r} of {type(self).__name__} "
                    f"({expected} expected)"
                )
            self._store(store, name, value)

    def _store_of(self, name: str) -> str | None:
        """Which of the module's dicts holds a name, if any."""
        own = self.__dict__
        for store in _STORES:
            if store in own and name in own[store]:
                return store
        return None

    def _store(self, store: str, name: str, value: Any) -> None:
        """Put a value into one of the module's dicts, and its name out of the other places."""
        own = self.__dict__
        if store not in own:
            raise AttributeError(
                f"cannot assign {_STORES[store]} before Module.__init__() call: "
                f"{type(self).__name__}.__init__ must call super().__init__() before it sets "
                f"{name!r}"
            )
        for place in (own, *(own[other] for other in _STORES if other != store)):
            place.pop(name, None)
        if store != "_buffers":
            self._non_persistent_buffers_set.discard(name)
        own[store][name] = value

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_modules" in own:
            if name in own["_parameters"]:
                return own["_parameters"][name]
            if name in own["_modules"]:
                return own["_modules"][name]
            if name in own["_buffers"]:
                return own["_buffers"][name]
        return self._without(name)

    def _without(self, name: str) -> NoReturn:
        """Raise the error for an attribute that is not there."""
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, property):
            attribute.__get__(self)  # raises the error that hid behind the property's name
        raise NoSuchAttribute(self, name)

    def __delattr__(self, name: str) -> None:
        store = self._store_of(name)
        if store is None:
            super().__delattr__(name)
        else:
            del self.__dict__[store][name]
            self._non_persistent_buffers_set.discard(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__()}
        for store in _STORES:
            names.update(self.__dict__.get(store, ()))
        return sorted(name for name in names if not name[:1].isdigit())

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name.

        Args:
            name: an attribute's name.
            param: the parameter; ``None`` for one that this module does without.

        Raises:
            TypeError: for a name that is no string, or an object that is no Parameter.
            KeyError: for a name with a dot, an empty one, or one that is taken.
        """
        self._check_name("parameter", "_parameters", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {_kind_of(param)!r} object to parameter {name!r} (nn.Parameter or "
                "None required): wrap a tensor in nn.Parameter(...)"
            )
        self._store("_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module's state but is not trained.

        Args:
            name: an attribute's name.
            tensor: the tensor; ``None`` for one that this module does without.
            persistent: whether ``state_dict()`` holds it.

        Raises:
            TypeError: for a name that is no string, or an object that is no Tensor.
            KeyError: for a name with a dot, an empty one, or one that is taken.
        """
        self._check_name("buffer", "_buffers", name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign {_kind_of(tensor)!r} object to buffer {name!r} (Tensor or None "
                "required)"
            )
        self._store("_buffers", name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child module under a name.

        Args:
            name: an attribute's name, or a number as a string.
            module: the child; ``None`` for one that this module does without.

        Raises:
            TypeError: for a name that is no string, or an object that is no Module.
            KeyError: for a name with a dot, an empty one, or one that is taken.
        """
        self._check_child(name, module)
        self._check_name("module", "_modules", name)
        self._store("_modules", name, module)

    def _check_child(self, name: Any, module: Any) -> None:
        if module is not None and not isinstance(module, Module):
            raise TypeError(
                f"{_kind_of(module)} is not a Module subclass: child {name!r} of "
                f"{type(self).__name__} must be an nn.Module or None"
            )

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under a name; see ``register_module``."""
        self.register_module(name, module)

    def _check_name(self, kind: str, store: str, name: Any) -> None:
        if store not in self.__dict__:
            self._store(store, name, None)
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[store]:
            raise KeyError(f"attribute {name!r} already exists in {type(self).__name__}")

    # --- walks -----------------------------------------------------------------------------------

    def named_modules(
        self,
        memo: set[Module] | None = None,
        prefix: str = "",
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, parents first, with dotted names.

        Args:
            memo: modules that count as seen already.
            prefix: put in front of the names.
            remove_duplicate: list a module that stands in several places once only.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once, parents first."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules right below this one, each once, with their names."""
        seen: set[Module] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules right below this one, each once."""
        for _, child in self.named_children():
            yield child

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names.

        Args:
            prefix: put in front of the names.
            recurse: include those of the modules below.
            remove_duplicate: list a parameter that has several names once only.
        """
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once; ``recurse``: with those of the modules below."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with dotted names; arguments as ``named_parameters`` has them."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once; ``recurse``: with those of the modules below."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named_members(
        self, store: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[Tensor] = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in walk if recurse else [(prefix, self)]:
            for name, member in module.__dict__[store].items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield (f"{path}.{name}" if path else name), member

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path below this one; ``""`` is this one.

        Raises:
            AttributeError: if there is none.
        """
        module: Any = self
        for name in target.split(".") if target else ():
            if name not in module._modules and not hasattr(module, name):
                known = ", ".join(repr(n) for n in module._modules) or "none"
                raise AttributeError(
                    f"{type(module).__name__} has no attribute {name!r}, which {target!r} goes "
                    f"through; its children: {known}"
                )
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"{name!r} in {target!r} is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module) -> None:
        """Put a module at a dotted path, in place of the one there.

        Raises:
            ValueError: for an empty path, or something that is no Module.
            AttributeError: if there is nothing to replace.
        """
        if not target or not isinstance(module, Module):
            raise ValueError(
                f"set_submodule: expected a path and a Module, not {target!r} and "
                f"{type(module).__name__}"
            )
        self.get_submodule(target)
        parent, _, name = target.rpartition(".")
        self.get_submodule(parent)._store("_modules", name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path.

        Raises:
            AttributeError: if there is none.
        """
        return self._member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path.

        Raises:
            AttributeError: if there is none.
        """
        return self._member(target, "_buffers", "a buffer")

    def _member(self, target: str, store: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        getattr(module, name)
        if name not in module.__dict__[store]:
            raise AttributeError(f"{name!r} of {type(module).__name__} is not {kind}")
        return module.__dict__[store][name]

    # --- state -----------------------------------------------------------------------------------

    def state_dict(
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by dotted name, detached, sharing the module's memory.

        Args:
            destination: a dict to put them into; by default a new OrderedDict.
            prefix: put in front of the names.
            keep_vars: give the parameters themselves instead of detached tensors.
        """
        found: dict[str, Any] = OrderedDict() if destination is None else destination
        for hook in self._hooks.state_pre if self._hooks else ():
            hook.function(self, prefix, keep_vars)
        for name, tensor in self._named_state():
            found[prefix + name] = tensor if keep_vars else tensor.detach()
        if self._has_extra_state("get_extra_state"):
            found[prefix + state.EXTRA] = self.get_extra_state()
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._hooks.state_post if self._hooks else ():
            hook.function(self, found, prefix, {})
        return found

    def _named_state(self) -> Iterator[tuple[str, Tensor]]:
        """This module's own parameters and persistent buffers."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if tensor is not None and name not in self._non_persistent_buffers_set:
                yield name, tensor

    def _has_extra_state(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Module, method)

    def get_extra_state(self) -> Any:
        """What ``state_dict()`` shall hold beside tensors; a subclass may define it.

        Raises:
            RuntimeError: here: it is called only if defined.
        """
        raise RuntimeError(f"{type(self).__name__} defines set_extra_state, but no get_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` gave; a subclass that defines one defines both.

        Raises:
            RuntimeError: here: it is called only if defined.
        """
        raise RuntimeError(f"{type(self).__name__} defines get_extra_state, but no set_extra_state")

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy values by name into the parameters and buffers.

        Args:
            state_dict: tensors by name, as ``state_dict()`` gives them.
            strict: refuse missing and unexpected names.
            assign: take over the given tensors, dtypes included, instead of copying from them.

        Returns:
            The names ``missing_keys`` and ``unexpected_keys``.

        Raises:
            TypeError: if it is no dict.
            RuntimeError: listing every missing, unexpected and ill-fitting entry; nothing is
                changed then.

        >>> import tinygrad_sm as sg
        >>> a, b = sg.nn.Linear(2, 2), sg.nn.Linear(2, 2)
        >>> b.load_state_dict(a.state_dict())
        <All keys matched successfully>
        >>> bool((a.weight == b.weight).all())
        True
        """
        return state.load(self, state_dict, strict, assign)

    # --- modes and conversions -------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode, here and below; ``False`` sets evaluation mode.

        Raises:
            ValueError: for a mode that is no bool.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, not {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)  # which a child may have its own way of doing
        return self

    def eval(self) -> Self:
        """Set evaluation mode, here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask for gradients of all parameters, or stop asking (which freezes the module)."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or set them to 0."""
        for parameter in self.parameters():
            if parameter.grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                with no_grad():
                    parameter.grad.detach_().zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` with every module below, then with this one.

        >>> import tinygrad_sm as sg
        >>> def start(module):
        ...     if isinstance(module, sg.nn.Linear):
        ...         sg.nn.init.zeros_(module.bias)
        >>> model = sg.nn.Sequential(sg.nn.Linear(2, 2), sg.nn.ReLU()).apply(start)
        >>> model[0].bias.tolist()
        [0.0, 0.0]
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the values of every parameter, gradient and buffer by what ``fn`` makes of them.

        Parameters stay the same objects, so that an optimizer keeps them. It goes from child to
        child, so that a module with more tensors than these can say so in an ``_apply`` of its own.
        """
        for child in self.children() if recurse else ():
            child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            parameter.data = fn(parameter.data)
            if parameter.grad is not None:
                parameter.grad.data = fn(parameter.grad.data)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert parameters and buffers of floating dtypes; integers stay as they are.

        Takes a floating dtype, a device (the CPU, which changes nothing), both, or a tensor whose
        dtype is meant.

        Raises:
            TypeError: for a dtype that is not floating, or another kind of argument.
            RuntimeError: for another device.
        """
        kind = kwargs.pop("dtype", None)
        check_device(kwargs.pop("device", None))
        unknown = set(kwargs) - {"non_blocking", "copy", "memory_format"}
        if unknown:
            raise TypeError(f"Module.to: unexpected argument {unknown.pop()!r}")
        for argument in args:
            if isinstance(argument, Tensor):
                kind = argument.dtype
            elif isinstance(argument, dtype | np.dtype | type):
                kind = argument
            elif not isinstance(argument, bool):
                check_device(argument)
        if kind is not None:
            wanted = as_numpy_dtype(kind)
            if wanted.kind != "f":
                raise TypeError(
                    f"nn.Module.to only accepts floating point dtypes, but got {wanted}: integers "
                    "cannot be trained"
                )
            self._apply(lambda t: t.to(wanted) if t.is_floating_point() else t)
        return self

    def cpu(self) -> Self:
        """The module itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> NoReturn:
        """Refuse: there is no GPU here.

        Raises:
            RuntimeError: always.
        """
        check_device("cuda")
        raise AssertionError

    def half(self) -> Self:
        """Convert what is floating to float16."""
        return self.to(np.float16)

    def double(self) -> Self:
        """Convert what is floating to float64."""
        return self.to(np.float64)

    def float(self) -> Self:
        """Convert what is floating to float32."""
        return self.to(np.float32)

    def bfloat16(self) -> Self:
        """Refuse: NumPy has no bfloat16.

        Raises:
            NotImplementedError: always.
        """
        return self.to(bfloat16)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, integers too, to a dtype or a tensor type."""
        return self._apply(lambda t: t.type(dst_type))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Give all parameters and buffers new memory whose values are not set."""
        check_device(device)
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self) -> Self:
        """Move parameters and buffers to memory that processes see which the module is sent to."""
        for tensor in (*self.parameters(), *self.buffers()):
            tensor.share_memory_()
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: there is no compiler, so that ``forward`` runs as it was written."""

    # --- hooks -----------------------------------------------------------------------------------

    def _own_hooks(self) -> hooks.Hooks:
        if self._hooks is None or self._hooks is hooks.everywhere:
            self._hooks = hooks.Hooks()
        return self._hooks

    @property
    def _forward_pre_hooks(self) -> hooks.Table:
        return hooks.Table(self._own_hooks().forward_pre)

    @property
    def _forward_hooks(self) -> hooks.Table:
        return hooks.Table(self._own_hooks().forward)

    @property
    def _backward_hooks(self) -> hooks.Table:
        return hooks.Table(self._own_hooks().backward)

    @property
    def _backward_pre_hooks(self) -> hooks.Table:
        return hooks.Table(self._own_hooks().backward_pre)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each ``forward``; what it returns replaces ``args``.

        Args:
            hook: the function.
            prepend: run it before the hooks that are there already.
            with_kwargs: call ``hook(module, args, kwargs)``, which may return both, as a tuple.
        """
        return hooks.add(self._own_hooks().forward_pre, hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after each ``forward``; it may replace the output.

        Args:
            hook: the function.
            prepend: run it before the hooks that are there already.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: run it, with ``None`` for the output, even if ``forward`` raised.

        >>> import tinygrad_sm as sg
        >>> layer = sg.nn.Linear(3, 2)
        >>> with layer.register_forward_hook(lambda module, args, output: print(output.shape)):
        ...     _ = layer(sg.zeros(5, 3))
        tinygrad_sm.Size([5, 2])
        """
        return hooks.add(self._own_hooks().forward, hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known.

        What it returns, a tuple with one entry an output, flows on in their place.
        """
        return hooks.add(self._own_hooks().backward_pre, hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when backward has come through.

        Both are tuples with one entry per positional argument, or output: a Tensor, zeros where
        nothing flows, ``None`` for what is no tensor. What it returns replaces ``grad_input``.
        If no argument requires grad, it is called with ``None`` for each as soon as the
        gradients of the outputs are known. A module with such hooks must not change its
        arguments or its result in place: that raises.
        """
        return hooks.add(self._own_hooks().backward, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook as ``register_full_backward_hook`` does: PyTorch's older name."""
        return self.register_full_backward_hook(hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before this module's state is gathered."""
        return hooks.add(self._own_hooks().state_pre, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` once its state is gathered."""
        return hooks.add(self._own_hooks().state_post, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before a state is checked and loaded; it may change the dict it is given.

        It is called as ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)``; the dict is a copy of the caller's.
        """
        return hooks.add(self._own_hooks().load_pre, hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after a state was loaded."""
        return hooks.add(self._own_hooks().load_post, hook)

    # --- text ------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a layer's own line says between its brackets; subclasses define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _child_lines(self) -> list[str]:
        return [f"({name}): {child!r}" for name, child in self._modules.items()]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = self._child_lines()
        if not children and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        body = "\n".join([extra, *children] if extra else children)
        return f"{self._get_name()}(\n  " + body.replace("\n", "\n  ") + "\n)"


class NoSuchAttribute(AttributeError):
    """The error for an attribute that a module does not have.

    It looks for a close name only when it is shown, because ``hasattr`` and ``getattr`` with a
    default raise it too, and often.
    """

    def __init__(self, module: Module, name: str) -> None:
        super().__init__(module, name)
        self.name = None  # with a name here, Python would add its own guess to ours

    def __str__(self) -> str:
        module, name = self.args
        message = f"{type(module).__name__!r} object has no attribute {name!r}"
        if "_modules" not in module.__dict__:
            message += ": Module.__init__() was not called: begin __init__ with super().__init__()"
        import difflib  # only this message needs it, and it is slow to load

        known = [n for n in dir(module) if not n.startswith("_")]
        close = difflib.get_close_matches(name, known, 1)
        return f"{message}. Did you mean: {close[0]!r}?" if close else message


def _kind_of(value: Any) -> str:
    """How messages call an object's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def rejected(layer: Module, input: Any, error: Exception) -> Exception:
    """The error to raise for an input that a layer cannot take: it names the layer.

    Args:
        layer: the layer, whose repr says what it expects.
        input: what it was given.
        error: what was raised on the way.
    """
    if not isinstance(input, Tensor):
        return TypeError(
            f"{layer!r}: expected a Tensor, not {type(input).__name__}: make one with tensor(...)"
        )
    return type(error)(f"{layer!r}: {error}")


# --- hooks of all modules ------------------------------------------------------------------------


def _everywhere() -> hooks.Hooks:
    """The hooks of all modules; from now on no call skips them."""
    Module._hooks = hooks.everywhere
    return hooks.everywhere


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before each ``forward`` of any module."""
    return hooks.add(_everywhere().forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after each ``forward`` of any module.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.Sequential(sg.nn.Identity(), sg.nn.ReLU())
    >>> with register_module_forward_hook(lambda m, args, out: print(type(m).__name__)):
    ...     _ = layer(sg.ones(1))
    Identity
    ReLU
    Sequential
    """
    return hooks.add(_everywhere().forward, hook, False, with_kwargs, always_call)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradients go through any module."""
    return hooks.add(_everywhere().backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` after the gradients went through any module."""
    return hooks.add(_everywhere().backward, hook)


register_module_backward_hook = register_module_full_backward_hook

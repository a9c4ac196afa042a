"""Module: a function with parameters."""

from __future__ import annotations

import difflib
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..dtypes import as_numpy_dtype
from ..dtypes import dtype as Dtype
from ..ops.creation import check_device
from ..tape import written
from ..tensor import Tensor
from .parameter import Parameter

IncompatibleKeys = namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])


class HookHandle:
    """Takes a module's hook off again: ``remove()``."""

    _next = 0

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = hooks
        self.id = HookHandle._next
        HookHandle._next += 1

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._hooks.pop(self.id, None)


class Module:
    """The base of layers and models.

    A subclass calls ``super().__init__()``, sets layers and ``Parameter`` tensors as attributes,
    and defines ``forward``. Everything set so is found again by ``parameters()``,
    ``state_dict()``, ``train()`` and the rest.

    >>> import tinygrad_sm as sg
    >>> layer = sg.nn.Linear(3, 2)
    >>> [name for name, _ in layer.named_parameters()]
    ['weight', 'bias']
    """

    training: bool

    def __init__(self) -> None:
        super().__setattr__("training", True)
        for store in ("_parameters", "_buffers", "_modules"):
            super().__setattr__(store, OrderedDict())
        super().__setattr__("_transient", set())
        for store in ("_forward_hooks", "_pre_hooks", "_backward_hooks"):
            super().__setattr__(store, OrderedDict())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward``, with the hooks around it if there are any."""
        if not (self._pre_hooks or self._forward_hooks or self._backward_hooks):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook in list(self._pre_hooks.values()):
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        out = self.forward(*args, **kwargs)
        for hook in list(self._forward_hooks.values()):
            changed = hook(self, args, out)
            out = out if changed is None else changed
        if self._backward_hooks and isinstance(out, Tensor) and out.requires_grad:
            self._watch_backward(args, out)
        return out

    def _watch_backward(self, args: tuple[Any, ...], out: Tensor) -> None:
        """Call the backward hooks once the gradients of output and first input are known."""
        seen: dict[str, Tensor] = {}
        hooks = self._backward_hooks
        first = args[0] if args and isinstance(args[0], Tensor) and args[0].requires_grad else None

        def on_output(grad: Tensor) -> None:
            seen["out"] = grad
            if first is None:
                for hook in list(hooks.values()):
                    hook(self, (None,), (grad,))

        def on_input(grad: Tensor) -> Any:
            for hook in list(hooks.values()):
                changed = hook(self, (grad,), (seen.get("out"),))
                if changed is not None:
                    grad = changed[0]
            return grad

        out.register_hook(on_output)
        if first is not None and not first.is_leaf:
            first.register_hook(on_input)

    # --- attributes -----------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__ and isinstance(value, Parameter | Module):
            raise AttributeError(
                f"cannot assign {name!r} before Module.__init__() call: begin __init__ with "
                "super().__init__()"
            )
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name)
            self._modules[name] = value
        elif name in self.__dict__.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign {type(value).__name__} as parameter {name!r}: expected "
                    "Parameter or None"
                )
            self._parameters[name] = None
        elif name in self.__dict__.get("_buffers", ()) and (
            value is None or isinstance(value, Tensor)
        ):
            self._buffers[name] = value
        elif name in self.__dict__.get("_modules", ()) and value is None:
            self._modules[name] = None
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        for store in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(store, {})
            if name in found:
                return found[name]
        known = [
            k for s in ("_parameters", "_buffers", "_modules") for k in self.__dict__.get(s, ())
        ]
        close = difflib.get_close_matches(name, known, 1)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    def __delattr__(self, name: str) -> None:
        if not self._forget(name):
            super().__delattr__(name)

    def _forget(self, name: str) -> bool:
        self.__dict__.pop(name, None)
        found = False
        for store in (self._parameters, self._buffers, self._modules):
            found = store.pop(name, self) is not self or found
        return found

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under a name; ``None`` for one that is left out.

        Raises:
            TypeError: for another kind of object.
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {type(param).__name__!r} object to parameter {name!r}: wrap it in "
                "nn.Parameter"
            )
        self._forget(name)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the state but is not trained."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"buffer {name!r} must be a Tensor or None, not {type(tensor).__name__}"
            )
        self._forget(name)
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child module under a name."""
        self._forget(name)
        self._modules[name] = module

    add_module = register_module

    # --- walks ------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with dotted names."""
        memo = set() if memo is None else memo
        if remove_duplicate and self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, below, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules right below, each once."""
        seen: set[Module] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules right below, each once."""
        for _, child in self.named_children():
            yield child

    def _named(
        self, store: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        for path, module in modules:
            for name, value in getattr(module, store).items():
                if value is None or (remove_duplicate and id(value) in seen):
                    continue
                seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with dotted names, each once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with dotted names, each once."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path.

        Raises:
            AttributeError: if there is none.
        """
        module: Any = self
        for name in target.split(".") if target else ():
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"{name!r} in {target!r} is not a Module")
        return module

    # --- state --------------------------------------------------------------------------------------

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """Parameters and persistent buffers by name, sharing memory with the module's."""
        state: OrderedDict[str, Tensor] = OrderedDict() if destination is None else destination
        for store in (self._parameters, self._buffers):
            for name, value in store.items():
                if value is not None and name not in self._transient:
                    state[prefix + name] = value if keep_vars else value.detach()
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=state, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Tensor], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values by name into parameters and buffers.

        Args:
            state_dict: as ``state_dict()`` returns it.
            strict: refuse missing and unexpected names.
            assign: take over the tensors' memory instead of copying.

        Raises:
            RuntimeError: listing every missing, unexpected and misshapen entry; nothing is
                changed then.
        """
        own = self.state_dict(keep_vars=True)
        missing = [k for k in own if k not in state_dict]
        unexpected = [k for k in state_dict if k not in own]
        problems = []
        if strict and unexpected:
            problems.append(f"Unexpected key(s) in state_dict: {', '.join(map(repr, unexpected))}.")
        if strict and missing:
            problems.append(f"Missing key(s) in state_dict: {', '.join(map(repr, missing))}.")
        for name, target in own.items():
            if name in state_dict and np.shape(state_dict[name]) != target.array.shape:
                problems.append(
                    f"size mismatch for {name}: the checkpoint has {np.shape(state_dict[name])}, "
                    f"the model {target.array.shape}."
                )
        if problems:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(problems)
            )
        for name, target in own.items():
            if name in state_dict:
                new = np.asarray(state_dict[name])
                if assign:
                    target.array = new
                else:
                    np.copyto(target.array, new, casting="same_kind")
                    written(target)
        return IncompatibleKeys(missing, unexpected)

    # --- modes and conversions ------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Any:
        """Set training mode here and below: dropout drops, batch norm uses the batch."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Any:
        """Set evaluation mode here and below."""
        return self.train(False)

    def apply(self, fn: Callable[[Module], Any]) -> Any:
        """Call ``fn`` with each module below, then with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for gradients of all parameters, or stop asking."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to 0."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad * 0

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Convert floating parameters and buffers to a dtype; the device can only be the CPU."""
        kind = kwargs.get("dtype")
        check_device(kwargs.get("device"))
        for argument in args:
            if isinstance(argument, Dtype | np.dtype):
                kind = argument
            elif isinstance(argument, Tensor):
                kind = argument.dtype
            elif not isinstance(argument, bool | None):
                check_device(argument)
        if kind is not None:
            wanted = as_numpy_dtype(kind)
            if wanted.kind != "f":
                raise TypeError(f"Module.to only accepts floating point dtypes, not {wanted}")
            self._convert(wanted)
        return self

    def _convert(self, kind: np.dtype) -> None:
        for store in (self._named("_parameters", "", True, True), self.named_buffers()):
            for _, tensor in store:
                if tensor.array.dtype.kind == "f":
                    tensor.array = tensor.array.astype(kind)
                    if tensor.grad is not None:
                        tensor.grad = tensor.grad.to(kind)

    def float(self) -> Any:
        """As float32."""
        return self.to(np.dtype(np.float32))

    def double(self) -> Any:
        """As float64."""
        return self.to(np.dtype(np.float64))

    def half(self) -> Any:
        """As float16."""
        return self.to(np.dtype(np.float16))

    def cpu(self) -> Any:
        """The module itself: it is on the CPU."""
        return self

    # --- hooks ------------------------------------------------------------------------------------------

    def _hook(self, store: dict[int, Any], hook: Any) -> HookHandle:
        handle = HookHandle(store)
        store[handle.id] = hook
        return handle

    def register_forward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, args, output)`` after ``forward``; it may replace the output."""
        return self._hook(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, args)`` before ``forward``; it may replace the arguments."""
        return self._hook(self._pre_hooks, hook)

    def register_full_backward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call ``hook(module, grad_input, grad_output)`` when backward has passed the module."""
        return self._hook(self._backward_hooks, hook)

    # --- text -------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of the module's own line."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        children = [
            f"({name}): " + repr(child).replace("\n", "\n  ")
            for name, child in self._modules.items()
        ]
        extra = self.extra_repr()
        if not children:
            return f"{self._get_name()}({extra})"
        lines = [*([extra] if extra else []), *children]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

"""The Tensor: an array, its gradient, and its place on the tape."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import copying, printing
from .devices import CPU, NoSuchDeviceError, check_device, device
from .dtypes import DTYPES, TENSOR_TYPES, as_numpy_dtype, bfloat16, dtype, get_default_dtype
from .hooks import RemovableHandle
from .in_place_methods import InPlaceOperations
from .late import found
from .layouts import memory_format, strided
from .methods import Operations
from .numpy_protocol import array_function, array_ufunc
from .ops import creation, elementwise, in_place
from .ops import shape as shapes
from .ops.dims import axis_of
from .tape import (
    LEAF,
    Node,
    Value,
    function_of,
    run_hooks,
    walk,
    watched,
    wrap,
)

_TYPE_NAMES = {kind.numpy: name for name, kind in TENSOR_TYPES.items()}


class Size(tuple):
    """A shape: a tuple of sizes that knows how many elements they make."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return int(np.prod(self, dtype=np.int64))

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"tinygrad_sm.Size({list(self)})"


class Tensor(Operations, InPlaceOperations):
    """An n-dimensional array that remembers how it was computed.

    Args:
        data: anything NumPy takes; copied as float32. ``tensor(data)`` keeps integers as they are.
        requires_grad: whether ``backward`` shall leave a gradient in ``grad``.

    Attributes:
        array: the NumPy array.
        grad: the gradient as a Tensor, or ``None``.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __array_priority__ = 1000

    _grad: Tensor | None = None
    _hooks: list[Callable[[Any], Any]] | None = None
    _after_accumulation: list[Callable[[Any], Any]] | None = None
    _retained: bool = False
    is_cpu = True
    is_sparse = is_cuda = is_quantized = is_meta = is_mps = is_xpu = is_nested = False
    is_mkldnn = is_sparse_csr = is_vulkan = is_xla = is_ipu = False
    layout = strided

    def __init__(self, *data: Any, requires_grad: bool = False) -> None:
        kind = get_default_dtype()
        if len(data) == 1 and not isinstance(data[0], int | Size):
            array = np.array(creation.as_array(data[0], kind), order="C")
        else:
            array = creation.zeros(*data or (0,), dtype=kind).array
        self.array = array
        self.node = LEAF if requires_grad else None
        self.version = [0]
        self.window = None

    # --- what it is -----------------------------------------------------------------------------

    @property
    def data(self) -> Tensor:
        """The same memory off the tape, whose writes the tape does not notice."""
        return wrap(self.array)

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise TypeError(f"data: expected a Tensor, but got {type(new).__name__}")
        if self.node is not None and new.array.dtype.kind != "f":
            raise RuntimeError("data: a tensor that requires grad cannot hold integers")
        self.array = new.array

    @property
    def grad(self) -> Tensor | None:
        """The gradient that ``backward`` left, or ``None``."""
        return self._grad

    @grad.setter
    def grad(self, new: Tensor | None) -> None:
        if new is not None:
            if not isinstance(new, Tensor):
                raise TypeError(f"grad: expected a Tensor or None, not {type(new).__name__}")
            if new.array.shape != self.array.shape or new.array.dtype != self.array.dtype:
                raise RuntimeError(
                    f"grad: expected shape {self.array.shape} and dtype {self.array.dtype}, as "
                    f"the tensor has, not {new.array.shape} and {new.array.dtype}"
                )
        self._grad = new

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return Size(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one size of it."""
        if dim is None:
            return self.shape
        return self.array.shape[axis_of("size", dim, self.array.ndim)]

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return DTYPES[self.array.dtype]

    @property
    def device(self) -> device:
        """``device("cpu")``: there is no other."""
        return CPU

    def get_device(self) -> int:
        """-1, which stands for the CPU."""
        return -1

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self.array.size

    nelement = numel

    ndimension = dim

    @property
    def itemsize(self) -> Any:
        """Bytes an element takes."""
        return self.array.itemsize

    @property
    def nbytes(self) -> Any:
        """Bytes all elements take."""
        return self.array.nbytes

    def element_size(self) -> int:
        """Bytes an element takes."""
        return self.array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Elements between neighbours along each dimension."""
        steps = tuple(s // self.array.itemsize for s in self.array.strides)
        return steps if dim is None else steps[dim]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether elements lie in row-major order."""
        return self.array.flags.c_contiguous

    def is_floating_point(self) -> bool:
        """Whether the dtype is floating."""
        return self.array.dtype.kind == "f"

    def storage_offset(self) -> Any:
        """Where the first element lies in the memory that views share, in elements."""
        base = self if self.window is None else self.window.root()
        return (self.data_ptr() - base.array.ctypes.data) // self.array.itemsize

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.array.ctypes.data

    @property
    def _version(self) -> int:
        return self.version[0]

    # --- the tape -------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded."""
        in_place.refresh(self)
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients, or stop asking.

        Raises:
            RuntimeError: for integers, and for stopping on a result of recorded operations.
        """
        if not self.is_leaf:
            if requires_grad:
                return self
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables: use detach() to get a "
                "tensor off the tape"
            )
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError(
                "only Tensors of floating point dtype can require gradients, not "
                f"{self.array.dtype}: convert with .float()"
            )
        self.node = LEAF if requires_grad else None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        in_place.refresh(self)
        return self.node is None or self.node is LEAF

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made it; ``None`` for a leaf."""
        return None if self.is_leaf else function_of(self.node)[0]

    @property
    def output_nr(self) -> int:
        """Which of the results of its operation it is."""
        return 0 if self.is_leaf else function_of(self.node)[1]

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the derivative of this tensor by each leaf to the leaf's ``grad``.

        Args:
            gradient: the gradient of this tensor, of its shape; 1 if it has a single element.
            retain_graph: keep what the tape saved, so that backward can run again.
            create_graph: record this walk too, for higher derivatives; keeps the graph.
            inputs: accumulate into these tensors alone.

        Raises:
            RuntimeError: if nothing was recorded, the gradient is missing or of another shape,
                the graph was freed, or a saved value was changed in place.
        """
        root, seed = self._seed(gradient, create_graph)
        keep = create_graph if retain_graph is None else retain_graph
        if inputs is None:
            walk([root], [seed], keep=keep, record=create_graph)
            return
        chosen = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        targets = [t if t.is_leaf else t.node for t in chosen]
        grads = walk([root], [seed], targets=targets, keep=keep, record=create_graph)
        for t, grad in zip(chosen, grads, strict=True):
            if grad is not None:
                t._accumulate(grad, False, create_graph)

    def _seed(self, gradient: Any, record: bool) -> tuple[Tensor, Any]:
        """The root of a walk and its gradient, as an array or, to record, as a Tensor."""
        in_place.refresh(self)
        if self.node is None:
            raise RuntimeError(
                "backward: this tensor does not require grad and does not have a grad_fn: nothing "
                "was recorded. Usual causes: no parameter requires grad, the loss was computed "
                "under no_grad(), or passed through detach(), .item() or NumPy."
            )
        if gradient is None:
            if self.array.size != 1:
                raise RuntimeError(
                    "backward: grad can be implicitly created only for scalar outputs, but this "
                    f"one has shape {self.array.shape}: reduce it with .sum() or .mean(), or pass "
                    "backward(gradient=...) of that shape"
                )
            gradient = wrap(np.ones(self.array.shape, self.array.dtype))
        gradient = gradient if isinstance(gradient, Value) else creation.as_tensor(gradient)
        if gradient.array.shape != self.array.shape:
            raise RuntimeError(
                f"backward: the gradient has shape {gradient.array.shape}, the tensor "
                f"{self.array.shape}: they must be equal"
            )
        lifted = record or self.level or gradient.level
        return self, gradient if lifted else gradient.array

    def _accumulate(self, grad: Any, owned: bool, record: bool) -> None:
        """Add into ``grad``; an array that somebody else may hold is copied first."""
        if self._hooks:
            from_hook = run_hooks(self._hooks, grad)
            owned = owned and from_hook is grad
            grad = from_hook
        if self.node is not LEAF:  # frozen since it was recorded
            return
        if record:
            self._grad = grad if self._grad is None else self._grad + grad
        elif self._grad is None:
            whole = owned and type(grad) is np.ndarray and grad.flags.c_contiguous
            self._grad = wrap(grad if whole else np.array(grad, order="C"))
        else:
            self._grad = wrap(np.add(self._grad.array, grad))
        for hook in list(self._after_accumulation or ()):
            hook(self)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(tensor)`` each time after this leaf's ``grad`` was added to.

        So an optimizer can step, and free the gradient, while backward still runs.

        Raises:
            RuntimeError: if the tensor does not require grad, or is no leaf.
        """
        if self.node is not LEAF:
            raise RuntimeError(
                "register_post_accumulate_grad_hook: post accumulate grad hooks cannot be "
                "registered on non-leaf tensors, or on those that do not require grad"
            )
        hooks = self._after_accumulation = self._after_accumulation or []
        hooks.append(hook)
        watched.add(id(self))
        weakref.finalize(self, watched.discard, id(self))
        return RemovableHandle(hooks, hook)

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever this tensor's gradient is computed; it may replace it.

        Raises:
            RuntimeError: if the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "register_hook: cannot register a hook on a tensor that doesn't require gradient"
            )
        if self.node is LEAF:
            hooks = self._hooks = self._hooks or []
        else:
            hooks = self.node._get_hooks()
        hooks.append(hook)
        return RemovableHandle(hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of a result of recorded operations in ``grad`` too."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: this tensor does not require grad")
        if self.is_leaf or self._retained:
            return
        owner_of = weakref.ref(self)
        self._retained = True

        def keep(grad: Tensor) -> None:
            owner = owner_of()
            if owner is not None:
                kept = grad if grad.node is not None else wrap(np.array(grad.array))
                owner._grad = kept if owner._grad is None else owner._grad + kept

        self.register_hook(keep)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was asked of a tensor that is no leaf."""
        return self._retained

    def detach(self) -> Tensor:
        """The same memory off the tape."""
        return shapes.detached(self)

    def detach_(self) -> Tensor:
        """Take the tensor itself off the tape."""
        self.node = None
        return self

    def as_subclass(self, cls: Any) -> Any:
        """The same memory, and place on the tape, as an object of a subclass of Tensor."""
        new = object.__new__(cls)
        new.array, new.node, new.version, new.window = (
            self.array,
            self.node,
            self.version,
            self.window,
        )
        return new

    def to_dense(self, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
        """The tensor itself, or converted: all tensors here are dense."""
        return self if dtype is None else self.to(dtype)

    def is_inference(self) -> Any:
        """False: tensors made under ``inference_mode`` are like any others."""
        return False

    def is_set_to(self, tensor: Tensor) -> Any:
        """Whether two tensors look at the same elements of the same memory."""
        mine, other = self.array, tensor.array
        same = self.data_ptr() == tensor.data_ptr()
        return same and mine.shape == other.shape and mine.strides == other.strides

    # --- out of the framework ----------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array, sharing memory.

        Raises:
            RuntimeError: if the tensor requires grad: writes would escape the tape.
        """
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        return self.array

    def item(self) -> Any:
        """The single element as a Python number.

        Raises:
            RuntimeError: if there is not exactly one element.
        """
        if self.array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self.array.size} elements (shape {self.array.shape}) cannot be "
                "converted to Scalar: use .tolist(), or reduce it first"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self.array.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.array, dtype=dtype, copy=copy)

    __array_ufunc__ = array_ufunc
    __array_function__ = array_function

    def __dlpack__(self, **options: Any) -> Any:
        return copying.exported(self, options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.array.dtype.kind not in "iu" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise RuntimeError(
                f"Boolean value of Tensor with {self.array.size} values (shape "
                f"{self.array.shape}) is ambiguous: use .any() or .all()"
            )
        return bool(self.array.item())

    def __len__(self) -> int:
        if not self.array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(shapes.unbind(self, 0))

    def __reversed__(self) -> Tensor:
        return shapes.flip(self, 0) if self.array.ndim else self

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        return printing.tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if self.array.ndim == 0 and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __copy__(self) -> Tensor:
        made: Tensor = copying.shallow(self)
        return made

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        made: Tensor = copying.deep(self, memo)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return copying.reduced(self)

    # --- dtypes -----------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """The tensor in another dtype: itself if nothing changes.

        Takes a dtype, a device (``"cpu"``), both, or another tensor whose dtype is meant.

        Raises:
            NoSuchDeviceError: for another device.
        """
        kind = kwargs.get("dtype")
        check_device(kwargs.get("device"))
        for argument in args:
            if isinstance(argument, Tensor):
                kind = argument.array.dtype
            elif isinstance(argument, dtype | np.dtype | type):
                kind = argument
            elif not isinstance(argument, bool | memory_format | None):
                check_device(argument)
        if kind is None:
            return shapes.clone(self) if kwargs.get("copy") else self
        kind = as_numpy_dtype(kind)
        if kind == self.array.dtype and not kwargs.get("copy"):
            return self
        return elementwise.cast(self, kind)

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """The tensor in another dtype; without one, the name of its type.

        Args:
            dtype: a dtype, a tensor type, or its name: ``"torch.FloatTensor"``.
            non_blocking: not used.

        Raises:
            ValueError: for a name that no type has.
        """
        if dtype is None:
            return f"torch.{_TYPE_NAMES[self.array.dtype]}"
        if isinstance(dtype, str):
            name = dtype.rpartition(".")[2]
            if name not in TENSOR_TYPES or dtype.startswith("torch.cuda"):
                raise ValueError(f"type: invalid type: {dtype!r}")
            dtype = TENSOR_TYPES[name]
        return self.to(getattr(dtype, "dtype", dtype))

    def type_as(self, other: Tensor) -> Tensor:
        """In the dtype of another tensor."""
        return self.to(other.array.dtype)

    def float(self, memory_format: Any = None) -> Tensor:
        """As float32."""
        return self.to(np.float32)

    def double(self, memory_format: Any = None) -> Tensor:
        """As float64."""
        return self.to(np.float64)

    def half(self, memory_format: Any = None) -> Tensor:
        """As float16."""
        return self.to(np.float16)

    def long(self, memory_format: Any = None) -> Tensor:
        """As int64."""
        return self.to(np.int64)

    def int(self, memory_format: Any = None) -> Tensor:
        """As int32."""
        return self.to(np.int32)

    def short(self, memory_format: Any = None) -> Tensor:
        """As int16."""
        return self.to(np.int16)

    def char(self, memory_format: Any = None) -> Tensor:
        """As int8."""
        return self.to(np.int8)

    def byte(self, memory_format: Any = None) -> Tensor:
        """As uint8."""
        return self.to(np.uint8)

    def bool(self, memory_format: Any = None) -> Tensor:
        """As bool: whether each element is not 0."""
        return self.to(np.bool_)

    def bfloat16(self, memory_format: Any = None) -> Tensor:
        """Raise: NumPy has no bfloat16."""
        return self.to(bfloat16)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """The tensor itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None, **options: Any) -> Tensor:
        """Raise ``NoSuchDeviceError``: there is no GPU."""
        return self.to("cuda")

    def xpu(self, device: Any = None, **options: Any) -> Tensor:
        """Raise ``NoSuchDeviceError``: there is no GPU."""
        return self.to("xpu")

    def pin_memory(self, device: Any = None) -> Tensor:
        """Raise ``NoSuchDeviceError``: memory is pinned for a GPU, and there is none."""
        raise NoSuchDeviceError("pin_memory: there is no accelerator to pin memory for")

    def is_pinned(self, device: Any = None) -> Any:
        """False: there is no accelerator."""
        return False

    def untyped_storage(self) -> Any:
        """The whole memory that the tensor looks into."""
        return found("storage", "UntypedStorage")(self.array)

    def share_memory_(self) -> Tensor:
        """Move the values to memory that the processes see which this tensor is sent to.

        Views that were made before keep looking at the memory from before.

        Raises:
            RuntimeError: for a result of recorded operations.
        """
        if not self.is_leaf:
            raise RuntimeError("share_memory_: only leaves can be shared: detach() it first")
        self.array = found("shared_memory", "shared")(self.array)
        return self

    def is_shared(self) -> Any:
        """Whether other processes can see the memory."""
        return found("shared_memory", "mapping_of")(self.array) is not None

    # --- new tensors like this one ------------------------------------------------------------------

    def new_tensor(
        self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: Any = False
    ) -> Tensor:
        """A tensor of ``data`` in this one's dtype."""
        return creation.tensor(
            data, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad
        )

    def new_zeros(self, *sizes: Any, dtype: Any = None, **options: Any) -> Tensor:
        """Zeros in this one's dtype."""
        made = creation.zeros(*sizes, dtype=dtype or self.dtype, **options)
        return creation.beside(self, made)

    def new_ones(self, *sizes: Any, dtype: Any = None, **options: Any) -> Tensor:
        """Ones in this one's dtype."""
        made = creation.ones(*sizes, dtype=dtype or self.dtype, **options)
        return creation.beside(self, made)

    def new_empty(self, *sizes: Any, dtype: Any = None, **options: Any) -> Tensor:
        """A tensor in this one's dtype whose values are not set."""
        made = creation.empty(*sizes, dtype=dtype or self.dtype, **options)
        return creation.beside(self, made)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, **options: Any) -> Tensor:
        """A tensor in this one's dtype filled with one number."""
        made = creation.full(size, fill_value, dtype=dtype or self.dtype, **options)
        return creation.beside(self, made)

    def new_empty_strided(
        self, size: Any, stride: Any, *, dtype: Any = None, **options: Any
    ) -> Tensor:
        """A tensor of a shape and steps in memory, in this one's dtype, whose values are not set."""
        return creation.empty_strided(size, stride, dtype=dtype or self.dtype, **options)

    def new(self, *data: Any) -> Tensor:
        """A tensor in this one's dtype: of a shape, or of nested lists."""
        if data and not isinstance(data[0], int | Size):
            return self.new_tensor(data[0])
        return self.new_empty(*data or (0,))


Value.tensor_type = Tensor

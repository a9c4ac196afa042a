"""The Tensor: an array, its gradient, and its place on the tape."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import printing
from .dtypes import DTYPES, as_numpy_dtype, dtype
from .numpy_protocol import array_function, array_ufunc
from .ops import creation, elementwise, in_place, indexing, linear_algebra, random, reduction
from .ops import shape as shapes
from .ops import softmax as softmaxes
from .ops.dims import axis_of
from .ops.in_place import in_place as _in_place
from .tape import LEAF, Node, Value, is_grad_enabled, run_hooks, walk, wrap


class Size(tuple):
    """A shape: a tuple of sizes that knows how many elements they make."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"tinygrad_sm.Size({list(self)})"


class RemovableHandle:
    """Takes a hook off again: ``remove()``, or leaving a ``with`` block."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks = hooks
        self._hook = hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Tensor(Value):
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
    _retained: bool = False
    is_sparse = is_cuda = is_quantized = is_meta = False
    layout = "strided"

    def __init__(self, *data: Any, requires_grad: bool = False) -> None:
        if len(data) == 1 and not isinstance(data[0], int):
            array = np.array(creation.as_array(data[0], np.float32), order="C")
        else:
            array = np.zeros(tuple(data) or (0,), np.float32)
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
    def device(self) -> str:
        """``"cpu"``: there is no other."""
        return "cpu"

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
        return self.node is None or self.node is LEAF

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made it; ``None`` for a leaf."""
        if is_grad_enabled():
            in_place.refresh(self)
        return None if self.is_leaf else self.node

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
        targets = [t if t.node is LEAF else t.node for t in chosen]
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
            gradient = wrap(np.ones_like(self.array))
        gradient = gradient if isinstance(gradient, Value) else creation.as_tensor(gradient)
        if gradient.array.shape != self.array.shape:
            raise RuntimeError(
                f"backward: the gradient has shape {gradient.array.shape}, the tensor "
                f"{self.array.shape}: they must be equal"
            )
        return self, gradient if record else gradient.array

    def _accumulate(self, grad: Any, owned: bool, record: bool) -> None:
        """Add into ``grad``; an array that somebody else may hold is copied first."""
        if self._hooks:
            from_hook = run_hooks(self._hooks, grad)
            owned = owned and from_hook is grad
            grad = from_hook
        if record:
            self._grad = grad if self._grad is None else self._grad + grad
        elif self._grad is None:
            self._grad = wrap(grad if owned and type(grad) is np.ndarray else np.array(grad))
        else:
            self._grad = wrap(np.add(self._grad.array, grad))

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever this tensor's gradient is computed; it may replace it.

        Raises:
            RuntimeError: if the tensor does not require grad.
        """
        if self.node is None:
            raise RuntimeError(
                "register_hook: cannot register a hook on a tensor that doesn't require gradient"
            )
        if self.node is LEAF:
            hooks = self._hooks = self._hooks or []
        else:
            hooks = self.node.hooks = self.node.hooks or []
        hooks.append(hook)
        return RemovableHandle(hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of a result of recorded operations in ``grad`` too."""
        if self.node is None:
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

    # --- out of the framework ----------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The array, sharing memory.

        Raises:
            RuntimeError: if the tensor requires grad: writes would escape the tape.
        """
        if self.node is not None and not force:
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
        if self.node is not None:
            raise RuntimeError("__dlpack__: the tensor requires grad: detach() it first")
        return self.array.__dlpack__(**options)

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

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        return printing.tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 and spec else repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol: use clone() or detach() first"
            )
        new = memo[id(self)] = object.__new__(type(self))
        new.array, new.node, new.version, new.window = self.array.copy(), self.node, [0], None
        new._grad = copy.deepcopy(self._grad, memo)
        return new

    def __reduce_ex__(self, protocol: Any) -> Any:
        if not self.is_leaf:
            raise RuntimeError("a tensor on the tape cannot be pickled: detach() it first")
        return rebuild, (type(self), self.array, self.requires_grad)

    # --- dtypes -----------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """The tensor in another dtype: itself if nothing changes.

        Takes a dtype, a device (``"cpu"``), both, or another tensor whose dtype is meant.

        Raises:
            RuntimeError: for another device.
        """
        kind = kwargs.get("dtype")
        creation.check_device(kwargs.get("device"))
        for argument in args:
            if isinstance(argument, Tensor):
                kind = argument.array.dtype
            elif isinstance(argument, dtype | np.dtype | type):
                kind = argument
            elif isinstance(argument, str) or not isinstance(argument, bool | None):
                creation.check_device(argument)
        if kind is None:
            return self
        kind = as_numpy_dtype(kind)
        if kind == self.array.dtype and not kwargs.get("copy"):
            return self
        return elementwise.cast(self, kind)

    def type(self, dtype: Any = None) -> Any:
        """The tensor in another dtype; without one, the name of its type."""
        if dtype is None:
            return f"tinygrad_sm.{self.array.dtype.name.capitalize()}Tensor"
        return self.to(dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """In the dtype of another tensor."""
        return self.to(other.array.dtype)

    def float(self) -> Tensor:
        """As float32."""
        return self.to(np.float32)

    def double(self) -> Tensor:
        """As float64."""
        return self.to(np.float64)

    def half(self) -> Tensor:
        """As float16."""
        return self.to(np.float16)

    def long(self) -> Tensor:
        """As int64."""
        return self.to(np.int64)

    def int(self) -> Tensor:
        """As int32."""
        return self.to(np.int32)

    def short(self) -> Tensor:
        """As int16."""
        return self.to(np.int16)

    def char(self) -> Tensor:
        """As int8."""
        return self.to(np.int8)

    def byte(self) -> Tensor:
        """As uint8."""
        return self.to(np.uint8)

    def bool(self) -> Tensor:
        """As bool: whether each element is not 0."""
        return self.to(np.bool_)

    def cpu(self) -> Tensor:
        """The tensor itself: it is on the CPU."""
        return self

    # --- new tensors like this one ------------------------------------------------------------------

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
        """A tensor of ``data`` in this one's dtype."""
        return creation.tensor(data, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None) -> Tensor:
        """Zeros in this one's dtype."""
        return creation.zeros(*size, dtype=dtype or self.dtype)

    def new_ones(self, *size: Any, dtype: Any = None) -> Tensor:
        """Ones in this one's dtype."""
        return creation.ones(*size, dtype=dtype or self.dtype)

    def new_empty(self, *size: Any, dtype: Any = None) -> Tensor:
        """A tensor in this one's dtype whose values are not set."""
        return creation.empty(*size, dtype=dtype or self.dtype)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None) -> Tensor:
        """A tensor in this one's dtype filled with one number."""
        return creation.full(size, fill_value, dtype=dtype or self.dtype)

    # --- the operations, by name ------------------------------------------------------------------

    add = elementwise.add
    sub = elementwise.sub
    mul = elementwise.mul
    div = elementwise.div
    neg = elementwise.neg
    pow = elementwise.pow
    abs = elementwise.abs
    exp = elementwise.exp
    expm1 = elementwise.expm1
    log = elementwise.log
    log1p = elementwise.log1p
    log2 = elementwise.log2
    log10 = elementwise.log10
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    square = elementwise.square
    reciprocal = elementwise.reciprocal
    sin = elementwise.sin
    cos = elementwise.cos
    tanh = elementwise.tanh
    sigmoid = elementwise.sigmoid
    erf = elementwise.erf
    sign = elementwise.sign
    floor = elementwise.floor
    ceil = elementwise.ceil
    trunc = elementwise.trunc
    round = elementwise.round
    relu = elementwise.relu
    clamp = elementwise.clamp
    clip = elementwise.clip
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    eq = elementwise.eq
    ne = elementwise.ne
    lt = elementwise.lt
    le = elementwise.le
    gt = elementwise.gt
    ge = elementwise.ge
    logical_and = elementwise.logical_and
    logical_or = elementwise.logical_or
    logical_xor = elementwise.logical_xor
    logical_not = elementwise.logical_not
    isnan = elementwise.isnan
    isinf = elementwise.isinf
    isfinite = elementwise.isfinite
    masked_fill = elementwise.masked_fill
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    bitwise_and = elementwise.bitwise_and
    bitwise_or = elementwise.bitwise_or
    bitwise_xor = elementwise.bitwise_xor
    bitwise_not = elementwise.bitwise_not

    sum = reduction.sum
    mean = reduction.mean
    prod = reduction.prod
    amax = reduction.amax
    amin = reduction.amin
    argmax = reduction.argmax
    argmin = reduction.argmin
    var = reduction.var
    std = reduction.std
    norm = reduction.norm
    all = reduction.all
    any = reduction.any
    logsumexp = reduction.logsumexp
    cumsum = reduction.cumsum

    reshape = shapes.reshape
    flatten = shapes.flatten
    ravel = shapes.ravel
    permute = shapes.permute
    transpose = shapes.transpose
    swapaxes = shapes.swapaxes
    t = shapes.t
    squeeze = shapes.squeeze
    unsqueeze = shapes.unsqueeze
    expand = shapes.expand
    broadcast_to = shapes.broadcast_to
    repeat = shapes.repeat
    split = shapes.split
    chunk = shapes.chunk
    unbind = shapes.unbind
    flip = shapes.flip
    tril = shapes.tril
    triu = shapes.triu
    clone = shapes.clone
    contiguous = shapes.contiguous

    select = indexing.select
    narrow = indexing.narrow
    index_select = indexing.index_select
    gather = indexing.gather
    scatter = indexing.scatter
    scatter_add = indexing.scatter_add
    masked_select = indexing.masked_select
    nonzero = indexing.nonzero
    sort = indexing.sort
    argsort = indexing.argsort
    topk = indexing.topk

    matmul = linear_algebra.matmul
    mm = linear_algebra.mm
    bmm = linear_algebra.bmm
    mv = linear_algebra.mv
    dot = linear_algebra.dot
    outer = linear_algebra.outer
    addmm = linear_algebra.addmm

    bernoulli = random.bernoulli
    multinomial = random.multinomial

    softmax = softmaxes.softmax
    log_softmax = softmaxes.log_softmax

    positive = elementwise.positive
    true_divide = divide = elementwise.div
    multiply = elementwise.mul
    subtract = elementwise.sub
    negative = elementwise.neg
    absolute = elementwise.abs
    greater, less = elementwise.gt, elementwise.lt

    __add__ = __radd__ = elementwise._add
    __sub__ = elementwise.sub
    __mul__ = __rmul__ = elementwise.mul
    __truediv__ = elementwise.true_divide
    __floordiv__ = elementwise.floor_divide
    __mod__ = elementwise.remainder
    __pow__ = elementwise.pow
    __neg__ = elementwise.neg
    __pos__ = elementwise.positive
    __abs__ = elementwise.abs
    __matmul__ = linear_algebra.matmul
    __invert__ = elementwise.bitwise_not
    __and__ = __rand__ = elementwise.bitwise_and
    __or__ = __ror__ = elementwise.bitwise_or
    __xor__ = __rxor__ = elementwise.bitwise_xor
    __eq__, __ne__ = elementwise.eq, elementwise.ne
    __lt__, __le__ = elementwise.lt, elementwise.le
    __gt__, __ge__ = elementwise.gt, elementwise.ge
    __getitem__ = indexing.getitem
    __setitem__ = in_place.setitem

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise.sub(other, self)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise.true_divide(other, self)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return elementwise.floor_divide(other, self)

    def __rmod__(self, other: Any) -> Tensor:
        return elementwise.remainder(other, self)

    def __rpow__(self, other: Any) -> Tensor:
        return elementwise.pow(other, self)

    def __rmatmul__(self, other: Any) -> Tensor:
        return linear_algebra.matmul(other, self)

    add_ = _in_place(elementwise.add, "add_")
    sub_ = _in_place(elementwise.sub, "sub_")
    mul_ = _in_place(elementwise.mul, "mul_")
    div_ = _in_place(elementwise.div, "div_")
    neg_ = _in_place(elementwise.neg, "neg_")
    pow_ = _in_place(elementwise.pow, "pow_")
    abs_ = _in_place(elementwise.abs, "abs_")
    exp_ = _in_place(elementwise.exp, "exp_")
    expm1_ = _in_place(elementwise.expm1, "expm1_")
    log_ = _in_place(elementwise.log, "log_")
    log1p_ = _in_place(elementwise.log1p, "log1p_")
    log2_ = _in_place(elementwise.log2, "log2_")
    log10_ = _in_place(elementwise.log10, "log10_")
    sqrt_ = _in_place(elementwise.sqrt, "sqrt_")
    rsqrt_ = _in_place(elementwise.rsqrt, "rsqrt_")
    square_ = _in_place(elementwise.square, "square_")
    reciprocal_ = _in_place(elementwise.reciprocal, "reciprocal_")
    sin_ = _in_place(elementwise.sin, "sin_")
    cos_ = _in_place(elementwise.cos, "cos_")
    tanh_ = _in_place(elementwise.tanh, "tanh_")
    sigmoid_ = _in_place(elementwise.sigmoid, "sigmoid_")
    erf_ = _in_place(elementwise.erf, "erf_")
    sign_ = _in_place(elementwise.sign, "sign_")
    floor_ = _in_place(elementwise.floor, "floor_")
    ceil_ = _in_place(elementwise.ceil, "ceil_")
    trunc_ = _in_place(elementwise.trunc, "trunc_")
    round_ = _in_place(elementwise.round, "round_")
    relu_ = _in_place(elementwise.relu, "relu_")
    clamp_ = _in_place(elementwise.clamp, "clamp_")
    masked_fill_ = _in_place(elementwise.masked_fill, "masked_fill_")
    floor_divide_ = _in_place(elementwise.floor_divide, "floor_divide_")
    remainder_ = _in_place(elementwise.remainder, "remainder_")
    clip_ = _in_place(elementwise.clamp, "clip_")
    eq_, ne_ = _in_place(elementwise.eq, "eq_"), _in_place(elementwise.ne, "ne_")
    lt_, le_ = _in_place(elementwise.lt, "lt_"), _in_place(elementwise.le, "le_")
    gt_, ge_ = _in_place(elementwise.gt, "gt_"), _in_place(elementwise.ge, "ge_")
    logical_and_ = _in_place(elementwise.logical_and, "logical_and_")
    logical_or_ = _in_place(elementwise.logical_or, "logical_or_")
    logical_xor_ = _in_place(elementwise.logical_xor, "logical_xor_")
    logical_not_ = _in_place(elementwise.logical_not, "logical_not_")
    bitwise_and_ = _in_place(elementwise.bitwise_and, "bitwise_and_")
    bitwise_or_ = _in_place(elementwise.bitwise_or, "bitwise_or_")
    bitwise_xor_ = _in_place(elementwise.bitwise_xor, "bitwise_xor_")
    bitwise_not_ = _in_place(elementwise.bitwise_not, "bitwise_not_")
    cumsum_ = _in_place(reduction.cumsum, "cumsum_")
    scatter_ = _in_place(indexing.scatter, "scatter_")
    scatter_add_ = _in_place(indexing.scatter_add, "scatter_add_")
    tril_, triu_ = _in_place(shapes.tril, "tril_"), _in_place(shapes.triu, "triu_")
    fill_, zero_, copy_ = in_place.fill_, in_place.zero_, in_place.copy_
    uniform_, normal_ = in_place.uniform_, in_place.normal_
    random_, bernoulli_ = in_place.random_, in_place.bernoulli_
    true_divide_ = divide_ = div_
    multiply_, subtract_, negative_, absolute_ = mul_, sub_, neg_, abs_
    __iadd__, __isub__ = add_, sub_
    __iand__, __ior__, __ixor__ = bitwise_and_, bitwise_or_, bitwise_xor_
    __imul__, __itruediv__ = mul_, div_
    __ipow__, __ifloordiv__, __imod__ = pow_, floor_divide_, remainder_

    def expand_as(self, other: Tensor) -> Tensor:
        """Expanded to the shape of another tensor."""
        return shapes.expand(self, other.array.shape)

    def view_as(self, other: Tensor) -> Tensor:
        """Viewed in the shape of another tensor."""
        return shapes.view(self, other.array.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """Reshaped to the shape of another tensor."""
        return shapes.reshape(self, other.array.shape)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """The elements where ``condition`` holds, else those of ``other``."""
        return elementwise.where(condition, self, other)

    def view(self, *shape_or_dtype: Any) -> Tensor:
        """``reshape`` that never copies."""
        return shapes.view(self, *shape_or_dtype)

    def max(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None) -> Any:
        """The largest element; with ``dim``: (values, indices), or elementwise with a tensor."""
        return maximum_of(self, dim if axis is None else axis, keepdim)

    def min(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None) -> Any:
        """The smallest element; with ``dim``: (values, indices), or elementwise with a tensor."""
        return minimum_of(self, dim if axis is None else axis, keepdim)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return shapes.permute(self, *range(self.array.ndim)[::-1])

    @property
    def mT(self) -> Tensor:
        """Matrices transposed: the last two dimensions swapped."""
        if self.array.ndim < 2:
            raise RuntimeError("mT: expected a tensor of at least 2 dimensions")
        return shapes.transpose(self, -2, -1)


def rebuild(kind: Any, array: np.ndarray, requires_grad: bool) -> Any:
    """The tensor that was pickled."""
    new = object.__new__(kind)
    new.array, new.node, new.version, new.window = array, LEAF if requires_grad else None, [0], None
    return new


def maximum_of(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """What ``max`` means: of everything, along a dimension, or of two tensors."""
    if dim is None:
        return reduction.amax(input)
    if isinstance(dim, Value):
        return elementwise.maximum(input, dim)
    return indexing.ValuesAndIndices(
        *reduction.extreme_with_index("max", np.argmax, input, dim, keepdim)
    )


def minimum_of(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """What ``min`` means: of everything, along a dimension, or of two tensors."""
    if dim is None:
        return reduction.amin(input)
    if isinstance(dim, Value):
        return elementwise.minimum(input, dim)
    return indexing.ValuesAndIndices(
        *reduction.extreme_with_index("min", np.argmin, input, dim, keepdim)
    )


Value.tensor_type = Tensor

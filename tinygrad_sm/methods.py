"""The operations as methods, by name. What each does is said where it is defined, in ``ops``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ops import arrangement, elementwise, extremes, indexing, linear_algebra, reduction
from .ops import shape as shapes
from .ops import softmax as softmaxes
from .tape import Value

if TYPE_CHECKING:
    from .tensor import Tensor


class Operations(Value):
    """The methods of a tensor that compute a new tensor, or look at the same memory anew."""

    __slots__ = ()

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
    max = extremes.max
    min = extremes.min
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
    view = shapes.view
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

    diagonal = arrangement.diagonal
    roll = arrangement.roll
    movedim = moveaxis = arrangement.movedim
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

    def expand_as(self, other: Tensor) -> Tensor:
        """Expanded to the shape of another tensor."""
        return shapes.expand(self, other.array.shape)

    def view_as(self, other: Tensor) -> Tensor:
        """Viewed in the shape of another tensor."""
        return shapes.view(self, other.array.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """Reshaped to the shape of another tensor."""
        return shapes.reshape(self, other.array.shape)

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

"""The operations as methods, by name. What each does is said where it is defined, in ``ops``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import INT64
from .late import later
from .left_out import METHODS, why
from .ops import (
    activation,
    aliases,
    arithmetic,
    arrangement,
    assembly,
    bessel,
    comparison,
    elementwise,
    error_functions,
    extremes,
    gamma_functions,
    indexing,
    linear_algebra,
    logarithms,
    products,
    queries,
    random,
    reduction,
    scans,
    searching,
    statistics,
    trigonometry,
)
from .ops import scatter as scattering
from .ops import shape as shapes
from .ops import softmax as softmaxes
from .ops.dims import sizes_of
from .out import NUMBERS, needing_tensors
from .tape import Value, unbroadcast

if TYPE_CHECKING:
    from .tensor import Tensor


class Operations(Value):
    """The methods of a tensor that compute a new tensor, or look at the same memory anew."""

    __slots__ = ()

    mul = elementwise.mul
    true_divide = elementwise.true_divide
    neg = elementwise.neg
    positive = elementwise.positive
    add = elementwise.add
    sub = elementwise.sub
    div = elementwise.div
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    pow = elementwise.pow
    square = elementwise.square
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    reciprocal = elementwise.reciprocal
    exp = elementwise.exp
    expm1 = elementwise.expm1
    log = elementwise.log
    log1p = elementwise.log1p
    log2 = elementwise.log2
    log10 = elementwise.log10
    sin = elementwise.sin
    cos = elementwise.cos
    tanh = elementwise.tanh
    sigmoid = elementwise.sigmoid
    erf = elementwise.erf
    abs = elementwise.abs
    sign = elementwise.sign
    floor = elementwise.floor
    ceil = elementwise.ceil
    trunc = elementwise.trunc
    relu = elementwise.relu
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    clamp = elementwise.clamp
    clip = elementwise.clip
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
    bitwise_and = elementwise.bitwise_and
    bitwise_or = elementwise.bitwise_or
    bitwise_xor = elementwise.bitwise_xor
    bitwise_not = elementwise.bitwise_not
    masked_fill = elementwise.masked_fill

    fmod = arithmetic.fmod
    frac = arithmetic.frac
    copysign = arithmetic.copysign
    heaviside = arithmetic.heaviside
    nextafter = arithmetic.nextafter
    gcd = arithmetic.gcd
    lcm = arithmetic.lcm
    bitwise_left_shift = arithmetic.bitwise_left_shift
    bitwise_right_shift = arithmetic.bitwise_right_shift
    sgn = arithmetic.sgn
    fix = arithmetic.fix
    float_power = arithmetic.float_power
    addcmul = arithmetic.addcmul
    addcdiv = arithmetic.addcdiv
    lerp = arithmetic.lerp
    round = elementwise.round
    ldexp = arithmetic.ldexp
    frexp = arithmetic.frexp

    fmax = comparison.fmax
    fmin = comparison.fmin
    signbit = comparison.signbit
    isposinf = comparison.isposinf
    isneginf = comparison.isneginf
    isreal = comparison.isreal
    clamp_min = comparison.clamp_min
    clamp_max = comparison.clamp_max
    isclose = comparison.isclose
    allclose = comparison.allclose
    equal = comparison.equal
    nan_to_num = comparison.nan_to_num

    exp2 = logarithms.exp2
    logaddexp = logarithms.logaddexp
    logaddexp2 = logarithms.logaddexp2
    xlogy = logarithms.xlogy
    logit = logarithms.logit

    tan = trigonometry.tan
    asin = trigonometry.asin
    acos = trigonometry.acos
    atan = trigonometry.atan
    sinh = trigonometry.sinh
    cosh = trigonometry.cosh
    asinh = trigonometry.asinh
    acosh = trigonometry.acosh
    atanh = trigonometry.atanh
    arcsin = trigonometry.arcsin
    arccos = trigonometry.arccos
    arctan = trigonometry.arctan
    arcsinh = trigonometry.arcsinh
    arccosh = trigonometry.arccosh
    arctanh = trigonometry.arctanh
    atan2 = trigonometry.atan2
    arctan2 = trigonometry.arctan2
    hypot = trigonometry.hypot
    sinc = trigonometry.sinc
    deg2rad = trigonometry.deg2rad
    rad2deg = trigonometry.rad2deg

    erfc = error_functions.erfc
    erfinv = error_functions.erfinv

    polygamma = gamma_functions.polygamma_of
    digamma = gamma_functions.digamma
    lgamma = gamma_functions.lgamma
    mvlgamma = gamma_functions.mvlgamma
    igamma = gamma_functions.igamma
    igammac = gamma_functions.igammac

    i0 = bessel.i0

    sum = reduction.sum
    mean = reduction.mean
    prod = reduction.prod
    amax = reduction.amax
    amin = reduction.amin
    argmax = reduction.argmax
    argmin = reduction.argmin
    var = reduction.var
    std = reduction.std
    all = reduction.all
    any = reduction.any
    logsumexp = reduction.logsumexp
    cumsum = reduction.cumsum

    nansum = statistics.nansum
    nanmean = statistics.nanmean
    count_nonzero = statistics.count_nonzero
    msort = statistics.msort
    dist = statistics.dist
    renorm = statistics.renorm
    cov = statistics.cov
    corrcoef = statistics.corrcoef
    bincount = statistics.bincount
    histc = statistics.histc
    histogram = statistics.histogram

    max = extremes.max
    min = extremes.min
    aminmax = extremes.aminmax
    kthvalue = extremes.kthvalue
    median = extremes.median
    nanmedian = extremes.nanmedian
    mode = extremes.mode
    quantile = extremes.quantile
    nanquantile = extremes.nanquantile

    cumprod = scans.cumprod
    cummax = scans.cummax
    cummin = scans.cummin
    logcumsumexp = scans.logcumsumexp
    diff = scans.diff

    softmax = softmaxes.softmax
    prelu = activation.prelu
    hardshrink = activation.hardshrink
    log_softmax = softmaxes.log_softmax

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
    broadcast_to = shapes.broadcast_to
    expand = shapes.expand
    repeat = shapes.repeat
    split = shapes.split
    chunk = shapes.chunk
    unbind = shapes.unbind
    flip = shapes.flip
    tril = shapes.tril
    triu = shapes.triu
    clone = shapes.clone
    contiguous = shapes.contiguous

    movedim = arrangement.movedim
    moveaxis = arrangement.moveaxis
    roll = arrangement.roll
    diagonal = arrangement.diagonal
    diag_embed = arrangement.diag_embed
    diag = arrangement.diag
    diagflat = arrangement.diagflat
    rot90 = arrangement.rot90
    fliplr = arrangement.fliplr
    flipud = arrangement.flipud
    tile = arrangement.tile
    repeat_interleave = arrangement.repeat_interleave
    unflatten = arrangement.unflatten
    unfold = arrangement.unfold
    as_strided = arrangement.as_strided
    narrow_copy = arrangement.narrow_copy
    adjoint = arrangement.adjoint
    swapdims = arrangement.swapdims

    tensor_split = assembly.tensor_split
    split_with_sizes = assembly.split_with_sizes
    hsplit = assembly.hsplit
    vsplit = assembly.vsplit
    dsplit = assembly.dsplit

    select = indexing.select
    narrow = indexing.narrow
    index_select = indexing.index_select
    gather = indexing.gather
    scatter_add = indexing.scatter_add
    masked_select = indexing.masked_select
    nonzero = indexing.nonzero
    nonzero_static = indexing.nonzero_static
    argsort = indexing.argsort
    sort = indexing.sort
    topk = indexing.topk

    index_add = scattering.index_add
    index_copy = scattering.index_copy
    index_fill = scattering.index_fill
    index_put = scattering.index_put
    take = scattering.take
    put = scattering.put_flat
    take_along_dim = scattering.take_along_dim
    masked_scatter = scattering.masked_scatter
    scatter_reduce = scattering.scatter_reduce
    scatter = scattering.scatter
    index_reduce = scattering.index_reduce
    select_scatter = scattering.select_scatter
    slice_scatter = scattering.slice_scatter
    diagonal_scatter = scattering.diagonal_scatter
    as_strided_scatter = scattering.as_strided_scatter

    argwhere = searching.argwhere
    unique = searching.unique
    unique_consecutive = searching.unique_consecutive

    matmul = linear_algebra.matmul
    mm = linear_algebra.mm
    bmm = linear_algebra.bmm
    mv = linear_algebra.mv
    dot = linear_algebra.dot
    outer = linear_algebra.outer

    addmm = products.addmm
    addmv = products.addmv
    addr = products.addr
    baddbmm = products.baddbmm
    addbmm = products.addbmm
    ger = products.ger
    vdot = products.vdot
    inner = products.inner
    kron = products.kron
    trace = products.trace

    bernoulli = random.bernoulli
    multinomial = random.multinomial

    is_floating_point = queries.is_floating_point
    is_complex = queries.is_complex
    is_conj = queries.is_conj
    is_neg = queries.is_neg
    is_signed = queries.is_signed
    is_nonzero = queries.is_nonzero
    is_same_size = queries.is_same_size
    numel = queries.numel
    real = queries.real
    conj = queries.conj
    conj_physical = queries.conj_physical
    resolve_conj = queries.resolve_conj
    resolve_neg = queries.resolve_neg
    imag = queries.imag
    angle = queries.angle

    absolute = aliases.absolute
    divide = aliases.divide
    multiply = aliases.multiply
    subtract = aliases.subtract
    negative = aliases.negative
    greater = aliases.greater
    greater_equal = aliases.greater_equal
    less = aliases.less
    less_equal = aliases.less_equal
    not_equal = aliases.not_equal
    unsafe_chunk = aliases.unsafe_chunk
    unsafe_split_with_sizes = aliases.unsafe_split_with_sizes
    unsafe_split = aliases.unsafe_split

    det = later("linalg.older_names")
    slogdet = later("linalg.older_names")
    logdet = later("linalg.older_names")
    inverse = later("linalg.older_names")
    pinverse = later("linalg.older_names")
    matrix_power = later("linalg.older_names")
    matrix_exp = later("linalg.older_names")
    cholesky_solve = later("linalg.older_names")
    cholesky_inverse = later("linalg.older_names")
    triangular_solve = later("linalg.older_names")
    svd = later("linalg.older_names")
    norm = later("linalg.older_names")
    cholesky = later("linalg.older_names")
    qr = later("linalg.older_names")
    cross = later("linalg.older_names")
    lu = later("linalg.older_names")
    lu_solve = later("linalg.older_names")
    geqrf = later("linalg.older_names")
    orgqr = later("linalg.older_names")
    ormqr = later("linalg.older_names")

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

    def __lshift__(self, other: Any) -> Tensor:
        return arithmetic.bitwise_left_shift(self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return arithmetic.bitwise_left_shift(other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return arithmetic.bitwise_right_shift(self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return arithmetic.bitwise_right_shift(other, self)

    def where(self, condition: Any, other: Any) -> Tensor:
        """The elements where the condition holds, those of ``other`` elsewhere."""
        return elementwise.where(condition, self, other)

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

    @property
    def H(self) -> Tensor:
        """A matrix transposed: its conjugate is itself."""
        if self.array.ndim not in (0, 2):
            raise RuntimeError(f"H: expected a matrix, not {self.array.ndim} dimensions: use mH")
        return shapes.t(self)

    mH = mT

    def sum_to_size(self, *size: Any) -> Tensor:
        """Summed over the dimensions along which it was broadcast from a size."""
        wanted = sizes_of(size)
        summed = self.array.dtype.kind in "biu" and (not wanted or wanted != self.array.shape)
        out = unbroadcast(elementwise.cast(self, INT64) if summed else self, wanted)
        if self.array.shape != tuple(np.broadcast_shapes(self.array.shape, wanted)):
            raise RuntimeError(
                f"sum_to_size: size {wanted} is not expandable to size {self.array.shape}"
            )
        return out


def _left_out(name: str) -> Any:
    """A method that raises, for one that is left out on purpose."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(why(METHODS, name))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = "Raise ``NotImplementedError``: it is left out on purpose."
    return method


for _name in NUMBERS["none"].split():
    if hasattr(Operations, _name):
        setattr(Operations, _name, needing_tensors(getattr(Operations, _name), "none"))
for _name in " ".join(METHODS.values()).split():
    setattr(Operations, _name, _left_out(_name))

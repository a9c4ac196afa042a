"""tinygrad_sm: an autodiff micro framework on NumPy, with PyTorch's names.

>>> import tinygrad_sm as sg
>>> z = sg.tensor([5.0, 2.0, -1.0, 3.0], requires_grad=True)
>>> loss = -sg.log_softmax(z, dim=0)[0]
>>> loss.backward()
>>> z.grad
tensor([-0.1580,  0.0419,  0.0021,  0.1140])
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from . import autograd, nn, optim, utils
from .compiler import compile
from .devices import device, get_default_device, set_default_device
from .dtypes import (
    bfloat16,
    bool_,
    can_cast,
    complex32,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    result_type,
    set_default_dtype,
    uint8,
)
from .dtypes import common_type as promote_types
from .layouts import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    jagged,
    layout,
    memory_format,
    preserve_format,
    sparse_coo,
    sparse_csr,
    strided,
)
from .linalg.older_names import (
    chain_matmul,
    cholesky,
    cholesky_inverse,
    cholesky_solve,
    cross,
    det,
    inverse,
    logdet,
    matrix_exp,
    matrix_power,
    norm,
    pinverse,
    qr,
    slogdet,
    svd,
    triangular_solve,
)
from .ops.aliases import (
    absolute,
    divide,
    greater,
    greater_equal,
    less,
    less_equal,
    multiply,
    negative,
    not_equal,
    spmm,
    subtract,
    unsafe_chunk,
    unsafe_split,
)
from .ops.arithmetic import (
    addcdiv,
    addcmul,
    bitwise_left_shift,
    bitwise_right_shift,
    copysign,
    fix,
    float_power,
    fmod,
    frac,
    frexp,
    gcd,
    heaviside,
    lcm,
    ldexp,
    lerp,
    nextafter,
    rsub,
    sgn,
)
from .ops.arithmetic import (
    round_to as round,
)
from .ops.arrangement import (
    adjoint,
    as_strided,
    diag,
    diag_embed,
    diagflat,
    diagonal,
    fliplr,
    flipud,
    moveaxis,
    movedim,
    narrow_copy,
    repeat_interleave,
    roll,
    rot90,
    swapdims,
    tile,
    unflatten,
)
from .ops.assembly import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block_diag,
    broadcast_shapes,
    broadcast_tensors,
    cartesian_prod,
    column_stack,
    combinations,
    dsplit,
    dstack,
    hsplit,
    hstack,
    meshgrid,
    row_stack,
    split_with_sizes,
    tensor_split,
    vsplit,
    vstack,
)
from .ops.bessel import (
    i0,
)
from .ops.comparison import (
    allclose,
    clamp_max,
    clamp_min,
    equal,
    fmax,
    fmin,
    isclose,
    isin,
    isneginf,
    isposinf,
    isreal,
    nan_to_num,
    signbit,
)
from .ops.creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    empty_strided,
    eye,
    from_dlpack,
    from_numpy,
    frombuffer,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    scalar_tensor,
    tensor,
    zeros,
    zeros_like,
)
from .ops.elementwise import (
    abs,
    add,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    ceil,
    clamp,
    clip,
    cos,
    div,
    eq,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    ge,
    gt,
    isfinite,
    isinf,
    isnan,
    le,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    masked_fill,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    positive,
    pow,
    reciprocal,
    relu,
    remainder,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    sub,
    tanh,
    true_divide,
    trunc,
    where,
)
from .ops.error_functions import (
    erfc,
    erfinv,
)
from .ops.extremes import (
    aminmax,
    kthvalue,
    max,
    median,
    min,
    mode,
    nanmedian,
    nanquantile,
    quantile,
)
from .ops.gamma_functions import (
    digamma,
    igamma,
    igammac,
    lgamma,
    mvlgamma,
    polygamma,
)
from .ops.indexing import (
    argsort,
    gather,
    index_select,
    masked_select,
    narrow,
    nonzero,
    scatter_add,
    select,
    sort,
    topk,
)
from .ops.linear_algebra import (
    bmm,
    dot,
    einsum,
    matmul,
    mm,
    mv,
    outer,
)
from .ops.logarithms import (
    exp2,
    logaddexp,
    logaddexp2,
    logit,
    xlogy,
)
from .ops.products import (
    addbmm,
    addmm,
    addmv,
    addr,
    baddbmm,
    cdist,
    ger,
    inner,
    kron,
    tensordot,
    trace,
    vdot,
)
from .ops.queries import (
    angle,
    conj,
    conj_physical,
    imag,
    is_complex,
    is_conj,
    is_floating_point,
    is_neg,
    is_nonzero,
    is_same_size,
    is_signed,
    is_storage,
    is_tensor,
    numel,
    real,
    resolve_conj,
    resolve_neg,
    typename,
)
from .ops.random import (
    Generator,
    bernoulli,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .ops.reduction import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    cumsum,
    logsumexp,
    mean,
    prod,
    std,
    sum,
    var,
)
from .ops.sampling import (
    binomial,
    poisson,
)
from .ops.scans import (
    cummax,
    cummin,
    cumprod,
    cumulative_trapezoid,
    diff,
    gradient,
    logcumsumexp,
    trapezoid,
    trapz,
)
from .ops.scatter import (
    diagonal_scatter,
    index_add,
    index_copy,
    index_fill,
    index_put,
    index_reduce,
    masked_scatter,
    scatter,
    scatter_reduce,
    select_scatter,
    slice_scatter,
    take,
    take_along_dim,
)
from .ops.scatter import (
    put_flat as put,
)
from .ops.searching import (
    argwhere,
    bucketize,
    searchsorted,
    unique,
    unique_consecutive,
)
from .ops.sequences import (
    bartlett_window,
    blackman_window,
    hamming_window,
    hann_window,
    kaiser_window,
    logspace,
    range,
    tril_indices,
    triu_indices,
    vander,
)
from .ops.shape import (
    broadcast_to,
    cat,
    chunk,
    clone,
    concat,
    concatenate,
    flatten,
    flip,
    permute,
    ravel,
    reshape,
    split,
    squeeze,
    stack,
    swapaxes,
    t,
    transpose,
    tril,
    triu,
    unbind,
    unsqueeze,
)
from .ops.softmax import (
    log_softmax,
    softmax,
)
from .ops.statistics import (
    bincount,
    corrcoef,
    count_nonzero,
    cov,
    dist,
    histc,
    histogram,
    msort,
    nanmean,
    nansum,
    renorm,
    std_mean,
    var_mean,
)
from .ops.trigonometry import (
    acos,
    acosh,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sinc,
    sinh,
    tan,
)
from .primitive import primitive
from .printing import set_printoptions
from .settings import (
    are_deterministic_algorithms_enabled,
    get_float32_matmul_precision,
    get_num_interop_threads,
    get_num_threads,
    is_deterministic_algorithms_warn_only_enabled,
    is_warn_always_enabled,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_num_interop_threads,
    set_num_threads,
    set_warn_always,
    use_deterministic_algorithms,
)
from .tape import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

# first: importing the module binds its name, which the function ``tensor`` then takes over
from .tensor import Size, Tensor
from .typed_tensors import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    set_default_tensor_type,
)
from .version import __version__

bool = bool_
float, double, half = float32, float64, float16
long, int, short = int64, int32, int16
cfloat, cdouble, chalf = complex64, complex128, complex32

# imported when first used, so that what a program does not use costs it nothing
_LAZY = (
    "accelerator",
    "amp",
    "backends",
    "compiler",
    "cuda",
    "jit",
    "mps",
    "random",
    "special",
    "testing",
    "xpu",
)


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return _import_module(f"{__name__}.{name}")
    if name == "autocast":
        return _import_module(f"{__name__}.amp").autocast
    if name == "GradScaler":
        return _import_module(f"{__name__}.amp").GradScaler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The operations as functions, by name: what ``from torch import ...`` finds in PyTorch."""

from __future__ import annotations

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
    unsafe_split_with_sizes,
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
from .ops.copies import (
    alias_copy,
    as_strided_copy,
    detach_copy,
    diagonal_copy,
    expand_copy,
    permute_copy,
    select_copy,
    slice_copy,
    split_copy,
    split_with_sizes_copy,
    squeeze_copy,
    t_copy,
    transpose_copy,
    unbind_copy,
    unfold_copy,
    unsqueeze_copy,
    view_copy,
)
from .ops.creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    empty_permuted,
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
    round,
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
from .ops.in_place import (
    fill,
)
from .ops.indexing import (
    argsort,
    gather,
    index_select,
    masked_select,
    narrow,
    nonzero,
    nonzero_static,
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
    as_strided_scatter,
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
    unravel_index,
)
from .ops.segments import (
    segment_reduce,
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
from .ops.shape import (
    detached as detach,
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
    histogramdd,
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
from .out import NUMBERS as _NUMBERS
from .out import public as _public

_WITH_OUT = """
    abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr alias_copy all amax amin
    aminmax angle any arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin
    as_strided_copy as_strided_scatter asin asinh atan atan2 atanh baddbmm bernoulli bitwise_and
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor bmm bucketize cat ceil
    clamp clamp_max clamp_min clip column_stack concat concatenate conj_physical copysign cos cosh
    cummax cummin cumprod cumsum deg2rad detach_copy diag diagonal_copy diff digamma div divide dot
    dstack empty empty_like empty_strided eq erf erfc erfinv exp exp2 expand_copy expm1 eye fix
    float_power floor floor_divide fmax fmin fmod frac frexp full gather gcd ge ger greater
    greater_equal gt hamming_window heaviside histc histogram hstack hypot i0 igamma igammac
    index_add index_copy index_reduce index_select inner isin isneginf isposinf kron kthvalue lcm
    ldexp le lerp less less_equal lgamma linspace log log10 log1p log2 log_softmax logaddexp
    logaddexp2 logcumsumexp logical_and logical_not logical_or logical_xor logit logspace logsumexp
    lt masked_select matmul max maximum mean median min minimum mm mode msort mul multinomial
    multiply mv mvlgamma nan_to_num nanmean nanmedian nanquantile nansum narrow_copy ne neg negative
    nextafter nonzero nonzero_static normal not_equal ones ones_like outer permute_copy polygamma
    pow prod quantile rad2deg rand rand_like randint randn randn_like randperm range reciprocal
    remainder renorm round row_stack rsqrt scatter scatter_add scatter_reduce searchsorted
    select_copy sgn sigmoid sign signbit sin sinc sinh slice_copy slice_scatter softmax sort
    split_copy split_with_sizes_copy sqrt square squeeze_copy stack std std_mean sub subtract sum
    t_copy take take_along_dim tan tanh tensordot topk transpose_copy tril triu true_divide trunc
    unbind_copy unfold_copy unsqueeze_copy var var_mean vdot view_copy vstack where xlogy zeros
    zeros_like
"""
_public(globals(), _WITH_OUT, _NUMBERS)

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

from . import autograd, nn, optim
from .allocator import keep_freed_memory
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
from .ops.arrangement import diagonal, moveaxis, movedim, roll
from .ops.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
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
    trunc,
    where,
)
from .ops.extremes import max, min
from .ops.indexing import (
    argsort,
    gather,
    index_select,
    masked_select,
    narrow,
    nonzero,
    scatter,
    scatter_add,
    select,
    sort,
    topk,
)
from .ops.linear_algebra import addmm, bmm, dot, einsum, matmul, mm, mv, outer
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
    norm,
    prod,
    std,
    sum,
    var,
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
from .ops.softmax import log_softmax, softmax
from .primitive import primitive
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

true_divide = divide = div
multiply, subtract, negative, absolute = mul, sub, neg, abs
bool = bool_
float, double, half = float32, float64, float16
long, int, short = int64, int32, int16
cfloat, cdouble, chalf = complex64, complex128, complex32

keep_freed_memory()

# imported when first used, so that what a program does not use costs it nothing
_LAZY = (
    "accelerator",
    "amp",
    "backends",
    "compiler",
    "cuda",
    "distributions",
    "func",
    "jit",
    "mps",
    "random",
    "serialization",
    "testing",
    "utils",
    "xpu",
)


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return _import_module(f"{__name__}.{name}")
    if name == "vmap":
        return _import_module(f"{__name__}.func").vmap
    if name == "autocast":
        return _import_module(f"{__name__}.amp").autocast
    if name in ("save", "load"):
        return getattr(_import_module(f"{__name__}.serialization"), name)
    if name == "GradScaler":
        return _import_module(f"{__name__}.amp").GradScaler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

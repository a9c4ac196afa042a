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
from math import e, inf, nan, pi
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from .collector import resume as _resume

# isort: split

# before the rest: importing the module binds its name, which the function ``tensor`` then takes over
from .tensor import Size, Tensor

# isort: split

from .allocator import keep_freed_memory
from .compiler import _assert, compile
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
from .functions import *
from .hints import LikelyMistakeWarning
from .late import found as _found
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
from .left_out import FUNCTIONS as _FUNCTIONS
from .left_out import why as _why
from .primitive import primitive
from .printing import set_printoptions
from .tape import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

# after the operations: it records a program, or hands a matrix on to the trace of matrices
from .trace import trace
from .version import __version__

newaxis = None
bool = bool_
float, double, half = float32, float64, float16
long, int, short = int64, int32, int16
cfloat, cdouble, chalf = complex64, complex128, complex32

keep_freed_memory()
_resume()

if _TYPE_CHECKING:
    from . import autograd, distributions, func, nn, optim, utils

# imported when first used, so that what a program does not use costs it nothing
_LAZY = """
    _dynamo accelerator amp ao autograd backends compiler cuda datasets distributed distributions export fft func
    functional futures fx hub jit library linalg masked mps mtia multiprocessing nested nn onnx optim package
    profiler quantization random return_types serialization signal sparse special storage testing types
    utils xpu
"""
_ELSEWHERE = {
    "amp": "GradScaler",
    "amp.autocast_mode": """
        autocast clear_autocast_cache get_autocast_cpu_dtype get_autocast_dtype get_autocast_gpu_dtype
        is_autocast_cache_enabled is_autocast_cpu_enabled is_autocast_enabled
        set_autocast_cache_enabled set_autocast_cpu_dtype set_autocast_cpu_enabled set_autocast_dtype
        set_autocast_enabled set_autocast_gpu_dtype""",
    "autograd.anomaly_mode": "is_anomaly_check_nan_enabled is_anomaly_enabled set_anomaly_enabled",
    "func": "vmap",
    "linalg.older_names": """
        chain_matmul cholesky cholesky_inverse cholesky_solve cross det frobenius_norm geqrf inverse
        logdet lu lu_solve lu_unpack matrix_exp matrix_power norm nuclear_norm orgqr ormqr
        pca_lowrank pinverse qr slogdet svd svd_lowrank triangular_solve""",
    "nn.functional": """
        adaptive_avg_pool1d adaptive_max_pool1d avg_pool1d bilinear celu channel_shuffle conv1d
        conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d cosine_similarity dropout
        celu_ group_norm hardshrink layer_norm max_pool1d max_pool2d max_pool3d pairwise_distance pdist
        pixel_shuffle pixel_unshuffle prelu rms_norm rrelu rrelu_ selu selu_ threshold threshold_""",
    "nn.functional.native": """
        affine_grid_generator constant_pad_nd grid_sampler grid_sampler_2d grid_sampler_3d
        max_pool1d_with_indices native_batch_norm native_channel_shuffle native_dropout
        native_group_norm native_layer_norm""",
    "nn.older_names": """
        alpha_dropout batch_norm binary_cross_entropy_with_logits conv_tbc convolution
        cosine_embedding_loss ctc_loss dropout_ embedding feature_alpha_dropout feature_dropout
        gru gru_cell hinge_embedding_loss instance_norm kl_div lstm lstm_cell margin_ranking_loss
        norm_except_dim poisson_nll_loss rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell
        triplet_margin_loss""",
    "serialization": "load save",
    "storage": "UntypedStorage",
    "settings": """
        are_deterministic_algorithms_enabled get_float32_matmul_precision get_num_interop_threads
        get_num_threads is_deterministic_algorithms_warn_only_enabled is_warn_always_enabled
        set_float32_matmul_precision set_flush_denormal set_num_interop_threads set_num_threads
        set_warn_always use_deterministic_algorithms""",
    "typed_tensors": """
        BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor LongTensor
        ShortTensor set_default_tensor_type""",
}
_METHODS = "detach get_device is_inference"


def __getattr__(name: str) -> _Any:
    if name in _LAZY.split():
        return _import_module(f"{__name__}.{name}")
    for module, names in _ELSEWHERE.items():
        if name in names.split():
            globals()[name] = function = _found(module, name)
            return function
    if name in _METHODS.split() or (name.endswith("_") and hasattr(Tensor, name)):
        return getattr(Tensor, name)
    message = _why(_FUNCTIONS, name)
    if message:
        raise NotImplementedError(message)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY.split(), *" ".join(_ELSEWHERE.values()).split()})

"""What PyTorch has and this framework leaves out on purpose; using it says so by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, str] = {
    "sparse tensors": """
        dsmm hsmm hspmm saddmm smm sparse_bsc sparse_bsc_tensor sparse_bsr sparse_bsr_tensor
        sparse_compressed_tensor sparse_coo_tensor sparse_csc sparse_csc_tensor sparse_csr_tensor
        sspaddmm""",
    "quantized tensors": """
        choose_qparams_optimized dequantize empty_quantized fake_quantize_per_channel_affine
        fake_quantize_per_tensor_affine int_repr per_channel_affine per_tensor_affine
        q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qint8
        qint32 quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic
        quantized_batch_norm quantized_gru quantized_lstm quantized_max_pool1d quantized_max_pool2d
        quint8""",
    "complex numbers": """
        complex eig istft polar stft view_as_complex view_as_real lobpcg""",
    "other devices and processes": """
        cudnn_convolution miopen_convolution mkldnn_convolution Event Stream""",
    "compilers and exchange formats": "classes while_loop cond",
    "storage objects": """
        BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage IntStorage
        LongStorage ShortStorage Storage TypedStorage from_file""",
}
# Whole modules: they can be imported, as programs do at their start, and what is in them raises.
MODULES: dict[str, str] = {
    "sparse tensors": "sparse",
    "quantized tensors": "ao quantization",
    "complex numbers": "fft",
    "nested and masked tensors": "masked nested",
    "other devices": "mtia",
    "compilers and exchange formats": "export fx library onnx package",
    "storage objects": "storage",
    "models by the name of a repository": "hub",
    "differentiable collectives": "distributed.nn",
}
METHODS: dict[str, str] = {
    "sparse tensors": """
        ccol_indices coalesce col_indices crow_indices dense_dim indices is_coalesced row_indices smm
        sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm to_mkldnn to_sparse
        to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr values""",
    "quantized tensors": """
        dequantize int_repr q_per_channel_axis q_per_channel_scales q_per_channel_zero_points q_scale
        q_zero_point qscheme""",
    "complex numbers": "cdouble cfloat chalf eig istft stft",
    "nested and masked tensors": "to_padded_tensor",
    "other devices and processes": "ipu mtia record_stream",
    "storage objects": "storage storage_type",
}


def why(groups: dict[str, str], name: str) -> str | None:
    """The message for a name that is left out, or ``None``."""
    for group, names in groups.items():
        if name in names.split():
            return f"{name} is left out of this framework, as are all {group}"
    return None


class _LeftOut(type):
    """The type of what stands for a name that is left out: to call it, or look inside, raises."""

    __doc__ = ""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(cls.__doc__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(cls.__doc__)


def contents(module: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module that is left out.

    Its names can be imported and stand in ``isinstance``; to use one raises NotImplementedError.
    """
    room = module.partition(".")[2]
    group = next(group for group, names in MODULES.items() if room in names.split())

    def stand_in(name: str) -> Any:
        if name.startswith(("__", "pytest")):  # what Python and pytest ask of any module
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        said = f"{room}.{name} is left out of this framework, as are all {group}"
        return _LeftOut(name, (), {"__doc__": said, "__module__": module})

    return stand_in

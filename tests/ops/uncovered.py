"""Public names that no case of the registry calls yet: this list may only become shorter."""

# ruff: noqa: SIM905 (a block of words reads best)

# Queries, settings, draws and older names: most have tests of their own files in tests/.
FUNCTIONS = set(
    """
    absolute addbmm adjoint arccos arcsinh arctan arctanh
    are_deterministic_algorithms_enabled as_strided asarray binomial broadcast_shapes
    can_cast chain_matmul cholesky clamp_max clip compile concatenate conj conj_physical
    divide empty_strided frombuffer ger get_default_device get_default_dtype
    get_float32_matmul_precision get_num_interop_threads get_num_threads greater
    greater_equal imag index_copy index_fill index_put index_reduce inverse is_complex
    is_conj is_deterministic_algorithms_warn_only_enabled is_floating_point is_neg
    is_nonzero is_same_size is_signed is_storage is_tensor is_warn_always_enabled
    keep_freed_memory kthvalue less less_equal masked_scatter mode multiply narrow_copy
    negative nextafter not_equal numel pinverse poisson promote_types put qr range real
    resolve_conj resolve_neg result_type row_stack scalar_tensor scatter seed
    set_default_device set_default_dtype set_default_tensor_type
    set_float32_matmul_precision set_flush_denormal set_num_interop_threads set_num_threads
    set_printoptions set_warn_always slogdet split_with_sizes spmm subtract svd
    triangular_solve typename unflatten use_deterministic_algorithms vander vdot
    """.split()
)

# Compared with PyTorch in tests/nn.
IN_NN = set(
    """
    adaptive_avg_pool1d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool1d_with_indices adaptive_max_pool2d adaptive_max_pool2d_with_indices
    adaptive_max_pool3d adaptive_max_pool3d_with_indices affine_grid alpha_dropout
    avg_pool1d bilinear celu_ channel_shuffle cosine_embedding_loss cosine_similarity
    ctc_loss dropout1d dropout2d dropout3d elu_ embedding_bag feature_alpha_dropout fold
    gaussian_nll_loss glu grid_sample group_norm gumbel_softmax hardshrink hardsigmoid
    hardswish hardtanh_ hinge_embedding_loss huber_loss instance_norm kl_div leaky_relu_
    local_response_norm lp_pool1d lp_pool2d lp_pool3d margin_ranking_loss
    max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices max_unpool1d
    max_unpool2d max_unpool3d mish multi_head_attention_forward multi_margin_loss
    multilabel_margin_loss multilabel_soft_margin_loss native_channel_shuffle normalize
    pairwise_distance pdist pixel_shuffle pixel_unshuffle poisson_nll_loss prelu relu6 relu_
    rrelu rrelu_ selu_ smooth_l1_loss soft_margin_loss softmin softshrink softsign
    tanhshrink threshold threshold_ triplet_margin_loss triplet_margin_with_distance_loss
    upsample upsample_bilinear upsample_nearest
    """.split()
)

# Conversions and shape changes in place.
METHODS = set(
    """
    bfloat16 cuda get_device is_inference is_pinned is_set_to is_shared ndimension new
    new_empty_strided pin_memory register_post_accumulate_grad_hook share_memory_
    storage_offset xpu
    """.split()
)

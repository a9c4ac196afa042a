"""The methods that write into a tensor, ``name_``, by name: each its twin in ``ops``, then a write."""

from __future__ import annotations

from .ops import (
    aliases,
    arithmetic,
    arrangement,
    bessel,
    comparison,
    elementwise,
    error_functions,
    gamma_functions,
    indexing,
    logarithms,
    products,
    queries,
    rearranging,
    reduction,
    sampling,
    scans,
    statistics,
    trigonometry,
)
from .ops import in_place as writes
from .ops import scatter as scattering
from .ops import shape as shapes
from .ops.in_place import in_place as _in_place
from .out import NUMBERS, needing_tensors
from .tape import Value


class InPlaceOperations(Value):
    """The methods of a tensor that write into it."""

    __slots__ = ()

    mul_ = _in_place(elementwise.mul, "mul_")
    true_divide_ = _in_place(elementwise.true_divide, "true_divide_")
    neg_ = _in_place(elementwise.neg, "neg_")
    add_ = _in_place(elementwise.add, "add_")
    sub_ = _in_place(elementwise.sub, "sub_")
    div_ = _in_place(elementwise.div, "div_")
    floor_divide_ = _in_place(elementwise.floor_divide, "floor_divide_")
    remainder_ = _in_place(elementwise.remainder, "remainder_")
    pow_ = _in_place(elementwise.pow, "pow_")
    square_ = _in_place(elementwise.square, "square_")
    sqrt_ = _in_place(elementwise.sqrt, "sqrt_")
    rsqrt_ = _in_place(elementwise.rsqrt, "rsqrt_")
    reciprocal_ = _in_place(elementwise.reciprocal, "reciprocal_")
    exp_ = _in_place(elementwise.exp, "exp_")
    expm1_ = _in_place(elementwise.expm1, "expm1_")
    log_ = _in_place(elementwise.log, "log_")
    log1p_ = _in_place(elementwise.log1p, "log1p_")
    log2_ = _in_place(elementwise.log2, "log2_")
    log10_ = _in_place(elementwise.log10, "log10_")
    sin_ = _in_place(elementwise.sin, "sin_")
    cos_ = _in_place(elementwise.cos, "cos_")
    tanh_ = _in_place(elementwise.tanh, "tanh_")
    sigmoid_ = _in_place(elementwise.sigmoid, "sigmoid_")
    erf_ = _in_place(elementwise.erf, "erf_")
    abs_ = _in_place(elementwise.abs, "abs_")
    sign_ = _in_place(elementwise.sign, "sign_")
    floor_ = _in_place(elementwise.floor, "floor_")
    ceil_ = _in_place(elementwise.ceil, "ceil_")
    trunc_ = _in_place(elementwise.trunc, "trunc_")
    relu_ = _in_place(elementwise.relu, "relu_")
    clamp_ = _in_place(elementwise.clamp, "clamp_")
    clip_ = _in_place(elementwise.clip, "clip_")
    eq_ = _in_place(elementwise.eq, "eq_")
    ne_ = _in_place(elementwise.ne, "ne_")
    lt_ = _in_place(elementwise.lt, "lt_")
    le_ = _in_place(elementwise.le, "le_")
    gt_ = _in_place(elementwise.gt, "gt_")
    ge_ = _in_place(elementwise.ge, "ge_")
    logical_and_ = _in_place(elementwise.logical_and, "logical_and_")
    logical_or_ = _in_place(elementwise.logical_or, "logical_or_")
    logical_xor_ = _in_place(elementwise.logical_xor, "logical_xor_")
    logical_not_ = _in_place(elementwise.logical_not, "logical_not_")
    bitwise_and_ = _in_place(elementwise.bitwise_and, "bitwise_and_")
    bitwise_or_ = _in_place(elementwise.bitwise_or, "bitwise_or_")
    bitwise_xor_ = _in_place(elementwise.bitwise_xor, "bitwise_xor_")
    bitwise_not_ = _in_place(elementwise.bitwise_not, "bitwise_not_")
    masked_fill_ = _in_place(elementwise.masked_fill, "masked_fill_")

    fmod_ = _in_place(arithmetic.fmod, "fmod_")
    frac_ = _in_place(arithmetic.frac, "frac_")
    copysign_ = _in_place(arithmetic.copysign, "copysign_")
    heaviside_ = _in_place(arithmetic.heaviside, "heaviside_")
    nextafter_ = _in_place(arithmetic.nextafter, "nextafter_")
    gcd_ = _in_place(arithmetic.gcd, "gcd_")
    lcm_ = _in_place(arithmetic.lcm, "lcm_")
    bitwise_left_shift_ = _in_place(arithmetic.bitwise_left_shift, "bitwise_left_shift_")
    bitwise_right_shift_ = _in_place(arithmetic.bitwise_right_shift, "bitwise_right_shift_")
    sgn_ = _in_place(arithmetic.sgn, "sgn_")
    fix_ = _in_place(arithmetic.fix, "fix_")
    float_power_ = _in_place(arithmetic.float_power, "float_power_")
    addcmul_ = _in_place(arithmetic.addcmul, "addcmul_")
    addcdiv_ = _in_place(arithmetic.addcdiv, "addcdiv_")
    lerp_ = _in_place(arithmetic.lerp, "lerp_")
    round_ = _in_place(elementwise.round, "round_")
    ldexp_ = _in_place(arithmetic.ldexp, "ldexp_")

    clamp_min_ = _in_place(comparison.clamp_min, "clamp_min_")
    clamp_max_ = _in_place(comparison.clamp_max, "clamp_max_")
    nan_to_num_ = _in_place(comparison.nan_to_num, "nan_to_num_")

    exp2_ = _in_place(logarithms.exp2, "exp2_")
    xlogy_ = _in_place(logarithms.xlogy, "xlogy_")
    logit_ = _in_place(logarithms.logit, "logit_")

    tan_ = _in_place(trigonometry.tan, "tan_")
    asin_ = _in_place(trigonometry.asin, "asin_")
    acos_ = _in_place(trigonometry.acos, "acos_")
    atan_ = _in_place(trigonometry.atan, "atan_")
    sinh_ = _in_place(trigonometry.sinh, "sinh_")
    cosh_ = _in_place(trigonometry.cosh, "cosh_")
    asinh_ = _in_place(trigonometry.asinh, "asinh_")
    acosh_ = _in_place(trigonometry.acosh, "acosh_")
    atanh_ = _in_place(trigonometry.atanh, "atanh_")
    arcsin_ = _in_place(trigonometry.arcsin, "arcsin_")
    arccos_ = _in_place(trigonometry.arccos, "arccos_")
    arctan_ = _in_place(trigonometry.arctan, "arctan_")
    arcsinh_ = _in_place(trigonometry.arcsinh, "arcsinh_")
    arccosh_ = _in_place(trigonometry.arccosh, "arccosh_")
    arctanh_ = _in_place(trigonometry.arctanh, "arctanh_")
    atan2_ = _in_place(trigonometry.atan2, "atan2_")
    arctan2_ = _in_place(trigonometry.arctan2, "arctan2_")
    hypot_ = _in_place(trigonometry.hypot, "hypot_")
    sinc_ = _in_place(trigonometry.sinc, "sinc_")
    deg2rad_ = _in_place(trigonometry.deg2rad, "deg2rad_")
    rad2deg_ = _in_place(trigonometry.rad2deg, "rad2deg_")

    erfc_ = _in_place(error_functions.erfc, "erfc_")
    erfinv_ = _in_place(error_functions.erfinv, "erfinv_")

    polygamma_ = _in_place(gamma_functions.polygamma_of, "polygamma_")
    digamma_ = _in_place(gamma_functions.digamma, "digamma_")
    lgamma_ = _in_place(gamma_functions.lgamma, "lgamma_")
    mvlgamma_ = _in_place(gamma_functions.mvlgamma, "mvlgamma_")
    igamma_ = _in_place(gamma_functions.igamma, "igamma_")
    igammac_ = _in_place(gamma_functions.igammac, "igammac_")

    i0_ = _in_place(bessel.i0, "i0_")

    cumsum_ = _in_place(reduction.cumsum, "cumsum_")

    renorm_ = _in_place(statistics.renorm, "renorm_")

    cumprod_ = _in_place(scans.cumprod, "cumprod_")

    tril_ = _in_place(shapes.tril, "tril_")
    triu_ = _in_place(shapes.triu, "triu_")

    as_strided_ = _in_place(arrangement.as_strided, "as_strided_")

    scatter_add_ = _in_place(indexing.scatter_add, "scatter_add_")

    index_add_ = _in_place(scattering.index_add, "index_add_")
    index_copy_ = _in_place(scattering.index_copy, "index_copy_")
    index_fill_ = _in_place(scattering.index_fill, "index_fill_")
    index_put_ = _in_place(scattering.index_put, "index_put_")
    put_ = _in_place(scattering.put_flat, "put_")
    masked_scatter_ = _in_place(scattering.masked_scatter, "masked_scatter_")
    scatter_reduce_ = _in_place(scattering.scatter_reduce, "scatter_reduce_")
    scatter_ = _in_place(scattering.scatter, "scatter_")
    index_reduce_ = _in_place(scattering.index_reduce, "index_reduce_")

    addmm_ = _in_place(products.addmm, "addmm_")
    addmv_ = _in_place(products.addmv, "addmv_")
    addr_ = _in_place(products.addr, "addr_")
    baddbmm_ = _in_place(products.baddbmm, "baddbmm_")
    addbmm_ = _in_place(products.addbmm, "addbmm_")

    exponential_ = sampling.exponential_
    geometric_ = sampling.geometric_
    cauchy_ = sampling.cauchy_
    log_normal_ = sampling.log_normal_

    fill_ = writes.fill_
    zero_ = writes.zero_
    copy_ = writes.copy_
    uniform_ = writes.uniform_
    normal_ = writes.normal_
    random_ = writes.random_
    bernoulli_ = writes.bernoulli_

    conj_physical_ = _in_place(queries.conj_physical, "conj_physical_")

    absolute_ = _in_place(aliases.absolute, "absolute_")
    divide_ = _in_place(aliases.divide, "divide_")
    multiply_ = _in_place(aliases.multiply, "multiply_")
    subtract_ = _in_place(aliases.subtract, "subtract_")
    negative_ = _in_place(aliases.negative, "negative_")
    greater_ = _in_place(aliases.greater, "greater_")
    greater_equal_ = _in_place(aliases.greater_equal, "greater_equal_")
    less_ = _in_place(aliases.less, "less_")
    less_equal_ = _in_place(aliases.less_equal, "less_equal_")
    not_equal_ = _in_place(aliases.not_equal, "not_equal_")

    squeeze_, unsqueeze_ = rearranging.squeeze_, rearranging.unsqueeze_
    transpose_, t_ = rearranging.transpose_, rearranging.t_
    swapaxes_, swapdims_ = rearranging.swapaxes_, rearranging.swapdims_
    resize_, resize_as_ = rearranging.resize_, rearranging.resize_as_
    resize, resize_as = rearranging.resize, rearranging.resize_as
    set_, fill_diagonal_ = rearranging.set_, rearranging.fill_diagonal_
    apply_, map_, map2_ = rearranging.apply_, rearranging.map_, rearranging.map2_
    __setitem__ = writes.setitem
    __iadd__, __isub__ = add_, sub_
    __imul__, __itruediv__ = mul_, div_
    __ipow__, __ifloordiv__, __imod__ = pow_, floor_divide_, remainder_
    __iand__, __ior__, __ixor__ = bitwise_and_, bitwise_or_, bitwise_xor_
    __ilshift__, __irshift__ = bitwise_left_shift_, bitwise_right_shift_


for _name in NUMBERS["none"].split():
    if hasattr(InPlaceOperations, f"{_name}_"):
        _method = getattr(InPlaceOperations, f"{_name}_")
        setattr(InPlaceOperations, f"{_name}_", needing_tensors(_method, "none"))

"""The methods that write into a tensor, ``name_``, by name: each its twin in ``ops``, then a write."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

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
from .out import NUMBERS, needing_tensors
from .tape import Value


class in_place:
    """The in-place form of an operation, made when it is first asked for: there are many."""

    def __init__(self, operation: Callable[..., Any]) -> None:
        self.operation = operation

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        method = writes.in_place(self.operation, self.name)
        setattr(self.owner, self.name, method)
        return method if instance is None else MethodType(method, instance)


class InPlaceOperations(Value):
    """The methods of a tensor that write into it."""

    __slots__ = ()

    mul_ = in_place(elementwise.mul)
    true_divide_ = in_place(elementwise.true_divide)
    neg_ = in_place(elementwise.neg)
    add_ = in_place(elementwise.add)
    sub_ = in_place(elementwise.sub)
    div_ = in_place(elementwise.div)
    floor_divide_ = in_place(elementwise.floor_divide)
    remainder_ = in_place(elementwise.remainder)
    pow_ = in_place(elementwise.pow)
    square_ = in_place(elementwise.square)
    sqrt_ = in_place(elementwise.sqrt)
    rsqrt_ = in_place(elementwise.rsqrt)
    reciprocal_ = in_place(elementwise.reciprocal)
    exp_ = in_place(elementwise.exp)
    expm1_ = in_place(elementwise.expm1)
    log_ = in_place(elementwise.log)
    log1p_ = in_place(elementwise.log1p)
    log2_ = in_place(elementwise.log2)
    log10_ = in_place(elementwise.log10)
    sin_ = in_place(elementwise.sin)
    cos_ = in_place(elementwise.cos)
    tanh_ = in_place(elementwise.tanh)
    sigmoid_ = in_place(elementwise.sigmoid)
    erf_ = in_place(elementwise.erf)
    abs_ = in_place(elementwise.abs)
    sign_ = in_place(elementwise.sign)
    floor_ = in_place(elementwise.floor)
    ceil_ = in_place(elementwise.ceil)
    trunc_ = in_place(elementwise.trunc)
    relu_ = in_place(elementwise.relu)
    clamp_ = in_place(elementwise.clamp)
    clip_ = in_place(elementwise.clip)
    eq_ = in_place(elementwise.eq)
    ne_ = in_place(elementwise.ne)
    lt_ = in_place(elementwise.lt)
    le_ = in_place(elementwise.le)
    gt_ = in_place(elementwise.gt)
    ge_ = in_place(elementwise.ge)
    logical_and_ = in_place(elementwise.logical_and)
    logical_or_ = in_place(elementwise.logical_or)
    logical_xor_ = in_place(elementwise.logical_xor)
    logical_not_ = in_place(elementwise.logical_not)
    bitwise_and_ = in_place(elementwise.bitwise_and)
    bitwise_or_ = in_place(elementwise.bitwise_or)
    bitwise_xor_ = in_place(elementwise.bitwise_xor)
    bitwise_not_ = in_place(elementwise.bitwise_not)
    masked_fill_ = in_place(elementwise.masked_fill)

    fmod_ = in_place(arithmetic.fmod)
    frac_ = in_place(arithmetic.frac)
    copysign_ = in_place(arithmetic.copysign)
    heaviside_ = in_place(arithmetic.heaviside)
    nextafter_ = in_place(arithmetic.nextafter)
    gcd_ = in_place(arithmetic.gcd)
    lcm_ = in_place(arithmetic.lcm)
    bitwise_left_shift_ = in_place(arithmetic.bitwise_left_shift)
    bitwise_right_shift_ = in_place(arithmetic.bitwise_right_shift)
    sgn_ = in_place(arithmetic.sgn)
    fix_ = in_place(arithmetic.fix)
    float_power_ = in_place(arithmetic.float_power)
    addcmul_ = in_place(arithmetic.addcmul)
    addcdiv_ = in_place(arithmetic.addcdiv)
    lerp_ = in_place(arithmetic.lerp)
    round_ = in_place(elementwise.round)
    ldexp_ = in_place(arithmetic.ldexp)

    clamp_min_ = in_place(comparison.clamp_min)
    clamp_max_ = in_place(comparison.clamp_max)
    nan_to_num_ = in_place(comparison.nan_to_num)

    exp2_ = in_place(logarithms.exp2)
    xlogy_ = in_place(logarithms.xlogy)
    logit_ = in_place(logarithms.logit)

    tan_ = in_place(trigonometry.tan)
    asin_ = in_place(trigonometry.asin)
    acos_ = in_place(trigonometry.acos)
    atan_ = in_place(trigonometry.atan)
    sinh_ = in_place(trigonometry.sinh)
    cosh_ = in_place(trigonometry.cosh)
    asinh_ = in_place(trigonometry.asinh)
    acosh_ = in_place(trigonometry.acosh)
    atanh_ = in_place(trigonometry.atanh)
    arcsin_ = in_place(trigonometry.arcsin)
    arccos_ = in_place(trigonometry.arccos)
    arctan_ = in_place(trigonometry.arctan)
    arcsinh_ = in_place(trigonometry.arcsinh)
    arccosh_ = in_place(trigonometry.arccosh)
    arctanh_ = in_place(trigonometry.arctanh)
    atan2_ = in_place(trigonometry.atan2)
    arctan2_ = in_place(trigonometry.arctan2)
    hypot_ = in_place(trigonometry.hypot)
    sinc_ = in_place(trigonometry.sinc)
    deg2rad_ = in_place(trigonometry.deg2rad)
    rad2deg_ = in_place(trigonometry.rad2deg)

    erfc_ = in_place(error_functions.erfc)
    erfinv_ = in_place(error_functions.erfinv)

    polygamma_ = in_place(gamma_functions.polygamma_of)
    digamma_ = in_place(gamma_functions.digamma)
    lgamma_ = in_place(gamma_functions.lgamma)
    mvlgamma_ = in_place(gamma_functions.mvlgamma)
    igamma_ = in_place(gamma_functions.igamma)
    igammac_ = in_place(gamma_functions.igammac)

    i0_ = in_place(bessel.i0)

    cumsum_ = in_place(reduction.cumsum)

    renorm_ = in_place(statistics.renorm)

    cumprod_ = in_place(scans.cumprod)

    tril_ = in_place(shapes.tril)
    triu_ = in_place(shapes.triu)

    as_strided_ = in_place(arrangement.as_strided)

    scatter_add_ = in_place(indexing.scatter_add)

    index_add_ = in_place(scattering.index_add)
    index_copy_ = in_place(scattering.index_copy)
    index_fill_ = in_place(scattering.index_fill)
    index_put_ = in_place(scattering.index_put)
    put_ = in_place(scattering.put_flat)
    masked_scatter_ = in_place(scattering.masked_scatter)
    scatter_reduce_ = in_place(scattering.scatter_reduce)
    scatter_ = in_place(scattering.scatter)
    index_reduce_ = in_place(scattering.index_reduce)

    addmm_ = in_place(products.addmm)
    addmv_ = in_place(products.addmv)
    addr_ = in_place(products.addr)
    baddbmm_ = in_place(products.baddbmm)
    addbmm_ = in_place(products.addbmm)

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

    conj_physical_ = in_place(queries.conj_physical)

    absolute_ = in_place(aliases.absolute)
    divide_ = in_place(aliases.divide)
    multiply_ = in_place(aliases.multiply)
    subtract_ = in_place(aliases.subtract)
    negative_ = in_place(aliases.negative)
    greater_ = in_place(aliases.greater)
    greater_equal_ = in_place(aliases.greater_equal)
    less_ = in_place(aliases.less)
    less_equal_ = in_place(aliases.less_equal)
    not_equal_ = in_place(aliases.not_equal)

    squeeze_, unsqueeze_ = rearranging.squeeze_, rearranging.unsqueeze_
    transpose_, t_ = rearranging.transpose_, rearranging.t_
    swapaxes_, swapdims_ = rearranging.swapaxes_, rearranging.swapdims_
    resize_, resize_as_ = rearranging.resize_, rearranging.resize_as_
    resize, resize_as = rearranging.resize, rearranging.resize_as
    set_, fill_diagonal_ = rearranging.set_, rearranging.fill_diagonal_
    apply_, map_, map2_ = rearranging.apply_, rearranging.map_, rearranging.map2_
    __setitem__ = writes.setitem


_SYMBOLS = {
    "add": "iadd",
    "sub": "isub",
    "mul": "imul",
    "div": "itruediv",
    "floor_divide": "ifloordiv",
    "remainder": "imod",
    "pow": "ipow",
    "bitwise_and": "iand",
    "bitwise_or": "ior",
    "bitwise_xor": "ixor",
    "bitwise_left_shift": "ilshift",
    "bitwise_right_shift": "irshift",
}
for _name, _symbol in _SYMBOLS.items():
    setattr(InPlaceOperations, f"__{_symbol}__", getattr(InPlaceOperations, f"{_name}_"))
for _name in NUMBERS["none"].split():
    if hasattr(InPlaceOperations, f"{_name}_"):
        _method = getattr(InPlaceOperations, f"{_name}_")
        setattr(InPlaceOperations, f"{_name}_", needing_tensors(_method, "none"))

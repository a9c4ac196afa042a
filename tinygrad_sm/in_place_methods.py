"""The methods that write into a tensor, ``name_``, by name: each its twin in ``ops``, then a write."""

from __future__ import annotations

from .ops import elementwise, in_place, indexing
from .ops import shape as shapes
from .ops.in_place import in_place as _in_place
from .tape import Value


class InPlaceOperations(Value):
    """The methods of a tensor that write into it."""

    __slots__ = ()

    add_ = _in_place(elementwise.add, "add_")
    sub_ = _in_place(elementwise.sub, "sub_")
    mul_ = _in_place(elementwise.mul, "mul_")
    div_ = _in_place(elementwise.div, "div_")
    neg_ = _in_place(elementwise.neg, "neg_")
    pow_ = _in_place(elementwise.pow, "pow_")
    abs_ = _in_place(elementwise.abs, "abs_")
    exp_ = _in_place(elementwise.exp, "exp_")
    log_ = _in_place(elementwise.log, "log_")
    sqrt_ = _in_place(elementwise.sqrt, "sqrt_")
    rsqrt_ = _in_place(elementwise.rsqrt, "rsqrt_")
    square_ = _in_place(elementwise.square, "square_")
    reciprocal_ = _in_place(elementwise.reciprocal, "reciprocal_")
    sin_ = _in_place(elementwise.sin, "sin_")
    cos_ = _in_place(elementwise.cos, "cos_")
    tanh_ = _in_place(elementwise.tanh, "tanh_")
    sigmoid_ = _in_place(elementwise.sigmoid, "sigmoid_")
    erf_ = _in_place(elementwise.erf, "erf_")
    sign_ = _in_place(elementwise.sign, "sign_")
    floor_ = _in_place(elementwise.floor, "floor_")
    ceil_ = _in_place(elementwise.ceil, "ceil_")
    trunc_ = _in_place(elementwise.trunc, "trunc_")
    round_ = _in_place(elementwise.round, "round_")
    relu_ = _in_place(elementwise.relu, "relu_")
    clamp_ = _in_place(elementwise.clamp, "clamp_")
    masked_fill_ = _in_place(elementwise.masked_fill, "masked_fill_")
    floor_divide_ = _in_place(elementwise.floor_divide, "floor_divide_")
    remainder_ = _in_place(elementwise.remainder, "remainder_")
    clip_ = _in_place(elementwise.clamp, "clip_")
    scatter_ = _in_place(indexing.scatter, "scatter_")
    scatter_add_ = _in_place(indexing.scatter_add, "scatter_add_")
    tril_, triu_ = _in_place(shapes.tril, "tril_"), _in_place(shapes.triu, "triu_")
    fill_, zero_, copy_ = in_place.fill_, in_place.zero_, in_place.copy_
    uniform_, normal_ = in_place.uniform_, in_place.normal_
    random_, bernoulli_ = in_place.random_, in_place.bernoulli_
    __iadd__, __isub__ = add_, sub_
    __imul__, __itruediv__ = mul_, div_
    __ipow__, __ifloordiv__, __imod__ = pow_, floor_divide_, remainder_
    __setitem__ = in_place.setitem

"""Operations on each element alone."""

import numpy as np

from .registry import COLUMN, EMPTY, ROW, SCALAR, STRIDED, ZEROS, A, B, P, Q, case

for name in ["exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf", "neg", "square", "positive"]:
    for x in (A, SCALAR, EMPTY, STRIDED):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"]:
    for x in (P, np.abs(SCALAR) + 0.5, EMPTY):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["abs", "sign", "floor", "ceil", "trunc", "round"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), A)
for name in ["add", "sub", "mul", "div", "maximum", "minimum"]:
    for x, y in ((A, B), (A, ROW), (COLUMN, ROW), (A, SCALAR), (SCALAR, A), (EMPTY, ROW)):
        case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), x, y + 0.01)
case("add", lambda m, x, y: m.add(x, y, alpha=2.5), A, B)
case("sub", lambda m, x, y: m.sub(x, y, alpha=2.5), A, B)
case("remainder", lambda m, x, y: m.remainder(x, y), A, Q)
case("floor_divide", lambda m, x, y: m.div(x, y, rounding_mode="floor"), A, Q)
case("div", lambda m, x, y: m.div(x, y, rounding_mode="trunc"), A, Q)
case("maximum", lambda m, x: m.maximum(x, x * 1.0), A, smooth=False)
case("pow", lambda m, x, y: m.pow(x, y), P, Q)
case("pow", lambda m, x: x**3, A)
case("pow", lambda m, x: x**2, A)
case("pow", lambda m, x: x**-1.5, P)
case("pow", lambda m, x: 2.0**x, A)
case("pow", lambda m, x: x**0, ZEROS, second=False)
case("clamp", lambda m, x: m.clamp(x, -0.5, 0.5), A)
case("clamp", lambda m, x, y: m.clamp(x, min=y), A, B)
case("where", lambda m, x, y: m.where(x > 0, x, y), A, ROW)
case("masked_fill", lambda m, x: x.masked_fill(x > 0, 2.0), A)
case("to", lambda m, x: x.to(m.float64, copy=True) * 2, A)

"""Operations on each element alone."""

import numpy as np
from hypothesis import strategies as st

from .drawing import one, several
from .registry import COLUMN, EMPTY, ROW, SCALAR, STRIDED, ZEROS, A, B, P, Q, case, drawn

for name in ["exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf", "neg", "square", "positive"]:
    for x in (A, SCALAR, EMPTY, STRIDED):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"]:
    for x in (P, np.abs(SCALAR) + 0.5, EMPTY):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
for name in ["abs", "sign", "floor", "ceil", "trunc", "round"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), A, second=name == "abs")
for name in ["add", "sub", "mul", "div", "maximum", "minimum"]:
    for x, y in ((A, B), (A, ROW), (COLUMN, ROW), (A, SCALAR), (SCALAR, A), (EMPTY, ROW)):
        case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), x, y + 0.01)
case("add", lambda m, x, y: m.add(x, y, alpha=2.5), A, B)
case("sub", lambda m, x, y: m.sub(x, y, alpha=2.5), A, B)
case("remainder", lambda m, x, y: m.remainder(x, y), A, Q)
case("floor_divide", lambda m, x, y: m.div(x, y, rounding_mode="floor"), A, Q, second=False)
case("div", lambda m, x, y: m.div(x, y, rounding_mode="trunc"), A, Q, second=False)
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

# --- drawn ---------------------------------------------------------------------------------------

for name in ["exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf", "neg", "square", "positive"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one())
    drawn(name, lambda m, x, name=name: getattr(x, name)(), one())
for name in ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(low=0.1))
for name in ["abs", "sign", "floor", "ceil", "trunc", "round"]:
    drawn(name, lambda m, x, name=name: getattr(x, name)(), one(low=0.01, high=0.99))
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(), smooth=False)
for name in ["add", "sub", "mul", "maximum", "minimum"]:
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several())
    drawn(name, lambda m, x, y, name=name: getattr(x, name)(y), several())
NUMBERS = st.sampled_from([0, 1, 2, -1, 3, 0.5, -2.5, True])
PLAIN = st.sampled_from([0, 1, 2, 3, 0.5])
for name in ["add", "sub"]:
    drawn(
        name,
        lambda m, x, y, alpha, name=name: getattr(m, name)(x, y, alpha=alpha),
        several(alpha=PLAIN),
    )
for sign, call in {
    "+": lambda m, x, y: x + y,
    "-": lambda m, x, y: x - y,
    "*": lambda m, x, y: x * y,
    "/": lambda m, x, y: x / y,
    "**": lambda m, x, y: x**y,
    "1/": lambda m, x, y: 1 / (x * y),
    "2-": lambda m, x, y: 2 - x - y,
    "n**": lambda m, x, y: 2.5**x * y,
    "-x": lambda m, x, y: -x + abs(y),
}.items():
    drawn(f"operator {sign}", call, several(low=0.3), kinder="**" in sign)
for sign, call in {
    "number +": lambda m, x, n: x + n,
    "number -": lambda m, x, n: n - x,
    "number *": lambda m, x, n: n * x,
    "number /": lambda m, x, n: x / n,
    "number \\": lambda m, x, n: n / x,
    "number **": lambda m, x, n: x**n,
    "number pow": lambda m, x, n: (n + 0) ** x,
    "number %": lambda m, x, n: x % n,
    "number //": lambda m, x, n: x // n,
    "number ==": lambda m, x, n: x == n,
    "number <": lambda m, x, n: x < n,
    "number >=": lambda m, x, n: n >= x,
}.items():
    drawn(
        f"operator {sign}",
        call,
        one(low=0.2, high=0.9, n=NUMBERS),
        smooth=False,
        kinder="**" in sign,
    )
drawn(
    "div",
    lambda m, x, y, rounding_mode: m.div(x, y, rounding_mode=rounding_mode),
    several(rounding_mode=st.sampled_from([None, "floor", "trunc", "nearest"])),
    smooth=False,
)
drawn("true_divide", lambda m, x, y: m.true_divide(x, y), several(low=0.2))
drawn("floor_divide", lambda m, x, y: m.floor_divide(x, y), several(), smooth=False)
drawn("remainder", lambda m, x, y: m.remainder(x, y), several(), smooth=False)
drawn("pow", lambda m, x, y: m.pow(x, y), several(low=0.2), ugly=False, kinder=True)
drawn(
    "pow",
    lambda m, x, exponent: m.pow(x, exponent),
    one(exponent=NUMBERS),
    smooth=False,
    kinder=True,
)
drawn("pow", lambda m, x, base: m.pow(base, x), one(base=PLAIN), smooth=False)
BOUNDS = st.sampled_from([None, -1, 0.5, 2, 1e4])
drawn("clamp", lambda m, x, **o: m.clamp(x, **o), one(min=BOUNDS, max=BOUNDS))
drawn("clip", lambda m, x, **o: x.clip(**o), one(min=BOUNDS, max=BOUNDS))
drawn("clamp", lambda m, x, lo, hi: x.clamp(lo, hi), several(3), ugly=False, kinds=())
drawn("clamp", lambda m, x, hi: x.clamp(max=hi), several(2))
drawn("where", lambda m, c, x, y: m.where(c > 0, x, y), several(3))
drawn("where", lambda m, x, n: m.where(x > 0, x, n), one(n=NUMBERS), smooth=False)
drawn("where", lambda m, x, n: m.where(x > 0, n, 2), one(n=NUMBERS), smooth=False)
drawn("where", lambda m, x: m.where(x > 0), one())
drawn("where", lambda m, x, c: x.where(c > 0, 0.5), several(2))
drawn("masked_fill", lambda m, x, c, n: x.masked_fill(c > 0, n), several(2, n=NUMBERS))
drawn("masked_fill", lambda m, x: m.masked_fill(x, x > 0, m.tensor(3)), one(), smooth=False)
for name in ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]:
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several())
    drawn(name, lambda m, x, y, name=name: getattr(x, name)(y), several())
for name in ["isnan", "isinf", "isfinite", "logical_not"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one())
    drawn(name, lambda m, x, name=name: getattr(x, name)(), one())
for name in ["bitwise_and", "bitwise_or", "bitwise_xor"]:
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x > 0, y > 0), several())
    drawn(name, lambda m, x, y, name=name: getattr(x.long(), name)(y.long()), several(), ugly=False)
drawn("bitwise_not", lambda m, x: m.bitwise_not(x.long()), one(), ugly=False)
drawn("bitwise_not", lambda m, x: ~(x > 0), one())
for sign, call in {
    "&": lambda m, x, y: (x > 0) & (y > 0),
    "|": lambda m, x, y: (x > 0) | (y > 0) | True,
    "^": lambda m, x, y: True ^ (x > 0) ^ (y > 0),
    "==": lambda m, x, y: (x == y, x != y, x < y, x <= y, x > y, x >= y),
    "//": lambda m, x, y: (x // y, x % y),
}.items():
    drawn(f"operator {sign}", call, several(), smooth=False)
KINDS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
drawn(
    "to",
    lambda m, x, kind: x.to(getattr(m, kind)),
    one(kind=st.sampled_from(KINDS)),
    ugly=False,
    smooth=False,
)
for name in ["float", "double", "half", "long", "int", "short", "char", "byte", "bool"]:
    drawn(name, lambda m, x, name=name: getattr(x, name)(), one(), ugly=False, smooth=False)

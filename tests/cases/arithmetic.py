"""Divisions with remainder, mixtures, and integers."""

from hypothesis import strategies as st

from .drawing import one, several
from .registry import FLOATS, A, B, P, Q, case, drawn

case("fmod", lambda m, x, y: m.fmod(x, y), A, Q)
drawn("fmod", lambda m, x, y: m.fmod(x, y), several(low=0.3), smooth=False)
case("frac", lambda m, x: m.frac(x), A)
case("ldexp", lambda m, x, y: m.ldexp(x, y), A, B)
drawn("frac", lambda m, x: m.frac(x), one(), smooth=False)
case("copysign", lambda m, x, y: m.copysign(x, y), A, B)
drawn("copysign", lambda m, x, y: m.copysign(x, y), several(), smooth=False)
drawn("heaviside", lambda m, x, y: m.heaviside(x.detach(), y.detach()), several(), smooth=False)
for name in ["gcd", "lcm", "bitwise_left_shift", "bitwise_right_shift"]:
    drawn(
        name,
        lambda m, x, y, name=name: getattr(m, name)(x.long(), abs(y.long())),
        several(),
        smooth=False,
        ugly=False,
    )
drawn(
    "shift",
    lambda m, x, n: (x.int() << n, x.int() >> n),
    one(n=st.integers(0, 5)),
    smooth=False,
    ugly=False,
)
drawn("float_power", lambda m, x, y: m.float_power(x, y), several(low=0.2), ugly=False)
case("addcmul", lambda m, x, y: m.addcmul(x, y, y, value=0.3), A, B)
case("addcdiv", lambda m, x, y: m.addcdiv(x, y, y, value=0.3), A, P)
NUMBERS = st.sampled_from([1, 0.5, -2, 0])
drawn(
    "addcmul",
    lambda m, x, y, z, n: m.addcmul(x, y, z, value=n),
    several(3, n=NUMBERS),
    kinds=("float32", "float64", "float16", "int64", "int32"),  # the gradient beside a narrow
    ugly=False,  # integer is PyTorch's product of it and the value, which wraps around
)
drawn(
    "addcdiv",
    lambda m, x, y, z, n: x.addcdiv(y, z, value=n),
    several(3, low=0.2, n=NUMBERS),
    ugly=False,
)
case("lerp", lambda m, x, y: m.lerp(x, y, 0.3), A, B)
drawn("lerp", lambda m, x, y, w: m.lerp(x, y, w), several(3), ugly=False)
drawn("lerp", lambda m, x, y, n: x.lerp(y, n), several(n=NUMBERS), ugly=False)
drawn(
    "round",
    lambda m, x, decimals: (m.round(x, decimals=decimals), x.round()),
    one(decimals=st.integers(-1, 3)),
    smooth=False,
    ugly=False,
)
drawn("ldexp", lambda m, x, y: m.ldexp(x, y), several(), ugly=False, kinds=FLOATS)
# PyTorch's derivative multiplies by an integer power of 2, which overflows and is 0 below 1
drawn("ldexp", lambda m, x, y: m.ldexp(x.detach(), y.detach()), several(), smooth=False, ugly=False)
case("frexp", lambda m, x: m.frexp(x)[0], A, second=False)
drawn("rsub", lambda m, x, y: m.rsub(x, y, alpha=2), several())
drawn("sgn", lambda m, x: (m.sgn(x), m.fix(x)), one(), smooth=False)

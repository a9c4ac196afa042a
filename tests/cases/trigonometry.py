"""Circular and hyperbolic functions."""

from .drawing import one, several
from .registry import SCALAR, SIGNED, A, B, P, Q, case, drawn

for name in ["tan", "sinh", "cosh", "asinh", "atan", "sinc"]:
    for x in (A, SCALAR):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(low=-1.4, high=1.4))
for name in ["asin", "acos", "atanh"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), A / 5)
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(low=-0.9, high=0.9))
case("acosh", lambda m, x: m.acosh(x + 1), P)
drawn("acosh", lambda m, x: m.acosh(x), one(low=1.2, high=9.0))
case("angle", lambda m, x: m.angle(x) + x, A)
for name in ["atan2", "hypot"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), A, B)
drawn(
    "atan2",
    lambda m, x, y: m.atan2(x, y),
    several(low=0.2),
    ugly=False,
    kinds=SIGNED,
)
drawn("hypot", lambda m, x, y: m.hypot(x, y), several(low=0.2))
for name in ["deg2rad", "rad2deg"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one())
for name, other in [("arcsin", "asin"), ("arccosh", "acosh"), ("arctan2", "atan2")]:
    inputs = (P / 9, Q / 9) if name == "arctan2" else (P / 9 + (name == "arccosh"),)
    case(other, lambda m, *xs, name=name: getattr(m, name)(*xs), *inputs)

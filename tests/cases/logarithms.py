"""Exponentials, logarithms and their stable combinations."""

from hypothesis import strategies as st

from .drawing import one, several
from .registry import A, B, P, Q, case, drawn

case("exp2", lambda m, x: m.exp2(x), A)
drawn("exp2", lambda m, x: m.exp2(x), one())
for name in ["logaddexp", "logaddexp2"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), A * 300, B * 300, second=False)
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), A, B)
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several(), ugly=False)
for name in ["xlogy"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), A, P)
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several(low=0.2))
case("xlog1py", lambda m, x, y: m.special.xlog1py(x, y), A, P)
drawn("xlog1py", lambda m, x, y: m.special.xlog1py(x, y), several(low=-0.8), ugly=False)
case("entr", lambda m, x: m.special.entr(x), Q)
drawn("entr", lambda m, x: m.special.entr(x), one(low=0.1), ugly=False)
case("logit", lambda m, x: m.logit(x), P / 9)
drawn(
    "logit",
    lambda m, x, eps: m.logit(x, eps),
    one(low=0.05, high=0.95, eps=st.sampled_from([None, 0.2, 1e-6])),
    smooth=False,
    ugly=False,
)

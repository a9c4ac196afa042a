"""Comparisons, and choices that comparisons make."""

from hypothesis import strategies as st

from .drawing import one, several
from .registry import TIES, A, B, case, drawn

for name in ["fmax", "fmin"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), A, B)
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several())
for name in ["signbit", "isposinf", "isneginf", "isreal"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(), smooth=False)
drawn("clamp_min", lambda m, x, n: m.clamp_min(x, n), one(n=st.sampled_from([0, -0.5])))
drawn("clamp_max", lambda m, x, y: x.clamp_max(y), several())
drawn(
    "isclose",
    lambda m, x, y, **o: m.isclose(x, y, **o),
    several(atol=st.sampled_from([0, 2.0]), equal_nan=st.booleans()),
)
drawn("allclose", lambda m, x, y: m.tensor(m.allclose(x, y, atol=1.0)), several())
drawn("equal", lambda m, x, y: m.tensor([m.equal(x, y), x.equal(x)]), several())
drawn("isin", lambda m, x, y: (m.isin(x, y), m.isin(x, 1.0)), several())
case("nan_to_num", lambda m, x: m.nan_to_num(x) * x, A)
drawn(
    "nan_to_num",
    lambda m, x, **o: m.nan_to_num(x, **o),
    one(nan=st.sampled_from([None, 1.5]), posinf=st.sampled_from([None, 3.0])),
    smooth=False,
)
case("maximum", lambda m, x: m.fmax(x, x * 1.0), TIES, second=False, smooth=False)

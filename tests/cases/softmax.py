"""Softmax and its logarithm."""

from hypothesis import strategies as st

from .drawing import along
from .registry import FLOATS, A, case, drawn

for dim in (0, 1):
    case("softmax", lambda m, x, dim=dim: m.softmax(x, dim), A)
    case("log_softmax", lambda m, x, dim=dim: m.log_softmax(x, dim), A)
for name in ["softmax", "log_softmax"]:
    drawn(name, lambda m, x, dim, name=name: getattr(m, name)(x, dim), along(), kinds=FLOATS)
    drawn(name, lambda m, x, dim, name=name: getattr(x, name)(dim=dim), along(), kinds=FLOATS)
    drawn(
        name,
        lambda m, x, dim, name=name: getattr(m.nn.functional, name)(x, dim=dim),
        along(),
        kinds=FLOATS,
    )
    drawn(
        name,
        lambda m, x, dim, kind, name=name: getattr(m, name)(x, dim, dtype=getattr(m, kind)),
        along(kind=st.sampled_from(["float32", "float64"])),
        smooth=False,
        rtol=1e-6,
        kinds=FLOATS,
    )

"""Running products, extremes and sums, and differences."""

from hypothesis import strategies as st

from .drawing import along, array, shapes
from .registry import CUBE, SIGNED, TIES, ZEROS, A, case, drawn

for dim in (0, 1):
    case("cumprod", lambda m, x, dim=dim: x.cumprod(dim), ZEROS)
    case("logcumsumexp", lambda m, x, dim=dim: x.logcumsumexp(dim), A * 3)
    case("cummax", lambda m, x, dim=dim: x.cummax(dim)[0], A)
    case("cummin", lambda m, x, dim=dim: x.cummin(dim)[0], A)
    case("trapezoid", lambda m, x, dim=dim: m.trapezoid(x, dim=dim), A)
    case("cumulative_trapezoid", lambda m, x, dim=dim: m.cumulative_trapezoid(x, dx=2, dim=dim), A)
case("gradient", lambda m, x: m.cat(m.gradient(x, spacing=0.5)), A)
case("gradient", lambda m, x: m.cat(m.gradient(x, edge_order=2)), A)
case("trapezoid", lambda m, x, y: m.trapezoid(x, y), A, A[0] * 2)
case("cummax", lambda m, x: x.cummax(1)[0], TIES, second=False, smooth=False)
drawn("cumprod", lambda m, x, dim: m.cumprod(x, dim), along(), ugly=False)
for name in ["cummax", "cummin"]:
    drawn(
        name,
        lambda m, x, dim, name=name: tuple(getattr(m, name)(x, dim)),
        # of nothing PyTorch takes any dimension
        along().filter(lambda call: call[0][0].size or -1 <= call[1]["dim"] < call[0][0].ndim),
    )
drawn("logcumsumexp", lambda m, x, dim: m.logcumsumexp(x, dim), along(), ugly=False)
drawn("diff", lambda m, x, dim, n: m.diff(x, n, dim), along(n=st.integers(0, 3)))


@st.composite
def _extended(draw):
    shape = draw(shapes(1))
    return (draw(array(shape)), draw(array(shape))), {}


drawn("diff", lambda m, x, y: m.diff(x, prepend=y, append=y), _extended())
drawn(
    "trapezoid",
    lambda m, x, dim: m.trapezoid(x, dim=dim),
    along(1),
    ugly=False,
    kinds=SIGNED,
)
case("diff", lambda m, x: m.diff(x, dim=1), CUBE)

"""Rolled, turned and tiled elements, diagonals, and windows into memory."""

from hypothesis import strategies as st

from .drawing import along, array, dims, one, shapes
from .registry import CUBE, ROW, A, case, drawn

case("movedim", lambda m, x: m.movedim(x, (0, 2), (1, 0)) * 1.0, CUBE)
case("roll", lambda m, x: m.roll(x, (1, -2), (0, 1)), A)
case("roll", lambda m, x: m.roll(x, 5), A)
case("diagonal", lambda m, x: m.diagonal(x, 1, 0, 2) * 1.0, CUBE)
case("diag_embed", lambda m, x: m.diag_embed(x, -1, 0, 2), A)
case("diag", lambda m, x: m.diag(x, 1), ROW)
case("diag", lambda m, x: m.diag(x, -1), A)
case("diagflat", lambda m, x: m.diagflat(x), A)
for k in (-1, 0, 1, 2, 3):
    case("rot90", lambda m, x, k=k: m.rot90(x, k, (0, 2)), CUBE)
case("fliplr", lambda m, x: m.fliplr(x) + m.flipud(x), A)
case("tile", lambda m, x: m.tile(x, (2, 1, 3)), A)
case("repeat_interleave", lambda m, x: m.repeat_interleave(x, 2, 1), A)
case("repeat_interleave", lambda m, x: x.repeat_interleave(m.tensor([0, 2, 1]), 0), A)
case("unflatten", lambda m, x: x.unflatten(1, (2, -1)), A)
case("unfold", lambda m, x: x.unfold(1, 3, 1), A)
case("unfold", lambda m, x: x.unfold(2, 2, 2) * 2.0, CUBE)
case("as_strided", lambda m, x: x.as_strided((3, 2), (1, 4), 1) * 1.0, A)
case("adjoint", lambda m, x: x.adjoint() @ x.mH.mT, CUBE)


@st.composite
def _two_dims(draw, **options):
    x = draw(array(shapes()))
    chosen = {"a": draw(dims(x.ndim)), "b": draw(dims(x.ndim))}
    return (x,), {**chosen, **{k: draw(v) for k, v in options.items()}}


SMALL = st.integers(-3, 3)
drawn("movedim", lambda m, x, a, b: m.movedim(x, a, b), _two_dims(), ugly=False)
drawn("moveaxis", lambda m, x, a, b: x.moveaxis((a, b), (b, a)), _two_dims(), ugly=False)
drawn("swapdims", lambda m, x, a, b: x.swapdims(a, b), _two_dims(), ugly=False)
drawn(
    "diagonal",
    lambda m, x, a, b, offset: m.diagonal(x, offset, a, b),
    _two_dims(offset=SMALL),
    ugly=False,
)
drawn(
    "diag_embed",
    lambda m, x, offset: m.diag_embed(x, offset),
    one(offset=SMALL),
    ugly=False,
)
drawn("diag", lambda m, x, k: m.diag(x, k), one(k=SMALL), ugly=False)
drawn("diagflat", lambda m, x, k: m.diagflat(x, k), one(k=SMALL), ugly=False)
drawn("roll", lambda m, x, dim, n: m.roll(x, n, dim), along(n=SMALL), ugly=False)
drawn("rot90", lambda m, x, a, b, k: m.rot90(x, k, (a, b)), _two_dims(k=SMALL), ugly=False)
drawn("flip", lambda m, x, dim: (m.flip(x, (dim,)), x.flip(dim)), along(), ugly=False)
drawn(
    "repeat_interleave",
    lambda m, x, dim, n: m.repeat_interleave(x, n, dim),
    along(n=st.integers(-1, 3)),
    ugly=False,
)
drawn("tile", lambda m, x, n: x.tile(n), one(n=st.lists(st.integers(0, 2), max_size=4)), ugly=False)
drawn(
    "unfold",
    lambda m, x, dim, size, step: x.unfold(dim, size, step),
    along(1, size=st.integers(0, 4), step=st.integers(0, 3)),
    ugly=False,
)


def _written_diagonal(m, x):
    y = x * 1.0
    m.diagonal(y, 1).mul_(3.0)
    y.diagonal().copy_(y[:, 0])
    return y * 2


case("diagonal", _written_diagonal, A[:, :3])


def _written_windows(m, x):
    y = x * 1.0
    y.unfold(1, 2, 2).mul_(3.0)
    return y


case("unfold", _written_windows, A)

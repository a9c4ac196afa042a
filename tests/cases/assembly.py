"""Putting tensors together, and taking them apart."""

from hypothesis import strategies as st

from .drawing import along, array, one, several, shapes
from .registry import CUBE, ROW, SCALAR, A, B, case, drawn

for name in ["hstack", "vstack", "dstack", "column_stack"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)([x, y]), A, B)
    case(name, lambda m, x, y, name=name: getattr(m, name)((x, y)), ROW, ROW + 1)
    drawn(name, lambda m, x, y, name=name: getattr(m, name)((x, y)), several(), ugly=False)
case("block_diag", lambda m, x, y: m.block_diag(x, y, x), A, ROW)
drawn(
    "block_diag",
    lambda m, x, y: m.block_diag(x, y),
    several().filter(lambda call: all(x.shape != (0,) for x in call[0])),  # PyTorch errs there
    ugly=False,
)
case("meshgrid", lambda m, x, y: m.stack(m.meshgrid(x, y, indexing="ij")), ROW, A[:, 0].copy())
for indexing in ("ij", "xy", "yx"):
    drawn(
        "meshgrid",
        lambda m, x, y, i=indexing: m.meshgrid(x, y, indexing=i),
        st.tuples(array(shapes(0, 1)), array(shapes(0, 2))).map(lambda pair: (pair, {})),
        ugly=False,
    )
case("cartesian_prod", lambda m, x: m.cartesian_prod(x, x * 2), ROW)
case("combinations", lambda m, x: m.combinations(x, 2), ROW)
case("combinations", lambda m, x: m.combinations(x, 3, True), ROW)
for name in ["atleast_1d", "atleast_2d", "atleast_3d"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), SCALAR)
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several(), ugly=False)
drawn("broadcast_tensors", lambda m, x, y: m.broadcast_tensors(x, y), several(), ugly=False)
case("tensor_split", lambda m, x: m.tensor_split(x, 3, 2)[0], CUBE)
drawn(
    "tensor_split",
    lambda m, x, dim, n: m.tensor_split(x, n, dim),
    along(n=st.one_of(st.integers(0, 5), st.lists(st.integers(-2, 5), max_size=3).map(tuple))),
    ugly=False,
)
for name in ["hsplit", "vsplit", "dsplit"]:
    drawn(
        name,
        lambda m, x, n, name=name: getattr(m, name)(x, n),
        one(n=st.integers(1, 3)),
        ugly=False,
    )
case("split", lambda m, x: x.split_with_sizes([1, 3], 1)[1], A)

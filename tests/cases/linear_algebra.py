"""Products of vectors and matrices."""

from .registry import CUBE, ROW, A, B, case, normal

case("mm", lambda m, x, y: x @ y.t(), A, B)
case("matmul", lambda m, x, y: m.matmul(x, y), CUBE, normal(4, 5))
case("matmul", lambda m, x, y: m.matmul(x, y), CUBE, normal(2, 4, 5))
case("matmul", lambda m, x, y: m.matmul(x, y), A, ROW)
case("matmul", lambda m, x, y: m.matmul(y, x.t()), A, ROW)
case("dot", lambda m, x: m.dot(x, x * 2), ROW)
case("outer", lambda m, x: m.outer(x, x), ROW)
for equation, shapes in (
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ii->", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("nd,nn->d", ((3, 2), (3, 3))),
    ("ij,kj->ik", ((2, 1), (3, 4))),
    ("...ij,...kj->...ik", ((2, 3, 4), (2, 5, 4))),
    ("i,j,k->kji", ((2,), (3,), (4,))),
):
    case(
        "einsum",
        lambda m, *xs, equation=equation: m.einsum(equation, *xs),
        *(normal(*s, seed=i) for i, s in enumerate(shapes)),
    )

"""Products of vectors and matrices."""

from typing import Any

from hypothesis import strategies as st

from .drawing import SIDES, array, broadcastable, shapes
from .registry import CUBE, FLOATS, ROW, A, B, case, drawn, normal

case("mm", lambda m, x, y: x @ y.t(), A, B)
case("matmul", lambda m, x, y: m.matmul(x, y), CUBE, normal(4, 5))
case("matmul", lambda m, x, y: m.matmul(x, y), CUBE, normal(2, 4, 5))
case("matmul", lambda m, x, y: m.matmul(x, y), A, ROW)
case("matmul", lambda m, x, y: m.matmul(y, x.t()), A, ROW)
case("dot", lambda m, x: m.dot(x, x * 2), ROW)
case("outer", lambda m, x: m.outer(x, x), ROW)
for equation, sizes in (
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
        *(normal(*s, seed=i) for i, s in enumerate(sizes)),
    )

# --- drawn ---------------------------------------------------------------------------------------


@st.composite
def _product(draw: Any, left: int | None = None, right: int | None = None) -> Any:
    """Two arrays whose inner sizes agree, or one time in ten do not."""
    n, k, m = draw(SIDES), draw(SIDES), draw(SIDES)
    left = draw(st.integers(1, 4)) if left is None else left
    right = draw(st.integers(1, 4)) if right is None else right
    batches = draw(broadcastable(2))
    a = (*batches[0], n, k)[-left:] if left > 1 else (k,)
    b = (*batches[1], k, m)[-right:] if right > 1 else (k,)
    if draw(st.integers(0, 9)) == 0:
        a = (*a[:-1], k + 1)
    return (draw(array(a)), draw(array(b))), {}


@st.composite
def _batches(draw: Any) -> Any:
    b, n, k, m = (draw(SIDES) for _ in range(4))
    wrong = draw(st.integers(0, 9)) == 0
    return (draw(array((b, n, k))), draw(array((b + 2 * wrong, k, m)))), {}


@st.composite
def _biased(draw: Any) -> Any:
    n, k, m = (draw(SIDES) for _ in range(3))
    bias = draw(st.sampled_from([(m,), (n, m), (1, m), (n, 1), (), (m + 1,)]))
    factors = {"beta": draw(st.sampled_from([1, 0.5, 2])), "alpha": draw(st.sampled_from([1, -2]))}
    return (draw(array(bias)), draw(array((n, k))), draw(array((k, m)))), factors


EQUATIONS = [
    "i->", "i->i", "ij->ji", "ij->j", "ij->", "ij", "ji", "ii->i", "ii->", "ii", "iij->ij",
    "iji->j", "i,i->", "i,j->ij", "ij,j->i", "ij,jk->ik", "ij,jk", "ij,kj->ik", "ij,ij->",
    "ij,ij->ij", "bij,bjk->bik", "bhid,bhjd->bhij", "bij,jk->bik", "i,i,i->i", "ij,jk,kl->il",
    "...i->...", "...ij->...ji", "...i,...i->...", "...ij,jk->...ik", "i...,i...->...", "nd,nn->d",
    "ij,j,i->", "a,ab,abc->abc", " i j , j k -> i k ", "i,j->", "ij->ijk", "ij->ii", "ij,jk->iz",
]  # fmt: skip


@st.composite
def _summed(draw: Any) -> Any:
    """An equation and operands that fit it, sizes of 1 broadcast, or one time in ten misfit."""
    equation = draw(st.sampled_from(EQUATIONS))
    sizes = {
        c: draw(st.sampled_from([1, 2, 3, 0, 2])) for c in sorted(set(equation)) if c.isalpha()
    }
    batch = draw(shapes(0, 2))
    found = []
    for term in equation.partition("->")[0].replace(" ", "").split(","):
        shape = [sizes[c] for c in term.replace("...", "")]
        if len(set(term)) == len(term) and shape and draw(st.integers(0, 4)) == 0:
            shape[0] = 1
        if "..." in term:
            at = term.index("...")
            shape[at:at] = batch
        if draw(st.integers(0, 19)) == 0:
            shape.append(2)
        found.append(draw(array(tuple(shape))))
    return tuple(found), {"equation": equation}


drawn("matmul", lambda m, x, y: x @ y, _product(), mixed=False)
drawn("matmul", lambda m, x, y: m.matmul(x, y), _product(), mixed=False)
drawn("matmul", lambda m, x, y: x.matmul(y), _product(4, 2), mixed=False)
drawn("mm", lambda m, x, y: m.mm(x, y), _product(2, 2), mixed=False)
drawn("mm", lambda m, x, y: x.mm(y), _product(2), mixed=False)
drawn("mv", lambda m, x, y: m.mv(x, y), _product(2, 1), mixed=False)
drawn("bmm", lambda m, x, y: m.bmm(x, y), _batches(), mixed=False)
drawn("dot", lambda m, x, y: x.dot(y), _product(1, 1), mixed=False)
drawn("dot", lambda m, x, y: m.dot(x, y), _product(1), mixed=False)
drawn("outer", lambda m, x, y: m.outer(x, y), _product(1))
drawn("outer", lambda m, x, y: x.outer(y), _product(1, 1))
drawn("addmm", lambda m, b, x, y, **o: m.addmm(b, x, y, **o), _biased(), mixed=False, kinds=FLOATS)
drawn(
    "einsum", lambda m, *xs, equation: m.einsum(equation, *xs), _summed(), mixed=False, kinds=FLOATS
)
drawn(
    "einsum", lambda m, *xs, equation: m.einsum(equation, list(xs)), _summed(), ugly=False, kinds=()
)

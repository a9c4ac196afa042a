"""Products of tensors beyond matmul."""

from hypothesis import strategies as st

from .drawing import array
from .registry import CUBE, ROW, A, B, case, drawn, normal

case("addmm", lambda m, x, y, z: m.addmm(x, y, z.t(), beta=0.5, alpha=2), normal(3, 3), A, B)
case("addmv", lambda m, x, y, z: m.addmv(x, y, z, beta=0.5), normal(3), A, ROW)
case("addr", lambda m, x, y, z: m.addr(x, y, z, alpha=3), A, normal(3), ROW)
case("baddbmm", lambda m, x, y: m.baddbmm(x, y, y.mT, beta=2), normal(2, 3, 3), CUBE)
case("addbmm", lambda m, x, y: x.addbmm(y, y.mT), normal(3, 3), CUBE)
case("inner", lambda m, x, y: m.inner(x, y), CUBE, A)
case("tensordot", lambda m, x, y: m.tensordot(x, y, ([1, 2], [0, 1])), CUBE, A)
case("tensordot", lambda m, x, y: m.tensordot(x, y, 1), CUBE, A.T)
case("kron", lambda m, x, y: m.kron(x, y), A, normal(2, 2, 2))
case("trace", lambda m, x: m.trace(x), A)
for p in (1, 2, 3):
    case("cdist", lambda m, x, y, p=p: m.cdist(x, y, p), CUBE, A)


@st.composite
def _matrices(draw):
    n, k, p = (draw(st.integers(0, 3)) for _ in range(3))
    wrong = draw(st.integers(0, 9)) == 0
    out = draw(st.sampled_from([(n, p), (p,), (1, 1), (n, 1)]))
    inputs = (draw(array(out)), draw(array((n, k))), draw(array((k + wrong, p))))
    numbers = st.sampled_from([0, 1, 2, -3])
    return inputs, {"beta": draw(numbers), "alpha": draw(numbers)}


drawn("addmm", lambda m, x, y, z, **o: m.addmm(x, y, z, **o), _matrices(), ugly=False)
drawn("kron", lambda m, x, y, z, **o: m.kron(x, y), _matrices(), ugly=False)
drawn("inner", lambda m, x, y, z, **o: m.inner(y, z.mT), _matrices(), ugly=False)
drawn("trace", lambda m, x, y, z, **o: m.trace(y), _matrices(), ugly=False)

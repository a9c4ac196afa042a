"""Older and shorter names of operations, and their forms as functions."""

import warnings
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, along, array, one, several, tame
from .registry import FLOATS, KINDS, drawn

for name in [
    "absolute", "arcsinh", "arctan", "conj", "conj_physical", "real", "resolve_conj", "resolve_neg",
]:  # fmt: skip
    drawn(name, lambda m, x, name=name: getattr(m, name)(x) * 1, one(), ugly=False)
for name in ["arccos", "arctanh"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(low=-0.9, high=0.9), ugly=False)
drawn("imag", lambda m, x: m.imag(x), one())
drawn("clamp_max", lambda m, x, n: m.clamp_max(x, n), one(n=st.sampled_from([0, -0.5])))
drawn("nextafter", lambda m, x, y: m.nextafter(x.detach(), y.detach()), several(), smooth=False)
drawn("row_stack", lambda m, x, y: m.row_stack((x, y)), several(), ugly=False)
for name in ["kthvalue", "mode"]:
    drawn(
        name,
        lambda m, x, dim, keepdim, name=name: getattr(m, name)(
            x, *(2,) * (name == "kthvalue"), dim=dim, keepdim=keepdim
        )[0],
        along(keepdim=st.booleans()),
        ugly=False,
        kinds=(),
    )


@st.composite
def _cut(draw: Any) -> Any:
    """An array, a dimension and sizes that it falls into, one time in five wrong ones."""
    x = draw(array(st.sampled_from([(4,), (2, 6), (3, 4, 2)])))
    dim = draw(st.integers(-x.ndim, x.ndim - 1))
    first = draw(st.integers(0, x.shape[dim]))
    return (x,), {
        "sizes": [first, x.shape[dim] - first + (draw(st.integers(0, 4)) == 0)],
        "dim": dim,
    }


drawn("split_with_sizes", lambda m, x, sizes, dim: m.split_with_sizes(x, sizes, dim), _cut())
drawn("unflatten", lambda m, x, sizes, dim: m.unflatten(x, dim, (-1, 2)), _cut())
drawn("narrow_copy", lambda m, x, sizes, dim: m.narrow_copy(x, dim, sizes[0], 1), _cut())
drawn(
    "as_strided",
    lambda m, x, offset: m.as_strided(x.contiguous() * 1, (2, 2), (1, 2), offset),
    st.tuples(array((3, 4)), st.integers(0, 10)).map(lambda d: ((d[0],), {"offset": d[1]})),
)

# --- writing at places, as functions -------------------------------------------------------------------


@st.composite
def _places(draw: Any) -> Any:
    """A table, values and the rows (none twice) where they go."""
    rows, width = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    index = np.random.default_rng(draw(SEEDS)).permutation(rows)[:2]
    wrong = draw(st.integers(0, 9)) == 0
    return (draw(array((rows, width))), draw(array((2, width)))), {"index": index + rows * wrong}


def _at(call: Any) -> Any:
    return lambda m, x, y, index: call(m, x, y, m.tensor(index))


for name, call in {
    "index_copy": lambda m, x, y, i: m.index_copy(x, 0, i, y),
    "index_fill": lambda m, x, y, i: m.index_fill(x, 0, i, 2.0),
    "index_put": lambda m, x, y, i: m.index_put(x, (i,), y, accumulate=True),
    "put": lambda m, x, y, i: m.put(x, i, y[:, 0]),
    "scatter": lambda m, x, y, i: m.scatter(x, 0, i[:, None], y),
    "masked_scatter": lambda m, x, y, i: m.masked_scatter(x, x > 2, y),
}.items():
    drawn(name, _at(call), _places(), ugly=False, mixed=False)
for reduce in ("prod", "mean", "amax", "amin"):
    drawn(
        "index_reduce",
        _at(lambda m, x, y, i, r=reduce: _quietly(lambda: m.index_reduce(x, 0, i, y, r))),
        _places(),
        ugly=False,
        mixed=False,
        kinds=FLOATS[:2],
    )


def _quietly(call: Any) -> Any:
    """A call that PyTorch warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


# --- of matrices -----------------------------------------------------------------------------------------

MATRICES = st.sampled_from([(2, 2), (3, 3), (2, 3, 3), (2, 3), (3,)])


@st.composite
def _square(draw: Any) -> Any:
    """A matrix far from singular, now and then one that is not square."""
    shape = draw(MATRICES)
    x = tame(shape, draw(SEEDS), -1.0, 1.0)
    return (x + 3 * np.eye(shape[-1]) if len(shape) > 1 and shape[-2] == shape[-1] else x,), {}


DENSE = {"ugly": False, "kinds": (), "rtol": 1e-8}
for name, call in {
    "inverse": lambda m, x: m.inverse(x),
    "pinverse": lambda m, x: m.pinverse(x),
    "slogdet": lambda m, x: tuple(m.slogdet(x)),
    "cholesky": lambda m, x: m.cholesky(x @ x.mT + m.eye(x.shape[-1], dtype=x.dtype)),
    "qr": lambda m, x: tuple(abs(part) for part in m.qr(x)),
    "svd": lambda m, x: m.svd(x)[1],
    "adjoint": lambda m, x: m.adjoint(x),
    "chain_matmul": lambda m, x: m.chain_matmul(x, x, x),
    "triangular_solve": lambda m, x: m.triangular_solve(x[..., :1], x).solution,
    "spmm": lambda m, x: m.spmm(x, x),
}.items():
    drawn(name, lambda m, x, call=call: _quietly(lambda: call(m, x)), _square(), **DENSE)
drawn(  # PyTorch overwrites what its own derivative needs
    "vander", lambda m, x, n: m.vander(x.detach(), n), one(n=st.integers(0, 3)), smooth=False
)
drawn(
    "addbmm",
    lambda m, x, y, z, **o: m.addbmm(x, y, z, **o),
    st.tuples(array((2, 3)), array((2, 2, 4)), array((2, 4, 3)), st.sampled_from([1, 2])).map(
        lambda d: (d[:3], {"beta": d[3], "alpha": 2})
    ),
    mixed=False,
    ugly=False,
    kinds=KINDS[:4],
)
drawn(
    "addmm",
    lambda m, x, y, z, **o: x.addmm(y, z, **o),
    st.tuples(array((3,)), array((2, 4)), array((4, 3)), st.sampled_from([1, 2])).map(
        lambda d: (d[:3], {"beta": d[3], "alpha": 2})
    ),
    mixed=False,
    ugly=False,
    kinds=KINDS[:4],
)
drawn("as_subclass", lambda m, x: (x * 2).as_subclass(m.Tensor), one(), smooth=False, ugly=False)
drawn("to_dense", lambda m, x: x.to_dense() * 2, one())

"""NumPy's functions on Tensors."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg


def test_sums_take_part_and_what_they_cannot_do_is_refused():
    t = sg.ones(2, 3, requires_grad=True)
    assert np.add.reduce(t).tolist() == [2, 2, 2]
    assert np.add.reduce(t, axis=1, keepdims=True).tolist() == [[3], [3]]
    assert np.sum(t).requires_grad
    for option in ({"initial": 5}, {"where": np.array([True, False, True])}, {"dtype": float}):
        with pytest.raises(TypeError, match=r"np\.add\.reduce is not an operation of the tape"):
            np.add.reduce(t, **option)


MATRIX, CUBE, ROW = (
    np.random.default_rng(0).uniform(0.5, 2.0, s) for s in [(3, 4), (2, 4, 3), (4,)]
)
SQUARE = MATRIX[:, :3]
CALLS = {
    "dot": [
        (ROW, ROW), (MATRIX, ROW), (MATRIX, MATRIX.T), (CUBE, SQUARE), (MATRIX, CUBE), (CUBE, CUBE[..., :2, :3].swapaxes(1, 2)),
        (ROW, CUBE), (ROW, CUBE[0]), (MATRIX, 2.0), (MATRIX, np.asarray(2.0)), (2.0, MATRIX),
    ],
    "float_power": [(MATRIX, 2.0), (MATRIX.astype(np.float32), MATRIX.astype(np.float32))],
    "tile": [(MATRIX, 2), (MATRIX, (2,)), (MATRIX, (2, 1)), (ROW, (2, 3)), (CUBE, [2])],
    "split": [(ROW, 2), (MATRIX, 3), (MATRIX, 2, 1), (MATRIX, [1, 2]), (MATRIX, [1, 3], 1)],
    "trace": [(SQUARE,), (MATRIX, 1), (MATRIX, -1), (CUBE, 0, 1, 2)],
    "outer": [(ROW, ROW), (SQUARE, ROW)],
    "cumsum": [(MATRIX,), (MATRIX, 1), (MATRIX, -1), (ROW,)],
    "cumprod": [(MATRIX,), (MATRIX, 0), (ROW,)],
    "var": [(MATRIX,), (MATRIX, 0), (MATRIX, (0, 1))],
    "std": [(MATRIX,), (MATRIX, 1)],
    "transpose": [(CUBE,), (CUBE, (2, 0, 1))],
    "moveaxis": [(CUBE, 0, -1), (CUBE, (0, 1), (1, 2))],
    "expand_dims": [(ROW, 0), (ROW, (0, 2)), (MATRIX, -1)],
    "swapaxes": [(CUBE, 0, 2)],
    "flip": [(MATRIX,), (MATRIX, 0), (CUBE, (0, 2))],
    "roll": [(MATRIX, 1), (MATRIX, 2, 1)],
    "diagonal": [(SQUARE,), (CUBE, 1, 0, 2)],
    "tensordot": [(MATRIX, CUBE[0], 1), (CUBE, MATRIX, ([1], [1]))],
    "kron": [(MATRIX, SQUARE)],
    "diff": [(ROW,), (MATRIX, 2), (MATRIX, 1, 0)],
    "clip": [(MATRIX, 0.7, 1.5)],
    "sort": [(MATRIX,), (MATRIX, 0)],
    "argsort": [(MATRIX,), (MATRIX, 0)],
    "argmax": [(MATRIX,), (MATRIX, 1)],
    "sum": [(MATRIX,), (CUBE, (0, 1))],
    "prod": [(MATRIX,), (MATRIX, 0)],
    "max": [(MATRIX,), (CUBE, (0, 2))],
    "squeeze": [(MATRIX[None],), (MATRIX[None], 0)],
    "where": [(MATRIX > 1, MATRIX, 0.0)],
    "einsum": [("ij,kjl->ikl", MATRIX, CUBE)],
    "concatenate": [([MATRIX, MATRIX],), ([MATRIX, MATRIX], 1)],
    "stack": [([ROW, ROW], 1)],
    "tril": [(SQUARE,), (SQUARE, 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_numpys_functions_of_tensors_give_numpys_values(name):
    """As NumPy means them, not as PyTorch's namesakes do; and on the tape."""

    def lifted(a):
        if isinstance(a, list) and isinstance(a[0], np.ndarray):
            return [lifted(x) for x in a]
        floats = isinstance(a, np.ndarray) and a.dtype.kind == "f"
        return sg.tensor(a, requires_grad=True) if floats else a

    for arguments in CALLS[name]:
        expected = getattr(np, name)(*arguments)
        found = getattr(np, name)(*(lifted(a) for a in arguments))
        several = isinstance(expected, list)
        assert isinstance(found, list) == several
        for a, b in zip(*((found, expected) if several else ([found], [expected])), strict=True):
            assert isinstance(a, sg.Tensor)
            assert a.requires_grad or name.startswith("arg")
            np.testing.assert_allclose(a.detach().array, b, rtol=1e-6)
            assert a.array.dtype == b.dtype


def test_a_split_into_unequal_parts_is_refused():
    with pytest.raises(ValueError, match="4 elements do not make 3 equal parts"):
        np.split(sg.ones(4), 3)


def test_numpys_own_functions_are_given_arrays():
    t = sg.tensor([3.0, 1.0, 2.0, 2.0])
    assert np.percentile(t, 50) == 2
    assert np.unravel_index(sg.tensor(5), (2, 3)) == (1, 2)
    assert np.unique(t).tolist() == [1, 2, 3]
    assert np.allclose(t, [t[0], 1, 2, t[-1]])
    assert np.multiply.reduce(t).item() == 12
    assert isinstance(np.cbrt(t), sg.Tensor)
    total = np.ones(4, np.float32)
    total += t
    assert total.tolist() == [4, 2, 3, 3]


def test_numpys_own_functions_do_not_lose_gradients():
    t = sg.ones(3, requires_grad=True)
    for call in (np.unique, np.cbrt, np.multiply.reduce, lambda t: np.append(t, t)):
        with pytest.raises(TypeError, match="is not an operation of the tape"):
            call(t)
    with pytest.raises(TypeError, match="out= cannot be a Tensor"):
        np.add(np.ones(3), np.ones(3), out=sg.ones(3))

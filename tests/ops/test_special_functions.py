"""Special functions that PyTorch does not differentiate: identities, and PyTorch's values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre

import tinygrad_sm as sg
from tinygrad_sm import special

POINTS = np.concatenate([[1e-12, 1e-3, 1.9, 2.0, 2.1, 24.9, 25.0, 25.1, 300.0], np.linspace(0.1, 40, 300)])  # fmt: skip
EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 3.0])
CYLINDERS = [
    *("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "airy_ai", "spherical_bessel_j0"),
    *("modified_bessel_k0", "modified_bessel_k1"),
    *("scaled_modified_bessel_k0", "scaled_modified_bessel_k1"),
]
POLYNOMIALS = [
    *(f"{shifted}chebyshev_polynomial_{k}" for shifted in ("", "shifted_") for k in "tuvw"),
    *("hermite_polynomial_h", "hermite_polynomial_he"),
    *("laguerre_polynomial_l", "legendre_polynomial_p"),
]
IN_NUMPY = {
    "chebyshev_polynomial_t": chebyshev.chebval,
    "hermite_polynomial_h": hermite.hermval,
    "hermite_polynomial_he": hermite_e.hermeval,
    "laguerre_polynomial_l": laguerre.lagval,
    "legendre_polynomial_p": legendre.legval,
}


def at(name, x):
    return getattr(special, name)(sg.tensor(x)).numpy()


def test_wronskian_of_j_and_y():
    crossed = at("bessel_j1", POINTS) * at("bessel_y0", POINTS)
    crossed = crossed - at("bessel_j0", POINTS) * at("bessel_y1", POINTS)
    np.testing.assert_allclose(crossed * POINTS, 2 / np.pi, rtol=1e-12)  # A&S 9.1.16


def test_wronskian_of_i_and_k():
    crossed = at("i0e", POINTS) * at("scaled_modified_bessel_k1", POINTS)
    crossed = crossed + at("i1e", POINTS) * at("scaled_modified_bessel_k0", POINTS)
    np.testing.assert_allclose(crossed * POINTS, 1, rtol=1e-12)  # A&S 9.6.15
    scaled = np.exp(-POINTS) * at("scaled_modified_bessel_k1", POINTS)
    np.testing.assert_allclose(at("modified_bessel_k1", POINTS), scaled, rtol=1e-12)


def test_airy_function_solves_its_equation():
    x, h = np.linspace(-15, 5, 201), 1e-3
    middle = at("airy_ai", x)
    second = (at("airy_ai", x + h) - 2 * middle + at("airy_ai", x - h)) / h**2
    np.testing.assert_allclose(second, x * middle, atol=2e-5)
    np.testing.assert_allclose(at("airy_ai", np.zeros(1)), 0.35502805388781724, rtol=1e-14)


@pytest.mark.parametrize("name", CYLINDERS)
def test_bessel_functions_agree_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for x in (POINTS[:9], -POINTS[9:], EDGES):
        want = getattr(torch.special, name)(torch.tensor(x)).numpy()
        np.testing.assert_allclose(at(name, x), want, rtol=1e-6, atol=5e-6)
    assert at(name, np.float32(3)).dtype == np.float32
    assert at(name, np.array([3])).dtype == np.float32


@pytest.mark.parametrize("name", list(IN_NUMPY))
@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_polynomials_are_numpys(name, n):
    x = np.linspace(-2, 2, 9)
    got = getattr(special, name)(sg.tensor(x), n).numpy()
    np.testing.assert_allclose(got, IN_NUMPY[name](x, np.eye(n + 1)[n]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_agree_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    x, n = np.linspace(-2, 2, 9)[:, None], np.arange(-1, 9)
    got = getattr(special, name)(sg.tensor(x), sg.tensor(n))
    want = getattr(torch.special, name)(torch.tensor(x), torch.tensor(n))
    assert str(got.dtype).endswith(str(want.dtype).removeprefix("torch."))
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_derivatives_of_polynomials(name):
    x = sg.tensor([-0.7, 0.3, 1.6], dtype=sg.float64, requires_grad=True)
    assert sg.autograd.gradcheck(lambda x: getattr(special, name)(x, sg.tensor([2, 3, 4])), (x,))


def test_two_numbers_are_no_tensors():
    with pytest.raises(TypeError, match="two numbers"):
        special.legendre_polynomial_p(0.5, 2)

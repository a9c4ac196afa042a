"""The gamma, error and Bessel functions."""

import numpy as np

from .drawing import one, several
from .registry import SCALAR, A, P, Q, case, drawn

FAR_BELOW_0 = np.array([-0.4, -3.3, -1000.6, -5e6 - 0.35])

for name in ["lgamma", "digamma", "erfc", "erfinv", "i0"]:
    for x in (P, SCALAR + 2) if name != "erfinv" else (A / 4,):
        case(name, lambda m, x, name=name: getattr(m, name)(x), x)
case("erfcx", lambda m, x: m.special.erfcx(x), P)
for name in ["ndtr", "log_ndtr", "i0e", "i1", "i1e"]:
    case(name, lambda m, x, name=name: getattr(m.special, name)(x), A)
case("log_ndtr", lambda m, x: m.special.log_ndtr(x), A * 5)
case("ndtri", lambda m, x: m.special.ndtri(x), P / 9)
for n in (0, 1, 2, 3):
    case("polygamma", lambda m, x, n=n: m.polygamma(n, x + 0.7), P)
    case("polygamma", lambda m, x, n=n: x.polygamma(n), Q + 1)
case("zeta", lambda m, x: m.special.zeta(m.tensor(3.0, dtype=m.float64), x), P)
case("mvlgamma", lambda m, x: m.mvlgamma(x + 2, 3), P)
case("igamma", lambda m, x: m.igamma(m.tensor(Q, dtype=x.dtype), x), P)
case("igammac", lambda m, x: m.igammac(m.tensor(Q, dtype=x.dtype), x), P)
drawn("digamma", lambda m, x: m.digamma(x * x + 1), one(), ugly=False)  # poles have no slope
for name in ["lgamma", "erfc", "i0"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one(low=0.1, high=9.0), ugly=False)
for name in ["erfcx", "ndtr", "log_ndtr", "i0e", "i1", "i1e"]:
    drawn(name, lambda m, x, name=name: getattr(m.special, name)(x), one(), ugly=False)
drawn("erfinv", lambda m, x: m.erfinv(x), one(low=-0.99, high=0.99), ugly=False)
drawn("ndtri", lambda m, x: m.special.ndtri(x), one(low=0.01, high=0.99), ugly=False)
for n in (2, 3, 4):
    case("polygamma", lambda m, x, n=n: m.polygamma(n, x), FAR_BELOW_0, smooth=False)
drawn("zeta", lambda m, x: m.special.zeta(2.5, x), one(low=0.2, high=9.0), ugly=False)
drawn(
    "gammainc",
    lambda m, x, a: m.special.gammainc(a.detach(), x),
    several(low=0.2, high=9.0),
    smooth=False,
    ugly=False,
    rtol=1e-7,
)
drawn(
    "gammaincc",
    lambda m, x, a: m.special.gammaincc(a.detach(), x),
    several(low=0.2, high=9.0),
    smooth=False,
    ugly=False,
    rtol=1e-7,
)
for name in ["lgamma", "digamma"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x), np.array([-2.5, -0.3, -7.7, 30.0]))

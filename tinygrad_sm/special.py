"""Special functions, under the names of ``torch.special``."""

from __future__ import annotations

from .ops.bessel import i0, i0e, i1, i1e
from .ops.elementwise import erf, expm1, log1p, round
from .ops.elementwise import sigmoid as expit
from .ops.error_functions import erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .ops.gamma_functions import digamma, gammainc, gammaincc, polygamma, zeta
from .ops.gamma_functions import lgamma as gammaln
from .ops.gamma_functions import mvlgamma as multigammaln
from .ops.logarithms import entr, exp2, logit, xlog1py, xlogy
from .ops.reduction import logsumexp
from .ops.softmax import log_softmax, softmax
from .ops.trigonometry import sinc

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]

psi = digamma
modified_bessel_i0, modified_bessel_i1 = i0, i1

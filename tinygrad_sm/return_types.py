"""The classes of results that have names, each by the name of the operation that returns it."""

from .linalg.elimination import LU as linalg_lu
from .linalg.elimination import LUFactor as linalg_lu_factor
from .linalg.elimination import LUFactorEx as linalg_lu_factor_ex
from .linalg.factorizations import QR as linalg_qr
from .linalg.factorizations import SVD as linalg_svd
from .linalg.factorizations import CholeskyEx as linalg_cholesky_ex
from .linalg.factorizations import Eigh as linalg_eigh
from .linalg.factorizations import OldSVD as svd
from .linalg.householder import Geqrf as geqrf
from .linalg.solvers import Lstsq as linalg_lstsq
from .linalg.solvers import Slogdet as linalg_slogdet
from .linalg.solvers import TriangularSolve as triangular_solve
from .linalg.solvers import WithInfo as linalg_inv_ex
from .ops.extremes import MinMax as aminmax
from .ops.results import values_and_indices
from .ops.statistics import Histogram as histogram

cummax = values_and_indices("cummax")
cummin = values_and_indices("cummin")
kthvalue = values_and_indices("kthvalue")
max = values_and_indices("max")
median = values_and_indices("median")
min = values_and_indices("min")
mode = values_and_indices("mode")
nanmedian = values_and_indices("nanmedian")
sort = values_and_indices("sort")
topk = values_and_indices("topk")

__all__ = [
    "aminmax", "cummax", "cummin", "geqrf", "histogram", "kthvalue", "linalg_cholesky_ex",
    "linalg_eigh", "linalg_inv_ex", "linalg_lstsq", "linalg_lu", "linalg_lu_factor",
    "linalg_lu_factor_ex", "linalg_qr", "linalg_slogdet", "linalg_svd", "max", "median", "min",
    "mode", "nanmedian", "sort", "svd", "topk", "triangular_solve",
]  # fmt: skip

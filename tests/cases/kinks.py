"""Where a derivative jumps, and where gradients meet: what differences of smooth cases do not see."""

import numpy as np

from .registry import TIES, A, B, case

AT_BOUNDS = np.array([[-2.0, -1.0, 0.0, 1.0], [1.0, 1.0, -1.0, 2.0]])
BROKEN = {"second": False, "smooth": False}

for name in ["relu", "abs", "sign"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x) * x, TIES, **BROKEN)
    case(name, lambda m, x, name=name: getattr(m, name)(x), TIES, **BROKEN)
case("clamp", lambda m, x: m.clamp(x, -1.0, 1.0), AT_BOUNDS, **BROKEN)
case("clamp", lambda m, x: m.clamp(x, min=1.0), AT_BOUNDS, **BROKEN)
case("clamp", lambda m, x: m.clamp(x, max=-1.0), AT_BOUNDS, **BROKEN)
case("clamp", lambda m, x, y: m.clamp(x, max=y), A, B)
for name in ["maximum", "minimum"]:
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), TIES, TIES[::-1], **BROKEN)
    case(name, lambda m, x, y, name=name: getattr(m, name)(x, y), TIES, TIES, **BROKEN)
for name in ["amax", "amin"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x, 1), TIES, **BROKEN)
for name in ["max", "min"]:
    case(name, lambda m, x, name=name: getattr(m, name)(x, 1)[0], TIES, **BROKEN)
    case(name, lambda m, x, name=name: getattr(m, name)(x), TIES, **BROKEN)
case("sort", lambda m, x: m.sort(x, dim=1, stable=True)[0] ** 2, TIES, **BROKEN)
case("max_pool2d", lambda m, x: m.nn.functional.max_pool2d(x[None, None], 2, 1), TIES, **BROKEN)
case("leaky_relu", lambda m, x: m.nn.functional.leaky_relu(x, 0.1), TIES, **BROKEN)
case("elu", lambda m, x: m.nn.functional.elu(x, 3.0), TIES, **BROKEN)
case("hardtanh", lambda m, x: m.nn.functional.hardtanh(x), AT_BOUNDS, **BROKEN)
case("norm", lambda m, x: x.norm(dim=1), TIES, **BROKEN)
case("pow", lambda m, x: x**0, TIES, **BROKEN)

# --- a value used more than once -----------------------------------------------------------------


def _diamond(m, x, y):
    z = x * y
    return z * z + z.sin() + z


def _shared_way(m, x, y):
    """One gradient array on two ways back, one of which goes on to be added to."""
    z = x * 1.0
    return (z + y) + z * y


case("mul", _diamond, A, B)
case("add", _shared_way, A, B)
case("add", lambda m, x: x + x + x, A)
case("mm", lambda m, x, y: x @ y @ x, A[:, :3], B[:, :3])

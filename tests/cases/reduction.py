"""Operations that fold dimensions away."""

from .registry import EMPTY, ZEROS, A, case

for dim in (None, 0, 1, -1, (0, 1)):
    for keep in (False, True):
        kw = {} if dim is None else {"dim": dim, "keepdim": keep}
        for name in ["sum", "mean", "amax", "amin", "std", "var"]:
            case(name, lambda m, x, name=name, kw=kw: getattr(x, name)(**kw), A)
        if dim is not None:
            case("logsumexp", lambda m, x, kw=kw: m.logsumexp(x, **kw), A)
            case("norm", lambda m, x, kw=kw: x.norm(**kw), A)
for dim in (0, 1):
    case("prod", lambda m, x, dim=dim: x.prod(dim), ZEROS)
    case("cumsum", lambda m, x, dim=dim: x.cumsum(dim), A)
    case("max", lambda m, x, dim=dim: x.max(dim)[0], A)
    case("min", lambda m, x, dim=dim: x.min(dim, keepdim=True)[0], A)
case("prod", lambda m, x: x.prod(), ZEROS)
case("norm", lambda m, x: x.norm(p=1), A)
case("norm", lambda m, x: x.norm(p=3), A)
case("sum", lambda m, x: x.sum(), EMPTY)

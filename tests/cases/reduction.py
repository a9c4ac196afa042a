"""Operations that fold dimensions away."""

from hypothesis import strategies as st

from .drawing import along, array, folded, one, several
from .registry import EMPTY, ZEROS, A, case, drawn

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

# --- drawn ---------------------------------------------------------------------------------------

for name in ["sum", "mean", "amax", "amin", "all", "any"]:
    kinder = name in ("amax", "amin")
    drawn(name, lambda m, x, name=name, **o: getattr(m, name)(x, **o), folded(), kinder=kinder)
    drawn(name, lambda m, x, name=name, **o: getattr(x, name)(**o), folded(), kinder=kinder)
MANY = st.lists(st.sampled_from([2, 3]), min_size=1, max_size=3).map(tuple)
for name in ["std", "var"]:
    drawn(
        name,
        lambda m, x, name=name, **o: getattr(m, name)(x, **o),
        folded(nothing=False),
        smooth=False,
        ugly=False,
    )
    drawn(
        name,
        lambda m, x, name=name, **o: getattr(x, name)(**o),
        folded(correction=st.sampled_from([0, 1]), nothing=False),
        smooth=False,
        ugly=False,
    )
    drawn(
        name,
        lambda m, x, dim, u, k, name=name: getattr(x, name)(dim, u, k),
        along(u=st.booleans(), k=st.booleans()),
        smooth=False,
        ugly=False,
    )
    drawn(
        name,
        lambda m, x, u, name=name: (getattr(x, name)(u), getattr(x, name)(-1, u)),
        st.tuples(array(MANY), st.booleans()).map(lambda d: ((d[0],), {"u": d[1]})),
        smooth=False,
    )
drawn(
    "logsumexp",
    lambda m, x, **o: m.logsumexp(x, **{"dim": 0, **o}),
    folded(nothing=False),
    kinder=True,
)
drawn(
    "logsumexp",
    lambda m, x, **o: x.logsumexp(**{"dim": -1, **o}),
    folded(nothing=False),
    kinder=True,
)
POWERS = st.sampled_from([2, 1, 3, 0, 0.5, float("inf"), float("-inf"), "fro"])
drawn("norm", lambda m, x, **o: m.norm(x, **o), folded(p=POWERS), smooth=False, ugly=False)
drawn("norm", lambda m, x, **o: x.norm(**o), folded(), smooth=False)
for name in ["max", "min"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one())
    drawn(
        name,
        lambda m, x, name=name, **o: tuple(getattr(m, name)(x, **o)),
        along(keepdim=st.booleans()),
    )
    drawn(name, lambda m, x, name=name, **o: getattr(x, name)(**o).values, along())
    drawn(name, lambda m, x, y, name=name: getattr(m, name)(x, y), several())
    drawn(name, lambda m, x, y, name=name: getattr(x, name)(y), several())
for name in ["argmax", "argmin"]:
    drawn(name, lambda m, x, name=name: getattr(m, name)(x), one())
    drawn(name, lambda m, x, name=name, **o: getattr(x, name)(**o), along(keepdim=st.booleans()))
drawn("prod", lambda m, x: m.prod(x), one(), ugly=False)
drawn("prod", lambda m, x, **o: x.prod(**o), along(keepdim=st.booleans()), kinder=True)
drawn("cumsum", lambda m, x, dim: m.cumsum(x, dim), along())
drawn("cumsum", lambda m, x, dim: x.cumsum(dim=dim), along())
KINDS = st.sampled_from(["float16", "float32", "float64"])
for name in ["sum", "prod", "cumsum", "mean"]:
    drawn(
        name,
        lambda m, x, dim, kind, name=name: getattr(x, name)(dim, dtype=getattr(m, kind)),
        along(kind=KINDS),
        rtol=4e-3,
        smooth=False,
        ugly=False,
    )

"""Tensors out of nothing: there is a value and a dtype to compare, but no gradient."""

from hypothesis import strategies as st

from .drawing import array, one, shapes
from .registry import drawn

KINDS = st.sampled_from(
    [None, "float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool"]
)
SIZES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
ENDS = st.sampled_from([0, 1, -3, 7, 2.5, -0.5, True])


def options(**kinds):
    """No array at all, and options."""
    return st.fixed_dictionaries(kinds).map(lambda o: ((), o))


def kind_of(m, kind):
    """The dtype of a name."""
    return None if kind is None else getattr(m, kind)


for name in ["zeros", "ones"]:
    drawn(
        name,
        lambda m, size, kind, name=name: getattr(m, name)(size, dtype=kind_of(m, kind)),
        options(size=SIZES, kind=KINDS),
    )
    drawn(
        name,
        lambda m, size, name=name: getattr(m, name)(*size, 2),
        options(size=SIZES),
    )
for name in ["zeros_like", "ones_like"]:
    drawn(
        name,
        lambda m, x, kind, name=name: getattr(m, name)(x, dtype=kind_of(m, kind)),
        one(kind=KINDS),
    )
drawn(
    "empty",
    lambda m, size, kind: m.empty(size, dtype=kind_of(m, kind)).zero_(),
    options(size=SIZES, kind=st.sampled_from([None, "int64"])),
)
drawn(
    "empty_like",
    lambda m, x, kind: m.empty_like(x, dtype=kind_of(m, kind)).zero_(),
    one(kind=KINDS),
)
drawn(
    "full",
    lambda m, size, value, kind: m.full(size, value, dtype=kind_of(m, kind)),
    options(size=SIZES, value=st.sampled_from([0, 2, 1.5, True]), kind=KINDS),
)
drawn(
    "full_like",
    lambda m, x, value, kind: m.full_like(x, value, dtype=kind_of(m, kind)),
    one(value=st.sampled_from([0, 2, 1.5, True]), kind=KINDS),
)
drawn(
    "eye",
    lambda m, a, b: (m.eye(a), m.eye(a, b), m.eye(a, b, dtype=m.int64)),
    options(a=st.integers(-1, 3), b=st.integers(-1, 3)),
)
drawn(
    "arange",
    lambda m, end, kind: m.arange(end, dtype=kind_of(m, kind)),
    options(end=ENDS, kind=KINDS),
)
drawn(
    "arange",
    lambda m, a, b, step: (m.arange(a, b, step), m.arange(a, b + 5)),
    options(a=ENDS, b=ENDS, step=st.sampled_from([1, 2, -1, 0.3, -0.25, 0])),
)
drawn(
    "linspace",
    lambda m, a, b, steps, kind: m.linspace(a, b, steps, dtype=kind_of(m, kind)),
    options(
        a=ENDS,
        b=ENDS,
        steps=st.integers(-1, 7),
        kind=st.sampled_from([None, "float64", "float16"]),
    ),
)
DATA = st.recursive(
    st.sampled_from([0, 1, -2, 1.5, True, float("nan")]),
    lambda inner: st.lists(inner, min_size=1, max_size=3),
    max_leaves=6,
) | st.just([])
for name in ["tensor", "as_tensor"]:
    drawn(
        name,
        lambda m, data, kind, name=name: getattr(m, name)(data, dtype=kind_of(m, kind)),
        options(data=DATA, kind=st.sampled_from([None, "float32", "float64", "bool"])),
    )
drawn(
    "new_tensor",
    lambda m, x, data: x.new_tensor(data),
    one(data=DATA),
    kinds=("float32", "float64"),
)
drawn(
    "new_zeros",
    lambda m, x, size: (x.new_zeros(size), x.new_ones(size), x.new_zeros(2, 3)),
    one(size=SIZES),
)
drawn(
    "new_full", lambda m, x, size: (x.new_full(size, 3), x.new_empty(size).zero_()), one(size=SIZES)
)
drawn(
    "random",
    lambda m, size, seed: (
        m.manual_seed(seed),
        m.rand(size),
        m.randn(size),
        m.rand(*size, 2),
        m.randn(*size, 17),
    )[1:],
    options(size=SIZES, seed=st.integers(0, 99)),
)
drawn(
    "randint",
    lambda m, size, seed, low: (m.manual_seed(seed), m.randint(low, 7, size), m.randint(9, size))[
        1:
    ],
    options(size=SIZES, seed=st.integers(0, 99), low=st.integers(-3, 8)),
)
drawn(
    "randperm",
    lambda m, n, seed: (m.manual_seed(seed), m.randperm(n))[1],
    options(n=st.integers(0, 40), seed=st.integers(0, 99)),
)
drawn(
    "bernoulli",
    lambda m, x, p, seed: (
        m.manual_seed(seed),
        m.bernoulli(x.detach()),
        x.detach().bernoulli(),
        m.bernoulli(x.detach(), p),
    )[1:],
    one(low=0, high=1.05, p=st.sampled_from([0.0, 0.3, 1.0, 1.5]), seed=st.integers(0, 99)),
    ugly=False,
)
drawn(
    "rand_like",
    lambda m, x, seed: (m.manual_seed(seed), m.rand_like(x), m.randn_like(x), m.randint_like(x, 9))[
        1:
    ],
    one(seed=st.integers(0, 99)),
    kinds=("float32", "float64"),
    ugly=False,
)
drawn(
    "multinomial",
    lambda m, x, n, r: (
        m.multinomial(x.detach(), n, r).shape == x.multinomial(n, r).shape and x * 0,
        m.multinomial(x, n, r) * 0,
    ),
    array(shapes(0, 2), 0.1, 1.0).flatmap(
        lambda x: st.fixed_dictionaries({"n": st.integers(0, 4), "r": st.booleans()}).map(
            lambda o: ((x,), o)
        )
    ),
    kinds=(),
    ugly=False,
)
drawn(
    "empty_permuted",
    lambda m, order: (
        m.empty_permuted((2, 3, 4), order).zero_(),
        m.tensor(m.empty_permuted((2, 3, 4), order, dtype=m.int64).stride()),
    ),
    options(order=st.lists(st.integers(0, 2), min_size=2, max_size=3) | st.permutations([0, 1, 2])),
)

"""Questions about tensors and dtypes: numbers, bools and names in place of tensors."""

import warnings
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .creation import KINDS as NAMES
from .creation import SIZES, kind_of, options
from .drawing import SEEDS, one, several
from .registry import FLOATS, KINDS, drawn

for name in [
    "is_complex", "is_conj", "is_floating_point", "is_neg", "is_signed", "is_storage", "is_tensor",
    "numel", "is_nonzero",
]:  # fmt: skip
    drawn(name, lambda m, x, name=name: m.tensor(getattr(m, name)(x)), one(), smooth=False)
for name in ["ndimension", "is_inference", "is_pinned", "is_shared", "get_device"]:
    drawn(name, lambda m, x, name=name: m.tensor(getattr(x, name)()), one(), smooth=False)
drawn("is_same_size", lambda m, x, y: m.tensor(m.is_same_size(x, y)), several(), smooth=False)
drawn(
    "storage_offset",
    lambda m, x: m.tensor([x.contiguous()[1:].storage_offset(), x.storage_offset()]),
    st.just(((np.ones((3, 2)),), {})),
    smooth=False,
)
drawn("is_set_to", lambda m, x: m.tensor([x.is_set_to(x), x.is_set_to(x * 1)]), one(), smooth=False)
drawn("broadcast_shapes", lambda m, x, y: m.zeros(m.broadcast_shapes(x.shape, y.shape)), several())


def _as_numbers(text: str) -> list[int]:
    """A name, in a form that can be compared as a tensor is."""
    return list(text.rpartition(".")[2].encode())


drawn("typename", lambda m, x: m.tensor(_as_numbers(m.typename(x))), one(), smooth=False)
drawn(
    "result_type",
    lambda m, x, y: (m.zeros(1, dtype=m.result_type(x, y)), m.zeros(1, dtype=m.result_type(x, 2))),
    several(),
    smooth=False,
)
TWO = {"a": st.sampled_from(KINDS), "b": st.sampled_from(KINDS)}
drawn(
    "promote_types",
    lambda m, a, b: m.zeros(1, dtype=m.promote_types(getattr(m, a), getattr(m, b))),
    options(**TWO),
)
drawn(
    "can_cast",
    lambda m, a, b: m.tensor(m.can_cast(getattr(m, a), getattr(m, b))),
    options(**TWO),
)

# --- tensors out of memory and numbers --------------------------------------------------------------------


def _looked_at(m: Any, count: int, offset: int, kind: str) -> Any:
    """Bytes as numbers of another dtype."""
    memory = bytearray(np.arange(6, dtype=np.int64).tobytes())
    return m.frombuffer(memory, dtype=getattr(m, kind), count=count, offset=offset)


drawn(
    "frombuffer",
    _looked_at,
    options(
        count=st.integers(-1, 7),
        offset=st.sampled_from([0, 8, 3, 48]),
        kind=st.sampled_from(["int64", "int32", "uint8"]),
    ),
)
drawn(
    "asarray",
    lambda m, x, kind: (m.asarray(x.detach(), dtype=kind_of(m, kind)), m.asarray([1, 2.5])),
    one(kind=NAMES),
    smooth=False,
)
drawn(
    "scalar_tensor",
    lambda m, value, kind: m.scalar_tensor(value, dtype=kind_of(m, kind)),
    options(value=st.sampled_from([0, 2, 1.5, True]), kind=NAMES),
)
drawn(
    "empty_strided",
    lambda m, size: m.empty_strided(size, (1,) * len(size)).zero_(),
    options(size=st.sampled_from([(), (1,), (3,), (1, 4), (0, 2)])),
)
drawn(
    "new_empty_strided",
    lambda m, x, n: x.new_empty_strided((n, 2), (2, 1)).zero_(),
    one(n=st.integers(0, 3)),
    smooth=False,
)
drawn("new", lambda m, x, size: x.new(*size).zero_(), one(size=SIZES.filter(len)), smooth=False)
for name in ["poisson", "binomial"]:
    drawn(
        name,
        lambda m, x, seed, name=name: (
            m.manual_seed(seed),
            m.poisson(x.detach() * 9)
            if name == "poisson"
            else m.binomial(x.detach().round() * 20, x.detach().frac()),
        )[1],
        one(low=0, high=3.9, seed=SEEDS),
        smooth=False,
        ugly=False,
        kinds=(),
    )


def _quiet_range(m: Any, a: float, b: float, step: float) -> Any:
    """``range`` warns that it goes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return m.range(a, b, step), m.range(a, a + 2)


NUMBERS = st.sampled_from([0, 1, -3, 5, 2.5])
drawn("range", _quiet_range, options(a=NUMBERS, b=NUMBERS, step=st.sampled_from([1, 0.5, -1])))

# --- draws, from a seed ---------------------------------------------------------------------------------


def _seeded(call: Any) -> Any:
    return lambda m, x, seed, **o: (m.manual_seed(seed), call(m, x.detach(), **o))[1]


for name, call in {
    "normal": lambda m, x: (m.normal(x, 2.0), m.normal(0.0, x.abs()), m.normal(x, x.abs())),
    "normal_": lambda m, x: (x * 1.0).normal_(1, 3),
    "uniform_": lambda m, x: (x * 1.0).uniform_(-2, 3),
    "bernoulli_": lambda m, x: (x * 1.0).bernoulli_(0.3),
    "random_": lambda m, x: ((x * 1.0).random_(5), (x * 1.0).random_(-2, 4)),
}.items():
    drawn(name, _seeded(call), one(seed=SEEDS), smooth=False, ugly=False, kinds=FLOATS[:2])
drawn(
    "dropout",
    lambda m, x, seed, **o: (m.manual_seed(seed), m.nn.functional.dropout(x, **o))[1],
    one(seed=SEEDS, p=st.sampled_from([0.3, 0.0, 1.0, 1.5]), training=st.booleans()),
    ugly=False,
    kinds=FLOATS[:2],
)
drawn("new_empty", lambda m, x, size: x.new_empty(size).zero_(), one(size=SIZES), smooth=False)

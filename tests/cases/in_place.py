"""Writing into a tensor, and what views of it see."""

from typing import Any

from hypothesis import strategies as st

from .drawing import along, array, one, several
from .indexing import indexed, placed, tensors_for_arrays
from .registry import FLOATS, ROW, A, B, case, drawn


def _in_place_view(m: Any, x: Any, y: Any) -> Any:
    base = x * 1.0
    base[0].mul_(y[1])
    base[1:, 2] += y[0, 0]
    base[2] = y[2] * base[0].clone()
    return base


def _written_from_nothing(m: Any, x: Any) -> Any:
    base = m.zeros(3, 4, dtype=x.dtype)
    base[1] = x[0] * x[1]
    column = base[:, 1]
    early = base[1]
    column.mul_(3.0)
    base = base + early
    return base.sum(0) + column.sum()


case("setitem", _in_place_view, A, B)
case("setitem", _written_from_nothing, A)
case("copy_", lambda m, x, y: (x * 1.0).copy_(y) * x, A, ROW)

# --- drawn: the in-place forms, which the operation itself checks too ------------------------------

for name in [
    "neg_", "abs_", "exp_", "sin_", "cos_", "tanh_", "sigmoid_", "erf_", "square_", "relu_",
    "expm1_", "floor_", "ceil_", "trunc_", "round_", "sign_", "zero_",
]:  # fmt: skip
    drawn(name, lambda m, x, name=name: getattr(x * 1, name)(), one(), smooth=False)
for name in ["log_", "sqrt_", "rsqrt_", "reciprocal_", "log1p_", "log2_", "log10_"]:
    drawn(name, lambda m, x, name=name: getattr(x * 1, name)(), one(low=0.1))
for name in ["add_", "sub_", "mul_", "div_", "copy_"]:
    drawn(name, lambda m, x, y, name=name: getattr(x * 1, name)(y), several(low=0.2))
for name in ["add_", "sub_"]:
    drawn(name, lambda m, x, y, name=name: getattr(x * 1, name)(y, alpha=2), several())
for name in ["pow_", "floor_divide_", "remainder_"]:
    drawn(
        name,
        lambda m, x, y, name=name: getattr(x * 1, name)(y),
        several(low=0.2),
        smooth=False,
        kinder=name == "pow_",
    )
drawn("fill_", lambda m, x, n: (x * 1).fill_(n), one(n=st.sampled_from([0, 1.5, True])))
drawn("clamp_", lambda m, x, y: (x * 1).clamp_(y, y + 1), several(), ugly=False)
drawn("clip_", lambda m, x: (x * 1).clip_(max=0.5), one())
drawn("masked_fill_", lambda m, x, y: (x * 1).masked_fill_(y > 0, 3), several())
drawn("tril_", lambda m, x, k: ((x * 1).tril_(k), (x * 1).triu_(k)), one(k=st.integers(-2, 2)))


def _operators(m: Any, x: Any, y: Any) -> Any:
    z = x * 1
    z += y
    z *= y
    z -= 2
    z /= y
    z **= 2
    return z


def _assigned(m: Any, x: Any, y: Any, index: Any) -> Any:
    z = x * 1
    z[tensors_for_arrays(m, index)] = y
    return z


def _assigned_number(m: Any, x: Any, index: Any) -> Any:
    z = x * 1
    z[tensors_for_arrays(m, index)] = 2.5
    return z


def _changed_at(m: Any, x: Any, index: Any) -> Any:
    z = x * 1
    z[index] *= 3
    return z


def _masked(m: Any, x: Any, y: Any) -> Any:
    z = x * 1
    z[z > 0.5] = -1
    z[z < -1] = y.sum()
    return z


drawn("in-place operators", _operators, several(low=0.4, high=1.5))
drawn("setitem", _assigned, indexed(extra=True), smooth=False, kinds=FLOATS)
drawn("setitem", _assigned_number, indexed("mask"), smooth=False)
drawn("setitem", _changed_at, indexed())
drawn("setitem", _masked, several(), smooth=False, kinds=("float32",))


@st.composite
def _program(draw: Any) -> Any:
    """A matrix, and a list of writes through views of it."""
    x = draw(array((3, 4)))
    steps = st.sampled_from(sorted(WRITES))
    return (x, draw(array((4,)))), {"steps": draw(st.lists(steps, min_size=1, max_size=5))}


WRITES = {
    "row": lambda z, y: z[1].mul_(y),
    "column": lambda z, y: z[:, 2].add_(1.5),
    "transposed": lambda z, y: z.t()[1].mul_(0.5),
    "view of a view": lambda z, y: z[1:][0, 1:3].sub_(y[0]),
    "reshaped": lambda z, y: z.view(4, 3)[2].fill_(2.0),
    "assigned": lambda z, y: z.__setitem__((0, slice(None)), y),
    "picked": lambda z, y: z.__setitem__([0, 2], z[[2, 1]] * 2),
    "squared": lambda z, y: z.mul_(z),
    "selected": lambda z, y: z.select(0, 2).mul_(y),
    "own row": lambda z, y: z[0].copy_(z[2] * y),
    "expanded": lambda z, y: z.copy_(y.expand(3, 4) * z.detach().mean()),
    "clamped": lambda z, y: z.narrow(1, 0, 2).clamp_(-1, 1),
}


def _written(m: Any, x: Any, y: Any, steps: list[str]) -> Any:
    z = (x * 1).contiguous()
    before, column = z[0], z[:, 1]
    for step in steps:
        WRITES[step](z, y)
    return z, before * 2, column + 1


drawn("views", _written, _program(), smooth=False)
for name in [
    "eq_",
    "ne_",
    "lt_",
    "le_",
    "gt_",
    "ge_",
    "logical_and_",
    "logical_or_",
    "logical_xor_",
]:
    drawn(name, lambda m, x, y, name=name: getattr(x.detach() * 1, name)(y.detach()), several())
for name in ["bitwise_and_", "bitwise_or_", "bitwise_xor_"]:
    drawn(name, lambda m, x, y, name=name: getattr(x > 0, name)(y > 0), several())
drawn("bitwise_not_", lambda m, x: ((x > 0).bitwise_not_(), (x > 0).logical_not_()), one())
drawn("cumsum_", lambda m, x, dim: (x * 1).cumsum_(dim), along(), kinds=FLOATS)
drawn("triu_", lambda m, x: (x * 1).triu_(1), one())
drawn("scatter_", lambda m, x, dim, index: (x * 1).scatter_(dim, m.tensor(index), 2), placed())

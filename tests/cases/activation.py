"""The nonlinear functions between layers."""

from hypothesis import strategies as st

from .drawing import one
from .registry import EMPTY, SCALAR, STRIDED, A, case, drawn

for x in (A, SCALAR, EMPTY, STRIDED):
    case("relu", lambda m, x: m.relu(x), x)
for name in ["leaky_relu", "elu", "silu", "gelu", "softplus", "logsigmoid"]:
    case(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x), A * 3)
case("gelu", lambda m, x: m.nn.functional.gelu(x, approximate="tanh"), A * 3)
drawn("relu", lambda m, x: m.relu(x), one())
drawn("relu", lambda m, x: m.nn.functional.relu(x), one())
for name in ["silu", "logsigmoid", "tanh", "sigmoid"]:
    drawn(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x), one())
drawn(
    "leaky_relu",
    lambda m, x, s: m.nn.functional.leaky_relu(x, s),
    one(s=st.sampled_from([0.01, 0.5, 1, 0, 2.0])),
)
drawn(
    "elu",
    lambda m, x, alpha: m.nn.functional.elu(x, alpha),
    one(alpha=st.sampled_from([1, 0.5, 3.0])),
    kinder=True,
)
drawn(
    "softplus",
    lambda m, x, beta, threshold: m.nn.functional.softplus(x, beta, threshold),
    one(beta=st.sampled_from([1, 0.5, 4.0]), threshold=st.sampled_from([20, 1.0])),
    smooth=False,
)
drawn(
    "gelu",
    lambda m, x, approximate: m.nn.functional.gelu(x, approximate=approximate),
    one(approximate=st.sampled_from(["none", "tanh", "fast"])),
)
case("hardtanh", lambda m, x: m.nn.functional.hardtanh(x, -0.5, 0.5), A)
case("selu", lambda m, x: m.nn.functional.selu(x), A * 3)
case("celu", lambda m, x: m.nn.functional.celu(x, 2.0), A * 3)

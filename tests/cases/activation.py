"""The nonlinear functions between layers."""

from .registry import EMPTY, SCALAR, STRIDED, A, case

for x in (A, SCALAR, EMPTY, STRIDED):
    case("relu", lambda m, x: m.relu(x), x)
for name in ["leaky_relu", "elu", "silu", "gelu", "softplus", "logsigmoid"]:
    case(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x), A * 3)
case("gelu", lambda m, x: m.nn.functional.gelu(x, approximate="tanh"), A * 3)
case("hardtanh", lambda m, x: m.nn.functional.hardtanh(x, -0.5, 0.5), A)
case("selu", lambda m, x: m.nn.functional.selu(x), A * 3)
case("celu", lambda m, x: m.nn.functional.celu(x, 2.0), A * 3)

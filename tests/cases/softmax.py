"""Softmax and its logarithm."""

from .registry import A, case

for dim in (0, 1):
    case("softmax", lambda m, x, dim=dim: m.softmax(x, dim), A)
    case("log_softmax", lambda m, x, dim=dim: m.log_softmax(x, dim), A)

"""The nonlinear functions between layers."""

from hypothesis import strategies as st

from .drawing import SEEDS, along, array, one
from .registry import EMPTY, FLOATS, SCALAR, STRIDED, A, case, drawn


@st.composite
def _weighted(draw):
    """Values, and slopes: one, one a channel, or now and then a wrong number of them."""
    x = draw(array())
    channels = x.shape[1] if x.ndim > 1 else 1
    return (x, draw(array(st.sampled_from([(1,), (), (channels,), (channels + 1,)])))), {}


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
for name in ["hardsigmoid", "hardswish", "mish", "softsign", "tanhshrink", "relu6", "selu"]:
    drawn(
        name,
        lambda m, x, name=name: getattr(m.nn.functional, name)(x),
        one(),
        ugly=False,
        rtol=1e-7 if name == "hardsigmoid" else 1e-9,  # PyTorch's sixth is a float32
    )
for name, option, values in [
    ("celu", "alpha", [1.0, 0.5, 0]),
    ("hardshrink", "lambd", [0.5, 0.0, 1.2]),
    ("softshrink", "lambd", [0.5, 0.0, -1.0]),
]:
    drawn(
        name,
        lambda m, x, name=name, **o: getattr(m.nn.functional, name)(x, **o),
        one(**{option: st.sampled_from(values)}),
        ugly=False,
        kinds=FLOATS,
    )
drawn(
    "hardtanh",
    lambda m, x, least: m.nn.functional.hardtanh(x, least, 1.5),
    one(least=st.sampled_from([-1.0, 0.3, 2.0])),
    ugly=False,  # PyTorch's gradient at NaN is 1 in small arrays and 0 in large ones
    kinds=FLOATS,
)
drawn("threshold", lambda m, x: m.nn.functional.threshold(x, 0.5, -7.0), one(), kinds=FLOATS)
drawn("prelu", lambda m, x, w: m.nn.functional.prelu(x, w), _weighted(), ugly=False, mixed=False)
for name in ["softmin", "glu"]:
    drawn(
        name,
        lambda m, x, dim, name=name: getattr(m.nn.functional, name)(x, dim=dim),
        along(1),
        ugly=False,
        kinds=FLOATS,
    )
for training in (True, False):
    drawn(
        "rrelu",
        lambda m, x, seed, training=training: (
            m.manual_seed(seed),
            m.nn.functional.rrelu(x, 0.1, 0.4, training=training),
        )[1],
        one(seed=SEEDS),
        ugly=False,
        kinds=FLOATS,
        mixed=False,
    )
drawn(
    "gumbel_softmax",
    lambda m, x, seed, **o: (m.manual_seed(seed), m.nn.functional.gumbel_softmax(x, **o))[1],
    along(1, seed=SEEDS, tau=st.sampled_from([1, 0.5]), hard=st.booleans()),
    smooth=False,
    ugly=False,
    kinds=("float32", "float64"),
)
for name in ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "selu_"]:
    drawn(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x * 2.0), one(), ugly=False)
drawn("rrelu_", lambda m, x: m.nn.functional.rrelu_(x * 2.0), one(), ugly=False)
drawn("threshold_", lambda m, x: m.nn.functional.threshold_(x * 2.0, 1.0, 4.0), one(), ugly=False)
for name in ["dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]:
    drawn(
        name,
        lambda m, x, seed, name=name, **o: (
            m.manual_seed(seed),
            getattr(m.nn.functional, name)(x, **o),
        )[1],
        st.tuples(array((2, 3, *(2,) * (int(name[7]) if name[7].isdigit() else 2))), SEEDS).flatmap(
            lambda d: st.fixed_dictionaries(
                {
                    "seed": st.just(d[1]),
                    "p": st.sampled_from([0.3, 0.0, 1.0, 1.5]),
                    "training": st.booleans(),
                }
            ).map(lambda o: ((d[0],), o))
        ),
        ugly=False,
        kinds=("float32", "float64"),
    )
case("hardswish", lambda m, x: m.nn.functional.hardswish(x * 3), A)
drawn(
    "hardswish",  # an infinite gradient does not pass where it is flat
    lambda m, x: m.nn.functional.hardswish(x * 2) * float("inf"),
    one(),
    smooth=False,
    ugly=False,
    kinds=(),
)
for name in ("hardshrink", "softshrink"):
    case(name, lambda m, x, name=name: getattr(m.nn.functional, name)(x, 0.3), A)

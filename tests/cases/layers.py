"""Layers that normalize, look up, attend and mix."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .drawing import SEEDS, array
from .registry import CUBE, FLOATS, case, drawn, normal

SOLID = {"kinds": FLOATS[:2], "mixed": False, "ugly": False}
CENTRED = {"kinds": (), "ugly": False}  # in float32 PyTorch leaves a rest of a constant
EPS = st.sampled_from([1e-5, 0.1])
EXTRA = st.sampled_from([(), (3,), (2, 2), (2, 1, 2)])


@st.composite
def _normalized(draw: Any, extra: Any = EXTRA) -> Any:
    """(N, C, ...), now and then too little of it, and for each channel a scale and a shift."""
    channels = draw(st.sampled_from([1, 2, 4]))
    shape = (draw(st.integers(1, 3)), channels, *draw(extra))
    inputs = [draw(array(shape))]
    if draw(st.booleans()):
        inputs += [draw(array((channels,))), draw(array((channels,)))]
    return tuple(inputs), {"eps": draw(EPS)}


def _with(strategy: Any, **options: Any) -> Any:
    """A strategy with more options."""
    return st.tuples(strategy, st.fixed_dictionaries(options)).map(
        lambda d: (d[0][0], {**d[0][1], **d[1]})
    )


def _batch_norm(m: Any, x: Any, w: Any = None, b: Any = None, **options: Any) -> Any:
    """The result, and the running statistics after it."""
    mean = m.ones(x.shape[1], dtype=x.dtype)
    variance = mean * 2
    out = m.nn.functional.batch_norm(x, mean, variance, w, b, **options)
    return out, mean, variance


MOMENTUM = st.sampled_from([0.1, 1.0])
drawn(
    "batch_norm",
    _batch_norm,
    _with(_normalized(), training=st.booleans(), momentum=MOMENTUM),
    **CENTRED,
)
drawn(
    "instance_norm",
    lambda m, x, w=None, b=None, **o: m.nn.functional.instance_norm(x, weight=w, bias=b, **o),
    _normalized(st.sampled_from([(3,), (2, 2), (1,)])),
    **CENTRED,
)
drawn(
    "group_norm",
    lambda m, x, w=None, b=None, groups=1, eps=0: m.nn.functional.group_norm(x, groups, w, b, eps),
    _with(_normalized(EXTRA.filter(len)), groups=st.sampled_from([1, 2, 4])),
    **CENTRED,
)
case("group_norm", lambda m, x: m.nn.functional.group_norm(x, 2), normal(2, 4, 3))
case("instance_norm", lambda m, x: m.nn.functional.instance_norm(x), CUBE)
drawn(
    "local_response_norm",
    lambda m, x, eps, **o: m.nn.functional.local_response_norm(x, **o),
    _with(
        _normalized(EXTRA.filter(len)).map(lambda d: (d[0][:1], d[1])),
        size=st.integers(1, 4),
        alpha=st.sampled_from([1e-4, 0.5]),
        k=st.sampled_from([1.0, 2.0]),
    ),
    **SOLID,
)


@st.composite
def _trailing(draw: Any) -> Any:
    """An array, so many of its last sides (now and then others), and perhaps scales and shifts."""
    x = draw(array(st.sampled_from([(2, 3), (2, 3, 4), (4,), (1, 2, 1), (2, 0)])))
    shape = x.shape[draw(st.integers(0, x.ndim - 1)) :]
    inputs = [x] + [draw(array(shape)) for _ in range(draw(st.integers(0, 2)))]
    wrong = draw(st.integers(0, 9)) == 0
    return tuple(inputs), {"shape": (*shape[:-1], shape[-1] + wrong), "eps": draw(EPS)}


drawn(
    "layer_norm",
    lambda m, x, w=None, b=None, *, shape, eps: m.nn.functional.layer_norm(x, shape, w, b, eps),
    _trailing(),
    **CENTRED,
)
drawn(
    "rms_norm",
    lambda m, x, w=None, *, shape, eps: m.nn.functional.rms_norm(x, shape, w, eps),
    _trailing().map(lambda d: (d[0][:2], d[1])),
    **SOLID,
)

# --- tables ----------------------------------------------------------------------------------------------


@st.composite
def _looked_up(draw: Any, bags: bool = False) -> Any:
    """A table, places in it (one time in ten outside) and options."""
    rows, width = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    shape = (2, 3) if bags else draw(st.sampled_from([(), (3,), (2, 3), (0,)]))
    rng = np.random.default_rng(draw(SEEDS))
    index = rng.integers(0, rows + (draw(st.integers(0, 9)) == 0), shape)
    options = {"index": index, "padding_idx": draw(st.sampled_from([None, 0, -1, 7]))}
    if bags:
        options["mode"] = draw(st.sampled_from(["sum", "mean", "max"]))
        if draw(st.booleans()):
            last = draw(st.booleans())
            starts = [0, int(rng.integers(0, 4))] + [3] * last
            options |= {"index": index[0], "include_last_offset": last}
            options["offsets"] = np.array(starts)
    else:
        options["scale_grad_by_freq"] = draw(st.booleans())
    return (draw(array((rows, width))),), options


drawn(
    "embedding",
    lambda m, w, index, **o: m.nn.functional.embedding(m.tensor(index), w, **o),
    _looked_up(),
    **SOLID | {"smooth": False},
)
drawn(
    "embedding_bag",
    lambda m, w, index, offsets=None, **o: m.nn.functional.embedding_bag(
        m.tensor(index), w, None if offsets is None else m.tensor(offsets), **o
    ),
    _looked_up(bags=True),
    **SOLID | {"smooth": False, "kinds": ()},
)
drawn(
    "bilinear",
    lambda m, x, y, w, b=None: m.nn.functional.bilinear(x, y, w, b),
    st.tuples(array((2, 3)), array((2, 2)), array((4, 3, 2)), array((4,))).flatmap(
        lambda d: st.sampled_from([d, d[:3], (d[0], d[0], *d[2:])]).map(lambda some: (some, {}))
    ),
    **SOLID,
)

# --- attention -------------------------------------------------------------------------------------------


@st.composite
def _attended(draw: Any) -> Any:
    """Queries, keys and values of several heads, and a mask or none."""
    batch = draw(st.sampled_from([(), (2,), (2, 4)]))
    asked, known = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    width, deep = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shapes = [(*batch, asked, width), (*batch, known, width), (*batch, known, deep)]
    options: dict[str, Any] = {"scale": draw(st.sampled_from([None, 0.5]))}
    kind = draw(st.sampled_from(["none", "causal", "bool", "float"]))
    options["is_causal"] = kind == "causal"
    options["mask"] = None
    if kind in ("bool", "float"):
        mask = np.random.default_rng(draw(SEEDS)).normal(size=(asked, known))
        options["mask"] = mask if kind == "float" else (mask > 0) | (np.arange(known) == 0)
    return tuple(draw(array(s)) for s in shapes), options


def _attention(m: Any, q: Any, k: Any, v: Any, mask: Any, **options: Any) -> Any:
    if mask is not None:
        mask = m.tensor(mask) if mask.dtype == bool else m.tensor(mask).to(q.dtype)
    return m.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, **options)


drawn("scaled_dot_product_attention", _attention, _attended(), **SOLID, rtol=1e-8)


def _many_heads(m: Any, x: Any, y: Any, w: Any, u: Any, heads: int, average: bool) -> Any:
    """Self attention of x, or attention of x to y; the weights too."""
    return m.nn.functional.multi_head_attention_forward(
        x, y, y, 4, heads, w, None, None, None, False, 0.0, u, None, average_attn_weights=average
    )


drawn(
    "multi_head_attention_forward",
    _many_heads,
    st.tuples(
        array((3, 2, 4)), array((2, 2, 4)), array((12, 4), -1.0, 1.0), array((4, 4)),
        st.sampled_from([1, 2, 4]), st.booleans(),
    ).map(lambda d: (d[:4], {"heads": d[4], "average": d[5]})),
    **SOLID | {"kinds": ()},
    rtol=1e-8,
)  # fmt: skip

# --- sums over letters -----------------------------------------------------------------------------------

EQUATIONS = {
    "ij,jk->ik": ((2, 3), (3, 2)), "ij,ij->": ((2, 3), (2, 3)), "ii->i": ((3, 3),),
    "ii": ((3, 3),), "i,j": ((2,), (3,)), "bij,bjk": ((2, 2, 3), (2, 3, 1)),
    "...ij,...jk->...ik": ((2, 2, 3), (3, 2)), "nd,nn->d": ((2, 3), (2, 2)),
    "ij->ji": ((2, 3),), "ij,kj->": ((2, 3), (1, 3)), "i,ij": ((4,), (2, 3)), "ij->k": ((2, 3),),
    "ij,j": ((2, 3), (1,)), "a b,b c": ((2, 3), (3, 2)), "ij,jk,kl->il": ((2, 2), (2, 3), (3, 1)),
}  # fmt: skip


@st.composite
def _summed(draw: Any) -> Any:
    equation = draw(st.sampled_from(sorted(EQUATIONS)))
    return tuple(draw(array(s)) for s in EQUATIONS[equation]), {"equation": equation}


drawn(
    "einsum",
    lambda m, *tensors, equation: m.einsum(equation, *tensors),
    _summed(),
    mixed=False,
    ugly=False,
    kinds=("float32", "float64", "int64"),
)
drawn(
    "one_hot",
    lambda m, index, classes: m.nn.functional.one_hot(m.tensor(index), classes),
    st.tuples(SEEDS, st.sampled_from([-1, 3, 5, 2])).map(
        lambda d: (
            (),
            {"index": np.random.default_rng(d[0]).integers(0, 3, (2, 2)), "classes": d[1]},
        )
    ),
)

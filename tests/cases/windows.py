"""Layers that look through a window: convolutions, pools, patches."""

import warnings
from typing import Any

from hypothesis import strategies as st

from .drawing import SEEDS, array, tame
from .registry import FLOATS, drawn

SOLID = {"kinds": FLOATS[:2], "mixed": False, "ugly": False}  # float32, float64
BATCHES = st.sampled_from([(), (1,), (2,)])


def per_side(n: int, low: int, high: int) -> st.SearchStrategy[Any]:
    """One int for all sides, or one a side."""
    number = st.integers(low, high)
    return st.one_of(number, st.lists(number, min_size=n, max_size=n).map(tuple))


def sides(n: int, low: int = 1, high: int = 5) -> st.SearchStrategy[tuple[int, ...]]:
    """The sizes of n sides."""
    return st.lists(st.integers(low, high), min_size=n, max_size=n).map(tuple)


@st.composite
def _convolved(draw: Any, n: int, transposed: bool = False) -> Any:
    """Images, a kernel, perhaps a bias; and options, now and then wrong ones."""
    groups = draw(st.sampled_from([1, 1, 2]))
    channels = groups * draw(st.integers(1, 2))
    out = groups * draw(st.integers(1, 2))
    first, second = (channels, out // groups) if transposed else (out, channels // groups)
    wrong = draw(st.integers(0, 9)) == 0
    images = draw(array((*draw(BATCHES), channels + wrong, *draw(sides(n)))))
    inputs = [images, draw(array((first, second, *draw(sides(n, 1, 3)))))]
    if draw(st.booleans()):
        inputs.append(draw(array((out,))))
    options = {"groups": groups, "stride": draw(per_side(n, 1, 3))}
    options["dilation"] = draw(per_side(n, 1, 2))
    options["padding"] = draw(per_side(n, 0, 2))
    if transposed:  # PyTorch takes an empty result in float32 alone
        reach = min(inputs[1].shape[-n:]) + min(images.shape[-n:]) - 2
        options["padding"] = draw(per_side(n, 0, min(2, reach // 2)))
        options["output_padding"] = draw(per_side(n, 0, 1))
    elif draw(st.integers(0, 3)) == 0:
        options["padding"] = draw(st.sampled_from(["same", "valid"]))
        options["stride"] = draw(st.sampled_from([1, 1, 1, 2]))
    return tuple(inputs), options


for n in (1, 2, 3):
    for name in (f"conv{n}d", f"conv_transpose{n}d"):
        drawn(
            name,
            lambda m, x, w, b=None, name=name, **o: getattr(m.nn.functional, name)(x, w, b, **o),
            _convolved(n, "transpose" in name),
            **SOLID,
        )


@st.composite
def _pooled(draw: Any, n: int, *, dilated: bool = False, average: bool = False) -> Any:
    """Images and the options of a pool."""
    least = 3 if average and n == 3 else 1  # PyTorch's avg_pool3d alone takes no larger kernel
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *draw(sides(n, least)))
    options = {"kernel_size": draw(per_side(n, 1, 3)), "ceil_mode": draw(st.booleans())}
    options["stride"] = draw(st.one_of(st.none(), per_side(n, 1, 3)))
    options["padding"] = draw(st.one_of(st.just(0), per_side(n, 0, 1)))
    if dilated and draw(st.booleans()):  # PyTorch errs where a window holds padding alone
        options |= {"dilation": draw(per_side(n, 1, 2)), "padding": 0, "ceil_mode": False}
    if average:
        options["count_include_pad"] = draw(st.booleans())
        if n > 1:
            options["divisor_override"] = draw(st.sampled_from([None, None, 2]))
    return (draw(array(shape)),), options


@st.composite
def _adapted(draw: Any, n: int) -> Any:
    """Images and the size that a pool is to make of them."""
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *draw(sides(n)))
    several = st.lists(st.sampled_from([None, 1, 2, 3]), min_size=n, max_size=n).map(tuple)
    size = draw(st.one_of(st.integers(1, 4), several if n > 1 else st.integers(1, 4)))
    return (draw(array(shape)),), {"output_size": size}


@st.composite
def _powered(draw: Any, n: int) -> Any:
    """Images, a power and the options of its pool."""
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *draw(sides(n, 3, 5)))
    options = {
        "norm_type": draw(st.sampled_from([1, 2, 3.0])),
        "kernel_size": 2 if n == 1 else draw(sides(n, 1, 3)),
    }
    options["stride"] = draw(st.sampled_from([None, 1, 2]))
    options["ceil_mode"] = draw(st.booleans())
    return (draw(array(shape, 0.1)),), options


def _of(name: str) -> Any:
    return lambda m, x, **o: getattr(m.nn.functional, name)(x, **o)


for n in (1, 2, 3):
    drawn(f"avg_pool{n}d", _of(f"avg_pool{n}d"), _pooled(n, average=True), **SOLID)
    drawn(f"max_pool{n}d", _of(f"max_pool{n}d"), _pooled(n, dilated=True), **SOLID)
    drawn(
        f"max_pool{n}d_with_indices",
        lambda m, x, n=n, **o: getattr(m.nn.functional, f"max_pool{n}d_with_indices")(x, **o),
        _pooled(n, dilated=True),
        **SOLID,
    )
    drawn(f"adaptive_avg_pool{n}d", _of(f"adaptive_avg_pool{n}d"), _adapted(n), **SOLID)
    drawn(f"adaptive_max_pool{n}d", _of(f"adaptive_max_pool{n}d"), _adapted(n), **SOLID)
    drawn(
        f"adaptive_max_pool{n}d_with_indices",
        _of(f"adaptive_max_pool{n}d_with_indices"),
        _adapted(n),
        **SOLID,
    )
    drawn(f"lp_pool{n}d", _of(f"lp_pool{n}d"), _powered(n), **SOLID)
    drawn(
        f"max_unpool{n}d",
        lambda m, x, n=n, k=2: getattr(m.nn.functional, f"max_unpool{n}d")(
            *getattr(m.nn.functional, f"max_pool{n}d")(x, k, return_indices=True), k
        ),
        st.tuples(BATCHES, sides(n, 2, 5)).flatmap(
            lambda s: array((*s[0], 2, *s[1])).map(lambda x: ((x,), {}))
        ),
        **SOLID,
    )


# --- patches and other arrangements of images ------------------------------------------------------


@st.composite
def _patches(draw: Any) -> Any:
    """Images, or the patches of such images, and the options of ``unfold``."""
    options = {"kernel_size": draw(per_side(2, 1, 3)), "stride": draw(per_side(2, 1, 2))}
    options["padding"], options["dilation"] = draw(per_side(2, 0, 1)), draw(per_side(2, 1, 2))
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *draw(sides(2, 2, 5)))
    return (draw(array(shape)),), options


def _folded_again(m: Any, x: Any, **options: Any) -> Any:
    patches = m.nn.functional.unfold(x, **options)
    return m.nn.functional.fold(patches * patches, x.shape[-2:], **options)


drawn("unfold", _of("unfold"), _patches(), **SOLID)
drawn("fold", _folded_again, _patches(), **SOLID)
for name in ("pixel_shuffle", "pixel_unshuffle"):
    drawn(
        name,
        lambda m, x, factor, name=name: getattr(m.nn.functional, name)(x, factor),
        st.sampled_from([(4, 4, 6), (2, 4, 2, 2), (1, 9, 3, 3), (3, 3)])
        .flatmap(array)
        .flatmap(lambda x: st.integers(1, 3).map(lambda f: ((x,), {"factor": f}))),
        ugly=False,
    )
for name in ("channel_shuffle", "native_channel_shuffle"):
    drawn(
        name,
        lambda m, x, groups, name=name: getattr(m.nn.functional, name)(x, groups),
        st.sampled_from([(1, 4, 2, 3), (2, 6, 3, 1), (2, 6, 2)])
        .flatmap(array)
        .flatmap(lambda x: st.integers(1, 3).map(lambda g: ((x,), {"groups": g}))),
        ugly=False,
        kinds=FLOATS[:2],
    )


# --- padding -----------------------------------------------------------------------------------------


@st.composite
def _padded(draw: Any) -> Any:
    """An array, and so much around it; a negative pad cuts."""
    mode = draw(st.sampled_from(["constant", "constant", "reflect", "replicate", "circular"]))
    x = draw(array(draw(sides(draw(st.integers(1, 5)), 1, 4))))
    count = draw(st.integers(1, x.ndim)) if mode == "constant" else draw(st.integers(1, 3))
    low = -1 if draw(st.integers(0, 3)) == 0 else 0
    pad = draw(st.lists(st.integers(low, 2), min_size=2 * count, max_size=2 * count))
    value = draw(st.sampled_from([None, 0, 2.5])) if mode == "constant" else None
    return (x,), {"pad": tuple(pad), "mode": mode, "value": value}


drawn("pad", _of("pad"), _padded(), **SOLID)


# --- resampling --------------------------------------------------------------------------------------

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


@st.composite
def _resampled(draw: Any) -> Any:
    n = draw(st.integers(1, 3))
    x = draw(array((draw(st.integers(1, 2)), draw(st.integers(1, 2)), *draw(sides(n, 2, 4)))))
    modes = ["nearest", "nearest-exact", LINEAR[n], "area"] + ["bicubic"] * (n == 2)
    options = {"mode": draw(st.sampled_from(modes))}
    if draw(st.booleans()):
        options["size"] = draw(per_side(n, 1, 6))
    else:
        factor = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.6])
        options["scale_factor"] = draw(factor)
        options["recompute_scale_factor"] = draw(st.sampled_from([None, True]))
    if options["mode"] in ("linear", "bilinear", "bicubic", "trilinear"):
        options["align_corners"] = draw(st.sampled_from([None, False, True]))
    return (x,), options


drawn("interpolate", _of("interpolate"), _resampled(), **SOLID)


def _quietly(name: str) -> Any:
    """An older name, which warns."""

    def call(m: Any, x: Any, **options: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(m.nn.functional, name)(x, **options)

    return call


for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
    drawn(
        name,
        _quietly(name),
        st.tuples(array((1, 2, 3, 2)), st.integers(1, 6)).map(lambda d: ((d[0],), {"size": d[1]})),
        **SOLID,
    )


@st.composite
def _gridded(draw: Any) -> Any:
    """Images, places in and around them, and what to do there."""
    n = draw(st.integers(2, 3))
    batch = draw(st.integers(1, 2))
    x = draw(array((batch, 2, *draw(sides(n, 2, 4)))))
    grid = tame((batch, *draw(sides(n, 1, 3)), n), draw(SEEDS), -1.3, 1.3)
    modes = ["bilinear", "nearest"] + ["bicubic"] * (n == 2)
    options = {"mode": draw(st.sampled_from(modes)), "align_corners": draw(st.booleans())}
    options["padding_mode"] = draw(st.sampled_from(["zeros", "border", "reflection"]))
    return (x, grid), options


drawn(
    "grid_sample",
    lambda m, x, grid, **o: m.nn.functional.grid_sample(x, grid, **o),
    _gridded(),
    smooth=False,
    **SOLID | {"kinds": ()},
)
drawn(
    "affine_grid",
    lambda m, x, size, corners: m.nn.functional.affine_grid(x, size, corners),
    st.integers(2, 3).flatmap(
        lambda n: st.tuples(array((2, n, n + 1)), sides(n, 1, 4), st.booleans()).map(
            lambda d: ((d[0],), {"size": (2, 1, *d[1]), "corners": d[2]})
        )
    ),
    **SOLID,
)

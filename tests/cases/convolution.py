"""Convolution, pooling and padding."""

import numpy as np

from .registry import IMAGES, case, normal

for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 1, 2), (3, (2, 1), 2, 1)):
    case(
        "conv2d",
        lambda m, x, w, b, s=stride, p=padding, d=dilation, g=groups: m.nn.functional.conv2d(
            x, w, b, s, p, d, g
        ),
        IMAGES,
        normal(6, 4 // groups, 3, 2),
        normal(6),
    )
for kernel, stride, padding in ((2, 2, 0), (3, 2, 1)):
    for name in ("max_pool2d", "avg_pool2d"):
        case(
            name,
            lambda m, x, name=name, a=(kernel, stride, padding): getattr(m.nn.functional, name)(
                x, *a
            ),
            IMAGES,
        )
case("max_pool2d", lambda m, x: m.nn.functional.max_pool2d(x * 0.0 + 1.0, 2), IMAGES, smooth=False)
case("adaptive_avg_pool2d", lambda m, x: m.nn.functional.adaptive_avg_pool2d(x, (3, 4)), IMAGES)
for mode in ("constant", "reflect", "replicate", "circular"):
    case("pad", lambda m, x, mode=mode: m.nn.functional.pad(x, (1, 2, 2, 1), mode=mode), IMAGES)
case("pad", lambda m, x: m.nn.functional.pad(x, (1, -2, 2, 1), value=2.5), IMAGES)
case("max_pool1d", lambda m, x: m.nn.functional.max_pool1d(x, 3, 2, 1), normal(2, 3, 7))
case("max_pool3d", lambda m, x: m.nn.functional.max_pool3d(x, 2), normal(1, 2, 4, 4, 5))
case("avg_pool3d", lambda m, x: m.nn.functional.avg_pool3d(x, 2, 2, 1), normal(1, 2, 4, 4, 5))
for n, sizes in ((1, (7,)), (2, (4, 5)), (3, (3, 4, 3))):
    kernel = (2,) * n
    case(
        f"conv{n}d",
        lambda m, x, w, b, n=n: getattr(m.nn.functional, f"conv{n}d")(x, w, b, 2, 1),
        normal(2, 3, *sizes),
        normal(4, 3, *kernel),
        normal(4),
    )
    case(
        f"conv_transpose{n}d",
        lambda m, x, w, b, n=n: getattr(m.nn.functional, f"conv_transpose{n}d")(x, w, b, 2, 1, 1),
        normal(2, 3, *sizes),
        normal(3, 4, *kernel),
        normal(4),
    )
case("unfold", lambda m, x: m.nn.functional.unfold(x, (2, 3), padding=1, stride=2), IMAGES)
case(
    "interpolate",
    lambda m, x: m.nn.functional.interpolate(x, scale_factor=1.5, mode="bicubic"),
    IMAGES[:, :1],
)


def _at_given_places(name):
    """A fractional pool whose windows' places are given, as a function of both libraries."""
    dims = int(name[-2])

    def call(m, x):
        u = np.random.default_rng(4).random((*x.shape[:2], dims))
        pool = getattr(m.nn.functional, name)
        found, _ = getattr(m.nn.functional, f"{name}_with_indices")(
            x, 2, output_size=2, _random_samples=m.tensor(u)
        )
        return found + pool(x, 2, output_ratio=(0.5,) * dims, _random_samples=m.tensor(u)).sum()

    return call


case("fractional_max_pool2d", _at_given_places("fractional_max_pool2d"), IMAGES, second=False)
case(
    "fractional_max_pool3d",
    _at_given_places("fractional_max_pool3d"),
    normal(2, 2, 4, 5, 6),
    second=False,
)

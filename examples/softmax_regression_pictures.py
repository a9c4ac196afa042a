"""The pictures of the lesson in ``softmax_regression.py``: the ones it learns from and the ones it draws.

The first half makes the set of icons (other, cat, dog, chick) from drawings typed in below. The
second half draws the figures. No mathematics of the lesson is in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

try:
    import matplotlib
except ModuleNotFoundError as error:
    raise SystemExit(
        'The lesson draws its pictures with matplotlib: pip install -e ".[examples]"'
    ) from error

matplotlib.use("Agg")  # files only: the lesson runs without a display
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.lines import Line2D

# --- The icons ------------------------------------------------------------------------------------

CLASSES = ("other", "cat", "dog", "chick")  # the order of the course: 0, 1, 2, 3

# '.' is the sky, '#' the fur (or wall, or leaves), 'x' dark, 'o' an accent. "Other" is several things.
DRAWINGS = {
    "other": (
        """
        ............
        .....##.....
        ....####....
        ...######...
        ..########..
        .##########.
        ..########..
        ..#oo##xx#..
        ..#oo##xx#..
        ..#####xx#..
        ..#####xx#..
        ............
        """,
        """
        ............
        ............
        ............
        ...#####....
        ..#oo#oo#...
        .##oo#oo##..
        .##########.
        .##########.
        .##########.
        ..xx....xx..
        ..xx....xx..
        ............
        """,
        """
        ............
        ....####....
        ...######...
        ..###o####..
        ..######o#..
        ..#o######..
        ...######...
        ....#xx#....
        .....xx.....
        .....xx.....
        ....xxxx....
        ............
        """,
    ),
    "cat": (
        """
        ............
        ..#......#..
        ..##....##..
        ..########..
        .##########.
        .##x####x##.
        .##########.
        .####oo####.
        .###x##x###.
        ..###xx###..
        ...######...
        ............
        """,
    ),
    "dog": (
        """
        ............
        ....####....
        ..########..
        .oo######oo.
        .oo#x##x#oo.
        .oo######oo.
        .oo######oo.
        .oo##xx##oo.
        ..########..
        ...##oo##...
        ....#oo#....
        ............
        """,
    ),
    "chick": (
        """
        ............
        ......###...
        .....##x##..
        .....#####oo
        ......####..
        .#....####..
        .##.######..
        .##########.
        ..########..
        ...######...
        ....o..o....
        ....o..o....
        """,
    ),
}

SIZE = 12  # an icon has 12 x 12 pixels of three colours
DARK = (0.10, 0.07, 0.10)
ACCENTS = ((0.93, 0.45, 0.25), (0.90, 0.40, 0.50), (0.35, 0.60, 0.65))
# By day the fur is darker than the sky, by night it is brighter: no pixel alone gives a class away.
DAY_SKIES = ((0.80, 0.91, 0.97), (0.99, 0.93, 0.78), (0.85, 0.95, 0.85), (0.96, 0.87, 0.92))
DAY_FURS = ((0.85, 0.48, 0.15), (0.60, 0.40, 0.25), (0.47, 0.50, 0.58), (0.70, 0.52, 0.38))
NIGHT_SKIES = ((0.10, 0.14, 0.30), (0.12, 0.22, 0.20), (0.26, 0.13, 0.28), (0.16, 0.16, 0.18))
NIGHT_FURS = ((0.97, 0.85, 0.45), (0.95, 0.92, 0.85), (0.75, 0.78, 0.82), (0.93, 0.72, 0.55))


def _cells(drawing: str) -> np.ndarray:
    """A typed drawing as an array (12, 12) of 0 sky, 1 fur, 2 dark, 3 accent."""
    return np.array([[".#xo".index(cell) for cell in line] for line in drawing.split()])


def draw_icons(m: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw ``m`` icons: each mirrored or not, shifted by up to a pixel, by day or night, in noise.

    Args:
        m: How many.
        rng: Where the choices come from.

    Returns:
        Images (m, 12, 12, 3), float32 from 0 to 1, and labels (m,), int64, places in ``CLASSES``.
    """
    drawings = [[_cells(drawing) for drawing in DRAWINGS[name]] for name in CLASSES]
    images = np.empty((m, SIZE, SIZE, 3))
    labels = rng.integers(len(CLASSES), size=m)
    for image, label in zip(images, labels, strict=True):
        cells = drawings[label][rng.integers(len(drawings[label]))]
        if rng.random() < 0.5:
            cells = cells[:, ::-1]
        down, right = rng.integers(3, size=2)
        cells = np.pad(cells, 1)[down : down + SIZE, right : right + SIZE]
        by_day = rng.random() < 0.5
        skies, furs = (DAY_SKIES, DAY_FURS) if by_day else (NIGHT_SKIES, NIGHT_FURS)
        sky, fur = skies[rng.integers(len(skies))], furs[rng.integers(len(furs))]
        image[:] = np.array([sky, fur, DARK, ACCENTS[rng.integers(len(ACCENTS))]])[cells]
    images += rng.normal(0, 0.22, (m, SIZE, SIZE, 1))
    return images.clip(0, 1).astype(np.float32), labels


# --- The figures ----------------------------------------------------------------------------------

# Colours that stay apart for colour-blind readers (Paul Tol's "bright" set), and a marker for each.
COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, FAINT = "#222222", "#777777"

STYLE = {
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#999999",
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
}


class Panel(NamedTuple):
    """One trained model on points in the plane."""

    x: np.ndarray  # (m, 2)
    labels: np.ndarray  # (m,)
    scores: Callable[[np.ndarray], np.ndarray]  # (k, 2) -> (k, C)
    accuracy: float


class Descent(NamedTuple):
    """What one way of gradient descent saw."""

    name: str
    batch: int
    step_costs: list[float]  # of the examples of each step
    pass_costs: list[float]  # of all examples, before the first pass and after each


def _shades(count: int, strength: float) -> ListedColormap:
    """The first colours, mixed with white."""
    return ListedColormap([1 - strength * (1 - np.array(to_rgb(c))) for c in COLOURS[:count]])


def _title(figure: Any, title: str, subtitle: str, top: float) -> None:
    """Write a title and a line under it at the upper left; ``top`` is the figure's height in inches."""
    figure.text(0.012, 1 - 0.12 / top, title, fontsize=13.5, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.41 / top, subtitle, fontsize=10, color=FAINT, va="top")


def _draw_panel(axes: Any, panel: Panel, reach: float) -> None:
    """Regions of the plane by the winning class, the boundaries, and the examples."""
    side = np.linspace(-reach, reach, 241)
    scores = panel.scores(np.stack(np.meshgrid(side, side), -1).reshape(-1, 2))
    count = scores.shape[1]
    winner = scores.argmax(1).reshape(side.size, side.size)
    extent = (-reach, reach, -reach, reach)
    axes.imshow(
        winner,
        cmap=_shades(count, 0.30),
        vmin=0,
        vmax=count - 1,
        extent=extent,
        origin="lower",
        interpolation="nearest",
    )
    for k in range(count):
        lead = scores[:, k] - np.delete(scores, k, axis=1).max(1)
        axes.contour(side, side, lead.reshape(winner.shape), [0], colors=INK, linewidths=0.9)
        axes.scatter(
            *panel.x[panel.labels == k].T,
            s=9,
            color=COLOURS[k],
            marker=MARKERS[k],
            edgecolor="white",
            linewidth=0.3,
        )
    axes.set(xticks=[], yticks=[], xlim=extent[:2], ylim=extent[2:])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"{panel.accuracy:.0%} right", labelpad=3)


def draw_boundaries(
    path: Path, straight: Sequence[Panel], bent: Sequence[Panel], reach: float
) -> None:
    """Draw two rows of regions: softmax regression above, a hidden layer below."""
    height = 5.55
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, len(straight), figsize=(9, height))
        figure.subplots_adjust(0.035, 0.045, 0.997, 0.845, wspace=0.03, hspace=0.13)
        for column, panels in enumerate(zip(straight, bent, strict=True)):
            for row, panel in enumerate(panels):
                _draw_panel(axes[row, column], panel, reach)
            axes[0, column].set_title(f"C = {panels[0].labels.max() + 1} classes")
        axes[0, 0].set_ylabel("no hidden layer")
        axes[1, 0].set_ylabel("one hidden layer")
        _title(
            figure,
            "Softmax regression draws straight lines; a hidden layer lets them bend",
            "Colour: the class with the largest score. Black: where the two largest scores tie.",
            height,
        )
        figure.savefig(path)
        plt.close(figure)


def draw_descents(path: Path, descents: Sequence[Descent]) -> None:
    """Draw the cost against passes over the data, one panel for each way of gradient descent."""
    height = 3.9
    with plt.rc_context(STYLE):
        figure, all_axes = plt.subplots(1, len(descents), figsize=(9, height), sharey=True)
        figure.subplots_adjust(0.065, 0.13, 0.99, 0.70, wspace=0.08)
        for axes, descent, colour in zip(all_axes, descents, COLOURS, strict=False):
            passes = len(descent.pass_costs) - 1
            each = len(descent.step_costs) // passes
            at_step = np.arange(len(descent.step_costs)) / each
            if descent.batch > 1:
                axes.plot(at_step, descent.step_costs, color=colour, alpha=0.6, linewidth=1)
            else:
                axes.scatter(
                    at_step, descent.step_costs, s=2, color=colour, alpha=0.25, linewidth=0
                )
            axes.plot(descent.pass_costs, color=INK, linewidth=1.6, marker="o", markersize=3.5)
            axes.annotate(
                f"{descent.pass_costs[-1]:.2f}",
                (passes, descent.pass_costs[-1]),
                xytext=(0, 20),
                textcoords="offset points",
                ha="right",
                fontweight="bold",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
            )
            steps = f"{each} step{'s' * (each > 1)} a pass"
            axes.set_title(f"{descent.name}: {steps}", loc="left")
            axes.set(xlabel="passes over the data", ylim=(0, 1.6), yticks=np.arange(0, 1.6, 0.5))
        all_axes[0].set_ylabel("cost J")
        key = (
            Line2D([], [], color=INK, linewidth=1.6, marker="o", markersize=3.5),
            Line2D([], [], color=COLOURS[1], alpha=0.6, linewidth=1),
            Line2D([], [], color=COLOURS[2], alpha=0.6, linewidth=0, marker=".", markersize=5),
        )
        figure.legend(
            key,
            (
                "cost of all examples",
                "of each step's batch",
                "of each step's one example (some above 1.6)",
            ),
            loc="upper left",
            bbox_to_anchor=(0.0, 1 - 0.60 / height),
            ncols=3,
            frameon=False,
            fontsize=9.5,
        )
        _title(
            figure,
            "The same data, the same number of passes, three ways downhill",
            "Large batches step rarely and surely; small ones step often, in zigzag, and are down "
            "sooner.",
            height,
        )
        figure.savefig(path)
        plt.close(figure)


def _draw_answer(figure: Any, cell: Any, image: np.ndarray, label: int, p: np.ndarray) -> None:
    """An icon, and beside it a bar for each probability that the model gives."""
    left, right = cell.subgridspec(1, 2, width_ratios=(1, 0.72), wspace=0.5).subplots()
    left.imshow(image, interpolation="nearest")
    left.axis("off")
    answer = int(p.argmax())
    colours = ["#BBBBBB"] * len(CLASSES)
    colours[answer] = COLOURS[0] if answer == label else COLOURS[1]
    right.barh(CLASSES, p, color=colours, height=0.72)
    for k, value in enumerate(p):
        right.text(value + 0.05, k, f"{value:.2f}", va="center", fontsize=8.5)
    right.set(xlim=(0, 1.6), xticks=[], box_aspect=1.25)
    right.invert_yaxis()
    right.spines["bottom"].set_visible(False)
    right.tick_params(axis="y", length=0, pad=2, labelcolor=INK, labelsize=9)
    verdict = "right" if answer == label else "wrong"
    right.set_title(
        verdict, fontsize=9, loc="left", pad=2, fontweight="normal" if answer == label else "bold"
    )


def draw_answers(
    path: Path,
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    without_hidden_layer: float,
) -> None:
    """Draw, a column for each class, some icons and what the classifier says of two of them.

    Args:
        path: The file to write.
        images: Icons (m, 12, 12, 3) that the classifier did not learn from.
        labels: Their classes (m,).
        probabilities: What the classifier with a hidden layer says of them (m, C).
        without_hidden_layer: The accuracy that is reached without the hidden layer.
    """
    accuracy = float((probabilities.argmax(1) == labels).mean())
    given_to_truth = probabilities[np.arange(len(labels)), labels]
    height, rows, across = 4.5, 2, 5
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(9, height))
        columns = figure.add_gridspec(
            3,
            len(CLASSES),
            left=0.035,
            right=0.985,
            bottom=0.012,
            top=1 - 0.98 / height,
            wspace=0.1,
            hspace=0.16,
            height_ratios=(0.72, 1, 1),
        )
        for k, name in enumerate(CLASSES):
            own = np.flatnonzero(labels == k)
            samples = columns[0, k].subgridspec(rows, across, wspace=0.06, hspace=0.06).subplots()
            for axes, index in zip(samples.flat, own, strict=False):
                axes.imshow(images[index], interpolation="nearest")
                axes.axis("off")
            samples[0, across // 2].set_title(name, fontsize=11.5, fontweight="bold")
            surest_first = own[given_to_truth[own].argsort()[::-1]]
            for row, index in ((1, surest_first[0]), (2, surest_first[-1])):
                _draw_answer(figure, columns[row, k], images[index], k, probabilities[index])
        for row, words in enumerate(("some of them", "the surest", "the hardest")):
            box = columns[row, 0].get_position(figure)
            figure.text(0.012, (box.y0 + box.y1) / 2, words, rotation=90, va="center", color=FAINT)
        _title(
            figure,
            f"Other, cat, dog or chick? {accuracy:.1%} of {len(labels)} new icons are named right",
            f"By one hidden layer and a softmax; without the hidden layer, {without_hidden_layer:.1%}. "
            "Bars: the probabilities that the softmax gives.",
            height,
        )
        figure.savefig(path)
        plt.close(figure)

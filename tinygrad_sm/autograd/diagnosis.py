"""What is wrong with a derivative: the cause guessed from how it differs from the numeric one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def report(
    what: str,
    analytic: np.ndarray,
    numeric: np.ndarray,
    x: np.ndarray,
    out_shape: tuple[int, ...],
    tolerance: tuple[float, float],
) -> str:
    """A message about two Jacobians (input elements, output elements) that disagree.

    Args:
        what: what is compared, such as ``output 0 with respect to input 1``.
        analytic: by the rules.
        numeric: by differences.
        x: the input's values.
        out_shape: the output's shape.
        tolerance: relative and absolute.
    """
    rtol, atol = tolerance
    error = np.abs(analytic - numeric)
    excess = error - (atol + rtol * np.abs(numeric))
    worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
    row, column = np.unravel_index(worst, analytic.shape)
    place = _place(int(row), x.shape), _place(int(column), out_shape)
    bad = int(np.count_nonzero(~(excess <= 0)))
    cause = guess(analytic, numeric, x)
    return (
        f"Jacobian mismatch for {what}: {bad} of {analytic.size} elements differ.\n"
        f"  worst: derivative of output element {place[1]} by input element {place[0]}: numeric "
        f"{numeric[row, column]:.9g}, analytic {analytic[row, column]:.9g}\n"
        f"  likely cause: {cause}\n"
        f"numerical:{_shown(numeric)}\nanalytical:{_shown(analytic)}"
    )


def _place(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()


def _shown(jacobian: np.ndarray) -> str:
    text = np.array2string(jacobian, precision=6, threshold=60, edgeitems=3)
    return f"\n{text}"


def guess(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    """The likeliest cause of analytic ``a`` (inputs, outputs) not being numeric ``n``."""
    causes = (_not_finite, _zero, _sign, _coarse, _factor, _parts, _by_input, _moved, _offset,
              _by_element)  # fmt: skip
    for cause in causes:
        found = cause(a, n, x)
        if found:
            return found
    return "no simple pattern: compare the rule with the formula, term by term"


def _near(a: np.ndarray, b: np.ndarray, rtol: float = 1e-4) -> bool:
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.allclose(a, b, rtol=rtol, atol=1e-5 * scale + 1e-7))


def _not_finite(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    if np.isfinite(a).all():
        return ""
    if not np.isfinite(n).all():
        return "neither is finite: the function has no derivative here; move the input"
    return (
        "the analytic derivative is NaN or infinite: 0/0, log or sqrt at 0, or 0 times an infinity "
        "in a branch of where() that is not taken"
    )


def _zero(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    if np.any(a) or not np.any(n):
        return ""
    return (
        "the analytic derivative is 0: a missing rule, or the path passes detach(), data or NumPy"
    )


def _sign(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    return "a sign: the analytic derivative is minus the numeric one" if _near(-a, n) else ""


def _coarse(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    scale = float(np.max(np.abs(n), initial=0.0))
    worst = float(np.max(np.abs(a - n), initial=0.0))
    if x.dtype != np.float64:
        return (
            f"a dtype too coarse: the input is {x.dtype}, in which differences of step eps drown in "
            "rounding: use float64 inputs (.double())"
        )
    if scale and worst < 2e-2 * scale and _scattered(a, n):
        return (
            "a dtype too coarse: they agree to a few digits only: something inside computes in "
            "float32 or less"
        )
    size = float(np.max(np.abs(a), initial=0.0))
    if size and (not scale or scale > 100 * size) and np.mean(n == 0) > 0.4:
        return (
            "a dtype too coarse: the values move in steps: something inside rounds, or computes in "
            "float32 or less (or the function is constant, and its derivative 0)"
        )
    return ""


def _scattered(a: np.ndarray, n: np.ndarray) -> bool:
    """Whether the errors have both signs, as rounding has."""
    error = (a - n)[np.abs(n) > 0]
    return error.size > 2 and 0.1 < float(np.mean(error > 0)) < 0.9


def _factor(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    norm = float(np.sum(n * n))
    if not norm:
        return ""
    factor = float(np.sum(a * n)) / norm
    if factor and _near(a, factor * n) and abs(factor - 1) > 1e-6:
        sign = "a sign and a factor" if factor < 0 else "a factor"
        return f"{sign}: the analytic derivative is {factor:.6g} times the numeric one"
    return ""


def _parts(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    same = np.isclose(a, n, rtol=1e-4, atol=1e-7)
    missing = ~same & np.isclose(a, 0, atol=1e-9)
    if np.any(same & (n != 0)) and np.all(same | missing):
        return (
            f"a missing sum: {int(missing.sum())} contributions are absent and the rest is right; "
            "an element that is used several times gets the sum of all its uses"
        )
    extra = ~same & np.isclose(n, 0, atol=1e-7)
    if np.any(same & (n != 0)) and np.all(same | extra):
        return (
            f"{int(extra.sum())} contributions too many: elements that do not depend on each other "
            "are connected (a sum, a broadcast or a mask in the rule)"
        )
    return ""


def _by_input(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    """Whether a ratio is a simple function of the input: a factor that depends on x."""
    flat = x.reshape(-1, 1).astype(np.float64)
    forms: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
        ("x", lambda v: v),
        ("1/x", lambda v: 1 / v),
        ("2x", lambda v: 2 * v),
        ("1/(2x)", lambda v: 0.5 / v),
        ("x^2", lambda v: v * v),
        ("1/x^2", lambda v: 1 / (v * v)),
        ("|x|", np.abs),
        ("sign(x)", np.sign),
        ("exp(x)", np.exp),
        ("exp(-x)", lambda v: np.exp(-v)),
    )
    if not np.any(n) or np.all(flat == flat[:1]):
        return ""
    with np.errstate(all="ignore"):
        for name, form in forms:
            factor = form(flat)
            if np.isfinite(factor).all() and _near(a, n * factor):
                return f"a factor that depends on the input: analytic is numeric times {name}"
    return ""


def _moved(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    if a.shape[0] == a.shape[1] and _near(a.T, n):
        return "transposed: the rule applies the operation where its transpose is needed"
    if _near(np.sort(a, axis=None), np.sort(n, axis=None)):
        return "the right numbers in the wrong places: axes or indices are permuted"
    return ""


def _offset(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    difference = a - n
    if np.any(difference) and _near(difference, np.full_like(difference, difference.flat[0])):
        return f"an offset: {difference.flat[0]:.6g} is added everywhere; a rule is linear in g"
    return ""


def _by_element(a: np.ndarray, n: np.ndarray, x: np.ndarray) -> str:
    """What can be said where each element depends on one alone, and each is off by its own factor."""
    where = np.abs(n) > 1e-9 * float(np.max(np.abs(n), initial=0.0))
    if not where.any() or np.any(np.abs(a[~where]) > 1e-9) or (where.sum(1) > 1).any():
        return ""
    own, wanted = a[where], n[where]
    ratios = own / wanted
    right = np.abs(ratios - 1) < 1e-4
    values = np.unique(np.round(ratios[~right], 4))
    if right.any():
        how = f"a factor of {values[0]:.6g}" if values.size == 1 else "factors of their own"
        return (
            f"one branch of several: {int(right.sum())} of {right.size} elements are right, the "
            f"others are off by {how}: a where(), a mask or a case of the rule"
        )
    if values.size == 2 < right.size:
        return (
            f"two branches: every element is off by {values[0]:.6g} or by {values[1]:.6g}: are the "
            "branches of a where() exchanged?"
        )
    if own.size > 1 and _near(own, np.full_like(own, own[0])):
        return (
            f"a forgotten factor: the analytic derivative is {own[0]:.6g} whatever the input, the "
            "numeric one depends on it: x or out is missing in the rule"
        )
    return (
        f"a term or a factor that depends on the element: analytic is between {ratios.min():.4g} "
        f"and {ratios.max():.4g} times numeric: a term of a product or quotient rule, the inner "
        "derivative of a chain, or x where out is meant"
    )

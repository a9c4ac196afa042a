"""``gradcheck``: derivatives by the rules against derivatives by differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..func.derivatives import basis, jvp, vjp
from ..func.forward import zeros_like
from ..func.vmap import vmap
from ..tape import LEAF, Value, alias, enable_grad, no_grad, wrap
from ..tensor import Tensor
from .diagnosis import report
from .gradients import grad


class GradcheckError(RuntimeError):
    """Derivatives disagree; the message says where, and guesses why."""


class _Options(NamedTuple):
    eps: float
    atol: float
    rtol: float
    nondet_tol: float

    def agree(self, a: np.ndarray, b: np.ndarray) -> bool:
        return bool(np.allclose(a, b, rtol=self.rtol, atol=self.atol, equal_nan=True))


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check a function's derivatives against central differences of its values.

    Args:
        func: takes ``inputs``, returns one or several tensors.
        inputs: a tensor or a tuple; derivatives by those that require grad are checked. They should
            be float64.
        eps: the step of the differences.
        atol: tolerated difference.
        rtol: tolerated difference, relative to the numeric derivative.
        raise_exception: whether a disagreement is an error, or ``False`` as the result.
        nondet_tol: how much two runs of the backward walk may differ.
        check_undefined_grad: check that a gradient of 0 gives gradients of 0: rules are linear.
        check_grad_dtypes: check that gradients have the dtype of their input.
        check_batched_grad: check the backward walk under ``vmap``.
        check_batched_forward_grad: check forward mode under ``vmap``.
        check_forward_ad: check forward mode.
        check_backward_ad: check reverse mode.
        fast_mode: check along one random direction instead of element by element.
        masked: accepted.

    Returns:
        ``True`` if all agree, or if no result is floating.

    Raises:
        GradcheckError: if not: it names output, input and element, both numbers, and the likeliest
            cause.
        ValueError: if no input requires grad, or the function returns no tensor.

    >>> import tinygrad_sm as sg
    >>> x = sg.tensor([0.5, 1.0], dtype=sg.float64, requires_grad=True)
    >>> sg.autograd.gradcheck(sg.sin, x)
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_batched_grad and not check_backward_ad:
        raise AssertionError(
            "Setting check_batched_grad=True requires check_backward_ad to be True"
        )
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError(
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
        )
    options = _Options(eps, atol, rtol, nondet_tol)
    compare = _check_directions if fast_mode else _check_elements
    case = _Case(func, inputs)
    if not case.outputs:
        return True
    try:
        with np.errstate(all="ignore"):
            compare(case, options, check_backward_ad, check_forward_ad)
            if check_backward_ad:
                _check_repeatable(case, options)
            if check_backward_ad and check_undefined_grad:
                _check_linear(case)
            if check_backward_ad and check_grad_dtypes:
                _check_dtypes(case)
            if check_batched_grad:
                _check_batched(case, options)
            if check_batched_forward_grad:
                _check_batched_forward(case, options)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Case:
    """A function of the inputs that are differentiated alone, returning floating tensors alone."""

    def __init__(self, func: Callable[..., Any], inputs: Any) -> None:
        self.all = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        self.places = [
            i for i, x in enumerate(self.all) if isinstance(x, Tensor) and x.requires_grad
        ]
        if not self.places:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them "
                "have requires_grad=True"
            )
        self.func = func
        self.points = [self.all[i] for i in self.places]
        for i, x in zip(self.places, self.points, strict=True):
            if x.array.dtype != np.float64:
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point: "
                    "this check will likely fail",
                    stacklevel=3,
                )
        with enable_grad():
            results = self._results(self.points)
        if not any(isinstance(o, Value) for o in results):
            raise ValueError("gradcheck: the function returns no tensor")
        self.outputs = _floating(results)

    def _results(self, points: Sequence[Any]) -> Sequence[Any]:
        given = list(self.all)
        for i, x in zip(self.places, points, strict=True):
            given[i] = x
        out = self.func(*given)
        return out if isinstance(out, tuple | list) else (out,)

    def __call__(self, *points: Any) -> tuple[Any, ...]:
        return _floating(self._results(points))

    def pairs(self) -> Iterator[tuple[int, int, str]]:
        """Every output and input, with how to speak of them."""
        for j in range(len(self.outputs)):
            for i, place in enumerate(self.places):
                yield i, j, f"output {j} with respect to input {place}"

    def moved(self, steps: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs' values at the points moved by steps."""
        moved = [
            wrap((x.array + s).astype(x.array.dtype), LEAF)
            for x, s in zip(self.points, steps, strict=True)
        ]
        with no_grad():
            return [o.array.astype(np.float64) for o in self(*moved)]

    def difference(self, directions: list[np.ndarray], eps: float) -> list[np.ndarray]:
        """The outputs' derivatives along directions, by central differences."""
        ahead, behind = (self.moved([sign * eps * d for d in directions]) for sign in (1, -1))
        return [(a - b) / (2 * eps) for a, b in zip(ahead, behind, strict=True)]

    def back(self, j: int, seed: Any) -> list[Any]:
        """The gradients of output ``j``, seeded with a cotangent."""
        out = self.outputs[j]
        if out.node is None:
            return [zeros_like(x) for x in self.points]
        found = grad(out, self.points, seed, retain_graph=True, allow_unused=True)
        for place, x, g in zip(self.places, self.points, found, strict=True):
            if g is not None and g.array.shape != x.array.shape:
                raise GradcheckError(
                    f"the gradient of input {place} has shape {tuple(g.shape)}, the input "
                    f"{tuple(x.shape)}: a missing sum over broadcast axes, or a missing reshape"
                )
        return [zeros_like(x) if g is None else g for x, g in zip(self.points, found, strict=True)]

    def forth(self, tangents: list[Any]) -> tuple[Any, ...]:
        """The outputs' derivatives along tangents, by forward mode."""
        points = tuple(x.detach() for x in self.points)
        result: tuple[Any, ...] = jvp(self, points, tuple(tangents))[1]
        return result


def _floating(results: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(o for o in results if isinstance(o, Value) and o.array.dtype.kind == "f")


def _zeros(case: _Case) -> list[np.ndarray]:
    return [np.zeros(x.array.shape) for x in case.points]


def _numeric(case: _Case, eps: float) -> list[list[np.ndarray]]:
    """Jacobians (input elements, output elements), by input and output."""
    blocks = []
    for i, x in enumerate(case.points):
        rows: list[list[np.ndarray]] = []
        for place in np.ndindex(x.array.shape):
            directions = _zeros(case)
            directions[i][place] = 1.0
            rows.append(case.difference(directions, eps))
        blocks.append(
            [
                np.array([r[j].reshape(-1) for r in rows]).reshape(x.array.size, o.array.size)
                for j, o in enumerate(case.outputs)
            ]
        )
    return blocks


def _by_reverse_mode(case: _Case) -> list[list[np.ndarray]]:
    blocks = [[np.zeros((x.array.size, o.array.size)) for o in case.outputs] for x in case.points]
    for j, out in enumerate(case.outputs):
        for k, seed in enumerate(basis(out)):
            for i, g in enumerate(case.back(j, seed)):
                blocks[i][j][:, k] = g.array.reshape(-1)
    return blocks


def _by_forward_mode(case: _Case) -> list[list[np.ndarray]]:
    blocks = [[np.zeros((x.array.size, o.array.size)) for o in case.outputs] for x in case.points]
    for i, x in enumerate(case.points):
        for k, tangent in enumerate(basis(x)):
            tangents = [zeros_like(p) for p in case.points]
            tangents[i] = tangent
            for j, moved in enumerate(case.forth(tangents)):
                blocks[i][j][k] = moved.array.reshape(-1)
    return blocks


def _check_elements(case: _Case, options: _Options, backward: bool, forward: bool) -> None:
    numeric = _numeric(case, options.eps)
    for wanted, how, blocks in (
        (backward, "", _by_reverse_mode),
        (forward, " in forward mode", _by_forward_mode),
    ):
        if not wanted:
            continue
        analytic = blocks(case)
        for i, j, what in case.pairs():
            if not options.agree(analytic[i][j], numeric[i][j]):
                raise GradcheckError(
                    report(
                        what + how,
                        analytic[i][j],
                        numeric[i][j],
                        case.points[i].array,
                        case.outputs[j].array.shape,
                        (options.rtol, options.atol),
                    )
                )


def _directions(tensors: Any, seed: int) -> list[np.ndarray]:
    """A random direction of length 1 for each tensor."""
    rng = np.random.default_rng(seed)
    draws = [rng.normal(size=t.array.shape) for t in tensors]
    return [d / max(float(np.sqrt((d * d).sum())), 1e-12) for d in draws]


def _check_directions(case: _Case, options: _Options, backward: bool, forward: bool) -> None:
    """One number for each output and input: ``v^T J u`` for random u and v."""
    into, onto = _directions(case.points, 1), _directions(case.outputs, 2)
    for i, j, what in case.pairs():
        directions = _zeros(case)
        directions[i] = into[i]
        numeric = float((case.difference(directions, options.eps)[j] * onto[j]).sum())
        kinds = case.points[i].array.dtype, case.outputs[j].array.dtype
        found = []
        if backward:
            g = case.back(j, wrap(onto[j].astype(kinds[1])))[i]
            found.append(("", float((g.array * into[i]).sum())))
        if forward:
            tangents = [zeros_like(p) for p in case.points]
            tangents[i] = wrap(into[i].astype(kinds[0]))
            moved = case.forth(tangents)[j]
            found.append((" in forward mode", float((moved.array * onto[j]).sum())))
        for how, analytic in found:
            if not options.agree(np.asarray(analytic), np.asarray(numeric)):
                _explain_direction(case, options, i, j, what + how, analytic, numeric, bool(how))


def _explain_direction(
    case: _Case,
    options: _Options,
    i: int,
    j: int,
    what: str,
    analytic: float,
    numeric: float,
    forward: bool,
) -> None:
    """Look element by element where the whole disagrees, so that the message can say where."""
    full = _numeric(case, options.eps)[i][j]
    found = (_by_forward_mode if forward else _by_reverse_mode)(case)[i][j]
    x, shape = case.points[i].array, case.outputs[j].array.shape
    raise GradcheckError(
        f"Along a random direction: numeric {numeric:.9g}, analytic {analytic:.9g}.\n"
        + report(what, found, full, x, shape, (options.rtol, options.atol))
    )


# --- what else must hold ----------------------------------------------------------------------------


def _seed_of(case: _Case, j: int) -> Any:
    out = case.outputs[j]
    draws = np.random.default_rng(j).normal(size=out.array.shape)
    return wrap(draws.astype(out.array.dtype))


def _check_repeatable(case: _Case, options: _Options) -> None:
    for j in range(len(case.outputs)):
        first, second = (case.back(j, _seed_of(case, j)) for _ in range(2))
        for place, a, b in zip(case.places, first, second, strict=True):
            if not np.allclose(a.array, b.array, rtol=0, atol=options.nondet_tol, equal_nan=True):
                raise GradcheckError(
                    f"Backward is not reentrant: two walks from output {j} to input {place} give "
                    f"different gradients (by up to {np.max(np.abs(a.array - b.array)):.3g}): a "
                    "rule draws random numbers, or changes what it is given in place"
                )


def _check_linear(case: _Case) -> None:
    for j, out in enumerate(case.outputs):
        for place, g in zip(case.places, case.back(j, zeros_like(out)), strict=True):
            if np.any(g.array != 0) and np.isfinite(g.array).all():
                raise GradcheckError(
                    f"a gradient of 0 for output {j} gives a gradient that is not 0 for input "
                    f"{place}: a rule must be linear in g, but something is added to it"
                )
        once, twice = case.back(j, _seed_of(case, j)), case.back(j, _seed_of(case, j) * -2)
        for place, a, b in zip(case.places, once, twice, strict=True):
            if not np.allclose(-2 * a.array, b.array, rtol=1e-5, atol=1e-8, equal_nan=True):
                raise GradcheckError(
                    f"-2 times the gradient of output {j} does not give -2 times the gradient of "
                    f"input {place}: a rule must be linear in g, but this one is not"
                )


def _check_dtypes(case: _Case) -> None:
    for j in range(len(case.outputs)):
        for place, x, g in zip(
            case.places, case.points, case.back(j, _seed_of(case, j)), strict=True
        ):
            if g.array.dtype != x.array.dtype:
                raise GradcheckError(
                    f"the gradient of input {place} is {g.dtype}, the input {x.dtype}"
                )


def _over_samples(function: Callable[[Any], Any], batch: Any, what: str) -> Any:
    """The function under ``vmap``."""
    try:
        return vmap(function)(batch)
    except RuntimeError as error:
        raise GradcheckError(f"{what} does not run under vmap: {error}") from error


def _check_batched(case: _Case, options: _Options) -> None:
    for j, out in enumerate(case.outputs):
        if out.node is None:
            continue
        seeds = [_seed_of(case, j) * f for f in (1.0, -0.5)]
        rows = [case.back(j, s) for s in seeds]
        batch = wrap(np.stack([s.array for s in seeds]))

        def back(g: Any, j: int = j) -> Any:
            return tuple(case.back(j, g))

        found = _over_samples(back, batch, f"the backward walk from output {j}")
        for place, g, expected in zip(case.places, found, zip(*rows, strict=True), strict=True):
            if not options.agree(g.array, np.stack([e.array for e in expected])):
                raise GradcheckError(
                    f"the backward walk from output {j} to input {place} under vmap differs from "
                    "the same walk sample by sample: a batching rule is wrong"
                )


def _check_batched_forward(case: _Case, options: _Options) -> None:
    rng = np.random.default_rng(3)
    for i, x in enumerate(case.points):
        draws = rng.normal(size=(2, *x.array.shape)).astype(x.array.dtype)

        def along(t: Any, i: int = i) -> Any:
            tangents = [zeros_like(p) for p in case.points]
            tangents[i] = t
            return case.forth(tangents)

        rows = [along(wrap(d)) for d in draws]
        what = f"forward mode from input {case.places[i]}"
        for j, moved in enumerate(_over_samples(along, wrap(draws), what)):
            if not options.agree(moved.array, np.stack([r[j].array for r in rows])):
                raise GradcheckError(
                    f"forward mode from input {case.places[i]} to output {j} under vmap differs "
                    "from the same sample by sample: a batching rule is wrong"
                )


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives: ``gradcheck`` of the gradient, by inputs and by ``grad_outputs``.

    Args:
        func: as ``gradcheck`` takes it; so are all arguments that are not named here.
        inputs: as there.
        grad_outputs: the gradient of each output; random by default.
        eps: as there.
        atol: as there.
        rtol: as there.
        gen_non_contig_grad_outputs: let the random ones be strided.
        raise_exception: as there.
        nondet_tol: as there.
        check_undefined_grad: as there.
        check_grad_dtypes: as there.
        check_batched_grad: as there.
        check_fwd_over_rev: check forward mode over reverse mode.
        check_rev_over_rev: check reverse mode over reverse mode.
        fast_mode: as there.
        masked: accepted.

    Returns:
        ``True`` if all agree.

    Raises:
        GradcheckError: if not.
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    case = _Case(func, given)
    seeds = _second_seeds(case, grad_outputs, gen_non_contig_grad_outputs)
    count = len(given)

    def slopes(*args: Any) -> Any:
        points = [args[i] for i in case.places]
        _, back = vjp(case, *points)
        return back(tuple(args[count:]))

    return gradcheck(
        slopes,
        (*given, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _second_seeds(case: _Case, grad_outputs: Any, strided: bool) -> list[Any]:
    if grad_outputs is not None:
        known = [grad_outputs] if isinstance(grad_outputs, Tensor) else list(grad_outputs)
        return [g if g.requires_grad else alias(g, LEAF) for g in known]
    seeds = []
    for j, out in enumerate(case.outputs):
        draws = np.random.default_rng(j).normal(size=(*out.array.shape, 2 if strided else 1))
        seeds.append(wrap(draws.astype(out.array.dtype)[..., 0], LEAF))
    return seeds

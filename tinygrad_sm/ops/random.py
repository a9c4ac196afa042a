"""Random tensors, from the same stream of bits as PyTorch's on the CPU.

The engine is the Mersenne Twister (Matsumoto and Nishimura, 1998), seeded by one number. Uniform
numbers take 24 bits (float32) or 53 (float64); normal ones come from the Box-Muller transform in
blocks of 16. So ``manual_seed(0); randn(100)`` gives PyTorch's numbers, to float rounding.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..devices import CPU, check_device
from ..dtypes import as_numpy_dtype
from ..tape import LEAF, no_grad, values_of, wrap
from .box_muller import box_muller
from .creation import check_ignored
from .dims import sizes_of

if TYPE_CHECKING:
    from ..tensor import Tensor


class Generator:
    """A source of random bits with a state of its own.

    >>> import tinygrad_sm as sg
    >>> g = sg.Generator().manual_seed(0)
    >>> sg.rand(2, generator=g)
    tensor([0.4963, 0.7682])
    """

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self.device = CPU
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to a seed; returns the generator."""
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise RuntimeError(f"manual_seed: {seed} does not fit in 64 bits")
        self._seed = seed % 2**64
        self.__dict__.pop("_engine", None)
        self._next_normal: float | None = None
        return self

    @cached_property
    def _engine(self) -> Any:
        """The Mersenne Twister, made when first used: importing ``numpy.random`` takes 6 ms."""
        engine = np.random.MT19937()
        engine._legacy_seeding(self._seed & 0xFFFFFFFF)
        return engine

    def seed(self) -> int:
        """Seed from the operating system's randomness; returns the seed."""
        self.manual_seed(int.from_bytes(os.urandom(8)) >> 1)
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream was started with."""
        return self._seed

    def get_state(self) -> Tensor:
        """The state as a uint8 tensor, for ``set_state``."""
        inner = self._engine.state["state"]
        cached = math.nan if self._next_normal is None else self._next_normal
        parts = [
            np.asarray([self._seed, inner["pos"]], "<u8"),
            np.asarray([cached], "<f8"),
            np.asarray(inner["key"], "<u4"),
        ]
        return wrap(np.frombuffer(b"".join(p.tobytes() for p in parts), np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Go on from a state that ``get_state`` returned.

        Raises:
            RuntimeError: for a tensor that is no such state.
        """
        raw = new_state.array.tobytes()
        if len(raw) != 24 + 624 * 4 or new_state.array.dtype != np.uint8:
            raise RuntimeError("set_state: expected the uint8 tensor that get_state() returned")
        seed, position = (int(v) for v in np.frombuffer(raw[:16], "<u8"))
        if position > 624:
            raise RuntimeError("set_state: the state is damaged: its position is out of range")
        cached = float(np.frombuffer(raw[16:24], "<f8")[0])
        key = np.frombuffer(raw[24:], "<u4").astype(np.uint32)
        self._engine.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
        self._seed, self._next_normal = seed, None if math.isnan(cached) else cached
        return self

    def bits32(self, count: int) -> np.ndarray:
        """``count`` draws of 32 random bits, as uint64."""
        return self._engine.random_raw(count) if count else np.zeros(0, np.uint64)

    def bits64(self, count: int) -> np.ndarray:
        """``count`` draws of 64 random bits: two of 32 each, the first in front."""
        pairs = self.bits32(2 * count).reshape(count, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def uniform(self, count: int, kind: np.dtype) -> np.ndarray:
        """Numbers in [0, 1)."""
        if kind == np.float64:
            return (self.bits64(count) & np.uint64(2**53 - 1)) * 2.0**-53
        bits = 24 if kind == np.float32 else 11
        return ((self.bits32(count) & np.uint64(2**bits - 1)) * 2.0**-bits).astype(kind)

    def normal(self, count: int, kind: np.dtype) -> np.ndarray:
        """Numbers from the normal distribution of mean 0 and variance 1."""
        if count < 16:
            return np.asarray([self.one_normal() for _ in range(count)]).astype(kind)
        work = np.dtype(np.float64) if kind == np.float64 else np.dtype(np.float32)
        out = self.uniform(count, work)
        whole = count // 16 * 16
        out[:whole] = box_muller(out[:whole])
        if whole < count:
            out[-16:] = box_muller(self.uniform(16, work))
        return out.astype(kind, copy=False)

    def one_uniform(self) -> float:
        """One number in [0, 1), of float64's 53 bits."""
        draw = self._engine.random_raw
        return ((draw() << 32 | draw()) & (2**53 - 1)) * 2.0**-53

    def one_normal(self) -> float:
        """One number from the normal distribution, by Box and Muller's transform in float64."""
        if self._next_normal is not None:
            value, self._next_normal = self._next_normal, None
            return value
        turn, height = self.one_uniform(), self.one_uniform()
        radius = math.sqrt(-2 * math.log1p(-height))
        self._next_normal = radius * math.sin(2 * math.pi * turn)
        return radius * math.cos(2 * math.pi * turn)

    def permutation(self, count: int) -> np.ndarray:
        """0 ... count-1 in random order (Fisher and Yates)."""
        order = list(range(count))
        if count > 1:
            left = np.arange(count, 1, -1, dtype=np.uint64)
            for i, step in enumerate((self.bits32(count - 1) % left).tolist()):
                order[i], order[i + step] = order[i + step], order[i]
        return np.asarray(order, np.int64)


default_generator = Generator()


def _plain_sample(draw: Callable[..., Any], sizes: tuple[int, ...]) -> Any:
    return wrap(draw(sizes))


def _plain_sample_for(draw: Callable[..., Any], given: tuple[Any, ...], source: Generator) -> Any:
    return wrap(draw(*map(values_of, given)))


# How a tensor of random numbers is made from a function that draws them; vmap sets its own two.
sampler: ContextVar[tuple[Callable[..., Any], Callable[..., Any]]] = ContextVar(
    "sampler", default=(_plain_sample, _plain_sample_for)
)


def sample(draw: Callable[[tuple[int, ...]], np.ndarray], sizes: tuple[int, ...]) -> Any:
    """A tensor of what ``draw(sizes)`` returns: under ``vmap``, for each sample or for all."""
    return sampler.get()[0](draw, sizes)


def sample_for(
    draw: Callable[..., np.ndarray], *given: Any, generator: Generator | None = None
) -> Any:
    """A tensor of what ``draw(*arrays)`` returns, for draws that depend on the values of tensors.

    Under ``vmap`` it draws sample by sample; the result is not on the tape.
    """
    return sampler.get()[1](draw, given, generator or default_generator)


def manual_seed(seed: int) -> Generator:
    """Start the default stream that belongs to a seed."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed the default stream from the operating system's randomness; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default stream."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default stream."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Go on with the default stream from a state."""
    default_generator.set_state(new_state)


def _draw(
    method: str,
    shape: tuple[int, ...],
    dtype: Any,
    generator: Generator | None,
    requires_grad: bool,
) -> Any:
    kind = dtypes.DEFAULT if dtype is None else as_numpy_dtype(dtype)
    if kind.kind != "f":
        raise RuntimeError(f"rand, randn: expected a floating dtype, not {kind}: use randint")
    draw = getattr(generator or default_generator, method)
    out = sample(lambda sizes: draw(math.prod(sizes), kind).reshape(sizes), shape)
    out.node = LEAF if requires_grad else None
    return out


def rand(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Uniform numbers in [0, 1)."""
    check_device(device)
    check_ignored("rand", ignored)
    return _draw("uniform", sizes_of(sizes, size), dtype, generator, requires_grad)


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Normal numbers of mean 0 and variance 1."""
    check_device(device)
    check_ignored("randn", ignored)
    return _draw("normal", sizes_of(sizes, size), dtype, generator, requires_grad)


def rand_like(input: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """Uniform numbers in another tensor's shape and dtype."""
    return rand(input.array.shape, dtype=dtype or input.array.dtype, **options)


def randn_like(input: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """Normal numbers in another tensor's shape and dtype."""
    return randn(input.array.shape, dtype=dtype or input.array.dtype, **options)


def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Integers from ``low`` to before ``high``: ``randint(high, size)`` or with ``low`` in front.

    Raises:
        RuntimeError: if there is no integer between.
        TypeError: without a size.
    """
    check_device(device)
    check_ignored("randint", ignored)
    if size is None:
        low, high, size = None, low, high
    elif high is None:
        low, high = None, low
    if high is None or size is None:
        raise TypeError("randint(): expected (high, size) or (low, high, size)")
    first, last = 0 if low is None else index(low), index(high)
    kind = dtypes.INT64 if dtype is None else as_numpy_dtype(dtype)
    out: Any = sample(
        lambda sizes: (
            _integers(first, last, math.prod(sizes), generator).reshape(sizes).astype(kind)
        ),
        sizes_of((size,)),
    )
    return out.requires_grad_() if requires_grad else out


def _integers(low: int, high: int, count: int, generator: Generator | None) -> np.ndarray:
    if low >= high:
        raise RuntimeError(f"randint: expects 'from' to be less than 'to', but got {low} >= {high}")
    source = generator or default_generator
    span = high - low
    bits = source.bits32(count) if span < 2**32 else source.bits64(count)
    return (bits % np.uint64(span)).astype(np.int64) + low


def randint_like(
    input: Any, low: int, high: Any = None, *, dtype: Any = None, **options: Any
) -> Tensor:
    """Integers from ``low`` (0 if alone) to before ``high`` in another tensor's shape and dtype."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, input.array.shape, dtype=dtype or input.array.dtype, **options)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None
) -> Tensor:
    """0 ... n-1 in random order."""
    check_device(device)
    kind = dtypes.INT64 if dtype is None else as_numpy_dtype(dtype)
    source = generator or default_generator

    def draw(sizes: tuple[int, ...]) -> np.ndarray:
        rows = [source.permutation(n) for _ in range(math.prod(sizes[:-1]))]
        return np.reshape(rows, sizes).astype(kind)

    return sample(draw, (n,))


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **ignored: Any,
) -> Tensor:
    """Normal numbers of a mean and a standard deviation, either of which may be a tensor.

    Raises:
        RuntimeError: for a negative standard deviation.
    """
    if size is None:
        both = mean * std if hasattr(mean, "array") else std * mean
        size, dtype = both.shape, dtype or both.dtype
    draws = randn(size, generator=generator, dtype=dtype, device=device, **ignored)
    out = (draws * std + mean).detach()
    if requires_grad:
        return out.requires_grad_()
    tracked = [t for t in (mean, std) if getattr(t, "requires_grad", False)]
    return sum((t * 0 for t in tracked), out)  # on the tape as they are, with gradients of 0


def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that ``input`` holds (or ``p``), else 0.

    Raises:
        RuntimeError: for a probability outside [0, 1].
    """
    chance = values_of(input) if p is None else np.asarray(p)
    if not np.all((chance >= 0) & (chance <= 1)):
        raise RuntimeError("bernoulli: expected probabilities between 0 and 1")
    x = input.array
    kind = x.dtype if p is None and x.dtype.kind == "f" else np.dtype(np.float64)
    source = generator or default_generator
    draws = sample(
        lambda sizes: source.uniform(math.prod(sizes), kind).reshape(sizes),
        x.shape,
    )
    with no_grad():
        drawn = (draws < (input if p is None else p)).to(x.dtype)
    # on the tape if the input is, though no small change of it would change what was drawn
    return drawn if p is not None or input.node is None else drawn + input * 0


def multinomial(
    input: Any,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Indices drawn with probabilities in proportion to weights, row by row.

    Without replacement, and for a single sample, the weights compete as exponential clocks
    (Efraimidis and Spirakis, 2006).

    Raises:
        RuntimeError: for negative or non-finite weights, a row of zeros, or more samples than
            weights without replacement.
    """
    if input.array.ndim not in (1, 2) or input.array.dtype.kind != "f":
        raise RuntimeError("multinomial: expected floating weights in 1 or 2 dimensions")
    source = generator or default_generator
    return sample_for(
        lambda x: _picked(x, num_samples, replacement, source), input, generator=source
    )


def _picked(x: np.ndarray, num_samples: int, replacement: bool, source: Generator) -> np.ndarray:
    weights = np.atleast_2d(x.astype(np.float64))
    if not np.all(np.isfinite(weights)) or np.any(weights < 0):
        raise RuntimeError("multinomial: weights must be finite and not negative")
    enough = 1 if replacement else num_samples
    if num_samples < 1 or np.any(np.count_nonzero(weights, axis=-1) < enough):
        raise RuntimeError(
            f"multinomial: cannot draw {num_samples} sample(s) "
            f"{'with' if replacement else 'without'} replacement: too few positive weights"
        )
    rows, choices = weights.shape
    if replacement and num_samples > 1:
        ladder = np.cumsum(weights, -1)
        heights = source.uniform(rows * num_samples, np.dtype(np.float64)).reshape(rows, -1)
        picks = [
            np.searchsorted(steps, h * steps[-1], side="right")
            for steps, h in zip(ladder, heights, strict=True)
        ]
        found = np.stack(picks)
    else:
        waits = -np.log1p(-source.uniform(rows * choices, np.dtype(np.float64)))
        with np.errstate(divide="ignore", invalid="ignore"):
            clocks = np.where(weights > 0, waits.reshape(rows, choices) / weights, np.inf)
        found = np.argsort(clocks, -1, kind="stable")[:, :num_samples]
    return found.astype(np.int64).reshape(*x.shape[:-1], num_samples)


# --- in place ------------------------------------------------------------------------------------


def uniform_values(x: np.ndarray, low: float, high: float, generator: Any) -> np.ndarray:
    """What ``Tensor.uniform_`` writes."""
    if low > high:
        raise RuntimeError(
            f"uniform_: expects to return a [from, to) range, but found from={low} > to={high}"
        )
    draws = (generator or default_generator).uniform(x.size, x.dtype).reshape(x.shape)
    first, last = np.asarray(low, x.dtype), np.asarray(high, x.dtype)
    return _scaled(draws, last - first, first)


def normal_values(x: np.ndarray, mean: float, std: float, generator: Any) -> np.ndarray:
    """What ``Tensor.normal_`` writes."""
    if std < 0:
        raise RuntimeError(f"normal: expects std >= 0, but found std {std}")
    # a few numbers are drawn one by one in float64, and rounded at the end
    kind = np.dtype(np.float64) if x.size < 16 else x.dtype
    draws = (generator or default_generator).normal(x.size, kind).reshape(x.shape)
    return _scaled(draws, np.asarray(std, kind), np.asarray(mean, kind)).astype(x.dtype)


def _scaled(draws: np.ndarray, by: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """``draws by + shift``, in float32 rounded once, as PyTorch's fused multiply-add does."""
    wide = np.float64 if draws.dtype == np.float32 else draws.dtype
    return (draws.astype(wide) * by + shift.astype(wide)).astype(draws.dtype)


def integer_values(x: np.ndarray, low: Any, high: Any, generator: Any) -> np.ndarray:
    """What ``Tensor.random_`` writes: up to the largest that the dtype holds exactly."""
    if high is None:
        low, high = 0, low
    if high is None:
        if x.dtype == np.int64:
            bits = (generator or default_generator).bits64(x.size)
            return (bits % np.uint64(2**63)).astype(np.int64).reshape(x.shape)
        mantissa = {"f": np.finfo(x.dtype).nmant + 1} if x.dtype.kind == "f" else {}
        high = 2 ** mantissa["f"] + 1 if mantissa else int(np.iinfo(x.dtype).max) + 1
    return _integers(int(low), int(high), x.size, generator).reshape(x.shape)

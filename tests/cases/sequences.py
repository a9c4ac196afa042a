"""Spaced numbers, indices of triangles, windows of signals."""

from hypothesis import strategies as st

from .registry import drawn

NOTHING = st.just(())
ENDS = st.sampled_from([-1.5, 0, 1, 2.5, 3])


def _options(**options):
    return st.tuples(NOTHING, st.fixed_dictionaries(options))


def _plain(name, *positional):
    def call(m, **options):
        first = [options.pop(p) for p in positional]
        return getattr(m, name)(*first, **options)

    return call


drawn(
    "logspace",
    _plain("logspace", "start", "end", "steps"),
    _options(start=ENDS, end=ENDS, steps=st.integers(-1, 5), base=st.sampled_from([2, 10.0])),
    ugly=False,
    rtol=1e-6,
)
SIZE, OFFSET = st.integers(0, 4), st.integers(-3, 3)
for name in ["tril_indices", "triu_indices"]:
    drawn(
        name, _plain(name, "n", "k", "offset"), _options(n=SIZE, k=SIZE, offset=OFFSET), ugly=False
    )
for name in [
    "hann_window",
    "hamming_window",
    "bartlett_window",
    "blackman_window",
    "kaiser_window",
]:
    drawn(
        name,
        _plain(name, "n"),
        _options(n=st.integers(0, 9), periodic=st.booleans()),
        ugly=False,
        rtol=1e-5,
    )

"""Places in sorted sequences, distinct elements."""

import numpy as np
from hypothesis import strategies as st

from .drawing import along, one
from .registry import drawn

STEPS = np.array([0.0, 0.5, 1.0, 2.0])  # ascending in every dtype
drawn(
    "searchsorted",
    lambda m, x, right: m.searchsorted(m.tensor(STEPS, dtype=x.dtype), x, right=right),
    one(right=st.booleans()),
    smooth=False,
    ugly=False,
)
drawn(
    "bucketize",
    lambda m, x, right: m.bucketize(x.detach(), m.tensor(STEPS), right=right, out_int32=True),
    one(right=st.booleans()),
    smooth=False,
    ugly=False,
)
drawn("argwhere", lambda m, x: m.argwhere(x > 0), one(), smooth=False)
drawn(
    "unique",
    lambda m, x, **o: m.unique(x.round().detach(), **o),
    one(return_inverse=st.booleans(), return_counts=st.booleans()),
    smooth=False,
    ugly=False,
)
drawn(
    "unique_consecutive",
    lambda m, x, dim, **o: m.unique_consecutive(x.round().detach(), dim=dim, **o),
    along(1, return_inverse=st.booleans(), return_counts=st.booleans()),
    smooth=False,
    ugly=False,
)

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

for shape in [(), (4,), (2, 3), (5, 1, 2)]:
    drawn(
        "unravel_index",
        lambda m, x, shape=shape: m.unravel_index(x.detach().long(), shape),
        one(),
        smooth=False,
        ugly=False,
    )
drawn(
    "nonzero_static",
    lambda m, x, **o: (m.nonzero_static(x, **o), (x > 0).nonzero_static(**o)),
    one(size=st.integers(-1, 9), fill_value=st.integers(-2, 2)),
    smooth=False,
)

"""The tape debugger: record a run, then step through it forward and backward.

>>> import tinygrad_sm as sg
>>> z = sg.tensor([5.0, 2.0, -1.0, 3.0], requires_grad=True)
>>> with sg.trace() as t:
...     loss = -sg.softmax(z, dim=0)[0].log()
...     loss.backward()
>>> t
<Trace: 4 operations, 4 backward steps>

``t.save("run.html")`` writes one page that needs nothing else; ``t.show()`` opens it;
``t.text()``, ``t.json()`` and ``t.dot()`` are the same in other forms.
"""

from __future__ import annotations

from typing import Any

from ..ops import products


def trace(input: Any = None, **options: Any) -> Any:
    """Record what runs in a ``with`` block: see ``Trace`` and the module's example.

    Given a matrix instead, the sum of its diagonal, as in PyTorch.

    Args:
        input: a matrix (n, m), or nothing.
        **options: ``max_bytes``, ``check``, ``title`` and ``profile``, as ``Trace`` has them.

    Raises:
        RuntimeError: for a tensor that is no matrix.

    >>> import tinygrad_sm as sg
    >>> sg.trace(sg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if input is not None:
        return products.trace(input, **options)
    from .session import Trace  # loaded only where a program is traced

    return Trace(**options)

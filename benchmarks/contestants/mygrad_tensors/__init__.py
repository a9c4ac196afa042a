"""MyGrad: Tensors with ``backward``, the layers and losses of ``mygrad.nnet``.

The library brings the derivatives; the updates are plain NumPy. Its guard against writes to
saved memory is off, as its documentation advises where speed matters.
"""

import mygrad

mygrad.turn_memory_guarding_off()

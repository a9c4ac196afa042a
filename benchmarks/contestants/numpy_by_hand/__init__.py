"""NumPy alone, derivatives by hand: what a patient person gets without any framework.

Written to be fast, within reason: layers own their buffers and write into them with ``out=``, so
that little is allocated in a step; parameters and gradients lie in one flat array each, so
that an update is a few operations on long arrays; row sums are products with ones.
"""

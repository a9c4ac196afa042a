"""HIPS autograd: a loss as a NumPy function of its parameters, and ``value_and_grad``.

The library brings the derivatives; the updates are plain NumPy.
"""

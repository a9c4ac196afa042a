"""PyTorch's second names for operations."""

from __future__ import annotations

from . import assembly, elementwise, linear_algebra, shape

absolute = elementwise.abs
divide = elementwise.div
multiply = elementwise.mul
subtract = elementwise.sub
negative = elementwise.neg
greater, greater_equal = elementwise.gt, elementwise.ge
less, less_equal = elementwise.lt, elementwise.le
not_equal = elementwise.ne
unsafe_chunk, unsafe_split = shape.chunk, shape.split
unsafe_split_with_sizes = assembly.split_with_sizes
spmm = linear_algebra.mm

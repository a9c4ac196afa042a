"""How fast is it? ``python -m benchmarks`` answers, against other libraries, side by side.

- ``workloads``: what is computed: shapes, synthetic data and starting weights, in NumPy alone.
- ``contestants``: each library's way to compute it, written as its own users would.
- ``worker`` and ``process``: a contestant in a process of its own, and the pipe to it.
- ``agreement``, ``steps``, ``imports``: the questions: same losses? how fast and how large? how
  soon ready?
- ``tracing``: a program of its own: what does the tape debugger cost while it records?
- ``environment`` and ``table``: what the answer depends on, and how it is printed.
"""

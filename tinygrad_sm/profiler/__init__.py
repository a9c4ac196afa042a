"""Where time and memory go: by operation, module and line, forward and backward.

>>> import tinygrad_sm as sg
>>> with sg.profiler.profile(profile_memory=True) as prof:
...     y = sg.ones(64, 64) @ sg.ones(64, 64)
>>> [row.cpu_memory_usage for row in prof.key_averages() if row.key == "mm"]
[16384]
"""

from .session import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "tensorboard_trace_handler",
]

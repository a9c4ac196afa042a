"""Rank 1 does something else than the others."""

import os
import signal
import sys
import time

import tinygrad_sm as sg
from tinygrad_sm import distributed as dist

how = sys.argv[1]
dist.init_process_group("mpi")
rank = dist.get_rank()
dist.all_reduce(sg.ones(2))
print("started", flush=True)
if rank == 1:
    if how == "raise":
        raise ValueError("bad luck")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        sys.exit(3)
    if how == "return":
        sys.exit(0)
    if how == "shape":
        dist.all_reduce(sg.ones(3))
    if how == "dtype":
        dist.all_reduce(sg.ones(2, dtype=sg.float64))
    if how == "order":
        dist.broadcast(sg.ones(2))
    if how == "late":
        time.sleep(1.0)
if how == "early" and rank == 1:
    sys.exit(0)  # nobody needs it any more
if how == "early":
    time.sleep(1.0)
else:
    dist.all_reduce(sg.ones(2))
print("through", flush=True)

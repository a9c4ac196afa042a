"""``python -m benchmarks.parallel``: what a second process gives, and what a thousand would.

Each setting trains on the same batches, by ``mpiexec``, one BLAS thread a rank; every rank takes an
equal share of a batch. Settings run in turn, some rounds; the medians are shown.

The model on paper. With N ranks, each with a batch as large as one rank has here (so the whole
batch grows), a step takes the T seconds of one rank and, where nothing is hidden behind the
backward pass, an all-reduce of the gradients' S bytes. That takes

    t(N) = 2 log2(N) a + 2 (N - 1)/N S/b

by halving and doubling (Thakur, Rabenseifner and Gropp, 2005, "Optimization of collective
communication operations in MPICH"), with the latency a in seconds and the bandwidth b in bytes a
second. Both come from two ranks here: t(2) of 8 bytes is 2a, and t(2) of S bytes is 2a + S/b. The
efficiency is E(N) = T / (T + t(N)): between machines the network's a and b belong there instead.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from .contestants.torch_api import char_gpt, classifier
from .contestants.torch_api.training import load
from .environment import ROOT, contestant_environment, machine
from .workloads import ROWS, CharGPT

PROBLEMS = ("mlp-1024", "char-gpt")
NO_OVERLAP = 1e6  # megabytes of a bucket: all gradients are sent together, at the end
OVERLAP = {"mlp-1024": 0.25, "char-gpt": 1.0}  # megabytes of a bucket


@dataclass(frozen=True)
class Setting:
    """How a problem is run."""

    title: str
    ranks: int
    threads: int
    overlap: bool = True


SETTINGS = (
    Setting("1 rank, 1 thread", 1, 1),
    Setting("2 ranks, 1 thread each", 2, 1),
    Setting("2 ranks, 1 thread each, no overlap", 2, 1, overlap=False),
    Setting("1 process, 2 threads", 1, 2),
)


# --- in every rank -------------------------------------------------------------------------------


def training_step(row: str, bucket: float) -> tuple[Callable[[], float], int]:
    """One step on this rank's share of a batch, and the bytes of all gradients."""
    import tinygrad_sm as sg
    from tinygrad_sm import distributed as dist
    from tinygrad_sm.nn.parallel import DistributedDataParallel

    problem: Any = ROWS[row].problem
    module = char_gpt if isinstance(problem, CharGPT) else classifier
    model = module.network(sg, problem)
    load(sg, model, problem.weights())
    parallel = DistributedDataParallel(model, bucket_cap_mb=bucket)
    if isinstance(problem, CharGPT):
        optimizer: Any = sg.optim.AdamW(parallel.parameters(), lr=problem.lr)
    else:
        optimizer = sg.optim.SGD(parallel.parameters(), lr=problem.lr, momentum=problem.momentum)
    rank, size = dist.get_rank(), dist.get_world_size()
    shares = cycle(
        [
            [sg.from_numpy(array[rank::size].copy()) for array in batch]
            for batch in problem.batches()
        ]
    )
    criterion = sg.nn.CrossEntropyLoss()

    def step() -> float:
        x, y = next(shares)
        scores = parallel(x)
        loss = criterion(scores.view(-1, scores.shape[-1]), y.view(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step, sum(p.array.nbytes for p in parallel.parameters())


def rank_main(row: str, bucket: float, seconds: float) -> None:
    """Time steps, and, with two ranks, an all-reduce; the first rank prints what it found."""
    import numpy as np

    import tinygrad_sm as sg
    from tinygrad_sm import distributed as dist

    dist.init_process_group("mpi")
    step, size = training_step(row, bucket)

    def timed(call: Callable[[], object], count: int) -> float:
        dist.barrier()
        start = perf_counter()
        for _ in range(count):
            call()
        return (perf_counter() - start) / count

    timed(step, 3)
    count = [max(3, int(seconds / timed(step, 3)))]
    dist.broadcast_object_list(count)
    found = {"step": timed(step, count[0]), "bytes": size}
    if dist.get_world_size() > 1:
        for name, length in (("latency", 1), ("reduce", size // 8)):
            t = sg.from_numpy(np.zeros(length))
            timed(lambda t=t: dist.all_reduce(t), 5)
            found[name] = timed(lambda t=t: dist.all_reduce(t), 50)
    if dist.get_rank() == 0:
        print(json.dumps(found))


# --- outside of them -----------------------------------------------------------------------------


def run(setting: Setting, row: str, seconds: float) -> dict[str, float]:
    """Start the ranks of a setting, and what the first of them printed."""
    variables = contestant_environment(setting.threads, os.environ)
    variables |= {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "PRTE_MCA_hwloc_default_binding_policy": "none",  # threads need more than one core
    }
    bucket = OVERLAP[row] if setting.overlap else NO_OVERLAP
    mpiexec = Path(sys.executable).parent / "mpiexec"
    command = [mpiexec if mpiexec.exists() else "mpiexec", "-n", setting.ranks, sys.executable]
    command += ["-m", "benchmarks.parallel", "--rank", row, bucket, seconds]
    done = subprocess.run(
        list(map(str, command)), env=variables, cwd=ROOT, text=True, check=True, stdout=-1
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(row: str, found: dict[Setting, list[dict[str, float]]]) -> str:
    """The medians of one problem, and the model's predictions."""
    times = {setting: median(f["step"] for f in runs) for setting, runs in found.items()}
    alone = times[SETTINGS[0]]
    lines = [f"| {ROWS[row].title} | step | throughput | efficiency |", "| :-- | --: | --: | --: |"]
    for setting, time in times.items():
        cores = setting.ranks * setting.threads
        gain = alone / time
        lines.append(f"| {setting.title} | {time * 1e3:.3g} ms | {gain:.2f} | {gain / cores:.0%} |")
    pairs = found[SETTINGS[1]]
    latency = median(f["latency"] for f in pairs) / 2
    size = pairs[0]["bytes"]
    bandwidth = size / (median(f["reduce"] for f in pairs) - 2 * latency)
    lines.append(
        f"\nOn paper: a = {latency * 1e6:.1f} us, b = {bandwidth / 1e9:.2f} GB/s, "
        f"S = {size / 1e6:.2f} MB, T = {alone * 1e3:.3g} ms:"
    )
    for ranks in (8, 64, 1024):
        reduce = 2 * math.log2(ranks) * latency + 2 * (ranks - 1) / ranks * size / bandwidth
        lines.append(f"- {ranks} ranks: {alone / (alone + reduce):.0%}")
    return "\n".join(lines)


def main() -> None:
    """Run what the command line asks for."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.parallel")
    p.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    p.add_argument("--seconds", type=float, default=2.0, help="of timing, each (default: 2)")
    p.add_argument("--rank", nargs=3, help=argparse.SUPPRESS)
    options = p.parse_args()
    if options.rank:
        row, bucket, seconds = options.rank
        rank_main(row, float(bucket), float(seconds))
        return
    here = machine(1, os.environ)
    for row in PROBLEMS:
        found: dict[Setting, list[dict[str, float]]] = {setting: [] for setting in SETTINGS}
        for _ in range(options.rounds):
            for setting, runs in found.items():
                runs.append(run(setting, row, options.seconds))
        print(table(row, found), end="\n\n")
    print(
        f"- {here.cpu}, {here.cores} cores; {here.system}; {here.python}; load before {here.load:.2f}"
    )
    print(f"- medians of {options.rounds} rounds; the whole batch is the same in every setting")


if __name__ == "__main__":
    main()

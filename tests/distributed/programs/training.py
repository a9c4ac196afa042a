"""Train for 200 steps on shares of the same batches, and print every loss of the whole batch."""

import sys

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import distributed as dist
from tinygrad_sm import nn, optim
from tinygrad_sm.nn import functional as F
from tinygrad_sm.nn.parallel import DistributedDataParallel
from tinygrad_sm.utils.data import DataLoader, DistributedSampler, TensorDataset

dtype = getattr(sg, sys.argv[1])
dist.init_process_group("mpi")
rank, size = dist.get_rank(), dist.get_world_size()
rng = np.random.default_rng(0)
x = rng.standard_normal((160, 10))
y = (x @ rng.standard_normal((10, 4))).argmax(1)
data = TensorDataset(sg.tensor(x, dtype=dtype), sg.tensor(y))
sampler = DistributedSampler(data, seed=3)
loader = DataLoader(data, batch_size=16 // size, sampler=sampler)

sg.manual_seed(rank)  # the ranks begin differently: what counts is rank 0
model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 4))
model = DistributedDataParallel(model.to(dtype), bucket_cap_mb=1e-3)
kind = optim.AdamW if len(sys.argv) < 3 else None
parameters = model.parameters()
if kind is None:
    optimizer = optim.ZeroRedundancyOptimizer(parameters, optim.AdamW, lr=1e-2)
else:
    optimizer = kind(parameters, lr=1e-2)
for epoch in range(20):
    sampler.set_epoch(epoch)
    for inputs, targets in loader:
        loss = F.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean = loss.detach().clone()
        dist.all_reduce(mean, dist.ReduceOp.AVG)
        if rank == 0:
            print(repr(mean.item()), repr(norm.item()))

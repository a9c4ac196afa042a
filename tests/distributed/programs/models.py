"""What a data-parallel model does with unused parameters, accumulation, buffers and state."""

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import distributed as dist
from tinygrad_sm import nn
from tinygrad_sm.nn.parallel import DistributedDataParallel

dist.init_process_group("mpi")
rank, size = dist.get_rank(), dist.get_world_size()
x = sg.full((1, 2), float(rank + 1))
mean = (size + 1) / 2


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.used = nn.Linear(2, 1)
        self.odd = nn.Linear(2, 1)
        self.never = nn.Linear(2, 1)

    def forward(self, x, odd):
        return {"out": [self.used(x) + self.odd(x) if odd else self.used(x)]}


# a parameter that no output depends on is named
model = DistributedDataParallel(Branches())
try:
    model(x, False)["out"][0].sum().backward()
except RuntimeError as error:
    assert "odd.weight" in str(error), error
    assert "find_unused_parameters" in str(error), error
else:
    raise AssertionError("unused parameters passed")

# or handled: used on some ranks only, it gets the mean over all; used on none, nothing
model = DistributedDataParallel(Branches(), find_unused_parameters=True)
for _ in range(2):
    model.zero_grad()
    model(x, rank % 2 == 1)["out"][0].sum().backward()
    np.testing.assert_allclose(model.module.used.weight.grad.numpy(), [[mean, mean]])
    odd = sum(r + 1 for r in range(1, size, 2)) / size
    if size > 1:
        np.testing.assert_allclose(model.module.odd.weight.grad.numpy(), [[odd, odd]])
    assert model.module.never.weight.grad is None

# an output that the loss does not use is found at the next pass
pair = nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 1)])


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = pair

    def forward(self, x):
        return [layer(x) for layer in self.pair]


model = DistributedDataParallel(Two())
model(x)[0].sum().backward()
try:
    model(x)
except RuntimeError as error:
    assert "pair.1.weight" in str(error), error
else:
    raise AssertionError("an unfinished pass went unnoticed")

# gradients are on their way while backward still runs
layers = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
model = DistributedDataParallel(layers, bucket_cap_mb=1e-5)
sent = []
layers[0].register_forward_hook(
    lambda module, args, out: out.register_hook(lambda g: sent.append(model.reducer.sent)) and None
)
model(x).sum().backward()
assert sent == [4], sent
assert len(model.reducer.buckets) == 6

# accumulation: local until the pass outside of no_sync
model = DistributedDataParallel(nn.Linear(2, 1))
with model.no_sync():
    model(x).sum().backward()
np.testing.assert_allclose(model.module.weight.grad.numpy(), [[rank + 1] * 2])
model(x).sum().backward()
np.testing.assert_allclose(model.module.weight.grad.numpy(), [[2 * mean] * 2])

# buffers are those of rank 0 in training; parameters of rank 0 from the start
sg.manual_seed(rank)
model = DistributedDataParallel(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))
weights = [None] * size
dist.all_gather_object(weights, model.module[0].weight.tolist())
assert all(w == weights[0] for w in weights)
for _ in range(3):
    model(sg.randn(4, 2)).sum().backward()
model(sg.randn(4, 2))
dist.all_gather_object(weights, model.module[1].num_batches_tracked.item())
assert weights == [4] * size
model.eval()
if rank == 0:
    model(sg.randn(4, 2))  # no rank waits for another one's evaluation

# state: with the prefix, and from the bare model
state = model.state_dict()
assert next(iter(state)) == "module.0.weight"
model.load_state_dict(state)
model.load_state_dict(model.module.state_dict())
try:
    DistributedDataParallel(nn.Linear(2, 1 + rank))
except dist.DistributedError as error:
    assert size > 1
    assert "weight" in str(error)
else:
    assert size == 1
print("fine")

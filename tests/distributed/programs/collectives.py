"""Every collective, on any number of ranks, against what NumPy says that it should give."""

import datetime
import sys

import numpy as np

import tinygrad_sm as sg
from tinygrad_sm import distributed as dist

dist.init_process_group(backend="mpi", timeout=datetime.timedelta(seconds=30))
rank, size = dist.get_rank(), dist.get_world_size()
DTYPES = [
    sg.float64,
    sg.float32,
    sg.float16,
    sg.int64,
    sg.int32,
    sg.int16,
    sg.int8,
    sg.uint8,
    sg.bool,
]


def of(r, shape=(2, 3)):
    """The values of a rank: small, so that every dtype holds their products."""
    count = int(np.prod(shape))
    return (np.arange(count).reshape(shape) + r) % 3


def mine(dtype=sg.float32, shape=(2, 3)):
    return sg.tensor(of(rank, shape)).to(dtype)


def same(t, expected):
    np.testing.assert_array_equal(t.numpy(), expected.astype(t.numpy().dtype))


everyone = [of(r) for r in range(size)]
REDUCED = {
    "SUM": sum(everyone),
    "PRODUCT": np.prod(everyone, axis=0),
    "MIN": np.min(everyone, axis=0),
    "MAX": np.max(everyone, axis=0),
    "BAND": np.bitwise_and.reduce(everyone),
    "BOR": np.bitwise_or.reduce(everyone),
    "BXOR": np.bitwise_xor.reduce(everyone),
}

for dtype in DTYPES:
    for name, expected in REDUCED.items():
        op = dist.ReduceOp[name]
        if dtype is sg.bool:
            flags = [x.astype(bool) for x in everyone]
            ways = {"SUM": np.any, "MAX": np.any, "BOR": np.any, "BXOR": np.logical_xor.reduce}
            expected = ways.get(name, np.all)(flags, axis=0)
        if name.startswith("B") and dtype.is_floating_point:
            try:
                dist.all_reduce(mine(dtype), op)
            except ValueError as error:
                assert name in str(error)
            else:
                raise AssertionError("bits of floats")
            continue
        t = mine(dtype)
        version = t._version
        assert dist.all_reduce(t, op) is None
        same(t, expected)
        assert t._version > version
        t = mine(dtype)
        dist.reduce(t, size - 1, op)
        same(t, expected if rank == size - 1 else of(rank))
    if dtype.is_floating_point:
        t = mine(dtype)
        dist.all_reduce(t, dist.ReduceOp.AVG)
        np.testing.assert_allclose(t.numpy(), REDUCED["SUM"] / size, rtol=1e-3)

    t = mine(dtype)
    dist.broadcast(t, src=size - 1)
    same(t, of(size - 1).astype(bool) if dtype is sg.bool else of(size - 1))
    gathered = [sg.zeros(2, 3, dtype=dtype) for _ in range(size)]
    dist.all_gather(gathered, mine(dtype))
    whole = sg.zeros(2 * size, 3, dtype=dtype)
    dist.all_gather_into_tensor(whole, mine(dtype))
    for r, t in enumerate(gathered):
        same(t, of(r))
        same(whole[2 * r : 2 * r + 2], of(r))
    gathered = [sg.zeros(2, 3, dtype=dtype) for _ in range(size)] if rank == 0 else None
    dist.gather(mine(dtype), gathered)
    for r, t in enumerate(gathered or ()):
        same(t, of(r))
    t = sg.zeros(2, 3, dtype=dtype)
    dist.scatter(t, [sg.tensor(of(r)).to(dtype) for r in range(size)] if rank == 0 else None, src=0)
    same(t, of(rank))
    received = [sg.zeros(r + 1, dtype=dtype) for r in range(size)]
    dist.all_to_all(received, [mine(dtype, (rank + 1,)) for _ in range(size)])
    for r, t in enumerate(received):
        same(t, of(r, (r + 1,)))

out = sg.zeros(3)
dist.reduce_scatter(out, [mine(shape=(3,)) + r for r in range(size)])
same(out, sum(of(r, (3,)) for r in range(size)) + size * rank)
out = sg.zeros(2)
dist.reduce_scatter_tensor(out, mine(shape=(2 * size,)), dist.ReduceOp.MAX)
same(out, np.max([of(r, (2 * size,)) for r in range(size)], axis=0)[2 * rank : 2 * rank + 2])
out = sg.zeros(size, 2)
dist.all_to_all_single(out, sg.full((size, 2), float(rank)))
same(out, np.repeat(np.arange(size)[:, None], 2, axis=1))

# memory that is not contiguous, has no elements, or no dimensions; views
base = sg.zeros(3, 4)
dist.broadcast(base.t()[::2], src=0)
turned = sg.arange(6.0).reshape(2, 3).t()
dist.all_reduce(turned)
same(turned, size * np.arange(6.0).reshape(2, 3).T)
rows = sg.ones(4, 3)
dist.all_reduce(rows[1:3])
same(rows, np.array([1, size, size, 1])[:, None] * np.ones(3))
dist.all_reduce(sg.zeros(0, 3))
scalar = sg.tensor(2.0)
dist.all_reduce(scalar)
assert scalar.item() == 2 * size

# calls under way, messages, groups, objects
work = dist.all_reduce(t := sg.ones(100_000), async_op=True)
assert work.wait()
assert work.is_completed()
same(t, np.full(100_000, size))
if size > 1:
    after, before = (rank + 1) % size, (rank - 1) % size
    incoming = sg.zeros(2)
    works = dist.batch_isend_irecv(
        [
            dist.P2POp(dist.isend, sg.full((2,), float(rank)), after, tag=7),
            dist.P2POp(dist.irecv, incoming, before, tag=7),
        ]
    )
    for work in works:
        work.wait()
    same(incoming, np.full(2, before))
    if rank == 0:
        dist.send(sg.arange(3), 1)
    if rank == 1:
        t = sg.zeros(3, dtype=sg.int64)
        assert dist.recv(t) == 0
        same(t, np.arange(3))
odd = dist.new_group(range(1, size, 2)) if size > 1 else None
if odd is not None:
    inside = rank % 2 == 1
    assert dist.get_rank(odd) == (rank // 2 if inside else -1)
    t = sg.ones(1)
    dist.all_reduce(t, group=odd)
    assert t.item() == (size // 2 if inside else 1)
found = [None] * size
dist.all_gather_object(found, {"rank": rank, "text": "x" * rank})
assert found == [{"rank": r, "text": "x" * r} for r in range(size)]
things = ["a", {"b": 1}] if rank == 0 else [None, None]
dist.broadcast_object_list(things)
assert things == ["a", {"b": 1}]
place = [None]
dist.scatter_object_list(place, list(range(size)) if rank == 0 else None)
assert place == [rank]
kept = [None] * size if rank == 0 else None
dist.gather_object(rank * 2, kept)
assert kept in (None, [2 * r for r in range(size)])

draws = [None] * size
for seed in (0, 1):
    dist.manual_seed(seed)
    dist.all_gather_object(draws, sg.rand(1).item())
    assert len(set(draws)) == size
dist.manual_seed(1)
assert sg.rand(1).item() == draws[rank]

# what cannot be is refused, before anything is sent
ones = sg.ones(2)
for wrong, call in {
    TypeError: lambda: dist.all_reduce(np.ones(2)),
    ValueError: lambda: dist.all_gather([sg.ones(2)] * (size + 1), ones),
}.items():
    try:
        call()
    except wrong:
        continue
    raise AssertionError(wrong)
dist.barrier()
dist.destroy_process_group()
assert not dist.is_initialized()
print("fine", rank, file=sys.stdout)

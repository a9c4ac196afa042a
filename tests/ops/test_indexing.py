"""Indexing: what the registry of cases does not draw."""

import tinygrad_sm as sg


def test_one_place_without_a_dimension(torch):
    for library in (torch, sg):
        x = library.arange(4.0).requires_grad_()
        place = library.tensor(2)
        out = library.gather(x, 0, place)
        assert (out.shape, out.item()) == ((), 2.0)
        out.backward()
        assert x.grad.tolist() == [0, 0, 1, 0]
        zeros = library.zeros(4)
        assert zeros.scatter(0, place, 5.0).tolist() == [0, 0, 5, 0]
        assert zeros.scatter(0, place, library.tensor(5.0)).tolist() == [0, 0, 5, 0]
        assert zeros.scatter_add(0, place, library.tensor([5.0])).tolist() == [0, 0, 5, 0]
        assert zeros.scatter_(dim=0, index=place, value=1).tolist() == [0, 0, 1, 0]
        reduced = zeros.scatter_reduce(0, place, library.tensor(3.0), "sum")
        assert reduced.tolist() == [0, 0, 4, 0]

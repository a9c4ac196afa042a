"""Reading by index, and orders."""

from .registry import A, B, case

case("getitem", lambda m, x: x[1], A)
case("getitem", lambda m, x: x[:, None, 1:3], A)
case("getitem", lambda m, x: x[..., ::2], A)
case("getitem", lambda m, x: x[[0, 0, 2]], A)
case("getitem", lambda m, x: x[[0, 0], [1, 1]], A)
case("getitem", lambda m, x: x[x > 0], A, second=False)
case("getitem", lambda m, x: x[:, m.tensor([1, 1, 3])], A)
case("select", lambda m, x: x.select(1, 2), A)
case("narrow", lambda m, x: x.narrow(1, 1, 2), A)
case("index_select", lambda m, x: x.index_select(1, m.tensor([0, 0, 3])), A)
case("gather", lambda m, x: x.gather(1, m.tensor([[0, 0], [1, 3], [2, 2]])), A)
case(
    "scatter_add",
    lambda m, x, y: x.scatter_add(1, m.tensor([[0, 0, 1, 2], [1, 3, 3, 3], [2, 2, 2, 2]]), y),
    A,
    B,
)
case(
    "scatter",
    lambda m, x, y: x.scatter(1, m.tensor([[0, 1, 3, 2], [1, 0, 2, 3], [2, 3, 1, 0]]), y),
    A,
    B,
)
case("sort", lambda m, x: x.sort(1, descending=True)[0], A)
case("topk", lambda m, x: x.topk(2, 1)[0], A)

"""Views as copies."""

from .registry import CUBE, A, case

CALLS = {
    "alias_copy": lambda m, x: m.alias_copy(x),
    "as_strided_copy": lambda m, x: m.as_strided_copy(x, (2, 2), (4, 2), 1),
    "detach_copy": lambda m, x: m.detach_copy(x.detach()) * x,
    "detach": lambda m, x: m.detach(x) * x,
    "diagonal_copy": lambda m, x: m.diagonal_copy(x, 1),
    "expand_copy": lambda m, x: m.expand_copy(x, (2, 3, 4)),
    "permute_copy": lambda m, x: m.permute_copy(x, (1, 0)),
    "select_copy": lambda m, x: m.select_copy(x, 1, 2),
    "slice_copy": lambda m, x: m.slice_copy(x, 1, 1, 4, 2),
    "split_copy": lambda m, x: m.split_copy(x, 2, 1)[1],
    "split_with_sizes_copy": lambda m, x: m.split_with_sizes_copy(x, (1, 3), 1)[1],
    "squeeze_copy": lambda m, x: m.squeeze_copy(x[:1], 0),
    "t_copy": lambda m, x: m.t_copy(x),
    "transpose_copy": lambda m, x: m.transpose_copy(x, 0, 1),
    "unbind_copy": lambda m, x: m.unbind_copy(x, 1)[2],
    "unfold_copy": lambda m, x: m.unfold_copy(x, 1, 2, 2),
    "unsqueeze_copy": lambda m, x: m.unsqueeze_copy(x, 1),
    "view_copy": lambda m, x: m.view_copy(x, (2, 6)),
}
for name, call in CALLS.items():
    case(name, call, A, smooth="detach" not in name)
case("unsafe_split_with_sizes", lambda m, x: m.unsafe_split_with_sizes(x, (1, 3), 1)[1], A)
case("unsafe_split_with_sizes", lambda m, x: x.unsafe_split_with_sizes((1, 1), 0)[1], CUBE)

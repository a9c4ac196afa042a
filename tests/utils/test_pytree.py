from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from tinygrad_sm.utils import _pytree as pytree

Pair = namedtuple("Pair", "a b")


class Box:
    def __init__(self, inside, label):
        self.inside, self.label = inside, label


pytree.register_pytree_node(
    Box, lambda box: ([box.inside], box.label), lambda parts, label: Box(*parts, label)
)
TREE = {
    "list": [1, (2, 3)],
    "named": Pair(4, None),
    "ordered": OrderedDict([("z", 5), ("a", 6)]),
    "default": defaultdict(list, k=7),
    "deque": deque([8, 9], maxlen=3),
    "empty": (),
}


def test_a_tree_is_taken_apart_and_put_together():
    leaves, spec = pytree.tree_flatten(TREE)
    assert leaves == [1, 2, 3, 4, None, 5, 6, 7, 8, 9]
    assert spec.num_leaves == 10
    again = pytree.tree_unflatten(leaves, spec)
    assert again == TREE
    assert [type(x) for x in again.values()] == [type(x) for x in TREE.values()]
    assert again["deque"].maxlen == 3
    assert spec == pytree.tree_structure(again)
    assert spec != pytree.tree_structure([1])


def test_the_leaves_are_pytorchs(torch):
    assert torch.utils._pytree.tree_leaves(TREE) == pytree.tree_leaves(TREE)
    with_default = torch.utils._pytree.tree_map(str, TREE)
    assert with_default == pytree.tree_map(str, TREE)


def test_a_class_of_ones_own():
    box = pytree.tree_map(lambda x: x + 1, Box([1, 2], "l"))
    assert (box.inside, box.label) == ([2, 3], "l")
    with pytest.raises(ValueError, match="already registered"):
        pytree.register_pytree_node(Box, None, None)


def test_several_trees_and_kinds():
    assert pytree.tree_map(lambda a, b: (a, b), [1, 2], [3, (4, 5)]) == [(1, 3), (2, (4, 5))]
    with pytest.raises(ValueError, match="structure"):
        pytree.tree_map(max, [1, 2], [3])
    with pytest.raises(ValueError, match="3 leaves for a structure of 2"):
        pytree.tree_unflatten([1, 2, 3], pytree.tree_structure([1, 2]))
    assert pytree.tree_map_only(int, str, [1, "a"]) == ["1", "a"]
    assert pytree.tree_map([1, (2, 3)].index, [1, (2, 3)], is_leaf=lambda t: t == (2, 3)) == [0, 1]
    assert pytree.tree_all(bool, [1, 2])
    assert not pytree.tree_any_only(str, bool, [1, ""])

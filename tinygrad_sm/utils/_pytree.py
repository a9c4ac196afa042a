"""Nested tuples, lists, dicts and registered classes taken apart into leaves, and put together."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

PyTree = Any


class _Node:
    """How a kind of container is taken apart into (parts, context), and put together again."""

    def __init__(self, flatten: Callable[[Any], Any], unflatten: Callable[..., Any]) -> None:
        self.flatten_fn = flatten
        self.unflatten_fn = unflatten


def _mapping(kind: Callable[[Any], Any]) -> _Node:
    return _Node(
        lambda d: (list(d.values()), list(d)),
        lambda parts, keys: kind(zip(keys, parts, strict=True)),
    )


SUPPORTED_NODES: dict[Any, _Node] = {
    tuple: _Node(lambda t: (list(t), None), lambda parts, _: tuple(parts)),
    list: _Node(lambda t: (list(t), None), lambda parts, _: list(parts)),
    dict: _mapping(dict),
    OrderedDict: _mapping(OrderedDict),
    defaultdict: _Node(
        lambda d: (list(d.values()), (d.default_factory, list(d))),
        lambda parts, c: defaultdict(c[0], zip(c[1], parts, strict=True)),
    ),
    deque: _Node(lambda d: (list(d), d.maxlen), lambda parts, length: deque(parts, length)),
}
_NAMED_TUPLE = _Node(lambda t: (list(t), type(t)), lambda parts, kind: kind(*parts))


def register_pytree_node(
    cls: type, flatten_fn: Callable[[Any], Any], unflatten_fn: Callable[..., Any], **options: Any
) -> None:
    """Let a class count as a container.

    Args:
        cls: the class.
        flatten_fn: an object of it to (a list of its parts, whatever else rebuilds it).
        unflatten_fn: (parts, that context) to an object.
        **options: accepted: how PyTorch writes such trees to files.

    Raises:
        ValueError: for a class that is registered already.
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = _Node(flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node


def _node_of(tree: PyTree) -> _Node | None:
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return _NAMED_TUPLE
    return SUPPORTED_NODES.get(type(tree))


class TreeSpec:
    """The structure of a tree without its leaves.

    Attributes:
        type: the kind of container, ``None`` for a leaf.
        context: what beside its parts rebuilds it.
        children_specs: the structures of its parts.
    """

    def __init__(self, type: Any, context: Any, children_specs: list[TreeSpec]) -> None:
        self.type, self.context, self.children_specs = type, context, children_specs

    @property
    def num_leaves(self) -> int:
        """How many leaves it has."""
        return 1 if self.is_leaf() else sum(c.num_leaves for c in self.children_specs)

    @property
    def num_children(self) -> int:
        """How many parts it has."""
        return len(self.children_specs)

    def is_leaf(self) -> bool:
        """Whether it stands for a leaf."""
        return self.type is None

    def unflatten(self, leaves: Any) -> PyTree:
        """The tree of this structure with these leaves."""
        return tree_unflatten(leaves, self)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TreeSpec)
            and (self.type, self.context) == (other.type, other.context)
            and self.children_specs == other.children_specs
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self.is_leaf():
            return "*"
        parts = ", ".join(map(repr, self.children_specs))
        return f"TreeSpec({self.type.__name__}, {self.context}, [{parts}])"


class LeafSpec(TreeSpec):
    """The structure of a leaf."""

    def __init__(self) -> None:
        super().__init__(None, None, [])


IsLeaf = Callable[[PyTree], bool] | None


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[Any]:
    """The leaves, one by one."""
    node = _node_of(tree)
    if node is None or (is_leaf is not None and is_leaf(tree)):
        yield tree
        return
    for part in node.flatten_fn(tree)[0]:
        yield from tree_iter(part, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[Any]:
    """All leaves, in order."""
    return list(tree_iter(tree, is_leaf))


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """The structure."""
    node = _node_of(tree)
    if node is None or (is_leaf is not None and is_leaf(tree)):
        return LeafSpec()
    parts, context = node.flatten_fn(tree)[:2]
    kind = type(tree) if node is not _NAMED_TUPLE else tuple
    return TreeSpec(kind, context, [tree_structure(part, is_leaf) for part in parts])


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """(The leaves, the structure).

    >>> leaves, spec = tree_flatten({"a": (1, 2), "b": [3]})
    >>> leaves
    [1, 2, 3]
    >>> tree_unflatten([x * x for x in leaves], spec)
    {'a': (1, 4), 'b': [9]}
    """
    return tree_leaves(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> PyTree:
    """The tree of a structure with these leaves.

    Raises:
        ValueError: if they are not as many as the structure has.
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten: {len(leaves)} leaves for a structure of {treespec.num_leaves}: "
            f"{treespec}"
        )
    return _rebuilt(iter(leaves), treespec)


def _rebuilt(leaves: Iterator[Any], spec: TreeSpec) -> PyTree:
    if spec.is_leaf():
        return next(leaves)
    parts = [_rebuilt(leaves, child) for child in spec.children_specs]
    node = _NAMED_TUPLE if isinstance(spec.context, type) else SUPPORTED_NODES[spec.type]
    return node.unflatten_fn(parts, spec.context)


def tree_map(
    function: Callable[..., Any], tree: PyTree, *rests: PyTree, is_leaf: Any = None
) -> Any:
    """The tree of what a function makes of the leaves, and of those of trees of its structure."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [_flattened_up_to(spec, rest) for rest in rests]
    return tree_unflatten([function(*group) for group in zip(leaves, *others, strict=True)], spec)


def _flattened_up_to(spec: TreeSpec, tree: PyTree) -> list[Any]:
    """The subtrees that stand where a structure has leaves."""
    if spec.is_leaf():
        return [tree]
    node = _node_of(tree)
    parts = [] if node is None else node.flatten_fn(tree)[0]
    if node is None or len(parts) != spec.num_children:
        raise ValueError(f"expected a tree of the structure {spec}, but got {tree_structure(tree)}")
    return [
        leaf
        for child, part in zip(spec.children_specs, parts, strict=True)
        for leaf in _flattened_up_to(child, part)
    ]


def tree_map_(function: Callable[..., Any], tree: PyTree, *rests: PyTree) -> PyTree:
    """Call a function for each leaf; returns the tree itself."""
    tree_map(function, tree, *rests)
    return tree


def tree_map_only(kinds: Any, function: Callable[[Any], Any], tree: PyTree) -> PyTree:
    """The tree with the leaves of some kinds (a class, several, or a test) changed."""
    chosen = _test_of(kinds)
    return tree_map(lambda leaf: function(leaf) if chosen(leaf) else leaf, tree)


def _test_of(kinds: Any) -> Callable[[Any], bool]:
    if isinstance(kinds, type | tuple):
        return lambda leaf: isinstance(leaf, kinds)
    return kinds


def tree_all(test: Callable[[Any], bool], tree: PyTree) -> bool:
    """Whether all leaves pass a test."""
    return all(map(test, tree_iter(tree)))


def tree_any(test: Callable[[Any], bool], tree: PyTree) -> bool:
    """Whether a leaf passes a test."""
    return any(map(test, tree_iter(tree)))


def tree_all_only(kinds: Any, test: Callable[[Any], bool], tree: PyTree) -> bool:
    """Whether all leaves of some kinds pass a test."""
    return all(test(leaf) for leaf in tree_iter(tree) if _test_of(kinds)(leaf))


def tree_any_only(kinds: Any, test: Callable[[Any], bool], tree: PyTree) -> bool:
    """Whether a leaf of some kinds passes a test."""
    return any(test(leaf) for leaf in tree_iter(tree) if _test_of(kinds)(leaf))

"""Sequential, lists and dicts: every method as PyTorch's."""

from __future__ import annotations

import operator
from collections import OrderedDict

import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn

from ..agreement import check_error, check_layer, draw, pytorch, text_of


def agree(build):
    """What a function of the library gives is the same in both."""
    ours, theirs = build(sg), build(pytorch())
    assert ours == theirs


def names(container):
    return [(name, type(child).__name__) for name, child in container.named_children()]


def three(m):
    return m.nn.Linear(2, 2), m.nn.ReLU(), m.nn.Tanh()


SEQUENTIAL = [
    lambda s, m: s.append(m.nn.Sigmoid()),
    lambda s, m: s.insert(0, m.nn.Sigmoid()),
    lambda s, m: s.insert(3, m.nn.Sigmoid()),
    lambda s, m: s.insert(-1, m.nn.Sigmoid()),
    lambda s, m: s.extend([m.nn.Sigmoid(), m.nn.ELU()]),
    lambda s, m: s.pop(1),
    lambda s, m: s.pop(-1),
    lambda s, m: s.__delitem__(0),
    lambda s, m: s.__delitem__(-1),
    lambda s, m: s.__delitem__(slice(0, 2)),
    lambda s, m: s.__setitem__(1, m.nn.Sigmoid()),
    lambda s, m: s.__setitem__(-1, m.nn.Sigmoid()),
    lambda s, m: s.__iadd__(m.nn.Sequential(m.nn.ELU())),
]


@pytest.mark.parametrize("change", SEQUENTIAL)
def test_sequential_changes(change):
    def build(m):
        s = m.nn.Sequential(*three(m))
        result = change(s, m)
        return names(s), result is s, len(s), list(s.state_dict())

    agree(build)


def test_sequential_reads():
    def build(m):
        s = m.nn.Sequential(*three(m))
        named = m.nn.Sequential(OrderedDict(a=m.nn.ReLU(), b=m.nn.Tanh(), c=m.nn.ELU()))
        return [
            type(s[0]).__name__, type(s[-1]).__name__, names(s[1:]), names(s[::2]), names(named[1:]),
            [type(c).__name__ for c in s], names(s + named), names(s * 2), names(2 * s), len(named),
            names(named), type(named.b).__name__, names(m.nn.Sequential()),
        ]  # fmt: skip

    agree(build)
    agree(lambda m: names(operator.imul(m.nn.Sequential(*three(m)), 2)))


def test_sequential_runs():
    check_layer(
        lambda m: m.nn.Sequential(m.nn.Linear(4, 3), m.nn.Tanh(), m.nn.Linear(3, 2)), draw(5, 4)
    )
    check_layer(lambda m: m.nn.Sequential(), draw(5, 4))


LISTS = [
    lambda s, m: s.append(m.nn.Sigmoid()),
    lambda s, m: s.insert(1, m.nn.Sigmoid()),
    lambda s, m: s.extend([m.nn.Sigmoid(), m.nn.ELU()]),
    lambda s, m: s.__iadd__([m.nn.Sigmoid()]),
    lambda s, m: s.pop(0),
    lambda s, m: s.__delitem__(1),
    lambda s, m: s.__delitem__(slice(None, None, 2)),
    lambda s, m: s.__setitem__(0, m.nn.Sigmoid()),
]


@pytest.mark.parametrize("change", LISTS)
def test_module_list_changes(change):
    def build(m):
        s = m.nn.ModuleList(three(m))
        change(s, m)
        return names(s), len(s), list(s.state_dict())

    agree(build)


def test_module_list_reads():
    def build(m):
        s = m.nn.ModuleList(three(m))
        return [
            type(s[1]).__name__, type(s[-1]).__name__, names(s[1:]), names(operator.add(s, [m.nn.ELU()])),
            [type(c).__name__ for c in reversed(s)] if hasattr(s, "__reversed__") else None,
            s[0] in list(s), type(s[:2]).__name__,
        ]  # fmt: skip

    agree(build)
    with pytest.raises(NotImplementedError):
        nn.ModuleList([nn.ReLU()])(sg.zeros(1))


def test_module_dict():
    def build(m):
        d = m.nn.ModuleDict({"b": m.nn.ReLU(), "a": m.nn.Tanh()})
        d["c"] = m.nn.ELU()
        d.update({"d": m.nn.Linear(1, 1), "a": m.nn.Sigmoid()})
        d.update([("e", m.nn.ReLU())])
        log = [names(d), list(d), list(d.keys()), len(d), "a" in d, "z" in d]
        log.append([type(v).__name__ for v in d.values()])
        log.append([(k, type(v).__name__) for k, v in d.items()])
        log.append(type(d.pop("b")).__name__)
        del d["c"]
        log += [names(d), type(d["e"]).__name__, list(d.state_dict())]
        d.clear()
        return [*log, len(d)]

    agree(build)


def test_parameter_list():
    def build(m):
        p = m.nn.ParameterList([m.zeros(2), m.nn.Parameter(m.ones(3))])
        p.append(m.zeros(1))
        p.extend([m.zeros(4), m.zeros(5)])
        p[0] = m.nn.Parameter(m.zeros(7))
        log = [len(p), [n for n, _ in p.named_parameters()], [tuple(x.shape) for x in p]]
        log += [tuple(p[-1].shape), [tuple(x.shape) for x in p[1:3]], type(p[1]).__name__]
        p += [m.zeros(6)]
        return [*log, len(p), list(p.state_dict())]

    agree(build)


def test_parameter_dict():
    def build(m):
        d = m.nn.ParameterDict({"b": m.zeros(1), "a": m.zeros(2)})
        d["c"] = m.zeros(3)
        d.update({"e": m.zeros(5), "d": m.zeros(4)})
        log = [list(d), len(d), "a" in d, [n for n, _ in d.named_parameters()]]
        log += [[tuple(v.shape) for v in d.values()], [k for k, _ in d.items()], list(d.keys())]
        log += [tuple(d.pop("a").shape), list(reversed(d)), d.get("z") is None]
        log += [tuple(d.setdefault("f", m.zeros(6)).shape), list(d.copy()), d.popitem()[0]]
        log += [list(d | {"x": m.zeros(1)}), list(d.fromkeys(["p", "q"], 1))]
        d |= {"y": m.zeros(1)}
        log.append(list(d))
        d.clear()
        return [*log, len(d)]

    agree(build)


ERRORS = [
    lambda m: m.nn.Sequential(m.nn.ReLU())[1],
    lambda m: m.nn.Sequential(m.nn.ReLU())[-2],
    lambda m: m.nn.Sequential(3),
    lambda m: m.nn.Sequential(m.nn.ReLU()) + 3,
    lambda m: m.nn.Sequential(m.nn.ReLU()) * 1.5,
    lambda m: m.nn.Sequential(m.nn.ReLU()) * 0,
    lambda m: m.nn.Sequential(m.nn.ReLU()).insert(5, m.nn.ReLU()),
    lambda m: m.nn.Sequential(m.nn.ReLU()).append(3),
    lambda m: m.nn.ModuleList([m.nn.ReLU()])[1],
    lambda m: m.nn.ModuleList([3]),
    lambda m: m.nn.ModuleList(3),
    lambda m: m.nn.ModuleList().extend(3),
    lambda m: m.nn.ModuleDict({"a": 3}),
    lambda m: m.nn.ModuleDict(3),
    lambda m: m.nn.ModuleDict([3]),
    lambda m: m.nn.ModuleDict([(1, 2, 3)]),
    lambda m: m.nn.ModuleDict({"a.b": m.nn.ReLU()}),
    lambda m: m.nn.ModuleDict()["a"],
    lambda m: m.nn.ParameterList([m.zeros(1)])[1],
    lambda m: m.nn.ParameterList(3),
    lambda m: m.nn.ParameterList()(1),
    lambda m: m.nn.ParameterDict({"a": m.zeros(1)})["b"],
    lambda m: m.nn.ParameterDict()(1),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors(call):
    check_error(call)


def test_a_refused_list_adds_nothing():
    for container in (nn.Sequential(nn.ReLU()), nn.ModuleList([nn.ReLU()])):
        with pytest.raises(TypeError):
            container.extend([nn.ReLU(), 3])
        assert len(container) == 1


def test_text_of_what_was_changed():
    def build(m):
        s = m.nn.Sequential(*three(m))
        del s[1]
        return text_of(s.append(m.nn.Sequential(m.nn.ELU())))

    agree(build)

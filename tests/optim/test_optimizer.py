import copy
import gc
import pickle
import tracemalloc
import weakref

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import optim
from tinygrad_sm.optim.optimizer import Optimizer, required

from .trajectories import assert_same_path, drawn_run, in_two_groups, parameters, walk

KINDS = {
    "sgd": lambda params: optim.SGD(params, lr=0.1),
    "momentum": lambda params: optim.SGD(
        params, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.1, maximize=True
    ),
    "nesterov": lambda params: optim.SGD(params, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda params: optim.Adam(params, lr=0.1, weight_decay=0.1, amsgrad=True),
    "adamw": lambda params: optim.AdamW(params, lr=0.1, maximize=True),
    "nadam": lambda params: optim.NAdam(params, lr=0.1, weight_decay=0.1),
    "radam": lambda params: optim.RAdam(params, lr=0.1, betas=(0.5, 0.6)),
    "adamax": lambda params: optim.Adamax(params, lr=0.1),
    "adadelta": lambda params: optim.Adadelta(params, lr=0.1),
    "rmsprop": lambda params: optim.RMSprop(params, lr=0.1, momentum=0.5, centered=True),
    "rprop": lambda params: optim.Rprop(params, lr=0.1),
    "asgd": lambda params: optim.ASGD(params, lr=0.1, t0=1),
    "adafactor": lambda params: optim.Adafactor(params, lr=0.1),
}


@pytest.fixture(params=KINDS)
def make(request):
    return KINDS[request.param]


def leaf(*values):
    return sg.tensor(list(values), requires_grad=True)


# --- parameters and groups ------------------------------------------------------------------------


def test_a_tensor_alone_is_refused():
    with pytest.raises(TypeError, match=r"iterable of Tensors or dicts.*put it in a list"):
        optim.SGD(leaf(1.0))


@pytest.mark.parametrize("nothing", [[], iter(())])
def test_no_parameters_are_refused(nothing):
    with pytest.raises(ValueError, match="empty parameter list"):
        optim.SGD(nothing)


def test_what_is_not_a_tensor_is_refused():
    with pytest.raises(TypeError, match=r"can only optimize Tensors.*is ndarray"):
        optim.SGD([leaf(1.0), np.ones(2)])


def test_results_of_operations_are_refused():
    with pytest.raises(ValueError, match=r"can't optimize a non-leaf Tensor.*\(2,\).*MulBackward"):
        optim.SGD([leaf(1.0, 2.0) * 2])


def test_a_result_that_retains_its_gradient_is_taken():
    w = leaf(1.0, 2.0)
    y = w * 2
    y.retain_grad()
    optimizer = optim.SGD([y], lr=1.0)
    y.sum().backward()
    optimizer.step()
    assert y.tolist() == [1.0, 3.0]


def test_a_set_is_refused_for_its_order():
    with pytest.raises(TypeError, match="ordered collection"):
        optim.SGD([{"params": {leaf(1.0), leaf(2.0)}}])


def test_a_parameter_twice_in_a_group_is_warned_of():
    w = leaf(1.0)
    with pytest.warns(UserWarning, match="same parameter more than once"):
        optim.SGD([w, leaf(2.0), w])


def test_a_parameter_in_two_groups_is_refused_and_nothing_added():
    w = leaf(1.0)
    optimizer = optim.SGD([w])
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [leaf(2.0), w]})
    assert len(optimizer.param_groups) == 1


def test_a_group_takes_the_defaults_that_it_does_not_set():
    first, second = leaf(1.0), leaf(2.0)
    group = {"params": second, "lr": 0.5}
    optimizer = optim.SGD([{"params": [first]}, group], lr=0.1, momentum=0.9)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.5]
    assert [g["momentum"] for g in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.param_groups[1] is group
    assert group["params"] == [second]
    assert optimizer.defaults["lr"] == 0.1


def test_a_group_that_is_refused_is_left_as_it_was():
    optimizer = optim.SGD([leaf(1.0)])
    group = {"params": iter([leaf(2.0)]), "lr": float("nan")}
    with pytest.raises(ValueError, match="SGD: lr is nan"):
        optimizer.add_param_group(group)
    assert set(group) == {"params", "lr"}
    with pytest.raises(TypeError, match="must be a dict, but got list"):
        optimizer.add_param_group([leaf(1.0)])
    assert len(optimizer.param_groups) == 1


def test_names_are_kept():
    model = {"weight": leaf(1.0), "bias": leaf(2.0)}
    optimizer = optim.SGD(model.items())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"] == [model["weight"], model["bias"]]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="with names, or all without"):
        optimizer.add_param_group({"params": [leaf(3.0)]})
    with pytest.raises(ValueError, match="only 1 of 2 have one"):
        optim.SGD([("weight", leaf(1.0)), leaf(2.0)])


# --- a step -----------------------------------------------------------------------------------------


def test_parameters_without_gradient_are_left_alone(make):
    w, unused = leaf(1.0), leaf(1.0)
    optimizer = make([unused, w])
    w.grad = sg.ones(1)
    optimizer.step()
    assert unused.item() == 1.0
    assert w.item() != 1.0
    assert unused not in optimizer.state


def test_the_gradient_is_never_changed(make):
    w = leaf(1.0, -2.0, 3.0)
    optimizer = make([w])
    for values in ([1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [0.0, 1.0, 0.0]):
        w.grad = sg.tensor(values)
        w.grad.array.flags.writeable = False
        optimizer.step()
        assert w.grad.tolist() == values


def layouts():
    room = np.zeros((6, 8), np.float32)
    return {
        "every second column": room[:3, ::2],
        "column order": np.zeros((4, 3), np.float32).T,
        "backwards": room[:3, :4][::-1, ::-1],
        "a transposed part": room[1:5, 2:5].T,
    }


@pytest.mark.parametrize("layout", layouts())
def test_the_layout_in_memory_makes_no_difference(make, layout):
    starts, gradients = drawn_run(3, steps=4, shapes=[(3, 4)])
    memory = layouts()[layout]
    memory[...] = starts[0]
    params = [sg.from_numpy(memory).requires_grad_()]
    reference = parameters(sg, starts)
    path = walk(sg, make(params), params, gradients)
    assert_same_path(path, walk(sg, make(reference), reference, gradients))
    assert params[0].array is memory
    np.testing.assert_array_equal(memory, params[0].array)


def test_a_part_of_an_array_leaves_the_rest_alone(make):
    room = np.ones((4, 4), np.float32)
    w = sg.from_numpy(room[1:3, ::2]).requires_grad_()
    w.grad = sg.ones(2, 2)
    make([w]).step()
    changed = room != 1
    assert changed[1:3, ::2].all()
    assert changed.sum() == 4


def test_parameters_that_share_memory_are_changed_one_after_the_other():
    room = np.ones(3, np.float32)
    params = [sg.from_numpy(part).requires_grad_() for part in (room[:2], room[1:])]
    for p in params:
        p.grad = sg.ones(2)
    optim.SGD(params, lr=0.25).step()
    assert room.tolist() == [0.75, 0.5, 0.75]


def test_a_gradient_may_be_the_parameter_itself():
    """The gradient of half the square: read before it is overwritten."""
    w = leaf(4.0, -2.0)
    w.grad = w.detach()
    optim.SGD([w], lr=0.5, momentum=0.9, weight_decay=0.5).step()
    assert w.tolist() == [1.0, -0.5]


def test_a_gradient_may_be_one_number_seen_many_times(make):
    w, reference = leaf(1.0, 2.0, 3.0), leaf(1.0, 2.0, 3.0)
    w.grad = sg.ones(1).expand(3)
    reference.grad = sg.ones(3)
    for p in (w, reference):
        optimizer = make([p])
        optimizer.step()
        optimizer.step()
    assert w.tolist() == reference.tolist()


@pytest.mark.parametrize("small", [np.float16, np.float32, np.float64])
def test_the_dtype_stays(make, small):
    w = sg.tensor(np.ones(3, small), requires_grad=True)
    optimizer = make([w])
    w.grad = sg.tensor(np.ones(3, small))
    optimizer.step()
    optimizer.step()
    assert w.array.dtype == small
    for name, value in optimizer.state[w].items():
        assert value.array.dtype == (small if value.array.ndim else np.float32), name


def test_no_memory_of_a_parameters_size_is_taken_after_the_first_steps(make):
    w = sg.ones(1000, 300, requires_grad=True)
    optimizer = make([w])
    w.grad = sg.ones(1000, 300)
    optimizer.step()
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < w.array.nbytes / 4


def test_a_step_counts_as_a_write():
    w = leaf(1.0, 2.0)
    optimizer = optim.SGD([w], lr=0.1)
    loss = (w**2).sum()
    w.grad = sg.ones(2)
    before = w._version
    optimizer.step()
    assert w._version == before + 1
    with pytest.raises(RuntimeError, match=r"changed in place.*test_optimizer\.py"):
        loss.backward()


def break_gradient_shape(params, optimizer):
    params[1].grad.array = np.ones(3, np.float32)
    return RuntimeError, r"parameter 1 of group 0 has shape \(2,\).*its gradient \(3,\)"


def break_gradient_shape_that_broadcasts(params, optimizer):
    params[1].grad.array = np.ones(1, np.float32)
    return RuntimeError, r"its gradient \(1,\)"


def break_gradient_dtype(params, optimizer):
    params[1].grad.array = np.ones(2, np.float64)
    return RuntimeError, "its gradient .* float64"


def break_memory(params, optimizer):
    params[1].array.flags.writeable = False
    return RuntimeError, "read-only memory"


def break_rate(params, optimizer):
    optimizer.param_groups[0]["lr"] = float("nan")
    return ValueError, "lr is nan"


def break_tensor_rate(params, optimizer):
    optimizer.param_groups[0]["lr"] = sg.tensor(float("inf"))
    return ValueError, "lr is"


def break_decay(params, optimizer):
    optimizer.param_groups[0]["weight_decay"] = np.float32("inf")
    return ValueError, "weight_decay is inf"


def break_betas(params, optimizer):
    optimizer.param_groups[0]["betas"] = [0.9, float("nan")]
    return ValueError, "betas is "


@pytest.mark.parametrize(
    "spoil",
    [
        break_gradient_shape,
        break_gradient_shape_that_broadcasts,
        break_gradient_dtype,
        break_memory,
        break_rate,
        break_tensor_rate,
        break_decay,
        break_betas,
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_changes(spoil):
    params = [leaf(1.0, 2.0), leaf(3.0, 4.0)]
    optimizer = optim.Adam(params)
    for p in params:
        p.grad = sg.ones(2)
    error, said = spoil(params, optimizer)
    with pytest.raises(error, match=said):
        optimizer.step()
    assert [p.tolist() for p in params] == [[1.0, 2.0], [3.0, 4.0]]
    assert not optimizer.state
    assert params[0]._version == 0


def test_the_error_names_the_parameter_where_names_are_known():
    w = leaf(1.0)
    optimizer = optim.SGD([("layer.weight", w)])
    w.grad = sg.ones(1)
    w.grad.array = np.ones(5, np.float32)
    with pytest.raises(RuntimeError, match=r"parameter layer\.weight of group 0"):
        optimizer.step()


def test_a_closure_computes_with_gradients_on_and_its_loss_is_returned():
    w = leaf(3.0)
    optimizer = optim.SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    with sg.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert w.item() == 0.0
    assert optimizer.step() is None


def test_zero_grad_drops_gradients_or_fills_them_with_zeros():
    w, unused = leaf(1.0, 2.0), leaf(1.0)
    optimizer = optim.SGD([w, unused])
    (w**3).sum().backward(create_graph=True)
    grad = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is grad
    assert w.grad.tolist() == [0.0, 0.0]
    assert w.grad.grad_fn is None
    assert unused.grad is None
    optimizer.zero_grad()
    assert w.grad is None


def test_it_trains_as_in_pytorch(torch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    losses = []
    for library, module in ((sg, optim), (torch, torch.optim)):
        w = library.tensor(np.zeros((3, 1)), requires_grad=True)
        b = library.tensor(np.zeros(1), requires_grad=True)
        optimizer = module.Adam([{"params": [w]}, {"params": [b], "lr": 0.3}], lr=0.1)
        run = []
        for _ in range(100):
            optimizer.zero_grad()
            loss = ((library.tensor(x) @ w + b - library.tensor(y)) ** 2).mean()
            loss.backward()
            optimizer.step()
            run.append(loss.item())
        losses.append(run)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-12)
    assert losses[0][-1] < losses[0][0]


# --- optimizers that others write ------------------------------------------------------------------


class Lazy(Optimizer):
    """A step of its own, as programs for PyTorch write it."""

    def __init__(self, params, lr=required):
        super().__init__(params, {"lr": lr})

    @sg.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(p.grad * -group["lr"])
                    self.state[p]["calls"] = self.state[p].get("calls", 0) + 1


class Lazier(Lazy):
    def step(self, closure=None):
        super().step()


@pytest.mark.parametrize("kind", [Lazy, Lazier])
def test_a_step_of_ones_own(kind):
    w = leaf(1.0)
    optimizer = kind([w], lr=0.5)
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    w.grad = sg.ones(1)
    optimizer.step()
    assert w.item() == 0.5
    assert optimizer.state_dict()["state"] == {0: {"calls": 1}}
    assert calls == ["after"]


def test_a_required_option_must_be_given():
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Lazy([leaf(1.0)])
    assert Lazy([{"params": [leaf(1.0)], "lr": 0.5}]).param_groups[0]["lr"] == 0.5
    assert repr(required) == "<required parameter>"


def test_an_optimizer_around_another_need_not_construct_its_base():
    class Around(Optimizer):
        def __init__(self, inner):
            self.inner = inner
            self.param_groups = inner.param_groups

        def step(self, closure=None):
            return self.inner.step(closure)

    w = leaf(1.0)
    optimizer = Around(optim.SGD([w], lr=0.5))
    w.grad = sg.ones(1)
    optimizer.step()
    assert w.item() == 0.5


def test_an_optimizer_without_a_rule_says_so():
    w = leaf(1.0)
    w.grad = sg.ones(1)
    with pytest.raises(NotImplementedError, match="Optimizer does not define step"):
        Optimizer([w], {}).step()


# --- hooks ------------------------------------------------------------------------------------------


def test_hooks_run_around_a_step_until_removed():
    w = leaf(1.0)
    optimizer = optim.SGD([w], lr=0.5)
    w.grad = sg.ones(1)
    seen = []
    before = optimizer.register_step_pre_hook(
        lambda o, args, kwargs: seen.append(("before", o is args[0] is optimizer, w.item(), kwargs))
    )
    optimizer.register_step_post_hook(
        lambda o, args, kwargs: seen.append(("after", o is optimizer, w.item(), args[1:]))
    )
    optimizer.step(closure=None)
    assert seen == [("before", True, 1.0, {"closure": None}), ("after", True, 0.5, ())]
    before.remove()
    optimizer.step()
    assert [name for name, *_ in seen] == ["before", "after", "after"]


def test_a_hook_before_a_step_may_change_its_arguments():
    w = leaf(1.0)
    w.grad = sg.ones(1)
    optimizer = optim.SGD([w])
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "loss"), {}))
    assert optimizer.step() == "loss"
    handle.remove()
    optimizer.register_step_pre_hook(lambda o, args, kwargs: args)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        optimizer.step()


def test_hooks_around_saving_and_loading():
    optimizer = optim.SGD([leaf(1.0)], lr=0.5)
    order = []
    optimizer.register_state_dict_pre_hook(lambda o: order.append("pre 2"))
    optimizer.register_state_dict_pre_hook(lambda o: order.append("pre 1"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "note": 1})
    optimizer.register_state_dict_post_hook(lambda o, d: order.append(sorted(d)))
    saved = optimizer.state_dict()
    assert order == ["pre 1", "pre 2", ["note", "param_groups", "state"]]

    def halve(o, d):
        group = {**d["param_groups"][0], "lr": d["param_groups"][0]["lr"] / 2}
        return {**d, "param_groups": [group]}

    optimizer.register_load_state_dict_pre_hook(halve)
    optimizer.register_load_state_dict_pre_hook(lambda o, d: None)
    optimizer.register_load_state_dict_post_hook(lambda o: order.append(o.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    assert order[3:] == [0.25]
    assert saved["param_groups"][0]["lr"] == 0.5


# --- saving and loading -----------------------------------------------------------------------------


def test_the_state_dict_has_numbers_for_parameters():
    params = [leaf(1.0), leaf(2.0, 3.0), leaf(4.0)]
    optimizer = optim.SGD(in_two_groups(params, lr=0.5), lr=0.1, momentum=0.9)
    params[1].grad = sg.ones(2)
    params[2].grad = sg.ones(1)
    optimizer.step()
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in saved["param_groups"]] == [0.1, 0.5]
    assert set(saved["state"]) == {1, 2}
    assert saved["state"][1]["momentum_buffer"].tolist() == [1.0, 1.0]
    assert optimizer.param_groups[0]["params"][0] is params[0]


def test_training_goes_on_from_a_state_dict_as_if_never_stopped(make):
    starts, gradients = drawn_run(5, steps=20)
    whole, parts = parameters(sg, starts), parameters(sg, starts)
    path = walk(sg, make(whole), whole, gradients)
    first = make(parts)
    walk(sg, first, parts, gradients[:9])
    second = make(parts)
    second.load_state_dict(pickle.loads(pickle.dumps(first.state_dict())))
    np.testing.assert_array_equal(walk(sg, second, parts, gradients[9:]), path[9:])


def test_loaded_state_is_a_copy(make):
    w = leaf(1.0, 2.0)
    first, second = make([w]), make([w])
    w.grad = sg.ones(2)
    first.step()
    saved = first.state_dict()
    second.load_state_dict(saved)
    before = copy.deepcopy(saved["state"].get(0, {}))
    second.step()
    second.param_groups[0]["lr"] = 7.0
    for name, value in before.items():
        assert saved["state"][0][name].tolist() == value.tolist()
    assert saved["param_groups"][0]["lr"] == 0.1
    assert saved["param_groups"][0]["params"] == [0]


def test_loaded_state_takes_the_parameters_dtype():
    w = leaf(1.0)
    optimizer = optim.Adam([w])
    w.grad = sg.ones(1)
    optimizer.step()
    double = sg.ones(1, dtype=sg.float64, requires_grad=True)
    other = optim.Adam([double])
    other.load_state_dict(optimizer.state_dict())
    kinds = {name: value.dtype for name, value in other.state[double].items()}
    assert kinds == {"step": sg.float32, "exp_avg": sg.float64, "exp_avg_sq": sg.float64}


def test_options_missing_in_an_old_state_dict_keep_their_values():
    optimizer = optim.SGD([("w", leaf(1.0))], lr=0.1, maximize=True)
    saved = optimizer.state_dict()
    for name in ("maximize", "param_names"):
        del saved["param_groups"][0][name]
    saved["param_groups"][0]["lr"] = 0.2
    optimizer.load_state_dict(saved)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["maximize"], group["param_names"]) == (0.2, True, ["w"])


def test_state_of_other_things_than_parameters_is_kept():
    optimizer = optim.SGD([leaf(1.0)])
    optimizer.state["seen"] = {"examples": [1, 2]}
    other = optim.SGD([leaf(1.0)])
    other.load_state_dict(optimizer.state_dict())
    assert other.state["seen"] == {"examples": [1, 2]}


def test_nested_state_is_restored():
    class Memory(Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self, closure=None):
            for p in self.param_groups[0]["params"]:
                self.state[p] = {"past": [p.grad.clone()], "deep": {"x": (p.grad.clone(), "s", 3)}}

    w = leaf(1.0, 2.0)
    optimizer, other = Memory([w]), Memory([w])
    w.grad = sg.ones(2)
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    state = other.state[w]
    assert state["past"][0].tolist() == [1.0, 1.0]
    assert state["past"][0] is not optimizer.state[w]["past"][0]
    assert state["deep"]["x"][1:] == ("s", 3)


def without_parameter(saved):
    saved["param_groups"][0]["params"].pop()
    return "group 0 has 1 parameter.* 2 in the optimizer"


def without_group(saved):
    saved["param_groups"].pop()
    return "different number of parameter groups: 1, the optimizer 2"


def without_state(saved):
    del saved["state"]
    return r"\['state'\] are missing"


def of_another_shape(saved):
    saved["state"][1]["momentum_buffer"] = sg.ones(1)
    return r"momentum_buffer of parameter 1 has shape \(1,\), the parameter \(2,\)"


@pytest.mark.parametrize(
    "spoil", [without_parameter, without_group, without_state, of_another_shape]
)
def test_a_state_dict_that_does_not_fit_is_refused_and_changes_nothing(spoil):
    params = [leaf(1.0), leaf(2.0, 3.0), leaf(4.0)]
    optimizer = optim.SGD(in_two_groups(params, lr=0.5), momentum=0.9)
    for p in params:
        p.grad = sg.ones_like(p)
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    before = optimizer.state, optimizer.param_groups
    said = spoil(saved)
    saved["param_groups"][0]["lr"] = 9.0
    with pytest.raises(ValueError, match=said):
        optimizer.load_state_dict(saved)
    assert optimizer.state is before[0]
    assert optimizer.param_groups is before[1]
    assert optimizer.param_groups[0]["lr"] == 1e-3


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_state_goes_to_pytorch_and_back(torch, name):
    options = {"lr": 0.1, "weight_decay": 0.1, **({"momentum": 0.9} if name == "SGD" else {})}
    starts, gradients = drawn_run(8, steps=30)
    ours, theirs = parameters(sg, starts), parameters(torch, starts)
    here, there = (
        getattr(optim, name)(ours, **options),
        getattr(torch.optim, name)(theirs, **options),
    )
    walk(sg, here, ours, gradients[:10])

    def to_torch(value):
        return torch.from_numpy(value.numpy().copy()) if isinstance(value, sg.Tensor) else value

    saved = here.state_dict()
    assert saved["param_groups"][0].keys() == there.state_dict()["param_groups"][0].keys()
    saved["state"] = {
        i: {k: to_torch(v) for k, v in entry.items()} for i, entry in saved["state"].items()
    }
    there.load_state_dict(saved)
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            q.copy_(torch.from_numpy(p.array))
    path = walk(sg, here, ours, gradients[10:20])
    assert_same_path(path, walk(torch, there, theirs, gradients[10:20]))

    back = getattr(optim, name)(ours, **options)
    back.load_state_dict(there.state_dict())
    path = walk(sg, back, ours, gradients[20:])
    assert_same_path(path, walk(torch, there, theirs, gradients[20:]))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_alike_and_apart(make, copied):
    w = leaf(1.0, 2.0)
    optimizer = make([w])
    w.grad = sg.ones(2)
    optimizer.step()
    other = copied(optimizer)
    twin = other.param_groups[0]["params"][0]
    assert twin is not w
    before = w.tolist()
    twin.grad = sg.ones(2)
    other.step()
    assert w.tolist() == before
    optimizer.step()
    assert w.tolist() == twin.tolist()
    other.register_step_pre_hook(lambda *_: None)


def test_an_optimizer_dies_with_its_last_reference(make):
    w = leaf(1.0)
    optimizer = make([w])
    schedule = optim.lr_scheduler.StepLR(optimizer, 1)
    w.grad = sg.ones(1)
    optimizer.step()
    schedule.step()
    gc.disable()
    try:
        alive = weakref.ref(optimizer)
        del optimizer, schedule
        assert alive() is None
    finally:
        gc.enable()


def test_a_state_dict_lists_its_options_in_pytorchs_order(torch):
    found = []
    for library in (sg, torch):
        optimizer = library.optim.SGD([library.ones(2, requires_grad=True)], lr=0.1)
        found.append(list(optimizer.state_dict()["param_groups"][0]))
    assert found[0] == found[1]

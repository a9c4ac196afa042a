"""``vmap``: where the batch is, what happens under it, and what it refuses."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import distributions, nn
from tinygrad_sm.func import grad, jacfwd, jacrev, jvp, vmap

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
F = nn.functional


def t(x):
    return sg.tensor(np.asarray(x))


def same(found, expected):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("in_dims", "out_dims"),
    [(0, 0), ((0, 0), 1), ((1, 1), 0), ((1, 1), -1), ((-1, -1), 1), ((0, None), 0), ((None, 0), 0)],
)
def test_where_the_batch_is(in_dims, out_dims):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    pairs = in_dims if isinstance(in_dims, tuple) else (in_dims,) * 2
    args = [a if d is not None else (a[0] if pairs[0] in (0, None) else a[:, 0])
            for a, d in zip((A, B), pairs, strict=True)]  # fmt: skip
    ours = vmap(lambda x, y: x * y.sum() + x, in_dims, out_dims)(*map(t, args))
    theirs = torch.vmap(lambda x, y: x * y.sum() + x, in_dims, out_dims)(*map(torch.tensor, args))
    same(ours, theirs)


def test_nested_structures():
    def function(params, x, scale=None):
        return {"y": x * params["w"] + params["b"][0], "n": (x.sum(), scale * 2)}

    params = {"w": t(A), "b": [t(B[:, 0])]}
    out = vmap(function, in_dims=({"w": 0, "b": 0}, None), out_dims={"y": 1, "n": 0})(
        params, t(A[0]), scale=t(B)
    )
    same(out["y"], (A[0] * A + B[:, :1]).T)
    same(out["n"][0], np.full(4, A[0].sum()))
    same(out["n"][1], np.stack([B * 2] * 4))
    same(vmap(lambda p: p[0] * p[1])((t(A), t(B))), A * B)


def test_nested_vmaps():
    outer = vmap(vmap(lambda x, y: x * y, (None, 0)), (0, None))
    same(outer(t(A[0]), t(B[0])), np.outer(A[0], B[0]))
    pairwise = vmap(vmap(lambda x, y: ((x - y) ** 2).sum(), (None, 0)), (0, None))
    same(pairwise(t(A), t(B)), ((A[:, None] - B) ** 2).sum(-1))
    same(vmap(vmap(lambda m: m @ m))(t(np.ones((2, 3, 4, 4)))), np.full((2, 3, 4, 4), 4))


def test_chunks():
    for size in (1, 3, 4, 10):
        same(vmap(lambda x: x.exp().sum(), chunk_size=size)(t(A)), np.exp(A).sum(1))
    out = vmap(lambda x: (x, x.sum()), out_dims=(1, 0), chunk_size=3)(t(A))
    same(out[0], A.T)
    same(out[1], A.sum(1))


def test_results_that_do_not_depend_on_the_sample():
    same(vmap(lambda x: sg.ones(2))(t(A)), np.ones((4, 2)))
    same(vmap(lambda x: (x, sg.tensor(3.0)), out_dims=(0, None))(t(A))[1], 3.0)


def test_empty_batch():
    assert vmap(lambda x: x @ x)(sg.ones(0, 3, 3)).shape == (0, 3, 3)
    assert vmap(lambda x: x.sum(0))(sg.ones(0, 3, 2)).shape == (0, 2)


def test_writes_in_place():
    def function(x, y):
        z = x * 1
        z.add_(y)
        z[0] = y[1] * 10
        z[1:].mul_(2)
        z[:1] += 1
        first = z[0:2]
        first.neg_()
        w = sg.zeros_like(x)
        w[1] = z[1]
        n = x.new_zeros(2)
        n[0] = z[2]
        return sg.cat([z, w, n])

    rows = [function(t(a), t(b)) for a, b in zip(A, B, strict=True)]
    same(vmap(function)(t(A), t(B)), np.stack([r.array for r in rows]))
    slopes = grad(lambda x, y: (function(x, y) ** 2).sum(), (0, 1))
    expected = [slopes(t(a), t(b)) for a, b in zip(A, B, strict=True)]
    for i, found in enumerate(vmap(slopes)(t(A), t(B))):
        same(found, np.stack([e[i].array for e in expected]))
    x = t(A.copy())
    vmap(lambda row: row.mul_(2))(x)
    same(x, 2 * A)


def test_writes_where_the_tangent_is_a_batch_of_another_level():
    def function(x):
        y = x * 1
        y[:2] = x[1:].sin()
        return y

    found = vmap(jacfwd(function))(t(A))
    expected = [jacrev(function)(row).array for row in t(A)]
    same(found, np.stack(expected))


def test_writes_that_cannot_be():
    outside = sg.zeros(3, dtype=sg.float64)
    with pytest.raises(RuntimeError, match="vmap"):
        vmap(lambda x: outside.add_(x))(t(A))
    with pytest.raises(RuntimeError, match=r"vmap.*zeros_like"):
        vmap(lambda x: sg.zeros(3).copy_(x))(t(A))
    assert outside.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "write",
    [
        lambda y: y.add_(1).sum(),
        lambda y: (y.exp(), y.add_(1))[0].sum(),
        lambda y: (y * y, y.add_(1))[0].sum(),
    ],
)
def test_writes_to_what_was_saved_are_noticed(write):
    def function(x):
        return write(x.exp())

    for transform in (grad, lambda f: vmap(grad(f)), lambda f: grad(lambda x: vmap(f)(x).sum())):
        with pytest.raises(RuntimeError, match="changed in place"):
            transform(function)(t(A) if transform is not grad else t(A[0]))


INDEXED = {
    "rows": lambda x, i: x[i],
    "rows and columns": lambda x, i: x[i, i],
    "columns": lambda x, i: x[:, i],
    "rows, a slice": lambda x, i: x[i, 1:],
    "a number": lambda x, i: x[i[0]],
    "two numbers": lambda x, i: x[i[0], i[1]],
    "plain list": lambda x, i: x[[0, 0, 2]],
    "far apart": lambda x, i: x.unsqueeze(1)[[0, 1], :, [1, 2]],
    "ellipsis": lambda x, i: x[..., [0, 2]],
    "new axis": lambda x, i: x[None, :, 1],
    "gather": lambda x, i: x.gather(0, i.unsqueeze(1)),
    "gather plain": lambda x, i: x.gather(1, sg.tensor([[0, 1], [2, 2], [1, 0]])),
    "index_select": lambda x, i: x.index_select(1, i),
    "scatter": lambda x, i: x.scatter(1, i.unsqueeze(1), 5.0),
    "scatter source": lambda x, i: x.scatter(1, i.unsqueeze(1), x * 2),
    "scatter_add": lambda x, i: x.scatter_add(0, i.unsqueeze(0), x),
    "write": lambda x, i: _written(x, i),
    "topk": lambda x, i: x.topk(2, 1)[0],
    "sort": lambda x, i: x.sort(0)[0],
    "argmax": lambda x, i: x[x.argmax(1)[0]],
    "max": lambda x, i: x.max(1).values * x.min(0).values,
    "mask": lambda x, i: sg.where(x > 0, x, -2 * x),
    "masked_fill": lambda x, i: x.masked_fill(x > 0.5, 1.0),
    "plain mask": lambda x, i: x[sg.tensor([True, False, True])],
    "take a row of a constant": lambda x, i: sg.eye(3, dtype=sg.float64)[i] @ x,
}


def _written(x, i):
    y = x * 1
    y[i] = x[0] * 2
    y[i, 0] = 7.0
    return y


@pytest.mark.parametrize("name", INDEXED)
def test_indexing(name):
    x, i = t(RNG.normal(size=(4, 3, 3))), t(RNG.integers(0, 3, (4, 3)))
    function = INDEXED[name]
    rows = [function(a, b) for a, b in zip(x, i, strict=True)]
    same(vmap(function)(x, i), np.stack([r.array for r in rows]))
    slopes = grad(lambda x, i: (function(x, i) ** 2).sum())
    rows = [slopes(a, b) for a, b in zip(x, i, strict=True)]
    same(vmap(slopes)(x, i), np.stack([r.array for r in rows]))
    moved = lambda x, i: jvp(lambda x: function(x, i), (x,), (x * 2,))[1]  # noqa: E731
    rows = [moved(a, b) for a, b in zip(x, i, strict=True)]
    same(vmap(moved)(x, i), np.stack([r.array for r in rows]))


REFUSED = {
    "item": lambda x: x * x[0].item(),
    "if": lambda x: x if x.sum() > 0 else -x,
    "float": lambda x: x * float(x[0]),
    "numpy": lambda x: sg.tensor(np.asarray(x)),
    "nonzero": lambda x: x.nonzero(),
    "bool mask": lambda x: x[x > 0],
    "masked_select": lambda x: x.masked_select(x > 0),
    "tolist": lambda x: sg.tensor(x.tolist()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_looks_at_values_is_refused(name):
    with pytest.raises(RuntimeError, match="vmap"):
        vmap(REFUSED[name])(t(A))


DRAWS = {
    "rand": lambda x: sg.rand(3) + x,
    "randn": lambda x: sg.randn(3, dtype=sg.float64) + x,
    "randint": lambda x: sg.randint(0, 1000000, (3,)) + x,
    "randperm": lambda x: sg.randperm(30)[:3] + x,
    "bernoulli": lambda x: sg.bernoulli(sg.full((60,), 0.5)).sum() + x * 0,
    "dropout": lambda x: F.dropout(sg.ones(60), 0.5).sum() + x * 0,
    "uniform_": lambda x: sg.empty_like(x).uniform_() + x * 0,
    "rand_like": lambda x: sg.rand_like(x) + x * 0,
    "multinomial": lambda x: sg.multinomial(sg.ones(60), 4) + x[0] * 0,
    "multinomial, replaced": lambda x: sg.multinomial(sg.ones(60), 4, True) + x[0] * 0,
    "multinomial of a batch": lambda x: sg.multinomial(x.sum() + sg.ones(60), 4).double(),
    "poisson": lambda x: sg.poisson(sg.full((9,), 7.0)) + x[0] * 0,
    "poisson of a batch": lambda x: sg.poisson(sg.full((9,), 70.0) + x[0]),
    "binomial": lambda x: sg.binomial(sg.full((9,), 50.0), sg.full((9,), 0.4)) + x[0] * 0,
    "exponential_": lambda x: sg.empty_like(x).exponential_() + x * 0,
    "geometric_": lambda x: sg.empty_like(x).geometric_(0.01) + x * 0,
    "cauchy_": lambda x: sg.empty_like(x).cauchy_() + x * 0,
    "log_normal_": lambda x: sg.empty_like(x).log_normal_() + x * 0,
    "gumbel_softmax": lambda x: F.gumbel_softmax(x),
    "hard gumbel_softmax": lambda x: F.gumbel_softmax(x.sum() + sg.ones(60), hard=True),
    "rrelu": lambda x: F.rrelu(x - 1, training=True),
    "alpha_dropout": lambda x: F.alpha_dropout(sg.ones(60), 0.5, training=True).sum() + x * 0,
    "Normal": lambda x: distributions.Normal(x, sg.ones(3), validate_args=False).rsample(),
    "Cauchy": lambda x: distributions.Cauchy(x, sg.ones(3), validate_args=False).rsample(),
    "Gamma": lambda x: distributions.Gamma(x + 2, sg.ones(3), validate_args=False).rsample(),
    "Gamma of constants": lambda x: distributions.Gamma(2.0, 1.0).sample((3,)) + x * 0,
    "Dirichlet": lambda x: distributions.Dirichlet(x + 2, validate_args=False).rsample(),
    "Exponential": lambda x: distributions.Exponential(x + 2, validate_args=False).rsample(),
    "Categorical": lambda x: (
        distributions.Categorical(sg.ones(60) + x.sum(), validate_args=False).sample((5,)) + 0.0
    ),
    "Poisson": lambda x: distributions.Poisson(x + 70, validate_args=False).sample(),
    "Binomial": lambda x: distributions.Binomial(90, x + 0.3, validate_args=False).sample(),
    "NegativeBinomial": lambda x: distributions.NegativeBinomial(
        90.0, x + 0.3, validate_args=False
    ).sample(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_random_numbers(name):
    x = sg.zeros(4, 3, dtype=sg.float64)
    with pytest.raises(RuntimeError, match=r"randomness='different'"):
        vmap(DRAWS[name])(x)
    rows = vmap(DRAWS[name], randomness="same")(x).array
    assert all((r == rows[0]).all() for r in rows)
    rows = vmap(DRAWS[name], randomness="different")(x).array
    assert not all((r == rows[0]).all() for r in rows)
    with pytest.raises(RuntimeError, match="randomness must be"):
        vmap(DRAWS[name], randomness="some")


def test_draws_that_depend_on_a_batch_of_weights():
    weights = sg.eye(5)[[2, 0, 4]] + 1e-12
    for randomness in ("same", "different"):
        found = vmap(lambda w: sg.multinomial(w, 1), randomness=randomness)(weights)
        assert found.tolist() == [[2], [0], [4]]
    rates = sg.tensor([[1.0, 100.0], [2000.0, 0.0]])
    found = vmap(vmap(sg.poisson, randomness="different"), randomness="different")(rates)
    assert (abs(found - rates) <= 6 * rates.sqrt()).all()
    sg.manual_seed(0)
    one = sg.distributions.Gamma(sg.tensor(2.0), 1.0, validate_args=False)
    slopes = vmap(
        grad(lambda a: sg.distributions.Gamma(a, 1.0, validate_args=False).rsample()),
        randomness="same",
    )(sg.full((3,), 2.0))
    sg.manual_seed(0)
    a = one.concentration.requires_grad_()
    sg.distributions.Gamma(a, 1.0).rsample().backward()
    np.testing.assert_allclose(slopes.array, np.full(3, a.grad.item()), rtol=1e-5)


def test_random_numbers_of_nested_vmaps():
    function = lambda x: x * 0 + sg.rand(())  # noqa: E731
    both = vmap(vmap(function, randomness="different"), randomness="different")(sg.ones(2, 3))
    assert len(set(both.array.reshape(-1).tolist())) == 6
    inner = vmap(vmap(function, randomness="different"), randomness="same")(sg.ones(2, 3))
    assert (inner.array[0] == inner.array[1]).all()
    assert len(set(inner.array[0].tolist())) == 3


def test_bad_arguments():
    cases = [
        (lambda: vmap(lambda x: x, in_dims=None)(t(A)), ValueError, "in_dims"),
        (lambda: vmap(lambda x: x, in_dims=(None,))(t(A)), ValueError, "at least one"),
        (lambda: vmap(lambda x: x, in_dims=5)(t(A)), ValueError, "in_dims says 5"),
        (lambda: vmap(lambda x, y: x, in_dims=(0,))(t(A), t(B)), ValueError, "structure"),
        (lambda: vmap(lambda x, y: x)(t(A), t(B[:2])), ValueError, "one batch size"),
        (lambda: vmap(lambda x, y: x)(t(A), 3.0), ValueError, "type float"),
        (lambda: vmap(lambda x: 3.0)(t(A)), ValueError, "must return tensors"),
        (lambda: vmap(lambda x: x, out_dims=None)(t(A)), ValueError, "differs by sample"),
        (lambda: vmap(lambda x: x, chunk_size=0), ValueError, "chunk_size"),
    ]
    for act, kind, words in cases:
        with pytest.raises(kind, match=words):
            act()


def test_losses_with_labels_of_each_sample():
    x, y = t(RNG.normal(size=(5, 4))), t(np.array([0, 3, 1, 2, 3]))
    for options in ({}, {"label_smoothing": 0.1}, {"weight": t(np.array([1.0, 2, 3, 4]))}):

        def loss(x, y, o=options):
            return F.cross_entropy(x.unsqueeze(0), y.unsqueeze(0), **o)

        rows = [grad(loss)(a, b) for a, b in zip(x, y, strict=True)]
        same(vmap(grad(loss))(x, y), np.stack([r.array for r in rows]))
    with pytest.raises(IndexError, match="out of bounds"):
        vmap(lambda x, y: F.cross_entropy(x, y))(x, y + 2)
    table = t(RNG.normal(size=(4, 2)))
    same(vmap(lambda i: F.embedding(i, table))(y), table.array[y.array])
    same(vmap(lambda i: F.one_hot(i, 4))(y), np.eye(4)[y.array])


def test_models_of_an_ensemble():
    sg.manual_seed(0)
    models = [nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3)).double()
              for _ in range(4)]  # fmt: skip
    params, buffers = sg.func.stack_module_state(models)
    assert all(p.requires_grad and p.is_leaf for p in params.values())
    images = t(RNG.normal(size=(2, 1, 5, 5)))

    def run(params, buffers, x):
        return sg.func.functional_call(models[0], (params, buffers), (x,))

    out = vmap(run, (0, 0, None))(params, buffers, images)
    same(out.detach(), np.stack([m(images).array for m in models]))
    out.square().sum().backward()
    for i, m in enumerate(models):
        m(images).square().sum().backward()
        for name, p in m.named_parameters():
            same(params[name].grad[i], p.grad)


def test_per_sample_gradients_are_much_faster_than_the_loop():
    """Counted in operations, not in seconds: those of one sample, whatever the batch."""
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    params = {k: v.detach() for k, v in model.named_parameters()}

    def loss(params, x, y):
        out = sg.func.functional_call(model, params, (x.unsqueeze(0),))
        return F.cross_entropy(out, y.unsqueeze(0))

    x, y = sg.randn(256, 6), sg.randint(0, 3, (256,))
    counts = []
    for rows in (2, 256):
        before = sg.tape.tick()
        found = vmap(grad(loss), (None, 0, 0))(params, x[:rows], y[:rows])
        counts.append(sg.tape.tick() - before)
    assert counts[0] == counts[1]
    single = grad(loss)(params, x[7], y[7])
    for name, g in found.items():
        np.testing.assert_allclose(g.array[7], single[name].array, rtol=1e-4, atol=1e-6)


def test_a_thread_beside_is_not_disturbed():
    results = []

    def other():
        x = sg.ones(3, requires_grad=True)
        for _ in range(50):
            x.grad = None
            (x * x).sum().backward()
            results.append(x.grad.tolist())

    thread = threading.Thread(target=other)
    thread.start()
    for _ in range(20):
        vmap(grad(lambda x: x.sin().sum()))(t(A))
    thread.join()
    assert results == [[2, 2, 2]] * 50


def test_jacobian_of_a_batch():
    found = vmap(jacrev(lambda x: x * x.sum()))(t(A))
    expected = np.einsum("ni,jk->nij", A, np.ones((1, 1))) + np.einsum(
        "n,ij->nij", A.sum(1), np.eye(3)
    )
    same(found, expected)


PICKED = {
    "median": lambda m, x, i: m.median(x, -1)[0],
    "median place": lambda m, x, i: m.median(x, 0)[1],
    "mode": lambda m, x, i: m.mode(m.round(x), -1)[0],
    "kthvalue": lambda m, x, i: m.kthvalue(x, 2, 0)[0],
    "quantile": lambda m, x, i: m.quantile(x, m.tensor([0.3, 0.6], dtype=m.float64), 1),
    "nanquantile": lambda m, x, i: m.nanquantile(x, 0.3),
    "matrix_exp": lambda m, x, i: m.linalg.matrix_exp(x),
    "lstsq": lambda m, x, i: m.linalg.lstsq(x, x.sum(1, keepdim=True)).solution,
    "slice_scatter": lambda m, x, i: m.slice_scatter(x, x[:, :2] * 2, 1, 1, 3),
    "select_scatter": lambda m, x, i: m.select_scatter(x, x[0] * 2, 0, 1),
    "diagonal_scatter": lambda m, x, i: m.diagonal_scatter(x, x[0] * 2),
    "as_strided": lambda m, x, i: m.as_strided(x, (2, 2), (1, 3), 1),
    "searchsorted": lambda m, x, i: m.searchsorted(m.sort(x, -1)[0], x + 0.1),
    "bucketize": lambda m, x, i: m.bucketize(x, m.tensor([-1.0, 0.0, 1.0], dtype=m.float64)),
    "take_along_dim": lambda m, x, i: m.take_along_dim(x, i.unsqueeze(1), 1),
}


@pytest.mark.parametrize("name", PICKED)
def test_what_picks_by_value_agrees_with_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    rng = np.random.default_rng(3)
    x, i = rng.normal(size=(4, 3, 3)), rng.integers(0, 3, (4, 3))
    function = PICKED[name]
    ours = vmap(lambda x, i: function(sg, x, i))(t(x), t(i))
    theirs = torch.stack(
        [
            function(torch, a.clone(), b)
            for a, b in zip(torch.tensor(x), torch.tensor(i), strict=True)
        ]
    )
    same(ours, theirs)


def test_masked_scatter_by_masks_of_each_sample():
    x, mask = t(A), t(A > 0)
    rows = [sg.masked_scatter(a, m, a * 2) for a, m in zip(x, mask, strict=True)]
    same(
        vmap(lambda a, m: sg.masked_scatter(a, m, a * 2))(x, mask),
        np.stack([r.array for r in rows]),
    )
    with pytest.raises(RuntimeError, match="masked_scatter"):
        vmap(lambda a, m: sg.masked_scatter(a, m, a[:0]))(x, mask)


def test_batch_norms_without_running_statistics():
    net = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.BatchNorm1d(4)), nn.InstanceNorm1d(4))
    assert sg.func.replace_all_batch_norm_modules_(net) is net
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.0.weight", "1.0.bias"]
    x = sg.rand(5, 6, 3)
    found = vmap(net[:2])(x)
    np.testing.assert_allclose(found[2].detach(), net[:2](x[2]).detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        net.eval()[:2](x[2]).detach(), found[2].detach(), rtol=1e-5, atol=1e-6
    )


def test_arguments_by_name_are_the_same_for_all_samples():
    found = vmap(lambda x, y: x * y)(t(A[:, 0]), y=t(B[0]))
    same(found, A[:, :1] * B[0])


@pytest.mark.parametrize(("dims", "error"), [(3, IndexError), (-4, IndexError), ("x", ValueError)])
def test_places_for_the_batch_that_results_do_not_have(dims, error):
    with pytest.raises(error, match="vmap: out_dims"):
        vmap(lambda x: x[None], out_dims=dims)(t(A))


def test_flat_places_that_differ_by_sample():
    places = sg.tensor([[0, 2], [1, 1], [2, -1], [0, 1]])
    found = vmap(lambda x, i: sg.take(x, i))(t(A), places)
    same(found, np.take_along_axis(A, places.numpy(), 1))
    written = vmap(lambda x, i: x.put(i, x[:2] * 0, accumulate=True))(t(A), places)
    same(written, A)


def test_other_names_mean_nothing_to_a_call_of_a_module():
    layer = nn.Linear(2, 2)
    given = {"weight": sg.zeros(2, 2), "nothing": sg.ones(1)}
    assert sg.func.functional_call(layer, given, sg.ones(2)).tolist() == layer.bias.tolist()
    with pytest.raises(RuntimeError, match="nothing"):
        sg.func.functional_call(layer, given, sg.ones(2), strict=True)

"""Layers by the names that PyTorch's top level has, against PyTorch."""

import numpy as np
import pytest

import tinygrad_sm as sg


def drawn(*shape, positive=False):
    values = np.random.default_rng(sum(shape)).normal(size=shape).astype("f")
    return np.abs(values) + 0.1 if positive else values


X = drawn(4, 6, 5)
W, B = drawn(6), drawn(6, positive=True)
MEAN, VAR = drawn(6), drawn(6, positive=True)
SIGNS = np.array([1.0, -1.0, 1.0, -1.0], "f")
LOG = np.log(drawn(4, 3, positive=True))

CALLS = {
    "batch_norm train": ("batch_norm", X, W, B, MEAN, VAR, True, 0.1, 1e-5, False),
    "batch_norm eval": ("batch_norm", X, W, B, MEAN, VAR, False, 0.1, 1e-5, False),
    "instance_norm": ("instance_norm", X, W, B, None, None, True, 0.1, 1e-5, False),
    "native_layer_norm": ("native_layer_norm", X, [6, 5], drawn(6, 5), None, 1e-5),
    "native_group_norm": ("native_group_norm", X, W, B, 4, 6, 5, 3, 1e-5),
    "native_batch_norm": ("native_batch_norm", X, W, B, MEAN, VAR, True, 0.1, 1e-5),
    "native_batch_norm eval": ("native_batch_norm", X, W, B, MEAN, VAR, False, 0.1, 1e-5),
    "norm_except_dim": ("norm_except_dim", X, 2, 1),
    "norm_except_dim all": ("norm_except_dim", X, 2, -1),
    "native_dropout none": ("native_dropout", X, 0.5, False),
    "native_dropout": ("native_dropout", X, 0.3, True),
    "alpha_dropout off": ("alpha_dropout", X, 0.5, False),
    "feature_dropout off": ("feature_dropout", X, 0.5, False),
    "feature_alpha_dropout off": ("feature_alpha_dropout", X, 0.5, False),
    "dropout_ off": ("dropout_", X, 0.5, False),
    "embedding": ("embedding", drawn(5, 3), np.array([[0, 4], [2, 2]])),
    "embedding padding": ("embedding", drawn(5, 3), np.array([0, 4]), 0),
    "constant_pad_nd": ("constant_pad_nd", X, [1, 2, 0, 1], 3.0),
    "convolution": (
        *("convolution", drawn(2, 4, 7, 6), drawn(6, 2, 3, 3), drawn(6)),
        *([2, 1], [1, 0], [1, 1], False, [0, 0], 2),
    ),
    "convolution turned": (
        *("convolution", drawn(2, 4, 7), drawn(4, 3, 3), None),
        *([2], [1], [1], True, [1], 1),
    ),
    "conv_tbc": ("conv_tbc", drawn(7, 2, 3), drawn(3, 3, 4), drawn(4), 1),
    "grid_sampler": ("grid_sampler", drawn(2, 3, 4, 5), drawn(2, 6, 6, 2) / 2, 2, 1, True),
    "grid_sampler_2d": ("grid_sampler_2d", drawn(2, 3, 4, 5), drawn(2, 6, 6, 2) / 2, 0, 0, False),
    "grid_sampler_3d": (
        "grid_sampler_3d",
        drawn(1, 2, 3, 4, 5),
        drawn(1, 3, 3, 3, 3) / 2,
        0,
        1,
        True,
    ),
    "affine_grid_generator": ("affine_grid_generator", drawn(2, 2, 3), [2, 3, 4, 5], False),
    "max_pool1d_with_indices": ("max_pool1d_with_indices", X, 2),
    "bce": ("binary_cross_entropy_with_logits", drawn(4), np.abs(SIGNS) / 3),
    "bce sum": ("binary_cross_entropy_with_logits", drawn(4), np.abs(SIGNS) / 3, None, None, 2),
    "cosine_embedding_loss": ("cosine_embedding_loss", LOG, drawn(4, 3), SIGNS, 0.1, 0),
    "ctc_loss": (
        *("ctc_loss", np.log(drawn(6, 2, 4, positive=True)), np.array([[1, 2], [3, 1]])),
        *(np.array([6, 5]), np.array([2, 1]), 0, 2, False),
    ),
    "ctc_loss none": (
        *("ctc_loss", np.log(np.full((6, 2, 4), 0.25, "f")), np.array([[1, 2], [3, 1]])),
        *(np.array([6, 5]), np.array([2, 1])),
    ),
    "kl_div none": ("kl_div", LOG, drawn(4, 3, positive=True)),
    "hinge none": ("hinge_embedding_loss", drawn(4), SIGNS),
    "triplet none": ("triplet_margin_loss", LOG, drawn(4, 3), -LOG),
    "ranking none": ("margin_ranking_loss", drawn(4), drawn(4)[::-1].copy(), SIGNS),
    "hinge_embedding_loss": ("hinge_embedding_loss", drawn(4), SIGNS, 0.5, 1),
    "kl_div": ("kl_div", LOG, drawn(4, 3, positive=True), 2),
    "margin_ranking_loss": ("margin_ranking_loss", drawn(4), drawn(4)[::-1].copy(), SIGNS, 0.2, 0),
    "poisson_nll_loss": ("poisson_nll_loss", LOG, drawn(4, 3, positive=True), True, True, 1e-8, 1),
    "triplet_margin_loss": ("triplet_margin_loss", LOG, drawn(4, 3), -LOG, 1.0, 2.0, 1e-6, True, 2),
    "lstm_cell": (
        *("lstm_cell", drawn(2, 3), [drawn(2, 5), -drawn(2, 5)], drawn(20, 3), drawn(20, 5)),
        *(drawn(20), drawn(20)),
    ),
    "gru_cell": (
        "gru_cell",
        drawn(2, 3),
        drawn(2, 5),
        drawn(15, 3),
        drawn(15, 5),
        drawn(15),
        W[:0],
    ),
    "rnn_tanh_cell": ("rnn_tanh_cell", drawn(2, 3), drawn(2, 5), drawn(5, 3), drawn(5, 5)),
    "rnn_relu_cell": ("rnn_relu_cell", drawn(2, 3), drawn(2, 5), drawn(5, 3), drawn(5, 5)),
}
RECURRENT = [("LSTM", "lstm"), ("GRU", "gru"), ("RNN", "rnn_tanh"), ("RNN", "rnn_relu")]
CALLS["gru_cell"] = (*CALLS["gru_cell"][:-1], drawn(15))


def as_tensors(library, value):
    if isinstance(value, np.ndarray):
        made = library.tensor(value)
        return made.requires_grad_() if value.dtype == np.float32 and value.ndim > 1 else made
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return [as_tensors(library, part) for part in value]
    return value


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(torch, name):
    function, *arguments = CALLS[name]
    found = []
    for library in (torch, sg):
        library.manual_seed(0)
        given = [as_tensors(library, value) for value in arguments]
        if name == "dropout_ off" or "ctc" in name:  # whose gradient PyTorch takes to be another
            given[0] = given[0].detach()
        out = getattr(library, function)(*given)
        outs = out if isinstance(out, tuple) else (out,)
        if outs[0].requires_grad:
            outs[0].sum().backward()
        grads = [
            t.grad for v in given for t in (v if isinstance(v, list) else [v]) if hasattr(t, "grad")
        ]
        found.append([t.detach().numpy() for t in (*outs, *grads) if t is not None])
    for theirs, ours in zip(*found, strict=True):
        assert (theirs.shape, theirs.dtype) == (ours.shape, ours.dtype)
        assert np.allclose(theirs, ours, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("kind", "name"), RECURRENT)
def test_recurrent_layers(torch, kind, name, packed):
    found = []
    for library in (torch, sg):
        library.manual_seed(0)
        options = {"nonlinearity": name.partition("_")[2]} if kind == "RNN" else {}
        layer = getattr(library.nn, kind)(3, 4, num_layers=2, bidirectional=True, **options)
        function = getattr(library, name)
        x = library.tensor(drawn(5, 2, 3))
        h = library.tensor(drawn(4, 2, 4))
        hx = [h, h * 2] if kind == "LSTM" else h
        state = library.get_rng_state()
        if packed:
            rows = library.nn.utils.rnn.pack_padded_sequence(x, [5, 3])
            out = function(
                rows.data, rows.batch_sizes, hx, layer._flat_weights, True, 2, 0.0, False, True
            )
        else:
            out = function(x, hx, layer._flat_weights, True, 2, 0.0, False, True, False)
        assert library.equal(library.get_rng_state(), state)
        out[0].square().sum().backward()
        found.append([t.detach().numpy() for t in (*out, *(p.grad for p in layer.parameters()))])
    for theirs, ours in zip(*found, strict=True):
        assert np.allclose(theirs, ours, atol=1e-5)


def test_batch_first(torch):
    found = []
    for library in (torch, sg):
        library.manual_seed(0)
        layer = library.nn.GRU(3, 4, bias=False, batch_first=True)
        x, h = library.tensor(drawn(5, 2, 3)), library.tensor(drawn(1, 5, 4))
        out = library.gru(x, h, layer._flat_weights, False, 1, 0.0, False, False, True)
        found.append([t.detach().numpy() for t in out])
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(*found, strict=True))

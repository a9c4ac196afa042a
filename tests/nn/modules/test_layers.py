"""Every layer: its start, text, results, derivatives and state against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_sm as sg

from ..agreement import check_error, check_function, check_layer, draw, pytorch

LINES, IMAGES, VOLUMES = draw(2, 4, 9), draw(2, 4, 7, 6), draw(2, 4, 5, 6, 4)
ROWS = draw(5, 6)
BY_DIMENSIONS = {1: LINES, 2: IMAGES, 3: VOLUMES}


def layer(name, *arguments, **options):
    def build(m):
        return getattr(m.nn, name)(*arguments, **options)

    build.name = name
    return build


LAYERS = [
    (layer("Identity", 3, unused=True), ROWS),
    (layer("Linear", 6, 3), ROWS),
    (layer("Linear", 6, 3, bias=False), ROWS),
    (layer("Flatten"), IMAGES),
    (layer("Flatten", 2), IMAGES),
    (layer("Unflatten", 1, (2, 2)), IMAGES),
    *((layer(f"Conv{n}d", 4, 6, 3), x) for n, x in BY_DIMENSIONS.items()),
    *(
        (layer(f"Conv{n}d", 4, 6, 3, 2, 1, 1, 2, False), x)
        for n, x in BY_DIMENSIONS.items()
    ),
    *(
        (layer(f"Conv{n}d", 4, 6, 2, padding=1, dilation=2, padding_mode=mode), x)
        for n, x in BY_DIMENSIONS.items()
        for mode in ("reflect", "replicate", "circular")
    ),
    (layer("Conv2d", 4, 6, (3, 2), padding="same", padding_mode="circular"), IMAGES),
    (layer("Conv2d", 4, 6, (3, 2), (2, 1), padding="valid"), IMAGES),
    *((layer(f"ConvTranspose{n}d", 4, 6, 3), x) for n, x in BY_DIMENSIONS.items()),
    *(
        (layer(f"ConvTranspose{n}d", 4, 6, 3, 2, 1, 1, 2, False), x)
        for n, x in BY_DIMENSIONS.items()
    ),
    *((layer(f"MaxPool{n}d", 3, 2, 1, return_indices=True), x) for n, x in BY_DIMENSIONS.items()),
    *((layer(f"MaxPool{n}d", 2, ceil_mode=True), x) for n, x in BY_DIMENSIONS.items()),
    *((layer(f"AvgPool{n}d", 3, 2, 1, True, False), x) for n, x in BY_DIMENSIONS.items()),
    (layer("AvgPool2d", 2, divisor_override=3), IMAGES),
    *((layer(f"LPPool{n}d", 2, 2), x) for n, x in BY_DIMENSIONS.items()),
    (layer("FractionalMaxPool2d", 2, (3, 4)), IMAGES),
    (layer("FractionalMaxPool2d", (2, 3), output_ratio=0.5, return_indices=True), IMAGES),
    (layer("FractionalMaxPool2d", 2, 1), IMAGES[0]),
    (layer("FractionalMaxPool3d", 2, output_ratio=(0.5, 0.7, 0.6)), VOLUMES),
    (layer("FractionalMaxPool3d", (2, 1, 2), 2, return_indices=True), VOLUMES),
    *((layer(f"AdaptiveAvgPool{n}d", 3), x) for n, x in BY_DIMENSIONS.items()),
    *((layer(f"AdaptiveMaxPool{n}d", 3, True), x) for n, x in BY_DIMENSIONS.items()),
    (layer("AdaptiveAvgPool2d", (None, 2)), IMAGES),
    (layer("LayerNorm", 6), ROWS),
    (layer("LayerNorm", (7, 6), eps=0.1, bias=False), IMAGES),
    (layer("LayerNorm", 6, elementwise_affine=False), ROWS),
    (layer("RMSNorm", 6, eps=1e-3), ROWS),
    (layer("RMSNorm", [7, 6], eps=1e-3, elementwise_affine=False), IMAGES),
    (layer("GroupNorm", 2, 4), IMAGES),
    (layer("GroupNorm", 4, 4, affine=False), LINES),
    (layer("LocalResponseNorm", 3, 0.1), IMAGES),
    (layer("SyncBatchNorm", 4), IMAGES),
    (layer("SyncBatchNorm", 6, momentum=None), ROWS),
    (layer("BatchNorm1d", 6), ROWS),
    *((layer(f"BatchNorm{n}d", 4, 1e-3, 0.3), x) for n, x in BY_DIMENSIONS.items()),
    (layer("BatchNorm2d", 4, momentum=None), IMAGES),
    (layer("BatchNorm2d", 4, affine=False), IMAGES),
    (layer("BatchNorm2d", 4, track_running_stats=False), IMAGES),
    *((layer(f"InstanceNorm{n}d", 4), x) for n, x in BY_DIMENSIONS.items()),
    *((layer(f"InstanceNorm{n}d", 4, 1e-3, 0.3, True, True), x) for n, x in BY_DIMENSIONS.items()),
    (layer("InstanceNorm2d", 7), draw(7, 4, 6)),
    *((layer(f"{kind}Pad{n}d", 1), x) for n, x in BY_DIMENSIONS.items()
      for kind in ("Zero", "Reflection", "Replication", "Circular")),
    *((layer(f"ConstantPad{n}d", 1, 3.5), x) for n, x in BY_DIMENSIONS.items()),
    (layer("ReflectionPad2d", (1, 0, 2, 1)), IMAGES),
    (layer("Unfold", (2, 3), stride=2), IMAGES),
    (layer("Fold", (4, 5), 2), draw(2, 8, 12)),
    (layer("PixelShuffle", 2), IMAGES),
    (layer("PixelUnshuffle", 2), draw(1, 2, 4, 6)),
    (layer("ChannelShuffle", 2), IMAGES),
    (layer("Upsample", scale_factor=2), IMAGES),
    (layer("Upsample", size=(9, 5), mode="bilinear", align_corners=True), IMAGES),
    (layer("Upsample", scale_factor=(2.0, 1.5), mode="bicubic"), IMAGES),
    (layer("UpsamplingNearest2d", scale_factor=2), IMAGES),
    (layer("UpsamplingBilinear2d", size=(9, 5)), IMAGES),
    *((layer(name, 0.4), IMAGES) for name in ("Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout")),
    (layer("Dropout1d", 0.4), LINES),
    (layer("Dropout3d", 0.4), VOLUMES),
    (layer("Softmax", 1), ROWS),
    (layer("Softmin", 1), ROWS),
    (layer("LogSoftmax", 1), ROWS),
    (layer("Softmax2d"), IMAGES),
    (layer("PReLU"), IMAGES),
    (layer("PReLU", 4, 0.1), IMAGES),
    (layer("GLU", 1), IMAGES),
    (layer("RReLU"), ROWS),
    *((layer(name), ROWS * 3) for name in (
        "ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish", "Softplus",
        "Sigmoid", "LogSigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink",
        "Softshrink", "Tanhshrink", "Softsign",
    )),
    (layer("LeakyReLU", 0.2), ROWS),
    (layer("ELU", 0.5), ROWS),
    (layer("CELU", 0.5), ROWS),
    (layer("GELU", "tanh"), ROWS),
    (layer("Softplus", 2.0, 3.0), ROWS),
    (layer("Hardtanh", -0.5, 0.5), ROWS),
    (layer("Hardshrink", 0.2), ROWS),
    (layer("Softshrink", 0.2), ROWS),
    (layer("Threshold", 0.1, 2.0), ROWS),
    (layer("Embedding", 7, 3), np.array([[1, 2], [6, 1]])),
    (layer("Embedding", 7, 3, padding_idx=-1), np.array([[1, 2], [6, 1]])),
    (layer("EmbeddingBag", 7, 3), np.array([[1, 2], [6, 1]])),
    (layer("EmbeddingBag", 7, 3, mode="max", padding_idx=2), np.array([[1, 2], [6, 1]])),
]  # fmt: skip
FIRST_ONLY = {
    "EmbeddingBag",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "Hardsigmoid",
    "RReLU",
}  # PyTorch has no second derivative
# PyTorch rounds constants of these to float32
ROUNDED = {"CELU", "Hardsigmoid", "Hardswish", "LeakyReLU", "RReLU"}


@pytest.mark.parametrize(
    ("build", "x"), LAYERS, ids=[f"{b.name}-{i}" for i, (b, _) in enumerate(LAYERS)]
)
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_layer(build, x, training):
    options = {"rtol": 1e-6, "atol": 1e-8} if build.name in ROUNDED else {}
    check_layer(
        build,
        x,
        training=training,
        second=build.name not in FIRST_ONLY,
        warns=True,
        **options,
    )


PAIRS = [
    (layer("Bilinear", 4, 6, 3), (draw(5, 4), ROWS)),
    (layer("Bilinear", 4, 6, 3, bias=False), (draw(2, 5, 4), draw(2, 5, 6))),
    (layer("CosineSimilarity"), (ROWS, draw(5, 6, seed=1))),
    (layer("CosineSimilarity", 0, 1e-3), (ROWS, draw(5, 6, seed=1))),
    (layer("PairwiseDistance"), (ROWS, draw(5, 6, seed=1))),
    (layer("PairwiseDistance", 3.0, 1e-3, True), (ROWS, draw(5, 6, seed=1))),
]


@pytest.mark.parametrize(("build", "inputs"), PAIRS)
def test_layer_of_two(build, inputs):
    check_layer(build, *inputs)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_unpool(dimensions):
    x = BY_DIMENSIONS[dimensions]

    def call(layer, x):
        torch = pytorch()
        m = sg if isinstance(x, sg.Tensor) else torch
        y, places = getattr(m.nn, f"MaxPool{dimensions}d")(2, 2, return_indices=True)(x)
        return layer(y, places, output_size=x.shape)

    check_layer(layer(f"MaxUnpool{dimensions}d", 2, 2), x, call=call, second=False)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_transposed_to_a_size(dimensions):
    build = layer(f"ConvTranspose{dimensions}d", 4, 3, 3, 2, 1)
    x = BY_DIMENSIONS[dimensions]
    for extra in (0, 1):
        size = [(n - 1) * 2 + 1 + extra for n in x.shape[2:]]
        check_layer(build, x, call=lambda layer, x, size=size: layer(x, output_size=size))


REFUSALS = [
    layer("Conv2d", 3, 4, 3, groups=2),
    layer("Conv2d", 4, 4, 3, groups=0),
    layer("Conv2d", 4, 4, 3, padding="some"),
    layer("Conv2d", 4, 4, 3, 2, "same"),
    layer("Conv2d", 4, 4, 3, padding_mode="mirror"),
    layer("ConvTranspose2d", 4, 4, 3, padding_mode="circular"),
    layer("Dropout", 1.5),
    layer("GroupNorm", 3, 4),
    layer("Embedding", 3, 4, padding_idx=3),
    layer("EmbeddingBag", 3, 4, padding_idx=-4),
    layer("Bilinear", 0, 4, 3),
    layer("Unflatten", 1, 2.5),
    layer("MultiheadAttention", 5, 2),
    layer("MultiheadAttention", 0, 2),
]


@pytest.mark.parametrize("build", REFUSALS)
def test_refusals_at_the_start(build):
    check_error(lambda m: build(m))


CALL_REFUSALS = [
    (layer("Linear", 6, 3), draw(5, 5)),
    (layer("Conv2d", 4, 6, 3), draw(2, 3, 7, 6)),
    (layer("Conv2d", 4, 6, 3), draw(7, 6)),
    (layer("Conv2d", 4, 6, 9), IMAGES),
    (layer("BatchNorm2d", 4), LINES),
    (layer("BatchNorm1d", 6), IMAGES),
    (layer("BatchNorm1d", 6), draw(5, 5)),
    (layer("BatchNorm1d", 6), draw(1, 6)),
    (layer("InstanceNorm2d", 4), ROWS),
    (layer("InstanceNorm1d", 4, affine=True), draw(2, 3, 5)),
    (layer("LayerNorm", 5), ROWS),
    (layer("Softmax2d"), ROWS),
    (layer("Unflatten", 1, (2, 2)), ROWS),
    (layer("Unflatten", 7, (2, 2)), ROWS),
    (layer("ConvTranspose2d", 3, 4, 3), IMAGES),
    (layer("MaxPool2d", 9), IMAGES),
    (layer("PixelShuffle", 3), IMAGES),
]


@pytest.mark.parametrize(("build", "x"), CALL_REFUSALS)
def test_refusals_of_inputs_name_the_layer(build, x):
    check_error(lambda m, x: build(m).double()(x), x, match=build.name)


def test_what_is_no_tensor_is_refused():
    for layer_ in (sg.nn.Linear(2, 2), sg.nn.Conv2d(1, 1, 1), sg.nn.LayerNorm(2)):
        with pytest.raises(TypeError, match="expected a Tensor"):
            layer_(np.zeros((2, 2)))


def test_embedding_from_pretrained():
    def build(m):
        return m.nn.Embedding.from_pretrained(m.tensor(draw(4, 3)).float(), padding_idx=1)

    check_layer(build, np.array([[1, 0], [3, 1]]))
    table = sg.tensor(draw(4, 3))
    embedding = sg.nn.Embedding.from_pretrained(table)
    assert embedding.weight.data_ptr() == table.data_ptr()
    assert not embedding.weight.requires_grad
    bag = sg.nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="sum")
    assert bag.weight.requires_grad
    for kind in (sg.nn.Embedding, sg.nn.EmbeddingBag):
        with pytest.raises(AssertionError):
            kind.from_pretrained(sg.zeros(3))


def test_embedding_options():
    check_layer(
        layer("Embedding", 7, 3, max_norm=1.0),
        np.array([[1, 2], [6, 1]]),
        second=False,
        close=3e-7,
    )
    check_layer(
        layer("Embedding", 7, 3, scale_grad_by_freq=True, norm_type=1.0),
        np.array([[1, 2], [6, 1]]), second=False,
    )  # fmt: skip


def test_inplace_activations_write():
    for name in (
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "ELU",
        "SELU",
        "SiLU",
        "Mish",
        "Hardtanh",
        "Dropout",
    ):
        module = getattr(sg.nn, name)(inplace=True)
        x = sg.tensor(ROWS)
        assert module(x) is x, name


def test_batch_norm_counts_and_averages():
    torch = pytorch()
    for momentum in (0.2, None):
        ours, theirs = (m.nn.BatchNorm1d(6, momentum=momentum).double() for m in (sg, torch))
        for i in range(4):
            x = draw(5, 6, seed=i)
            ours(sg.tensor(x))
            theirs(torch.tensor(x))
        for name, value in ours.named_buffers():
            np.testing.assert_allclose(value.array, theirs.get_buffer(name).numpy(), rtol=1e-12)
        ours.reset_running_stats()
        assert ours.num_batches_tracked.item() == 0


@pytest.mark.parametrize("channels", [2, 6, 9])
@pytest.mark.parametrize("size", [3, 4, 5])
def test_lrn_across_maps_has_pytorchs_values(channels, size):
    torch = pytorch()
    x = draw(2, channels, 3, 4)
    ours = sg.nn.CrossMapLRN2d(size, 0.5)(sg.tensor(x))
    theirs = torch.nn.CrossMapLRN2d(size, 0.5)(torch.tensor(x))
    np.testing.assert_allclose(ours.array, theirs.numpy(), rtol=1e-9)
    assert sg.autograd.gradcheck(sg.nn.CrossMapLRN2d(size, 0.5), sg.tensor(x, requires_grad=True))
    with pytest.raises(ValueError, match="4D"):
        sg.nn.CrossMapLRN2d(size)(sg.tensor(x[0]))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda m: m.nn.FractionalMaxPool2d(2), ValueError),
        (lambda m: m.nn.FractionalMaxPool2d(2, 3, 0.5), ValueError),
        (lambda m: m.nn.FractionalMaxPool3d(2, output_ratio=1.5), ValueError),
        (lambda m: m.nn.FractionalMaxPool2d(3, 3)(m.zeros(1, 1, 4, 4)), RuntimeError),
        (lambda m: m.nn.FractionalMaxPool2d(1, 1)(m.zeros(1, 0, 4, 4)), RuntimeError),
        (lambda m: m.nn.functional.fractional_max_pool2d(m.zeros(1, 1, 4, 4), 2), ValueError),
        (lambda m: m.nn.SyncBatchNorm(4)(m.zeros(4)), ValueError),
    ],
)
def test_errors_of_pools_and_norms(make, error):
    for m in (sg, pytorch()):
        with pytest.raises(error):
            make(m)


def test_batch_norms_are_converted_with_their_state():
    model = sg.nn.Sequential(sg.nn.Linear(6, 4), sg.nn.Sequential(sg.nn.BatchNorm1d(4))).eval()
    sg.nn.init.normal_(model[1][0].running_mean)
    x = sg.tensor(ROWS, dtype=sg.float32)
    before, names = model(x), list(model.state_dict())
    converted = sg.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert type(converted[1][0]) is sg.nn.SyncBatchNorm
    assert list(converted.state_dict()) == names
    np.testing.assert_array_equal(converted(x).array, before.array)


def _adaptive(m):
    return m.nn.AdaptiveLogSoftmaxWithLoss(6, 12, [3, 7, 10], div_value=1.5, head_bias=True)


@pytest.mark.parametrize("labels", [[0, 2, 4, 11, 8], [1, 1, 1, 0, 2], 7], ids=str)
def test_adaptive_softmax(labels):
    torch = pytorch()
    label = np.array(labels)
    x = ROWS if label.ndim else ROWS[0]

    def call(layer, x):
        m = sg if isinstance(x, sg.Tensor) else torch
        out = layer(x, m.tensor(label))
        rows = x if label.ndim else x.unsqueeze(0)
        return out.output, out.loss, layer.log_prob(rows), layer.predict(rows)

    check_layer(_adaptive, x, call=call)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        *(
            (lambda m, cutoffs=cutoffs: m.nn.AdaptiveLogSoftmaxWithLoss(4, 8, cutoffs), ValueError)
            for cutoffs in ([], [3, 2], [2, 2], [0, 3], [8], [1.5])
        ),
        *(
            (lambda m, x=x, y=y: _adaptive(m)(m.tensor(x), m.tensor(y)), RuntimeError)
            for x, y in [
                (ROWS.astype("f"), [0, 1]),
                (ROWS.astype("f"), [0, 1, 2, 3, 12]),
                (ROWS.astype("f"), [0, 1, 2, 3, -1]),
                (ROWS.astype("f"), 1),
                (ROWS[0].astype("f"), [1]),
                (ROWS.astype("f"), [[1]]),
            ]
        ),
    ],
)
def test_errors_of_the_adaptive_softmax(make, error):
    for m in (sg, pytorch()):
        with pytest.raises(error):
            make(m)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        *(
            (lambda m, k=kind, o=options: getattr(m.nn, k)(3, 5, **o), TypeError)
            for kind in ("RNN", "GRU", "LSTM")
            for options in ({"bias": 1}, {"batch_first": "False"})
        ),
        (lambda m: m.nn.GRU(0, 5), ValueError),
        (lambda m: m.nn.LSTM(3, 5)(m.zeros(2, 1, 3).double()), ValueError),
        (lambda m: m.nn.HuberLoss(delta=1j), TypeError),
        (lambda m: m.nn.BatchNorm1d(3, eps=0.0)(m.zeros(2, 3)), ValueError),
        (lambda m: m.nn.BatchNorm1d(3, eps=-1.0).eval()(m.zeros(2, 3)), ValueError),
        (lambda m: m.nn.CircularPad1d(1)(m.zeros(2, 3, 4, 5)), ValueError),
        (lambda m: m.nn.CircularPad3d(1)(m.zeros(2, 3)), ValueError),
    ],
)
def test_errors_of_layers(make, error):
    for m in (sg, pytorch()):
        with pytest.raises(error):
            make(m)


def test_a_batch_of_nothing_leaves_the_statistics_as_they_are():
    layer = sg.nn.BatchNorm1d(3)
    assert layer(sg.zeros(0, 3)).shape == (0, 3)
    assert layer.running_mean.tolist() == [0, 0, 0]
    assert layer.running_var.tolist() == [1, 1, 1]


def test_one_variance_for_all_samples():
    def call(m, x, y):
        return m.nn.GaussianNLLLoss()(x, y, m.ones(1, 6, dtype=x.dtype) * 0.7)

    check_function(call, ROWS, draw(5, 6, seed=1))


def test_places_of_windows_for_more_samples_than_there_are():
    torch = pytorch()
    u = np.random.default_rng(0).random((2, 4, 2))
    ours, theirs = (
        m.nn.FractionalMaxPool2d(2, 3, _random_samples=m.tensor(u))(m.tensor(IMAGES[0]))
        for m in (sg, torch)
    )
    np.testing.assert_array_equal(ours.array, theirs.numpy())

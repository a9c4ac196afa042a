"""The MNIST example: what it prints and writes, that it repeats itself, and how it fails."""

from __future__ import annotations

import gzip
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.datasets import Digits, load_mnist

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BUNDLED = EXAMPLES / "data" / "mnist-5000"
WRITTEN = ["checkpoint.pt", "confusion.png", "curves.png", "mistakes.png", "weights.npz"]

matplotlib = pytest.importorskip("matplotlib", reason="the example draws with matplotlib")
pytest.importorskip("tqdm", reason="the example shows its progress with tqdm")


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    """The example as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield importlib.import_module("mnist")


@pytest.fixture(scope="module")
def digits() -> Digits:
    return load_mnist(mirrors=[], fallback=BUNDLED)


def run(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The example as a program, on a machine that has no data and reaches no network."""
    environment = os.environ | {
        "PYTHONPATH": str(EXAMPLES.parent),
        "PYTHONIOENCODING": "ascii",
        "PYTHONWARNINGS": "error",
        "MPLCONFIGDIR": matplotlib.get_cachedir(),  # its list of fonts is slow to make
        "TINYGRAD_SM_DATA": "",
        "TQDM_MININTERVAL": "0",  # show the bar after every batch, however quick
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "https_proxy": "http://127.0.0.1:9",  # the port "discard", where nobody listens
        "no_proxy": "",
    }
    return subprocess.run(
        [sys.executable, EXAMPLES / "mnist.py", f"--out={tmp_path / 'out'}", *options],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=100,
    )


def test_the_whole_program_without_a_network(tmp_path: Path) -> None:
    done = run(tmp_path, "--limit=1000", "--epochs=2", "--batch-size=50", "--lr=0.003")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "could not be downloaded" in lines[1]
    assert lines[2] == (
        "Using the 5,000 digits of MNIST that come with the examples; for all 70,000, run this "
        "again with a network, or pass --data-dir DIR, a folder with MNIST's four files."
    )
    assert "235,146 parameters, 1,000 digits to train on, 1,000 to test with" in lines[3]
    for epoch, line in enumerate(lines[4:6], start=1):
        numbers = r"loss \d\.\d{4}, training accuracy \d+\.\d\d%, test accuracy \d+\.\d\d%"
        assert re.fullmatch(rf"epoch {epoch}/2: {numbers}", line)
    last = re.fullmatch(r"test accuracy (\d+\.\d\d)%", lines[-1])
    assert last
    assert float(last[1]) > 80
    assert lines[5].endswith(lines[-1])
    assert re.search(r"epoch 1/2: .*digits/s, loss \d\.\d{4}", done.stderr), "the progress bar"
    out = tmp_path / "out"
    assert sorted(os.listdir(out)) == WRITTEN
    for picture in WRITTEN[1:4]:
        assert (out / picture).read_bytes().startswith(b"\x89PNG\r\n")
    assert not (tmp_path / "cache").exists(), "what was not downloaded leaves nothing"


@pytest.mark.parametrize("model", ["softmax", "mlp", "cnn"])
def test_the_same_seed_gives_the_same_losses_and_weights(
    example: ModuleType, digits: Digits, model: str
) -> None:
    training = example.as_dataset(digits.train_images[:320], digits.train_labels[:320])
    test = example.as_dataset(digits.test_images[:50], digits.test_labels[:50])

    def once(seed: int) -> tuple[object, list[np.ndarray]]:
        sg.manual_seed(seed)
        network = example.RECIPES[model].build()
        history = example.train(network, training, test, epochs=2, batch_size=32, lr=0.003)
        return history, [parameter.detach().numpy() for parameter in network.parameters()]

    (history, weights), (again, same_weights), (other, _) = once(0), once(0), once(1)
    assert len(history.batch_losses) == 20
    assert history == again
    assert history != other
    for weight, same in zip(weights, same_weights, strict=True):
        np.testing.assert_array_equal(weight, same)
    assert np.mean(history.batch_losses[-5:]) < np.mean(history.batch_losses[:5])


def test_the_written_weights_are_the_models(
    example: ModuleType, digits: Digits, tmp_path: Path
) -> None:
    model = example.mlp()
    scores = example.predict(model, example.as_dataset(digits.test_images, digits.test_labels))
    history = example.History([1.0], [1.0], [0.1], [1.0], [0.1])
    example.write_results(tmp_path, model, history, digits, scores)
    other = example.mlp()
    with np.load(tmp_path / "weights.npz") as weights:
        other.load_state_dict({name: sg.tensor(value) for name, value in weights.items()})
    pixels = sg.from_numpy(digits.test_images[:5]).float() / 255
    np.testing.assert_array_equal(other(pixels).detach(), model(pixels).detach())


def test_pixels_go_from_0_to_1(example: ModuleType) -> None:
    images = np.arange(2 * 784, dtype=np.uint8).reshape(2, 28, 28)
    pixels, labels = example.as_dataset(images, np.array([3, 9], np.uint8)).tensors
    assert (pixels.shape, pixels.dtype, labels.dtype) == ((2, 1, 28, 28), sg.float32, sg.int64)
    np.testing.assert_allclose(pixels.numpy()[:, 0], images / 255, rtol=1e-6)


def test_accuracy_is_the_share_of_right_answers(example: ModuleType) -> None:
    scores = sg.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.4], [5.0, 1.0]])
    assert example.accuracy(scores, sg.tensor([1, 1, 1, 0])) == 0.75


def test_the_confusion_matrix_counts(example: ModuleType) -> None:
    figure = example.draw_confusion(np.array([0, 0, 1, 7, 7]), np.array([0, 0, 1, 7, 1]))
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert written == {(0, 0): "2", (1, 1): "1", (7, 7): "1", (1, 7): "1"}
    assert figure.get_suptitle() == "1 of 5 test digits are misread"
    example.plt.close(figure)


def test_the_surest_mistakes_come_first(example: ModuleType, digits: Digits) -> None:
    probabilities = np.eye(10)[[3, 4, 5]] * np.array([[0.5], [0.9], [0.7]])
    figure = example.draw_mistakes(digits.test_images[:3], np.array([3, 0, 1]), probabilities)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["0 → 4", "1 → 5"]
    assert figure.get_suptitle().startswith("All the 2 misread digits")
    example.plt.close(figure)


def test_no_mistakes_can_be_drawn(example: ModuleType, digits: Digits) -> None:
    labels = digits.test_labels[:20]
    figure = example.draw_mistakes(digits.test_images[:20], labels, np.eye(10)[labels])
    assert figure.get_suptitle().startswith("All the 0 misread digits")
    example.plt.close(figure)


def truncated(content: bytes) -> bytes:
    return content[:-100]


def altered(content: bytes) -> bytes:
    pixels = bytearray(gzip.decompress(content))
    pixels[1000] ^= 1
    return gzip.compress(bytes(pixels), compresslevel=1)


def another(content: bytes) -> bytes:
    return b"<html>Not Found</html>"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (truncated, "truncated or damaged: expected a whole gzip file"),
        (altered, "altered or another file: expected ba8910"),
        (another, "not an IDX file: expected 00 00"),
    ],
)
def test_wrong_data_is_named_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[bytes], bytes], expected: str
) -> None:
    """The bundled files serve as the wrong ones: under real names, but with fewer digits."""
    folder = tmp_path / "data"
    folder.mkdir()
    for file in BUNDLED.glob("*.gz"):
        (folder / file.name).write_bytes(spoil(file.read_bytes()))
    done = run(tmp_path, f"--data-dir={folder}")
    assert done.returncode == 1
    assert done.stdout == ""
    [message] = done.stderr.splitlines()
    assert message.startswith(f"mnist.py: {folder / 'train-images-idx3-ubyte.gz'}: ")
    assert expected in message
    assert sorted(os.listdir(tmp_path)) == ["data"]
    assert len(os.listdir(folder)) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model=transformer"], "argument --model: invalid choice"),
        (["--epochs=0"], "argument --epochs: expected a whole number of at least 1, not '0'"),
        (["--batch-size=1.5"], "argument --batch-size: expected a whole number"),
        (["--limit=-3"], "argument --limit: expected a whole number"),
        (["--lr=0"], "argument --lr: expected a positive number, not '0'"),
        (["--lr=nan"], "argument --lr: expected a positive number, not 'nan'"),
        (["--seed=-1"], r"argument --seed: expected a whole number from 0 to 2\*\*64 - 1"),
        (["--seed=18446744073709551616"], "argument --seed: expected a whole number from 0"),
        ([f"--out={__file__}"], "argument --out: .* is there and is not a folder"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_bad_options(
    example: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["mnist.py", *options])
    with pytest.raises(SystemExit) as caught:
        example.main()
    assert caught.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_loss_that_is_not_a_number_stops_the_training(
    example: ModuleType, digits: Digits
) -> None:
    data = example.as_dataset(digits.train_images[:64], digits.train_labels[:64])
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(example.TrainingError, match=r"in step 2 of epoch 1/3.*try a smaller --lr"),
    ):
        example.train(example.mlp(), data, data, epochs=3, batch_size=32, lr=1e38)


def test_an_interrupted_write_leaves_the_old_file(example: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with example.whole_file(path) as file:
            file.write(b"half of the ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.npz"]


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("mnist_alone", EXAMPLES / "mnist.py")
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit, match=r'pip install -e "\.\[examples\]"'):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


FULL = os.environ.get("TINYGRAD_SM_DATA")


@pytest.mark.skipif(not FULL, reason="TINYGRAD_SM_DATA does not name a folder with MNIST")
def test_softmax_regression_on_the_real_digits(example: ModuleType) -> None:
    digits = load_mnist(FULL)
    training = example.as_dataset(digits.train_images, digits.train_labels)
    test = example.as_dataset(digits.test_images, digits.test_labels)
    sg.manual_seed(0)
    history = example.train(example.softmax_regression(), training, test, 1, 128, 0.01)
    assert history.test_accuracies[-1] > 0.9

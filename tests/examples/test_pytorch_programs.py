"""The programs in PyTorch's idiom: they run, and under PyTorch itself they give the same losses."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.datasets import load_mnist

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BUNDLED = EXAMPLES / "data" / "mnist-5000"

for needed in ("matplotlib", "tqdm"):
    pytest.importorskip(needed, reason=f"the examples need {needed}")


@pytest.fixture(autouse=True)
def beside_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))


def program(name: str, framework: str = "tinygrad_sm") -> ModuleType:
    """The example as a module, with another framework in its imports."""
    path = EXAMPLES / f"{name}.py"
    source = path.read_text(encoding="utf-8").replace("tinygrad_sm", framework)
    module = ModuleType(name)
    module.__dict__["__file__"] = str(path)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def gpt_losses(framework: str) -> tuple[list[float], float]:
    example = program("char_gpt", framework)
    example.torch.manual_seed(0)
    tokens = example.torch.tensor(np.random.default_rng(0).integers(0, 20, 500))
    model = example.GPT(20, context=16, width=32, layers=2, heads=4)
    losses = example.train(model, tokens, steps=8, batch_size=4, lr=3e-3)
    return losses, example.validation_loss(model, tokens[:200])


def lstm_losses(framework: str) -> tuple[list[float], float]:
    example = program("char_lstm", framework)
    example.torch.manual_seed(0)
    tokens = example.torch.tensor(np.random.default_rng(0).integers(0, 20, 600))
    model = example.CharLSTM(20, width=24)
    losses = example.train(model, tokens, epochs=2, batch_size=4, length=40, lr=1e-2)
    return losses, example.validation_loss(model, tokens[:200])


def resnet_losses(framework: str) -> list[float]:
    example = program("resnet_mnist", framework)
    digits = load_mnist(mirrors=[], fallback=BUNDLED)
    images = digits.train_images[:64, None].astype(np.float32) / 255
    labels = digits.train_labels[:64].astype(np.int64)
    torch = example.torch
    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(torch.tensor(images), torch.tensor(labels))
    return example.train(example.ResNet(), example.DataLoader(data, 16, shuffle=True), 2, 0.05)


def test_the_gpt_gives_pytorchs_losses() -> None:
    pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    (ours, our_validation), (theirs, their_validation) = map(gpt_losses, ("tinygrad_sm", "torch"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert our_validation == pytest.approx(their_validation, rel=1e-4)


def test_the_lstm_gives_pytorchs_losses() -> None:
    pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    (ours, our_validation), (theirs, their_validation) = map(lstm_losses, ("tinygrad_sm", "torch"))
    assert len(ours) == 8
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert our_validation == pytest.approx(their_validation, rel=1e-4)


def test_the_lstm_learns_and_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("to be, or not to be. " * 100, encoding="utf-8")
    options = ["--epochs=6", "--length=16", "--batch-size=8", "--write=50", f"--text={text}"]
    monkeypatch.setattr(sys, "argv", ["char_lstm.py", *options])
    program("char_lstm").main()
    lines = capsys.readouterr().out.splitlines()
    last = re.fullmatch(r"validation loss (\d\.\d{4})", lines[-1])
    assert last
    assert float(last[1]) < 1.0
    assert len("\n".join(lines[3:-3])) == 50


def test_the_lstm_reads_every_character_once_and_in_order() -> None:
    example = program("char_lstm")
    text = example.strips(sg.arange(23), 2)
    pairs = example.stretches(text, 4)
    assert [x.shape[1] for x, _ in pairs] == [4, 4, 2]
    assert sg.cat([x for x, _ in pairs], 1).tolist() == text[:, :-1].tolist()
    assert sg.cat([y for _, y in pairs], 1).tolist() == text[:, 1:].tolist()


def test_the_resnet_gives_pytorchs_losses(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch where it is installed")
    ours, theirs = map(resnet_losses, ("tinygrad_sm", "torch"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_the_gpt_learns_and_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("to be, or not to be. " * 100, encoding="utf-8")
    options = ["--steps=40", "--context=16", "--batch-size=4", "--write=50", f"--text={text}"]
    monkeypatch.setattr(sys, "argv", ["char_gpt.py", *options])
    program("char_gpt").main()
    lines = capsys.readouterr().out.splitlines()
    last = re.fullmatch(r"validation loss (\d\.\d{4})", lines[-1])
    assert last
    assert float(last[1]) < 2.0
    assert len("\n".join(lines[3:-2])) == 50


def test_the_gpt_does_not_look_ahead() -> None:
    example = program("char_gpt")
    model = example.GPT(20, context=16, width=32, layers=2, heads=4)
    tokens = sg.randint(20, (1, 16))
    other = tokens.clone()
    other[0, 10:] = (other[0, 10:] + 1) % 20
    with sg.no_grad():
        one, two = model(tokens).numpy(), model(other).numpy()
    np.testing.assert_array_equal(one[0, :10], two[0, :10])
    assert abs(one[0, 10:] - two[0, 10:]).max() > 1e-3


def test_the_resnet_learns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = program("resnet_mnist")
    digits = load_mnist(mirrors=[], fallback=BUNDLED)
    monkeypatch.setattr(example, "load_digits", lambda args: digits)
    monkeypatch.setattr(sys, "argv", ["resnet_mnist.py", "--limit=400", "--batch-size=20"])
    example.main()
    last = re.fullmatch(r"test accuracy (\d+\.\d\d)%", capsys.readouterr().out.splitlines()[-1])
    assert last
    assert float(last[1]) > 50

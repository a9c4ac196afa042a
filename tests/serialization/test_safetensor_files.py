import builtins

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.serialization import load_safetensors, save_safetensors

pytest.importorskip("safetensors", reason="the extra safetensors is not installed")


def model_of(library):
    return library.nn.Sequential(
        library.nn.Linear(4, 8),
        library.nn.ReLU(),
        library.nn.BatchNorm1d(8),
        library.nn.Linear(8, 3),
    )


def losses(library, model, optimizer, steps, seed):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(steps):
        x = library.tensor(rng.normal(size=(16, 4)).astype(np.float32))
        y = library.tensor(rng.integers(0, 3, 16))
        optimizer.zero_grad()
        loss = library.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_every_dtype_and_shape_is_the_same_again(tmp_path, dtype, shape):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    save_safetensors({"x": sg.from_numpy(array)}, tmp_path / "x.safetensors")
    loaded = load_safetensors(tmp_path / "x.safetensors")["x"]
    assert (loaded.array.dtype, loaded.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(loaded.array, array)
    loaded.zero_()


def test_layouts_arrays_and_parameters_are_written(tmp_path):
    x = sg.arange(12.0).reshape(3, 4)
    tensors = {"t": x.T, "view": x[:, 1], "array": np.ones((2, 2)).T, "p": nn.Parameter(x)}
    save_safetensors(tensors, tmp_path / "x", metadata={"made by": "a test"})
    loaded = load_safetensors(tmp_path / "x")
    for name, value in tensors.items():
        np.testing.assert_array_equal(loaded[name].array, np.asarray(sg.as_tensor(value).array))


def test_training_goes_to_pytorch_and_back(torch, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    here, there = model_of(sg), model_of(torch)
    ours = optim.SGD(here.parameters(), lr=0.1, momentum=0.0)
    losses(sg, here, ours, 10, seed=0)
    save_safetensors(here.state_dict(), path)
    there.load_state_dict(load_file(path))
    theirs = torch.optim.SGD(there.parameters(), lr=0.1)
    expected = losses(torch, there, theirs, 10, seed=1)
    np.testing.assert_allclose(losses(sg, here, ours, 10, seed=1), expected, rtol=1e-5)
    save_file(there.state_dict(), path)
    back = model_of(sg)
    back.load_state_dict(load_safetensors(path))
    found = losses(sg, back, optim.SGD(back.parameters(), lr=0.1), 10, seed=2)
    np.testing.assert_allclose(found, losses(torch, there, theirs, 10, seed=2), rtol=1e-5)


def test_every_cut_and_altered_head_is_an_error_or_the_same_tensors(tmp_path):
    path = tmp_path / "x.safetensors"
    save_safetensors({"w": sg.arange(6.0)}, path)
    raw = path.read_bytes()
    for length in range(len(raw)):
        path.write_bytes(raw[:length])
        with pytest.raises(RuntimeError, match=r"x\.safetensors"):
            load_safetensors(path)


def test_a_dtype_that_numpy_lacks_is_named(torch, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "x.safetensors"
    save_file({"w": torch.ones(2, dtype=torch.bfloat16)}, path)
    with pytest.raises(NotImplementedError, match=r"x\.safetensors.*float32"):
        load_safetensors(path)


def test_what_is_not_tensors_by_name_is_refused(tmp_path):
    with pytest.raises(TypeError, match="not int at 'epoch'"):
        save_safetensors({"epoch": 3}, tmp_path / "x")
    with pytest.raises(TypeError, match="at 3"):
        save_safetensors({3: sg.ones(1)}, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def fail(name, *args, **kwargs):
        if name.startswith("safetensors"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fail)
    with pytest.raises(ImportError, match=r"tinygrad_sm\[safetensors\]"):
        load_safetensors(tmp_path / "x")

"""A crash leaves the old file or the new one; a run that was killed goes on as if it never was."""

import os
import pathlib
import random
import signal
import stat
import subprocess
import sys
import time

import pytest

import tinygrad_sm as sg
from tinygrad_sm.serialization import files


def contents(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "x.pt"
    for value in (1, 2):
        sg.save(value, path)
        assert sg.load(path) == value
    assert contents(tmp_path) == ["x.pt"]


@pytest.mark.parametrize("at", ["write", "fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, at):
    path = tmp_path / "x.pt"
    sg.save("old", path)

    def fail(*args):
        raise OSError("the disk is full")

    if at == "write":
        monkeypatch.setattr(files, "_write_all", fail)
    else:
        monkeypatch.setattr(os, at, fail)
    with pytest.raises(OSError, match="disk is full"):
        sg.save("new", path)
    monkeypatch.undo()
    assert sg.load(path) == "old"
    assert contents(tmp_path) == ["x.pt"]


def test_the_new_file_is_on_the_disk_before_it_takes_the_old_ones_name(tmp_path, monkeypatch):
    order = []
    fsync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: (order.append("flush"), fsync(f)))
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("rename"), rename(a, b)))
    sg.save(1, tmp_path / "x")
    assert order[:2] == ["flush", "rename"]


def test_the_permissions_of_the_old_file_are_kept(tmp_path):
    path = tmp_path / "secret.pt"
    sg.save(1, path)
    path.chmod(0o600)
    sg.save(2, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "latest.pt"
    link.symlink_to(tmp_path / "there" / "x.pt")
    sg.save(5, link)
    assert link.is_symlink()
    assert sg.load(tmp_path / "there" / "x.pt") == 5


def test_a_device_is_written_to_and_not_replaced():
    sg.save(1, os.devnull)
    assert not os.path.isfile(os.devnull)


def test_a_folder_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        sg.save(1, tmp_path / "no" / "x.pt")


# --- kill -9 --------------------------------------------------------------------------------------

TRAINING = """
import sys
from pathlib import Path
import tinygrad_sm as sg
from tinygrad_sm import nn, optim
from tinygrad_sm.utils.data import DataLoader, TensorDataset

path, final, epochs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sg.manual_seed(0)
x = sg.randn(96, 8)
y = (x[:, :1] * x[:, 1:2] + 0.1 * sg.randn(96, 1))
model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = optim.AdamW(model.parameters(), lr=0.01)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
order = sg.Generator().manual_seed(7)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True, generator=order)
start = 0
if path.exists():
    checkpoint = sg.load(path)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    schedule.load_state_dict(checkpoint["schedule"])
    sg.set_rng_state(checkpoint["random"])
    order.set_state(checkpoint["order"])
    start = checkpoint["epoch"]
print(start, flush=True)
for epoch in range(start, epochs):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
    schedule.step()
    sg.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "random": sg.get_rng_state(),
            "order": order.get_state(),
            "epoch": epoch + 1,
        },
        path,
    )
sg.save([p for p in model.state_dict().values()], final)
"""


def start(checkpoint, final, epochs):
    root = pathlib.Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(checkpoint), str(final), str(epochs)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    epochs = 120
    process = start(tmp_path / "whole.pt", tmp_path / "whole_end.pt", epochs)
    process.stdout.readline()
    begun = time.monotonic()
    assert process.wait(120) == 0
    duration = time.monotonic() - begun
    process.stdout.close()

    chance = random.Random(0)
    starts = []
    for _ in range(5):
        process = start(tmp_path / "killed.pt", tmp_path / "killed_end.pt", epochs)
        starts.append(int(process.stdout.readline()))
        time.sleep(chance.uniform(0.1, 0.4) * duration)
        process.kill()
        process.wait()
        process.stdout.close()
        if (tmp_path / "killed.pt").exists():
            assert sg.load(tmp_path / "killed.pt")["epoch"] >= starts[-1]
    process = start(tmp_path / "killed.pt", tmp_path / "killed_end.pt", epochs)
    starts.append(int(process.stdout.readline()))
    assert process.wait(120) == 0
    process.stdout.close()
    assert any(0 < epoch < epochs for epoch in starts)  # it was killed on the way
    whole, killed = sg.load(tmp_path / "whole_end.pt"), sg.load(tmp_path / "killed_end.pt")
    assert [t.array.tobytes() for t in whole] == [t.array.tobytes() for t in killed]

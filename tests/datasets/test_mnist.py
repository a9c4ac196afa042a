from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.datasets import (
    MNIST,
    DatasetError,
    Digits,
    DownloadError,
    cache_folder,
    load_mnist,
    mnist,
)
from tinygrad_sm.utils.data import DataLoader

from .conftest import Server, idx_bytes, put, whole

BUNDLED = Path(__file__).parents[2] / "examples" / "data" / "mnist-5000"
NAMES = [file.name for file in mnist.FILES]


def serve(server: Server, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        server.answers[f"/{name}.gz"] = [whole(gzip.compress(content))]


def same(digits: Digits, contents: dict[str, bytes]) -> bool:
    """Whether the digits are those of the files."""
    return all(
        idx_bytes(array) == contents[name]
        for name, array in zip(
            NAMES,
            (digits.train_images, digits.train_labels, digits.test_images, digits.test_labels),
            strict=True,
        )
    )


def test_the_sizes_are_the_published_ones() -> None:
    assert [file.size for file in mnist.FILES] == [47_040_016, 60_008, 7_840_016, 10_008]


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("inside", ["", "mnist", "MNIST/raw"])
def test_a_named_folder_is_read(
    small: dict[str, bytes], tmp_path: Path, inside: str, compress: bool
) -> None:
    put(tmp_path / "data" / inside, small, compress=compress)
    digits = load_mnist(tmp_path / "data")
    assert same(digits, small)
    assert digits.why_subset == ""


def test_the_order_is_argument_then_variable_then_cache(
    small: dict[str, bytes], tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = dict.fromkeys(small, b"broken")
    put(cache_folder(), small)
    assert same(load_mnist(mirrors=[server.url]), small)
    assert server.asked == []
    monkeypatch.setenv("TINYGRAD_SM_DATA", str(put(tmp_path / "variable", broken)))
    with pytest.raises(DatasetError, match=r"variable.*not an IDX file"):
        load_mnist(fallback=BUNDLED)
    assert same(load_mnist(put(tmp_path / "argument", small)), small)
    monkeypatch.setenv("TINYGRAD_SM_DATA", "")
    assert same(load_mnist(), small)


def test_a_tilde_is_the_home_folder(
    small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    put(tmp_path / "digits", small)
    assert same(load_mnist("~/digits"), small)


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_named_folder_without_a_file_is_an_error(
    small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_variable: bool
) -> None:
    folder = put(tmp_path / "data", {NAMES[0]: small[NAMES[0]], NAMES[2]: small[NAMES[2]]})
    if by_variable:
        monkeypatch.setenv("TINYGRAD_SM_DATA", str(folder))
    with pytest.raises(DatasetError) as caught:
        load_mnist(None if by_variable else folder, fallback=BUNDLED)
    assert f"{folder} lacks {NAMES[1]}, {NAMES[3]}: expected the files" in str(caught.value)
    assert all(name in str(caught.value).partition("expected")[2] for name in NAMES)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere is not a folder: expected the files"):
        load_mnist(tmp_path / "nowhere", fallback=BUNDLED)


@pytest.mark.parametrize("name", NAMES)
def test_an_altered_digit_is_an_error(small: dict[str, bytes], tmp_path: Path, name: str) -> None:
    altered = small[name][:-1] + bytes([small[name][-1] ^ 1])
    folder = put(tmp_path / "data", small | {name: altered}, compress=True)
    with pytest.raises(DatasetError, match=f"{name}.gz: altered .* expected .* as the SHA-256"):
        load_mnist(folder, fallback=BUNDLED)


def test_a_truncated_file_is_an_error(small: dict[str, bytes], tmp_path: Path) -> None:
    folder = put(tmp_path / "data", small | {NAMES[0]: small[NAMES[0]][:100]})
    with pytest.raises(DatasetError, match=rf"{NAMES[0]}: truncated.* \(7, 28, 28\).* holds 100"):
        load_mnist(folder)


def test_what_is_missing_is_downloaded_once(
    small: dict[str, bytes], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(server, small)
    said: list[str] = []
    assert same(load_mnist(mirrors=[server.url], say=said.append), small)
    assert [path for path, _ in server.asked] == [f"/{name}.gz" for name in NAMES]
    folder = cache_folder() / "MNIST" / "raw"
    assert said == [f"downloading {name} to {folder}" for name in NAMES]
    assert sorted(os.listdir(folder)) == sorted(NAMES)
    assert same(load_mnist(mirrors=[]), small)
    assert same(load_mnist(cache_folder()), small), "the cache is a folder that can be named"


def test_a_mirror_may_send_the_files_plain(small: dict[str, bytes], server: Server) -> None:
    server.answers = {f"/{name}.gz": [whole(content)] for name, content in small.items()}
    assert same(load_mnist(mirrors=[server.url]), small)


def test_only_the_missing_file_is_downloaded(small: dict[str, bytes], server: Server) -> None:
    serve(server, small)
    rest = {name: small[name] for name in NAMES if name != NAMES[1]}
    put(cache_folder() / "MNIST" / "raw", rest)
    assert same(load_mnist(mirrors=[server.url]), small)
    assert [path for path, _ in server.asked] == [f"/{NAMES[1]}.gz"]


@pytest.mark.parametrize("compress", [True, False])
def test_a_damaged_file_of_the_cache_is_replaced(
    small: dict[str, bytes], server: Server, compress: bool
) -> None:
    serve(server, small)
    damaged = small | {NAMES[2]: small[NAMES[2]][:-1]}
    put(cache_folder() / "MNIST" / "raw", damaged, compress=compress)
    assert same(load_mnist(mirrors=[server.url]), small)
    assert [path for path, _ in server.asked] == [f"/{NAMES[2]}.gz"]
    assert same(load_mnist(mirrors=[]), small)


def test_a_damaged_file_of_the_cache_is_an_error_without_a_network(
    small: dict[str, bytes], server: Server
) -> None:
    put(cache_folder(), small | {NAMES[2]: b"damaged"})
    with pytest.raises(DatasetError) as caught:
        load_mnist(mirrors=[server.url], fallback=BUNDLED)
    assert str(cache_folder() / NAMES[2]) in str(caught.value)
    assert "could not be downloaded" in str(caught.value)


def test_the_mirror_that_works_is_asked_first_from_then_on(
    small: dict[str, bytes], server: Server
) -> None:
    serve(server, small)
    assert same(load_mnist(mirrors=[f"{server.url}dead/", server.url]), small)
    assert sum(path.startswith("/dead") for path, _ in server.asked) == 1


@pytest.mark.parametrize("wrong", ["altered", "truncated", "longer", "html"])
def test_wrong_bytes_of_a_mirror_are_never_stored(
    small: dict[str, bytes], server: Server, wrong: str
) -> None:
    serve(server, small)
    content = small[NAMES[0]]
    answer = {
        "altered": gzip.compress(content[:-1] + b"\xff"),
        "truncated": gzip.compress(content)[:-20],
        "longer": gzip.compress(content + b"\0"),
        "html": b"<html>Sign in to use this network</html>",
    }[wrong]
    server.answers[f"/{NAMES[0]}.gz"] = [whole(answer)]
    with pytest.raises(DownloadError, match=f"{NAMES[0]} could not be downloaded"):
        load_mnist(mirrors=[server.url])
    assert not cache_folder().exists()


def test_the_fallback_is_the_last_resort(
    small: dict[str, bytes], server: Server, tmp_path: Path
) -> None:
    images, labels = idx_bytes(np.zeros((2, 28, 28))), idx_bytes(np.array([3, 9]))
    fewer = dict(zip(NAMES, [images, labels, images, labels], strict=True))
    fallback = put(tmp_path / "fewer", fewer, compress=True)
    with pytest.raises(DownloadError, match="could not be downloaded"):
        load_mnist(mirrors=[server.url])
    digits = load_mnist(mirrors=[server.url], fallback=fallback)
    assert same(digits, fewer)
    assert "could not be downloaded" in digits.why_subset
    serve(server, small)
    assert same(load_mnist(mirrors=[server.url], fallback=fallback), small)


def test_the_bundled_digits() -> None:
    digits = load_mnist(mirrors=[], fallback=BUNDLED)
    assert digits.train_images.shape == (4000, 28, 28)
    assert digits.test_images.shape == (1000, 28, 28)
    np.testing.assert_array_equal(np.bincount(digits.train_labels), [400] * 10)
    np.testing.assert_array_equal(np.bincount(digits.test_labels), [100] * 10)
    np.testing.assert_array_equal(digits.train_labels[:20], [*range(10), *range(10)])
    images = np.concatenate([digits.train_images, digits.test_images]).reshape(5000, -1)
    assert len(np.unique(images, axis=0)) == 5000, "no digit is in both parts"


def test_the_bundled_files_are_those_that_their_readme_lists() -> None:
    table = (BUNDLED / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        [line] = [line for line in table.splitlines() if line.startswith(f"| `{name}.gz` |")]
        array = mnist.read_idx(BUNDLED / f"{name}.gz", sha256=line.split("`")[3])
        assert f"{len(array):,} images" in line or "labels" in name
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 1_200_000


@pytest.mark.parametrize(
    ("part", "array"),
    [
        (1, np.zeros(6)),
        (1, np.zeros((3, 1))),
        (1, np.full(7, 10)),
        (0, np.zeros((7, 28, 27))),
        (0, np.zeros((0, 28, 28))),
    ],
    ids=["fewer labels", "labels of 2 dimensions", "label 10", "27 columns", "no images"],
)
def test_a_fallback_that_does_not_fit_is_an_error(
    small: dict[str, bytes], tmp_path: Path, part: int, array: np.ndarray
) -> None:
    folder = put(tmp_path / "bad", small | {NAMES[part]: idx_bytes(array)}, compress=True)
    with pytest.raises(DatasetError, match=r"bad: expected uint8 images of shape \(N, 28, 28\)"):
        load_mnist(mirrors=[], fallback=folder)


def test_the_cache_folder_of_each_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "tinygrad_sm"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / ".cache" / "tinygrad_sm"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "tinygrad_sm"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "tinygrad_sm" / "Cache"
    monkeypatch.delenv("LOCALAPPDATA")
    assert cache_folder() == tmp_path / "AppData" / "Local" / "tinygrad_sm" / "Cache"


class TestDataset:
    def test_items_are_images_from_0_to_1_and_their_digits(
        self, small: dict[str, bytes], tmp_path: Path
    ) -> None:
        pixels = np.frombuffer(small[NAMES[2]], np.uint8, offset=16).reshape(3, 28, 28)
        data = MNIST(put(tmp_path, small), train=False)
        image, digit = data[0]
        assert image.shape == (1, 28, 28)
        assert image.dtype == sg.float32
        np.testing.assert_array_equal(image.numpy()[0], pixels[0] / np.float32(255))
        assert (image[0, 0, 0].item(), image[0, 0, 1].item()) == (0.0, 1.0)
        assert type(digit) is int
        assert [digit for _, digit in data] == list(small[NAMES[3]][8:])

    def test_the_parts_and_their_tensors(self, small: dict[str, bytes], tmp_path: Path) -> None:
        folder = put(tmp_path, small)
        assert len(MNIST(folder)) == 7
        data = MNIST(folder, train=False)
        assert len(data) == 3
        assert data.data.dtype == sg.uint8
        assert data.data.shape == (3, 28, 28)
        assert data.targets.dtype == sg.int64
        assert data.targets.tolist() == list(small[NAMES[3]][8:])
        assert data.classes[7] == "7"
        assert repr(data) == f"MNIST(root={str(folder)!r}, train=False, 3 digits)"

    def test_an_index_out_of_range_is_an_index_error(
        self, small: dict[str, bytes], tmp_path: Path
    ) -> None:
        with pytest.raises(IndexError):
            MNIST(put(tmp_path, small), train=False)[3]

    def test_transforms(self, small: dict[str, bytes], tmp_path: Path) -> None:
        data = MNIST(
            put(tmp_path, small),
            transform=lambda image: image.flatten() - 1,
            target_transform=lambda digit: -digit,
        )
        image, digit = data[0]
        assert image.shape == (784,)
        assert image.max().item() <= 0
        assert digit == -small[NAMES[1]][8]

    def test_batches(self, small: dict[str, bytes], tmp_path: Path) -> None:
        images, digits = next(iter(DataLoader(MNIST(put(tmp_path, small)), batch_size=5)))
        assert images.shape == (5, 1, 28, 28)
        assert digits.tolist() == list(small[NAMES[1]][8:13])
        assert digits.dtype == sg.int64

    def test_one_part_needs_only_its_own_files(
        self, small: dict[str, bytes], tmp_path: Path
    ) -> None:
        put(tmp_path, {name: small[name] for name in NAMES[2:]})
        assert len(MNIST(tmp_path, train=False)) == 3
        with pytest.raises(DatasetError, match=f"lacks {NAMES[0]}, {NAMES[1]}"):
            MNIST(tmp_path)

    def test_downloading_into_the_root(
        self,
        small: dict[str, bytes],
        tmp_path: Path,
        server: Server,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        serve(server, small)
        monkeypatch.setattr(mnist, "MIRRORS", (server.url,))
        assert len(MNIST(tmp_path / "root", download=True)) == 7
        assert sorted(os.listdir(tmp_path / "root" / "MNIST" / "raw")) == sorted(NAMES[:2])
        assert len(MNIST(tmp_path / "root")) == 7

    def test_without_a_root_it_is_the_variable_or_the_cache(
        self, small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(cache_folder(), small)
        assert MNIST().root == cache_folder()
        monkeypatch.setenv("TINYGRAD_SM_DATA", str(put(tmp_path / "variable", small)))
        assert MNIST().root == tmp_path / "variable"


FULL = os.environ.get("TINYGRAD_SM_DATA")


@pytest.mark.skipif(not FULL, reason="TINYGRAD_SM_DATA does not name a folder with MNIST")
def test_the_real_files() -> None:
    digits = load_mnist(FULL)
    assert digits.train_images.shape == (60_000, 28, 28)
    assert digits.test_images.shape == (10_000, 28, 28)
    assert digits.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert digits.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    bundled = load_mnist(mirrors=[], fallback=BUNDLED)
    for digit in range(10):
        first = digits.train_images[digits.train_labels == digit][:500]
        ours = [
            bundled.train_images[bundled.train_labels == digit],
            bundled.test_images[bundled.test_labels == digit],
        ]
        np.testing.assert_array_equal(first, np.concatenate(ours))

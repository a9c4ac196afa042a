from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_sm.datasets import DatasetError, read_idx

from .conftest import CODES, idx_bytes

ARRAY = np.arange(24).reshape(2, 3, 4)
CONTENT = idx_bytes(ARRAY)


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "some-idx3-ubyte"
    path.write_bytes(content)
    return path


@given(data=st.data(), kind=st.sampled_from(sorted(CODES)), compress=st.booleans())
def test_an_array_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str, compress: bool
) -> None:
    shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    array = data.draw(hnp.arrays(np.dtype(kind).newbyteorder("="), shapes))
    content = idx_bytes(array, kind)
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(content) if compress else content)
    read = read_idx(path, sha256=hashlib.sha256(content).hexdigest())
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


def test_the_published_example_of_the_header(tmp_path: Path) -> None:
    header = bytes.fromhex("00000803 00000002 00000001 00000003")
    read = read_idx(write(tmp_path, header + bytes([1, 2, 3, 250, 251, 252])))
    np.testing.assert_array_equal(read, [[[1, 2, 3]], [[250, 251, 252]]])


@pytest.mark.parametrize("kept", range(len(CONTENT)))
def test_every_truncation_of_a_plain_file_is_noticed(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, CONTENT[:kept])
    with pytest.raises(DatasetError, match=r"some-idx3-ubyte: (truncated|not an IDX file)"):
        read_idx(path)


@pytest.mark.parametrize("kept", range(3, len(gzip.compress(CONTENT))))
def test_every_truncation_of_a_gzip_file_is_noticed(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, gzip.compress(CONTENT)[:kept])
    with pytest.raises(DatasetError, match="some-idx3-ubyte: truncated or damaged"):
        read_idx(path)


def test_a_changed_byte_within_gzip_is_noticed(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(CONTENT))
    content[-6] ^= 1  # in the check sum
    with pytest.raises(DatasetError, match=r"damaged: expected a whole gzip file.*CRC"):
        read_idx(write(tmp_path, bytes(content)))


def test_a_changed_byte_of_a_plain_file_is_noticed_by_its_digest(tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    path = write(tmp_path, CONTENT[:-1] + b"\xff")
    with pytest.raises(DatasetError, match=f"ubyte: altered .*expected {digest} as the SHA-256"):
        read_idx(path, sha256=digest)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (b"<html>", "3c 68 74 6d"),
        (b"\0\1\x08\1", "00 01 08 01"),
        (b"\1\0\x08\1", "01 00 08 01"),
        (b"\0\0\x0a\1", "00 00 0a 01"),
        (b"\0\0\x08\x41", "00 00 08 41"),
        (b"", "nothing"),
    ],
    ids=["html", "second byte", "first byte", "element type", "65 dimensions", "empty"],
)
def test_another_format_is_named(tmp_path: Path, start: bytes, shown: str) -> None:
    path = write(tmp_path, start + bytes(300) if start else start)
    with pytest.raises(DatasetError, match=f"not an IDX file: .* begins with {shown}$"):
        read_idx(path)


def test_the_most_dimensions_that_numpy_has(tmp_path: Path) -> None:
    array = np.zeros((1,) * 64, np.uint8)
    assert read_idx(write(tmp_path, idx_bytes(array))).shape == array.shape


def test_bytes_behind_the_array_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"shape \(2, 3, 4\).*uint8.* 40 bytes.*more than that"):
        read_idx(write(tmp_path, CONTENT + b"\0"))


def test_missing_bytes_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"40 bytes .* but it holds 39$"):
        read_idx(write(tmp_path, CONTENT[:-1]))


@pytest.mark.parametrize("compress", [True, False])
def test_the_limit_is_the_largest_size_allowed(tmp_path: Path, compress: bool) -> None:
    path = write(tmp_path, gzip.compress(CONTENT) if compress else CONTENT)
    np.testing.assert_array_equal(read_idx(path, max_bytes=40), ARRAY)
    with pytest.raises(DatasetError, match="at most 39 were expected"):
        read_idx(path, max_bytes=39)


def test_a_header_that_announces_too_much_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path, bytes.fromhex("00000802 ffffffff ffffffff"))
    with pytest.raises(DatasetError, match=r"18,446,744,065,119,617,037 bytes.* holds 12$"):
        read_idx(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(CONTENT + bytes(50_000_000), 9))
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="more than that"):
            read_idx(path, max_bytes=1000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")

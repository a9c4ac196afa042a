"""Files that were cut, altered or made to do harm: an error that names the file, nothing else."""

import hashlib
import io
import json
import pickle
import resource
import tracemalloc
import zipfile

import numpy as np
import pytest

import tinygrad_sm as sg
from tinygrad_sm.serialization.files import HEAD, MAGIC, DamagedFileError


def whole_file():
    f = io.BytesIO()
    base = sg.arange(60.0)
    sg.save({"w": base, "view": base[1:4], "epoch": 3, "names": ["a", ("b", None)], 5: True}, f)
    return f.getvalue()


GOOD = whole_file()


def refused(path, raw, said=None):
    path.write_bytes(raw)
    with pytest.raises(DamagedFileError, match=said) as caught:
        sg.load(path)
    assert path.name in str(caught.value)
    with pytest.raises(DamagedFileError):
        sg.load(path, weights_only=False)


def test_the_whole_file_is_read(tmp_path):
    (tmp_path / "x.pt").write_bytes(GOOD)
    assert sg.load(tmp_path / "x.pt")["names"] == ["a", ("b", None)]


@pytest.mark.parametrize("flip", [0x01, 0x10, 0x80, 0xFF])
def test_every_altered_byte_is_noticed(tmp_path, flip):
    assert len(GOOD) > 500
    for i in range(len(GOOD)):
        raw = bytearray(GOOD)
        raw[i] ^= flip
        refused(tmp_path / "altered.pt", raw)


def test_every_cut_is_noticed(tmp_path):
    for length in range(len(GOOD)):
        refused(tmp_path / "cut.pt", GOOD[:length])
        refused(tmp_path / "beheaded.pt", GOOD[length + 1 :])


def test_pieces_taken_out_put_in_or_moved_are_noticed(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(500):
        i, j = sorted(int(k) for k in rng.integers(0, len(GOOD), 2))
        j += 1
        refused(tmp_path / "less.pt", GOOD[:i] + GOOD[j:])
        refused(tmp_path / "more.pt", GOOD[:j] + GOOD[i:j] + GOOD[j:])
        moved = GOOD[:i] + rng.permutation(list(GOOD[i:j])).astype(np.uint8).tobytes() + GOOD[j:]
        if moved != GOOD:
            refused(tmp_path / "moved.pt", moved)


def test_bytes_of_chance_are_refused(tmp_path):
    rng = np.random.default_rng(1)
    for n in range(300):
        refused(tmp_path / "chance.pt", rng.bytes(n))
        refused(tmp_path / "chance.pt", MAGIC + rng.bytes(n))


def test_file_objects_are_checked_alike():
    class Named(io.BytesIO):
        name = "upload.pt"

    with pytest.raises(DamagedFileError, match=r"upload\.pt.*cut short"):
        sg.load(Named(GOOD[:-1]))
    with pytest.raises(DamagedFileError, match=r"<BytesIO>.*is empty"):
        sg.load(io.BytesIO())


def test_files_of_other_kinds_are_called_by_their_name(tmp_path):
    path = tmp_path / "other.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": 1}))
    refused(path, path.read_bytes(), "is a zip archive, such as PyTorch's")
    refused(path, pickle.dumps([1, 2]), "seems to be a pickle")
    refused(path, b"hello", "does not begin as")


# --- files whose checksum is right, made to do harm -------------------------------------------------


def forged(header, memory=b"", sizes=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    lengths = np.array(sizes or [len(text), len(memory)], "<u8").tobytes()
    body = MAGIC + lengths + text + memory
    return body + hashlib.sha256(body).digest()


def entry(**lies):
    honest = {
        "kind": "Tensor",
        "dtype": "float32",
        "shape": [2],
        "strides": [4],
        "block": 0,
        "offset": 0,
        "requires_grad": False,
    }
    return {**honest, **lies}


def of_tensor(**lies):
    return {"value": {"tensor": 0}, "tensors": [entry(**lies)], "blocks": [8]}


def test_an_honest_forgery_is_read(tmp_path):
    (tmp_path / "x").write_bytes(forged(of_tensor(), b"\0\0\x80?\0\0\0@"))
    assert sg.load(tmp_path / "x").tolist() == [1.0, 2.0]


LIES = {
    "shape too large": {"shape": [3]},
    "shape huge": {"shape": [2**40]},
    "shape beyond any integer": {"shape": [2**70]},
    "shape huge without strides": {"shape": [2**40], "strides": [0]},
    "shape expanded": {"shape": [100, 2], "strides": [0, 4]},
    "shape negative": {"shape": [-2]},
    "shape twice negative": {"shape": [-1, -2], "strides": [4, 4]},
    "shape a float": {"shape": [2.0]},
    "shape a bool": {"shape": [True]},
    "shape a string": {"shape": "ab"},
    "shape a number": {"shape": 2},
    "shape of 100 dimensions": {"shape": [1] * 100, "strides": [4] * 100},
    "shape empty but huge": {"shape": [0, 2**62, 2**62], "strides": [0, 0, 0]},
    "strides too large": {"strides": [8]},
    "strides huge": {"strides": [2**62]},
    "strides beyond any integer": {"shape": [1], "strides": [2**70]},
    "strides negative": {"strides": [-4]},
    "strides missing": {"strides": []},
    "strides of nothing": {"strides": None},
    "offset too large": {"offset": 4},
    "offset negative": {"offset": -4},
    "offset huge": {"offset": 2**63},
    "offset a float": {"offset": 0.0},
    "dtype wider": {"dtype": "float64", "strides": [8]},
    "dtype object": {"dtype": "object"},
    "dtype unknown": {"dtype": "float31"},
    "dtype a list": {"dtype": ["float32"]},
    "dtype structured": {"dtype": "f4,f4"},
    "kind unknown": {"kind": "Module"},
    "kind a list": {"kind": []},
    "block missing": {"block": 1},
    "block negative": {"block": -1},
    "block a bool": {"block": False},
    "integers that require gradients": {"dtype": "int32", "requires_grad": True},
    "a bool of another byte": {"dtype": "bool", "shape": [8], "strides": [1]},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_tensor_that_lies_is_refused(tmp_path, lie):
    raw = forged(of_tensor(**LIES[lie]), b"\0\0\x80?\0\0\0@")
    refused(tmp_path / "liar.pt", raw, "checksum is right")


def header(value=None, tensors=(), blocks=()):
    return {"value": value, "tensors": list(tensors), "blocks": list(blocks)}


HEADERS = {
    "not JSON": b"{",
    "not ASCII": b"\xff\xfe",
    "nothing": b"",
    "a list": b"[]",
    "a number": b"3",
    "no value": {"tensors": [], "blocks": []},
    "no tensors": {"value": 1, "blocks": []},
    "no blocks": {"value": 1, "tensors": []},
    "tensors of a number": {"value": 1, "tensors": 3, "blocks": []},
    "blocks of a string": {"value": 1, "tensors": [], "blocks": "a"},
    "blocks that are not there": header(blocks=[8]),
    "blocks huge": header(blocks=[2**62]),
    "blocks that cancel": header(blocks=[2**62, -(2**62)]),
    "an empty table entry": header(tensors=[{}]),
    "a table entry of a string": header(tensors=["x"]),
    "a tensor that is not there": header({"tensor": 0}),
    "a tensor counted from the end": header({"tensor": -1}),
    "an unknown kind": header({"system": "rm"}),
    "two kinds": header({"tuple": [], "list": []}),
    "no kind": header({}),
    "a dict of triples": header({"dict": [[1, 2, 3]]}),
    "a dict of a number": header({"dict": 3}),
    "a dict with a list for a key": header({"dict": [[[1], 2]]}),
    "a set of lists": header({"set": [[1]]}),
    "an int that is none": header({"int": "zz"}),
    "an int that is a list": header({"int": []}),
    "a float that is none": header({"float": "__import__('os')"}),
    "bytes that are none": header({"bytes": "*"}),
    "a complex of three": header({"complex": [1, 2, 3]}),
    "a dtype that is none": header({"dtype": "object"}),
    "a device that is none": header({"device": "/etc/passwd"}),
    "a range by 0": header({"range": [0, 1, 0]}),
    "a pickle that is not there": header({"pickle": [3]}),
    "a number of too many digits": b'{"value": '
    + b"9" * 10_000
    + b', "tensors": [], "blocks": []}',
    "depth of lists": b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "depth of dicts": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "depth of what is deep enough": header(json.loads("[" * 150 + "]" * 150)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_lies_is_refused(tmp_path, name):
    refused(tmp_path / "liar.pt", forged(HEADERS[name]), "checksum is right")


@pytest.mark.parametrize(
    "sizes", [[2**63, 0], [0, 2**63], [2**64 - 1, 2**64 - 1], [3, 2**40], [10**6, 0]]
)
def test_a_file_that_lies_about_its_length_is_refused_at_once(tmp_path, sizes):
    tracemalloc.start()
    refused(tmp_path / "liar.pt", forged(b"{}", sizes=sizes))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_many_tensors_of_one_block_take_its_memory_once(tmp_path):
    n = 1 << 20
    entries = [entry(shape=[n // 4]) for _ in range(200)]
    path = tmp_path / "many.pt"
    path.write_bytes(forged(header([{"tensor": i} for i in range(200)], entries, [n]), b"\0" * n))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tensors = sg.load(path)
    assert len(tensors) == 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
    assert len({t.data_ptr() for t in tensors}) == 1


class Harm:
    def __reduce__(self):
        return exec, ("raise SystemExit('the pickle ran')",)


def test_a_pickle_never_runs_unless_it_is_trusted(tmp_path):
    path = tmp_path / "harm.pt"
    sg.save({"w": sg.ones(2), "x": Harm()}, path)
    with pytest.raises(pickle.UnpicklingError, match=r"harm\.pt.*can run code"):
        sg.load(path)
    path.write_bytes(pickle.dumps(Harm()))
    with pytest.raises(DamagedFileError, match="seems to be a pickle"):
        sg.load(path, weights_only=False)


def test_the_head_is_as_documented():
    assert GOOD.startswith(b"\x93SGSAVE1")
    length, memory = np.frombuffer(GOOD[8:24], "<u8")
    assert HEAD == 24
    assert len(GOOD) == 24 + length + memory + 32
    assert hashlib.sha256(GOOD[:-32]).digest() == GOOD[-32:]
    assert json.loads(GOOD[24 : 24 + length]).keys() == {"value", "tensors", "blocks"}

"""Timers, numbers for TensorBoard, and results that come later."""

import struct
import threading

import pytest

import tinygrad_sm as sg
from tinygrad_sm.utils.benchmark import Compare, Measurement, Timer
from tinygrad_sm.utils.tensorboard import SummaryWriter, _checksum


def test_a_timer_measures_the_code():
    ran = []
    timer = Timer("ran.append(1)", globals={"ran": ran}, label="append", description="list")
    once = timer.timeit(50)
    assert (once.number_per_run, len(once.times)) == (50, 1)
    assert once.mean == once.median > 0 == once.iqr
    assert len(ran) == 52
    seen = []
    many = timer.blocked_autorange(lambda n, t: seen.append((n, t)), min_run_time=0.01)
    assert [t for _, t in seen] == many.raw_times
    assert sum(many.raw_times) >= 0.01
    assert "append" in repr(many)
    assert timer.adaptive_autorange(max_run_time=0.02).median > 0
    with pytest.raises(NotImplementedError):
        timer.autorange()


def test_measurements_in_a_table():
    def measured(case, way, seconds):
        task = {"stmt": "f()", "label": "f", "sub_label": case, "description": way}
        return Measurement(10, [seconds, 2 * seconds, 3 * seconds], task)

    one = measured("small", "a", 2e-5)
    assert (one.median, one.mean) == (pytest.approx(4e-6), pytest.approx(4e-6))
    assert one.iqr == pytest.approx(2e-6)
    table = Compare([one, measured("small", "b", 0.5)])
    table.extend_results([measured("large", "b", 20.0)])
    assert str(table).splitlines() == [
        "         |       a |         b",
        "f: small | 4.00 us | 100.00 ms",
        "f: large |         |    4.00 s",
    ]


def records(path):
    """The contents of a file's records, their checksums checked."""
    raw, found = path.read_bytes(), []
    while raw:
        (length,) = struct.unpack("<Q", raw[:8])
        assert struct.unpack("<I", raw[8:12]) == (_checksum(raw[:8]),)
        data, (end,) = raw[12 : 12 + length], struct.unpack("<I", raw[12 + length : 16 + length])
        assert end == _checksum(data)
        found.append(data)
        raw = raw[16 + length :]
    return found


def test_the_checksum_is_the_published_one():
    # CRC-32C of "123456789" is 0xE3069283 (RFC 3720, B.4, has the polynomial)
    crc = 0xE3069283
    assert _checksum(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_numbers_are_written_for_tensorboard(tmp_path):
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_scalar("loss", sg.tensor(0.5), 3, walltime=2.0)
        writer.add_scalars("both", {"a": 1.0, "b/c": 2.0}, 4)
        writer.add_text("note", "hello", 5)
        with pytest.warns(UserWarning, match="add_histogram: only numbers"):
            writer.add_histogram("w", sg.ones(3), 1)
        writer.add_histogram("w", sg.ones(3), 2)
        writer.flush()
        assert writer.get_logdir() == str(tmp_path / "run")
        with pytest.raises(AttributeError, match="no_such"):
            _ = writer.no_such
    (file,) = (p for p in (tmp_path / "run").iterdir() if p.is_file())
    start, number, text = records(file)
    assert start[9:] == b"\x1a\x0dbrain.Event:2"
    value = b"\x0a\x04loss\x15" + struct.pack("<f", 0.5)
    summary = bytes([0x0A, len(value)]) + value
    expected = (
        b"\x09" + struct.pack("<d", 2.0) + b"\x10\x03" + bytes([0x2A, len(summary)]) + summary
    )
    assert number == expected
    assert b"hello" in text
    assert sorted(p.name for p in (tmp_path / "run").iterdir() if p.is_dir()) == [
        "both_a",
        "both_b_c",
    ]


def test_results_that_come_later():
    from tinygrad_sm.futures import Future, collect_all, wait_all

    a, b = Future(), Future()
    both = collect_all([a, b])
    failing = a.then(lambda done: 1 / 0)
    with pytest.raises(RuntimeError, match="no result yet"):
        a.value()
    threading.Timer(0.01, b.set_result, [2]).start()
    a.set_result(1)
    assert [f.wait() for f in both.wait()] == wait_all([a, b]) == [1, 2]
    assert a.then(lambda done: done.value() + 1).wait() == 2
    with pytest.raises(ZeroDivisionError):
        failing.wait()
    with pytest.raises(RuntimeError, match="set before"):
        a.set_result(3)
    assert collect_all([]).wait() == []
    c = Future()
    c.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        c.wait()

"""Timers, numbers for TensorBoard, and results that come later."""

import sys
import threading

import pytest

import tinygrad_sm as sg
from tinygrad_sm.utils.benchmark import Compare, Measurement, Timer
from tinygrad_sm.utils.tensorboard import SummaryWriter


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


def test_numbers_are_written_for_tensorboard(tmp_path):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed: nothing would be written",
    )
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_scalar("loss", sg.tensor(0.5), sg.tensor(3), walltime=2.0)
        writer.add_scalars("both", {"a": 1.0, "b/c": 2.0}, 4)
        writer.add_text("note", "hello", 5)
        writer.add_histogram("w", sg.tensor([1.0, 1.0, 3.0]), 6, bins=2)
        with pytest.warns(UserWarning, match="add_image is left out"):
            writer.add_image("digit", sg.ones(1, 2, 2), 1)
        writer.add_image("digit", sg.ones(1, 2, 2), 2)
        writer.flush()
        assert writer.get_logdir() == str(tmp_path / "run")
        with pytest.raises(AttributeError, match="no_such"):
            _ = writer.no_such
    found = accumulator.EventAccumulator(str(tmp_path / "run")).Reload()
    (number,) = found.Scalars("loss")
    assert (number.wall_time, number.step, number.value) == (2.0, 3, 0.5)
    (event,) = found.Histograms("w")
    values = event.histogram_value
    assert (event.step, values.num, values.sum, values.max) == (6, 3, 5, 3)
    assert (list(values.bucket), list(values.bucket_limit)) == ([2, 1], [2, 3])
    (text,) = found.Tensors("note/text_summary")
    assert text.tensor_proto.string_val == [b"hello"]
    for name, number in (("both_a", 1.0), ("both_b_c", 2.0)):
        part = accumulator.EventAccumulator(str(tmp_path / "run" / name)).Reload()
        assert [e.value for e in part.Scalars("both")] == [number]


def test_without_tensorboard_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    with SummaryWriter(tmp_path / "run") as writer:
        with pytest.warns(UserWarning, match="nothing is written: tensorboard is not installed"):
            writer.add_scalar("loss", 0.5, 1)
        writer.add_scalar("loss", 0.5, 2)
    assert list(tmp_path.iterdir()) == []


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

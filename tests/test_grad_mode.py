"""The recording switch around every kind of function, in threads and in tasks."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest

import tinygrad_sm as sg

SWITCHES = [
    ("no_grad", sg.no_grad(), False),
    ("no_grad bare", sg.no_grad, False),
    ("enable_grad", sg.enable_grad(), True),
    ("enable_grad bare", sg.enable_grad, True),
    ("inference_mode", sg.inference_mode(), False),
    ("inference_mode bare", sg.inference_mode, False),
    ("inference_mode off", sg.inference_mode(False), True),
]


@pytest.fixture(params=[True, False], ids=["recording", "not recording"])
def outside(request):
    with sg.set_grad_enabled(request.param):
        yield request.param


every = pytest.mark.parametrize(
    ("switch", "inside"), [s[1:] for s in SWITCHES], ids=[s[0] for s in SWITCHES]
)


@every
def test_a_function(switch, inside, outside):
    @switch
    def decorated():
        return sg.is_grad_enabled()

    assert decorated() == inside
    assert sg.is_grad_enabled() == outside


@every
def test_a_generator_holds_it_while_its_own_lines_run(switch, inside, outside):
    @switch
    def steps():
        given = yield sg.is_grad_enabled()
        try:
            yield given, sg.is_grad_enabled()
        except ValueError:
            yield sg.is_grad_enabled()
        return sg.is_grad_enabled()

    assert inspect.isgeneratorfunction(steps)
    running = steps()
    assert next(running) == inside
    assert sg.is_grad_enabled() == outside
    assert running.send(3) == (3, inside)
    assert running.throw(ValueError()) == inside
    assert sg.is_grad_enabled() == outside
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value == inside
    assert sg.is_grad_enabled() == outside


@every
def test_a_generator_that_is_closed(switch, inside, outside):
    seen = []

    @switch
    def steps():
        try:
            yield
        finally:
            seen.append(sg.is_grad_enabled())

    running = steps()
    next(running)
    running.close()
    assert seen == [inside]
    assert sg.is_grad_enabled() == outside


@every
def test_asynchronous_functions_and_generators(switch, inside, outside):
    @switch
    async def waits():
        before = sg.is_grad_enabled()
        await asyncio.sleep(0)
        return before, sg.is_grad_enabled()

    @switch
    async def steps():
        yield sg.is_grad_enabled()
        await asyncio.sleep(0)
        yield sg.is_grad_enabled()

    async def program():
        found = [*await waits()]
        async for mode in steps():
            found += [mode]
            assert sg.is_grad_enabled() == outside
        return found

    assert inspect.iscoroutinefunction(waits)
    assert inspect.isasyncgenfunction(steps)
    assert asyncio.run(program()) == [inside] * 4


@pytest.mark.parametrize("mode", [True, False])
def test_set_grad_enabled_decorates(mode, outside):
    @sg.set_grad_enabled(mode)
    def decorated():
        return sg.is_grad_enabled()

    assert sg.is_grad_enabled() == outside
    assert decorated() == mode
    assert sg.is_grad_enabled() == outside


def test_an_error_puts_the_switch_back(outside):
    with pytest.raises(ValueError, match="inside"), sg.set_grad_enabled(not outside):
        raise ValueError("inside")
    assert sg.is_grad_enabled() == outside


def test_a_thread_starts_recording_and_leaks_nothing():
    seen = []

    def work():
        seen.append(sg.is_grad_enabled())
        sg.set_grad_enabled(False)
        seen.append(sg.is_grad_enabled())

    with sg.no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [True, False]
    assert sg.is_grad_enabled()


def test_tasks_that_take_turns_keep_their_own_modes():
    async def quiet():
        with sg.no_grad():
            for _ in range(3):
                await asyncio.sleep(0)
                assert not (sg.ones(1, requires_grad=True) * 2).requires_grad

    async def loud():
        for _ in range(3):
            await asyncio.sleep(0)
            assert (sg.ones(1, requires_grad=True) * 2).requires_grad

    async def both():
        await asyncio.gather(quiet(), loud(), quiet(), loud())

    asyncio.run(both())
    assert sg.is_grad_enabled()


OBJECTS = [
    lambda: sg.no_grad(),
    lambda: sg.enable_grad(),
    lambda: sg.inference_mode(),
    lambda: sg.set_grad_enabled(False),
    lambda: sg.set_grad_enabled(True),
]


@pytest.mark.parametrize("make", OBJECTS)
def test_one_object_entered_by_two_threads(make):
    """Each thread gets its own mode back, in whatever order they leave."""
    before = sg.is_grad_enabled()
    switch = make()
    sg.set_grad_enabled(before)
    steps = [threading.Event() for _ in range(3)]
    modes = {}

    def quiet():
        with sg.no_grad():
            with switch:
                steps[0].set()
                steps[1].wait(5)
            modes["quiet"] = sg.is_grad_enabled()
        steps[2].set()

    def loud():
        steps[0].wait(5)
        with switch:
            steps[1].set()
            steps[2].wait(5)
            modes["inside"] = sg.is_grad_enabled()
        modes["loud"] = sg.is_grad_enabled()

    threads = [threading.Thread(target=f) for f in (quiet, loud)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert modes == {"quiet": False, "inside": switch.mode, "loud": True}


@pytest.mark.parametrize("make", OBJECTS[:3])
def test_one_object_entered_by_two_tasks(make):
    switch = make()
    modes = {}

    async def task(name, mode, waits):
        with sg.set_grad_enabled(mode):
            with switch:
                for _ in range(waits):
                    await asyncio.sleep(0)
                assert sg.is_grad_enabled() == switch.mode
            modes[name] = sg.is_grad_enabled()

    async def both():
        await asyncio.gather(task("quiet", False, 2), task("loud", True, 4), task("too", False, 1))

    asyncio.run(both())
    assert modes == {"quiet": False, "loud": True, "too": False}


def test_switches_left_in_another_order_than_entered():
    """As generators do that are not decorated: each puts back what it found."""
    first, second = sg.no_grad(), sg.enable_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sg.is_grad_enabled()
    second.__exit__(None, None, None)
    assert not sg.is_grad_enabled()
    sg.set_grad_enabled(True)

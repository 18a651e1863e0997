"""Children under supervision: they answer, fail clearly, come back, and die with us."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from morgan_core.errors import BadInput, MorganError, Unavailable, WorkerDied
from morgan_core.types import WorkerInfo
from morgan_core.worker import OnDemand, Worker, run_once
from tests.helpers import eventually

PROBE = "tests.workers.probe"
Make = Callable[..., Worker]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    workers: list[Worker] = []

    def build(config: Any = None, **options: Any) -> Worker:
        options.setdefault("log_file", tmp_path / "probe.log")
        workers.append(Worker("probe", PROBE, config=config or {}, **options))
        return workers[-1]

    yield build
    for worker in workers:
        await worker.stop()


@pytest.fixture
async def worker(make: Make) -> Worker:
    worker = make()
    await worker.start()
    return worker


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_a_child_stands_back_as_far_as_it_shall_with_its_whole_session(make: Make) -> None:
    worker = make(niceness=4)
    await worker.start()
    pid = await worker.call("pid")
    niceness = psutil.Process().nice() + 4
    assert psutil.Process(pid).nice() == niceness
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists() and (session := group.read_text()):
        assert session.split()[-1] == str(niceness)


# --- calls -------------------------------------------------------------------------------


async def test_a_call_waits_for_the_child_and_returns_its_answer(worker: Worker) -> None:
    assert worker.info.state == "starting"
    assert await worker.call("echo", value={"a": [1, 2.5, None, b"\x00\xff", "ü"]}) == {
        "a": [1, 2.5, None, b"\x00\xff", "ü"]
    }
    assert worker.info.state == "ready"
    assert worker.info.pid == await worker.call("pid")


async def test_calls_run_side_by_side(worker: Worker) -> None:
    slow = asyncio.create_task(worker.call("sleep", seconds=30))
    assert await worker.call("echo", value=1) == 1
    assert not slow.done()
    slow.cancel()


async def test_large_frames_travel_both_ways(worker: Worker) -> None:
    large = os.urandom(1024) * 20_000
    assert await worker.call("echo", value=large) == large


async def test_the_childs_own_errors_keep_their_kind(worker: Worker) -> None:
    with pytest.raises(BadInput) as caught:
        await worker.call("refuse")
    assert caught.value.message == "No such day."
    assert caught.value.mend == "Name a weekday."
    assert caught.value.details == {"day": "Blursday"}


async def test_an_unexpected_error_is_reported_and_the_child_lives_on(worker: Worker) -> None:
    with pytest.raises(MorganError, match="ZeroDivisionError: the plain kind"):
        await worker.call("crash")
    with pytest.raises(MorganError, match="no method 'nonsense'"):
        await worker.call("nonsense")
    assert worker.info.restarts == 0


async def test_a_cancelled_call_is_cancelled_in_the_child(worker: Worker) -> None:
    await worker.ready(20)
    call = asyncio.create_task(worker.call("sleep", seconds=30))
    await eventually(lambda: worker.call("count_sleeping"))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await eventually(lambda: worker.call("count_cancelled"))


async def test_a_call_that_takes_too_long_is_cancelled_in_the_child(worker: Worker) -> None:
    await worker.ready(20)
    with pytest.raises(TimeoutError):
        await worker.call("sleep", seconds=30, timeout=0.05)
    await eventually(lambda: worker.call("count_cancelled"))


async def test_the_child_may_call_its_parent(make: Make) -> None:
    async def answer(question: str) -> str:
        if question == "bad":
            raise BadInput("Ask better.")
        return question.upper()

    worker = make(handlers={"answer": answer})
    await worker.start()
    assert await worker.call("ask_parent", question="why") == "WHY"
    with pytest.raises(BadInput, match="Ask better"):
        await worker.call("ask_parent", question="bad")


async def test_events_arrive_in_order_and_before_ready(make: Make) -> None:
    seen: list[Any] = []

    async def progress(share: float) -> None:
        seen.append(share)

    async def tick(number: int) -> None:
        await asyncio.sleep(0)
        seen.append(number)

    worker = make(handlers={"progress": progress, "tick": tick})
    await worker.start()
    await worker.ready(20)
    assert seen == [0.5]
    await worker.call("events", count=200)
    await eventually(lambda: len(seen) == 201)
    assert seen[1:] == list(range(200))


async def test_what_a_library_prints_goes_to_the_log(worker: Worker, tmp_path: Path) -> None:
    assert await worker.call("noise") == ""
    log = (tmp_path / "probe.log").read_text()
    for line in ("this would corrupt the frames", "and so would this", "and a grandchild too"):
        assert line in log


async def test_a_message_can_neither_forge_a_line_nor_steer_a_terminal(
    worker: Worker, tmp_path: Path
) -> None:
    await worker.call("log", message="a\n2026-01-01 forged\x1b]0;owned\x07 \u202e")
    log = (tmp_path / "probe.log").read_text()
    assert "WARNING probe probe: seen: a\\n2026-01-01 forged" in log
    assert not any(c in log for c in "\x1b\x07\u202e")


async def test_config_is_asked_for_at_every_start(make: Make) -> None:
    rounds = iter(range(10))
    worker = make(config=lambda: {"round": next(rounds)})
    await worker.start()
    assert await worker.call("settings") == {"round": 0}
    await worker.restart("new settings")
    assert await worker.call("settings") == {"round": 1}
    assert worker.info.restarts == 1


async def test_starting_a_child_imports_nothing_heavy(worker: Worker) -> None:
    loaded = set(await worker.call("modules"))
    assert "msgspec" in loaded
    assert not loaded & {"torch", "numpy", "pydantic", "sqlalchemy", "aiohttp", "qdrant_edge"}


# --- death and return --------------------------------------------------------------------


async def test_a_killed_child_returns_and_the_call_in_flight_is_repeated(
    worker: Worker, tmp_path: Path
) -> None:
    mark = str(tmp_path / "mark")
    assert await worker.call("die_first_time", mark=mark) == "second time"
    assert worker.info.restarts == 1


async def test_a_call_killed_from_outside_is_repeated(worker: Worker) -> None:
    await worker.ready(20)
    call = asyncio.create_task(worker.call("sleep", seconds=0.5))
    await worker.call("echo", value=1)
    assert worker.info.pid is not None
    os.kill(worker.info.pid, signal.SIGKILL)
    await call
    assert worker.info.restarts == 1


async def test_a_call_without_retry_says_how_the_child_died(worker: Worker) -> None:
    with pytest.raises(WorkerDied, match="killed by SIGKILL: famous last words"):
        await worker.call("die", last_words="famous last words", retry=False)
    assert await worker.call("echo", value="back") == "back"


async def test_a_call_that_kills_twice_is_not_repeated_for_ever(worker: Worker) -> None:
    with pytest.raises(WorkerDied):
        await worker.call("die")
    assert worker.info.restarts == 2


async def test_after_repeated_deaths_it_gives_up_and_names_the_log(
    make: Make, tmp_path: Path
) -> None:
    states: list[WorkerInfo] = []
    worker = make({"explode": "no luck"}, on_state=states.append, max_deaths=3)
    await worker.start()
    with pytest.raises(Unavailable) as caught:
        await worker.call("echo", value=1)
    assert "exit code 1: RuntimeError: no luck" in caught.value.message
    assert str(tmp_path / "probe.log") in caught.value.mend
    assert [info.state for info in states] == ["starting", "restarting"] * 2 + [
        "starting",
        "failed",
    ]


async def test_a_child_that_refuses_to_start_is_not_tried_again(make: Make) -> None:
    config = {"refuse": "The model is missing."}
    worker = make(lambda: config)
    await worker.start()
    with pytest.raises(BadInput, match="The model is missing"):
        await worker.call("echo", value=1)
    assert (worker.info.state, worker.info.restarts) == ("failed", 0)

    config.clear()
    await worker.start()
    assert await worker.call("echo", value=1) == 1


async def test_a_child_whose_needs_are_unavailable_is_tried_again(make: Make) -> None:
    config = {"unavailable": "The disk is away."}
    worker = make(lambda: config)
    await worker.start()
    await eventually(lambda: worker.info.restarts)
    config.clear()
    assert await worker.call("echo", value=1) == 1


async def test_control_characters_of_a_child_do_not_reach_the_reason(worker: Worker) -> None:
    with pytest.raises(WorkerDied) as caught:
        await worker.call("die", last_words="a\x1b]0;owned\x07b\u202ec", retry=False)
    assert not any(c in str(caught.value) + worker.info.reason for c in "\x1b\x07\u202e")


async def test_a_library_child_does_not_break_on_garbage_in_the_stream(worker: Worker) -> None:
    """A child that breaks the protocol is replaced like one that died."""
    await worker.ready(20)
    pid = worker.info.pid
    child = worker._child
    assert child is not None
    child.channel._reader.feed_data(b"\x00\x00\x00\x01\xc1")
    await eventually(lambda: worker.info.state == "ready" and worker.info.pid != pid)
    assert await worker.call("echo", value=1) == 1


# --- the end -----------------------------------------------------------------------------


async def test_stop_lets_the_service_close(make: Make, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    worker = make({"closed_file": str(closed)})
    await worker.start()
    pid = await worker.call("pid")
    await worker.stop()
    assert closed.read_text() == "closed\n"
    assert not alive(pid)
    assert worker.info.state == "stopped"
    with pytest.raises(Unavailable):
        await worker.call("echo", value=1)


async def test_stop_ends_a_child_that_is_busy(worker: Worker) -> None:
    await worker.ready(20)
    pid = worker.info.pid
    assert pid is not None
    call = asyncio.create_task(worker.call("burn", seconds=60))
    await asyncio.sleep(0)
    began = time.monotonic()
    await worker.stop(grace=0.3)
    assert time.monotonic() - began < 5
    assert not alive(pid)
    with pytest.raises(Unavailable):
        await call


async def test_stop_does_not_wait_for_a_start_in_progress(make: Make) -> None:
    worker = make({"block": 60})
    await worker.start()
    began = time.monotonic()
    await worker.stop()
    assert time.monotonic() - began < 4


PARENT = """
import asyncio, sys
from morgan_core.worker import Worker

async def main():
    worker = Worker("probe", "tests.workers.probe", config={})
    await worker.start()
    await worker.ready(20)
    grandchild = await worker.call("spawn_grandchild")
    print(worker.info.pid, grandchild, flush=True)
    if "burn" in sys.argv:
        await worker.call("burn", seconds=600)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def start_parent(*arguments: str) -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    return parent, [int(word) for word in parent.stdout.readline().split()]


@pytest.mark.parametrize("busy", [(), ("burn",)])
async def test_killing_the_parent_ends_child_and_grandchild(busy: tuple[str, ...]) -> None:
    parent, pids = start_parent(*busy)
    assert [alive(pid) for pid in pids] == [True, True]
    parent.kill()
    parent.wait()
    await eventually(lambda: not any(map(alive, pids)), timeout=10)


async def test_ctrl_c_in_the_terminal_does_not_reach_the_children() -> None:
    parent, pids = start_parent()
    os.killpg(parent.pid, signal.SIGINT)
    parent.wait()
    assert parent.returncode != 0
    await eventually(lambda: not any(map(alive, pids)), timeout=10)


async def test_a_child_ignores_an_interrupt(worker: Worker) -> None:
    pid = await worker.call("pid")
    os.kill(pid, signal.SIGINT)
    assert os.getpgid(pid) != os.getpgrp()
    assert await worker.call("pid") == pid


# --- what a child inherits ---------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_only_named_descriptors_are_inherited(make: Make, tmp_path: Path) -> None:
    lock = tmp_path / "the.lock"
    with lock.open("w") as file:
        os.set_inheritable(file.fileno(), True)
        stranger, heir = make(), make(pass_fds=[file.fileno()])
        for worker in (stranger, heir):
            await worker.start()
        assert str(lock) not in await stranger.call("descriptors")
        assert str(lock) in await heir.call("descriptors")
        assert not await heir.call("inheritable", fd=file.fileno())


# --- disposable children -----------------------------------------------------------------


async def test_run_once_answers_and_leaves_nothing_behind() -> None:
    pid = await run_once(PROBE, {}, "pid", timeout=20)
    assert not alive(pid)


async def test_run_once_reports_every_kind_of_failure() -> None:
    with pytest.raises(BadInput, match="No such day"):
        await run_once(PROBE, {}, "refuse", timeout=20)
    with pytest.raises(BadInput, match="Missing"):
        await run_once(PROBE, {"refuse": "Missing."}, "echo", timeout=20, value=1)
    with pytest.raises(WorkerDied, match="SIGKILL: aargh"):
        await run_once(PROBE, {}, "die", timeout=20, last_words="aargh")
    with pytest.raises(WorkerDied, match="exit code 1: RuntimeError: boom"):
        await run_once(PROBE, {"explode": "boom"}, "echo", timeout=20, value=1)
    with pytest.raises(TimeoutError):
        await run_once(PROBE, {}, "burn", timeout=1.0, seconds=60)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
async def test_run_once_keeps_to_its_memory() -> None:
    limit = 1024**3
    assert (
        await run_once(PROBE, {}, "eat_memory", timeout=20, memory_limit=limit, size=1024) == 1024
    )
    with pytest.raises(MorganError, match="MemoryError"):
        await run_once(PROBE, {}, "eat_memory", timeout=20, memory_limit=limit, size=2 * limit)


# --- on demand ---------------------------------------------------------------------------


async def test_a_child_on_demand_starts_with_the_first_call_and_stays_stopped(make: Make) -> None:
    child = OnDemand(make())
    assert child.info is None

    assert await child.call("echo", value=1) == 1
    assert child.ready

    await child.stop()
    with pytest.raises(Unavailable, match="The probe is stopped"):
        await child.call("echo", value=1)
    await child.start()
    assert await child.call("echo", value=2) == 2

"""One owner per data directory: owning, attaching, and taking over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

import morgan_core
from morgan_core.errors import BadInput, ModelError, OwnerBusy, Unavailable
from morgan_core.events import CountsChanged, Done, Token
from morgan_core.paths import Paths
from morgan_core.server import listen
from morgan_core.session import Session, attach, open_morgan
from morgan_core.storage.lock import DataDirLock, read_card
from tests.helpers import eventually
from tests.journalled_core import JournalledMorgan, make_paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return make_paths(tmp_path)


@pytest.fixture
async def faces(paths: Paths) -> AsyncIterator[Any]:
    """``await faces(pace=0.0)`` opens another face of the same data directory."""
    async with AsyncExitStack() as stack:

        async def open_face(**options: Any) -> Session:
            pace = options.pop("pace", 0.0)
            options.setdefault("make_local", lambda *given: JournalledMorgan(*given, pace=pace))
            return await stack.enter_async_context(open_morgan(paths=paths, **options))

        yield open_face


class Node:
    """A face in another process."""

    def __init__(self, root: Path, *options: str) -> None:
        command = [sys.executable, "-m", "tests.session_node", str(root), *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    async def line(self) -> str:
        assert self.process.stdout
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    async def quit(self) -> int:
        assert self.process.stdin
        self.process.stdin.close()
        return await asyncio.to_thread(self.process.wait, 20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Any]:
    started: list[Node] = []

    def start(*options: str) -> Node:
        started.append(Node(tmp_path, *options))
        return started[-1]

    yield start
    for node in started:
        node.process.send_signal(signal.SIGCONT)
        node.kill()


async def _text(events: AsyncIterator[Any]) -> str:
    seqs, text = [], ""
    async for event in events:
        seqs.append(event.seq)
        text += event.text if isinstance(event, Token) else ""
    assert seqs == list(range(1, len(seqs) + 1)), "missing or repeated events"
    assert isinstance(event, Done)
    assert event.answer.answer == text
    return text


COUNT = "".join(f"{number} " for number in range(300))


async def test_the_first_face_owns_and_the_second_attaches_to_its_core(faces, paths):
    first, second = await faces(), await faces()

    assert (first.is_owner, second.is_owner) == (True, False)
    assert await _text(second.ask("hello")) == "You asked: hello "
    assert len(await first.conversations.list()) == 1
    card = read_card(paths.lock)
    assert card is not None
    assert (card.pid, card.state, card.socket) == (os.getpid(), "ready", str(paths.socket))


async def test_closing_gives_everything_back(paths):
    async with open_morgan(paths=paths, make_local=JournalledMorgan):
        assert paths.socket.exists()

    assert not paths.socket.exists()
    lock = DataDirLock(paths.lock)
    assert lock.acquire()
    lock.release()


async def test_an_attached_face_takes_over_when_the_owner_quits(faces, paths):
    changed = asyncio.Event()
    async with open_morgan(paths=paths, make_local=JournalledMorgan) as owner:
        face = await faces()
        face.on_backend_change.append(changed.set)
        await _text(owner.ask("hello"))

    await asyncio.wait_for(changed.wait(), 10)
    assert face.is_owner
    assert [c.title for c in await face.conversations.list()] == ["hello"]


@pytest.mark.parametrize("way", ["quit", "kill"])
async def test_an_answer_goes_on_when_its_owner_goes(faces, nodes, way):
    node = nodes("0.005")
    assert await node.line() == "owner"
    face = await faces()
    asking = asyncio.create_task(_text(face.ask("count 300")))
    await eventually(lambda: _journalled(face) > 20)

    if way == "quit":
        assert await node.quit() == 0
    else:
        node.kill()

    assert await asyncio.wait_for(asking, 20) == COUNT
    assert face.is_owner


async def test_of_many_faces_exactly_one_takes_over(faces, nodes):
    node = nodes("0.005")
    assert await node.line() == "owner"
    attached = [await faces(pace=0.005) for _ in range(4)]
    asking = [asyncio.create_task(_text(face.ask("count 300"))) for face in attached]
    await eventually(lambda: _journalled(attached[0]) > 20)

    node.kill()

    assert await asyncio.wait_for(asyncio.gather(*asking), 30) == [COUNT] * 4
    assert sum(face.is_owner for face in attached) == 1
    assert len(await attached[0].conversations.list()) == 4


async def test_a_face_in_another_process_takes_over_from_us(paths, nodes):
    async with open_morgan(paths=paths, make_local=JournalledMorgan):
        node = nodes()
        assert await node.line() == "attached"

    assert await asyncio.wait_for(node.line(), 20) == "owner"


async def test_nobody_opens_the_stores_while_an_orphan_holds_them(faces, paths, nodes):
    node = nodes("0", "--orphan", "60")
    child = int((await node.line()).removeprefix("child "))
    assert await node.line() == "owner"
    node.kill()
    opening = asyncio.create_task(faces())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(opening), 0.5)

    os.kill(child, signal.SIGKILL)

    assert (await asyncio.wait_for(opening, 10)).is_owner


async def test_a_face_waits_while_the_owner_starts(faces, paths):
    gate = asyncio.Event()

    def slow(*given: Any) -> JournalledMorgan:
        core = JournalledMorgan(*given)
        core.start_gate = gate
        return core

    first = asyncio.create_task(faces(make_local=slow))
    await eventually(lambda: (card := read_card(paths.lock)) and card.socket)
    second = await faces()
    asking = asyncio.create_task(_text(second.ask("hello")))
    assert (await second.health()).status == "starting"
    assert not asking.done()

    gate.set()

    assert await asyncio.wait_for(asking, 10) == "You asked: hello "
    assert (await first).is_owner


async def test_a_core_that_cannot_start_gives_the_directory_back(faces, paths):
    def broken(*given: Any) -> JournalledMorgan:
        core = JournalledMorgan(*given)
        core.start_error = ModelError("The index is damaged.")
        return core

    with pytest.raises(ModelError):
        await faces(make_local=broken)

    assert not paths.socket.exists()
    assert (await faces()).is_owner


async def test_another_version_is_named(faces, nodes, monkeypatch):
    node = nodes()
    assert await node.line() == "owner"
    monkeypatch.setattr(morgan_core, "__version__", "99.1.0")

    with pytest.raises(OwnerBusy, match=r"99\.1\.0") as caught:
        await faces()

    assert str(node.process.pid) in str(caught.value)


async def test_another_patch_release_is_fine(faces, nodes, monkeypatch):
    node = nodes()
    assert await node.line() == "owner"
    major, minor, _ = morgan_core.__version__.split(".")
    monkeypatch.setattr(morgan_core, "__version__", f"{major}.{minor}.99")

    assert not (await faces()).is_owner


async def test_an_owner_that_does_not_answer_is_named(faces, nodes):
    node = nodes()
    assert await node.line() == "owner"
    node.process.send_signal(signal.SIGSTOP)

    with pytest.raises(OwnerBusy, match=str(node.process.pid)):
        await faces(wait=0.5)


async def test_changes_go_on_over_a_take_over(faces, nodes):
    node = nodes()
    assert await node.line() == "owner"
    face = await faces()
    seen: list[Any] = []

    async def follow() -> None:
        async with aclosing(face.library.changes()) as changes:
            async for change in changes:
                seen.append(change)

    following = asyncio.create_task(follow())
    await eventually(lambda: seen)

    node.kill()

    await eventually(lambda: sum(isinstance(each, CountsChanged) for each in seen) == 2)
    following.cancel()


async def test_a_question_asked_while_the_owner_leaves_is_answered_by_the_next(faces, paths):
    class SlowToLeave(JournalledMorgan):
        async def close(self) -> None:
            await asyncio.sleep(0.3)
            await super().close()

    async with open_morgan(paths=paths, make_local=SlowToLeave) as owner:
        face = await faces()
        leaving = asyncio.create_task(owner.close())
        await eventually(lambda: read_card(paths.lock).state == "leaving")
        answer = await asyncio.wait_for(_text(face.ask("hello")), 10)
        await leaving

    assert answer == "You asked: hello "
    assert face.is_owner


async def test_a_resumed_turn_is_stopped_when_its_reader_leaves(faces, nodes):
    node = nodes("0.01")
    assert await node.line() == "owner"
    cores: list[JournalledMorgan] = []

    def remember(*given: Any) -> JournalledMorgan:
        cores.append(JournalledMorgan(*given, pace=0.01))
        return cores[-1]

    face = await faces(make_local=remember)
    async with aclosing(face.ask("count 5000")) as events:
        await anext(events)
        node.kill()
        async for event in events:
            if face.is_owner and isinstance(event, Token):
                break

    await eventually(lambda: cores[0].stopped == [event.turn_id])


async def test_errors_of_the_core_are_not_taken_for_a_loss(faces):
    await faces()
    face = await faces()

    with pytest.raises(BadInput):
        await anext(face.ask(" "))
    assert not face.is_owner


async def test_attach_never_starts_a_core(paths, faces):
    assert await attach(paths) is None
    async with open_morgan(paths=paths, make_local=JournalledMorgan):
        face = await attach(paths)
        assert face is not None
        assert not face.is_owner
        assert (await face.health()).status == "ok"

    assert await attach(paths) is None
    with pytest.raises(Unavailable, match="not running"):
        await face.health()
    await face.close()


async def test_without_unix_sockets_faces_meet_on_loopback_with_a_token(faces, paths, monkeypatch):
    monkeypatch.setattr(listen, "HAS_UNIX_SOCKETS", False)
    await faces()
    face = await faces()

    assert await _text(face.ask("hello")) == "You asked: hello "
    assert paths.token.stat().st_mode & 0o777 == 0o600
    card = read_card(paths.lock)
    assert card is not None
    assert card.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("trouble", ["link", "open", "deep"])
async def test_where_the_usual_place_of_the_socket_cannot_be_used_a_private_one_is(
    faces, paths, tmp_path, monkeypatch, trouble
):
    runtime = tmp_path / ("d" * 100 if trouble == "deep" else "run")
    (runtime / "elsewhere").mkdir(parents=True, mode=0o700)
    if trouble == "link":
        (runtime / "morgan").symlink_to(runtime / "elsewhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    if trouble == "open":
        monkeypatch.setattr(listen, "_is_private", lambda directory: False)

    async with open_morgan(paths=paths, make_local=JournalledMorgan):
        face = await attach(paths)
        card = read_card(paths.lock)
        assert card is not None
        socket = Path(card.socket)
        assert socket.parent not in (paths.socket.parent, runtime / "elsewhere")
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert await _text(face.ask("hello")) == "You asked: hello "
        await face.close()
    assert not socket.parent.exists()


def test_a_directory_is_private_when_it_is_ours_closed_and_no_link(tmp_path):
    ours = tmp_path / "ours"
    ours.mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(ours)

    assert listen._is_private(ours)
    assert not listen._is_private(link)
    assert not listen._is_private(tmp_path / "missing")
    ours.chmod(0o750)
    assert not listen._is_private(ours)


async def test_a_session_can_face_a_server(faces, paths):
    owner = await faces()
    card = read_card(paths.lock)
    assert card is not None

    async with open_morgan(connect=f"unix:{card.socket}") as face:
        assert not face.is_owner
        assert await _text(face.ask("hello")) == "You asked: hello "
    assert len(await owner.conversations.list()) == 1


async def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable, match=r"file/data.*--data-dir"):
        async with open_morgan(paths=make_paths(tmp_path / "file")):
            pass


async def test_an_address_where_nothing_answers_is_named_at_once():
    began = time.monotonic()

    with pytest.raises(Unavailable, match="No Morgan answers"):
        async with open_morgan(connect="http://127.0.0.1:9"):
            pass

    assert time.monotonic() - began < 2


def _journalled(face: Session) -> int:
    """Lines in the longest journal; the fake keeps them where every process can see them."""
    root = face._election._paths.data / "fake" / "turns"  # type: ignore[attr-defined]
    return max((len(p.read_bytes().splitlines()) for p in root.glob("*.jsonl")), default=0)

"""One data directory, several faces, the real core: who may open the stores, and who goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from morgan_core.errors import OwnerBusy
from morgan_core.events import Done
from morgan_core.session import open_morgan
from tests.counting_core import counting_host
from tests.helpers import eventually
from tests.journalled_core import make_paths
from tests.real_faces import Face, assert_gapless, has_chat_model, is_alive, text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

TURN = "0123456789abcdef0123456789abcdef"
NUMBERS = 400
ANSWER = "".join(f"{number} " for number in range(NUMBERS)).strip()
PACE = 0.01
CHILDREN = ("library", "embedder", "reader")


@pytest.fixture
def faces() -> Iterator[list[Face]]:
    started: list[Face] = []
    yield started
    for face in started:
        face.end()


async def _one_child_of_each_kind(*faces: Face) -> None:
    def counted() -> bool:
        return all(sum(len(face.children(kind)) for face in faces) == 1 for kind in CHILDREN)

    await eventually(counted, timeout=60)


# --- orphans -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGCONT], ids=["killed", "continued"])
async def test_nobody_opens_the_store_while_an_orphan_of_a_killed_owner_holds_it(
    tmp_path: Path, faces: list[Face], end: signal.Signals
):
    async with counting_host() as url:
        first = Face(tmp_path, "--chat", url, "--linger")
        faces.append(first)
        await eventually(lambda: first.role == "owner", timeout=60)
        [orphan] = await eventually(lambda: first.children("library"), timeout=60)
        os.kill(orphan, signal.SIGSTOP)
        first.kill()
        assert is_alive(orphan)

        with pytest.raises(OwnerBusy, match=str(tmp_path)) as refused:
            async with open_morgan(paths=make_paths(tmp_path), wait=1.0):
                pass
        assert refused.value.mend

        second = Face(tmp_path, "--chat", url)
        faces.append(second)
        await asyncio.sleep(1.0)
        assert (second.role, second.children("library")) == ("", [])

        os.kill(orphan, end)
        await eventually(lambda: second.role == "owner", timeout=60)
        assert not is_alive(orphan)
        await _one_child_of_each_kind(second)


# --- two faces -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["quit", "kill"])
async def test_when_the_owner_leaves_in_mid_answer_the_other_face_goes_on_and_owns(
    tmp_path: Path, faces: list[Face], how: str
):
    async with counting_host(pace=PACE) as url:
        first = Face(tmp_path, "--chat", url)
        faces.append(first)
        await eventually(lambda: first.role == "owner", timeout=60)
        second = Face(tmp_path, "--chat", url, "--ask", TURN, f"count {NUMBERS}")
        faces.append(second)
        await eventually(lambda: len(second.text) > 200, timeout=60)
        assert second.role == "attached"
        await _one_child_of_each_kind(first, second)
        assert not second.children("library")

        first.quit() if how == "quit" else first.kill()

        await eventually(lambda: "answered" in second.lines, timeout=120)
        assert second.role == "owner"
        assert_gapless(second.events)
        assert second.text.strip() == ANSWER
        done = second.events[-1]
        assert isinstance(done, Done)
        assert done.answer.answer.strip() == ANSWER
        assert await eventually(lambda: first.process.poll() is not None, timeout=30)
        await _one_child_of_each_kind(second)


@pytest.mark.parametrize("how", ["quit", "kill"])
async def test_two_faces_have_one_chat_model_in_memory_and_the_heir_loads_it_anew(
    tmp_path: Path, faces: list[Face], how: str
):
    first = Face(tmp_path)
    faces.append(first)
    await eventually(lambda: first.role == "owner", timeout=60)
    second = Face(tmp_path, "--ask", TURN, "Tell a long story of a ship and its captain.")
    faces.append(second)
    await eventually(lambda: len(second.text) > 40, timeout=120)

    assert (has_chat_model(first.pid), has_chat_model(second.pid)) == (True, False)
    seen = len(second.events)
    first.quit() if how == "quit" else first.kill()
    await eventually(lambda: "answered" in second.lines, timeout=120)

    assert has_chat_model(second.pid)
    assert len(second.events) > seen
    assert_gapless(second.events)
    assert isinstance(second.events[-1], Done)
    assert text_of(second.events)

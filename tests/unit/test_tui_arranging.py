"""Many documents are put in order beside the screen, and in the order that a few have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.types import Document
from morgan_tui import arranging, library_view
from morgan_tui.arranging import AT_ONCE, Arranger
from morgan_tui.library_view import SORTS, LibraryView, Sort
from tests.helpers import eventually
from tests.tui.fake_morgan import document

FEW = [document(n) for n in range(3)]
MANY = [document(n) for n in range(AT_ONCE + 1)]


class WatchedView(LibraryView):
    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []

    def shown(self, documents: Collection[Document]) -> list[Document]:
        self.threads.append(threading.current_thread())
        return super().shown(documents)


class Screen:
    """What an arranger needs of the screen."""

    def __init__(self) -> None:
        self.view = WatchedView()
        self.shown: list[tuple[int, bool]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.arranger = Arranger(self.view, self._show, self._start)

    def _show(self, documents: Sequence[Document], to_top: bool) -> None:
        self.shown.append((len(documents), to_top))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))


@pytest.fixture
async def screen(monkeypatch) -> AsyncIterator[Screen]:
    monkeypatch.setattr(arranging, "REST", 1e9)
    screen = Screen()
    yield screen
    for task in screen.tasks:
        task.cancel()
    await asyncio.gather(*screen.tasks, return_exceptions=True)


async def test_a_few_documents_are_shown_at_once(screen: Screen):
    screen.arranger.arrange(FEW, to_top=True)
    assert screen.shown == [(len(FEW), True)]


async def test_many_documents_are_put_in_order_beside_the_screen(screen: Screen):
    screen.arranger.arrange(MANY)
    assert screen.shown == []
    await eventually(lambda: screen.shown == [(len(MANY), False)])
    assert threading.main_thread() not in screen.view.threads


async def test_what_the_person_does_is_shown_without_a_rest(screen: Screen):
    screen.arranger.arrange(MANY)
    await eventually(lambda: len(screen.shown) == 1)
    screen.arranger.arrange(MANY, hurry=False)
    screen.arranger.arrange(MANY[:-1], to_top=True, hurry=True)
    await eventually(lambda: screen.shown[1:] == [(len(MANY) - 1, True)])


async def test_what_follows_the_library_waits_for_a_rest(screen: Screen, monkeypatch):
    screen.arranger.arrange(MANY)
    await eventually(lambda: len(screen.shown) == 1)
    screen.arranger.arrange(MANY, hurry=False)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(screen.shown) == 1
    assert len(screen.view.threads) == 1


DOCUMENTS = st.lists(
    st.builds(
        lambda n, state, modified, size: document(
            n, state, path=f"/p/{n:03}", modified=modified, bytes=size
        ),
        st.integers(0, 999),
        st.sampled_from(library_view.STATES),
        st.floats(0, 100),
        st.integers(0, 3),
    ),
    unique_by=lambda d: d.id,
)


@given(DOCUMENTS, st.sampled_from(SORTS), st.booleans())
def test_documents_in_several_runs_have_the_order_of_one(
    documents: list[Document], sort: Sort, reverse: bool
):
    def order(run: int) -> list[Document]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(library_view, "_RUN", run)
            view = LibraryView()
            view.sort, view.reversed = sort, reverse
            return view.shown(documents)

    assert order(3) == order(1000)

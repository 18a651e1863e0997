"""How the app looks. `pytest --snapshot-update` takes new pictures; look at them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from morgan_core.types import Conflict, Folder, LibraryCounts, ModelInfo, Shortfall
from morgan_tui.app import MorganApp
from tests.answers import WHY, side
from tests.helpers import eventually
from tests.tui.conftest import screen_text
from tests.tui.fake_morgan import (
    NOW,
    FakeMorgan,
    FakeOpener,
    Reply,
    document,
    passage,
    sources,
)

SIZE = (120, 32)

ANSWER = """\
The lease ends on **30 June 2027** [1]. It may be prolonged by one year [2]. The landlord lives \
in Rome.

- notice is given in `writing` [1]
- the deposit is paid back
"""


class SnapshotApp(MorganApp):
    """Closes its core with the screen, because nobody else does here."""

    async def on_unmount(self) -> None:
        await self.link.close()


def talkative() -> FakeMorgan:
    annex = passage(
        document="d2",
        path="/papers/annex.md",
        page=None,
        heading="Prolongation",
        text="The term may be prolonged once, by one year.",
    )
    statuses = ("supported", "partly", "unsupported")
    morgan = FakeMorgan(Reply(ANSWER, sources=sources(passage(), annex), statuses=statuses))
    morgan.library.texts["d1"] = (
        ("Preamble of the lease. " * 5)[:100] + passage().text + " It is signed."
    )
    morgan.library.models["m"] = ModelInfo(name="smollm2-135m", role="chat", state="active")
    morgan.library.put(document(1), document(2))
    morgan.conversations.add("Deposit and notice", ("q", "a"))
    return morgan


def app_with(morgan: FakeMorgan, folder: Path, theme: str = "morgan-dark") -> SnapshotApp:
    return SnapshotApp(FakeOpener(morgan), folder, theme=theme)


Step = Callable[[Pilot[Any]], Awaitable[None]]


def until(*texts: str) -> Step:
    async def wait(pilot: Pilot[Any]) -> None:
        await eventually(lambda: all(t in screen_text(pilot.app) for t in texts))  # type: ignore[arg-type]

    return wait


def asked(*keys: str, then: str = "", narrow: bool = False) -> Step:
    async def ask(pilot: Pilot[Any]) -> None:
        await until("Ask your documents.", "2 ready")(pilot)
        await pilot.press(*"When?", "enter")
        await until("tokens/s", "Morgan  When?", *(() if narrow else ("▸ When?",)))(pilot)
        if pilot.app.size.width >= 130:
            await until("✓ quote verified")(pilot)
        await pilot.press(*keys)
        if then:
            await until(then)(pilot)

    return ask


def test_first_start(snap_compare, tmp_path: Path):
    app = app_with(FakeMorgan(), tmp_path)
    assert snap_compare(
        app, terminal_size=SIZE, run_before=until("Use the sample", "no documents yet")
    )


@pytest.mark.parametrize("theme", ["morgan-dark", "morgan-light", "ansi-dark"])
def test_an_answer_with_sources_and_verdicts(snap_compare, tmp_path: Path, theme: str):
    app = app_with(talkative(), tmp_path, theme)
    assert snap_compare(app, terminal_size=(150, 32), run_before=asked())


def test_an_answer_on_a_narrow_terminal(snap_compare, tmp_path: Path):
    app = app_with(talkative(), tmp_path)
    assert snap_compare(app, terminal_size=(64, 24), run_before=asked(narrow=True))


def test_an_answer_without_colours(snap_compare, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_with(talkative(), tmp_path)
    assert snap_compare(app, terminal_size=(150, 32), run_before=asked())


@pytest.mark.parametrize("size", [(80, 24), (130, 36)], ids=["small", "wide"])
def test_why_this_answer(snap_compare, tmp_path: Path, size: tuple[int, int]):
    morgan = talkative()
    morgan.replies[0].why = WHY
    run = asked("escape", "w", then="Relevance 0.91", narrow=True)
    assert snap_compare(app_with(morgan, tmp_path), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", [(80, 24), (140, 32)], ids=["small", "wide"])
def test_documents_that_disagree(snap_compare, tmp_path: Path, size: tuple[int, int]):
    morgan = talkative()
    old = passage(path="/papers/lease-2024.md", text="The notice period is 30 days.", page=None)
    new = passage(document="d2", path="/papers/lease-2026.md", text="The notice period is 14 days.")
    conflict = Conflict(
        kind="number",
        sides=(
            side(2, "lease-2026.md", "14 days", 60),
            side(1, "lease-2024.md", "30 days", 2, sentences=(0,)),
        ),
    )
    morgan.replies = [
        Reply("The notice period is 30 days [1].", sources(old, new), conflicts=(conflict,))
    ]
    run = asked(then="Your documents disagree", narrow=True)
    assert snap_compare(app_with(morgan, tmp_path), terminal_size=size, run_before=run)


@pytest.mark.parametrize("theme", ["morgan-dark", "morgan-light"])
def test_a_refusal_and_the_models_own_knowledge(snap_compare, tmp_path: Path, theme: str):
    morgan = talkative()
    reason = "holds 1 of the question's 2 words: end; not: Osaka; little alike in meaning (0.17)"
    refusal = Reply(
        "I found nothing about this in your documents. The nearest passages are listed with this"
        " answer, each with why it was not enough.",
        sources=sources(),
        relevant=False,
        statuses=(),
        finish_reason="not_found",
        shortfalls=(Shortfall(n=1, reason=reason),),
    )
    morgan.replies = [refusal, Reply("Osaka is a city in Japan.", statuses=())]
    run = asked("escape", "m", then="Osaka is a city", narrow=True)
    app = app_with(morgan, tmp_path, theme)
    assert snap_compare(app, terminal_size=(80, 24), run_before=run)


def test_an_opened_passage(snap_compare, tmp_path: Path):
    app = app_with(talkative(), tmp_path)
    run = asked("escape", "1", then="It is signed.")
    assert snap_compare(app, terminal_size=SIZE, run_before=run)


@pytest.mark.parametrize(
    ("size", "theme"), [(SIZE, "morgan-dark"), ((80, 24), "morgan-light")], ids=["wide", "small"]
)
def test_the_library(snap_compare, tmp_path: Path, size: tuple[int, int], theme: str):
    morgan = FakeMorgan()
    morgan.library.folders["/papers"] = Folder(
        path="/papers", state="watching", documents=5, skipped={"hidden": 12, "secret": 1}
    )
    morgan.library.paused = True
    morgan.conversations.add("Deposit and notice", ("q", "a"))
    morgan.library.put(
        document(1, findable_since=NOW + 60),
        document(2, "findable", embedded=3),
        document(3, "failed", reason="It is encrypted: a password is needed.", passages=0),
        document(4, "reading", passages=0, pages=None),
        document(5, "offline", path="/stick/plan.md"),
    )
    morgan.library.fixed_counts = LibraryCounts(
        ready=1, findable=1, failed=1, reading=1, offline=1, passages=36
    )

    async def run(pilot: Pilot[Any]) -> None:
        await until("1 failed")(pilot)
        await pilot.press("f2")
        await until("It is encrypted", "1 new since you asked", "paused")(pilot)

    assert snap_compare(app_with(morgan, tmp_path, theme), terminal_size=size, run_before=run)


def test_the_help(snap_compare, tmp_path: Path):
    async def run(pilot: Pilot[Any]) -> None:
        await until("Use the sample", "no documents yet")(pilot)
        await pilot.press("f1")
        await until("Show this help")(pilot)

    assert snap_compare(app_with(FakeMorgan(), tmp_path), terminal_size=SIZE, run_before=run)

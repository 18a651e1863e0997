"""The library screen: every file, its state, the reason of each failure, live."""

from __future__ import annotations

import time

from textual.widgets import OptionList

from morgan_core import events
from morgan_core.types import Folder, Health, LibraryCounts, WorkerInfo
from morgan_tui import opening
from morgan_tui.screens.library import LibraryScreen
from morgan_tui.screens.passage import PassageScreen
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import NOW, FakeMorgan, document


def library_with(*documents) -> FakeMorgan:
    morgan = FakeMorgan()
    morgan.library.put(*documents)
    return morgan


async def open_library(app, pilot) -> LibraryScreen:
    await pilot.press("f2")
    await eventually(lambda: isinstance(app.screen, LibraryScreen) and app.screen._loaded)
    await pilot.pause()
    return app.screen


async def test_problems_come_first_with_their_reason(open_app: OpenApp):
    morgan = library_with(
        document(1), document(2, "reading"), document(3, "failed", reason="It is encrypted.")
    )
    async with open_app(morgan) as (app, pilot):
        screen = await open_library(app, pilot)
        assert [d.state for d in screen.table.rows] == ["failed", "reading", "ready"]
        text = screen_text(app)
        assert "✗ failed" in text and "report-00003.pdf" in text and "It is encrypted." in text


async def test_changes_are_followed_while_it_is_open(open_app: OpenApp):
    morgan = library_with(document(1, "reading"))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        morgan.library.put(document(1, "ready"))
        await eventually(lambda: "✓ ready" in screen_text(app))
        morgan.library.publish(events.DocumentRemoved(id="d1", path="/papers/report-00001.pdf"))
        await eventually(lambda: "report-00001" not in screen_text(app))


async def test_the_filter_looks_at_name_state_and_reason(open_app: OpenApp):
    morgan = library_with(
        document(1, path="/p/alpha.md"),
        document(2, "failed", path="/p/beta.pdf", reason="No password."),
    )
    async with open_app(morgan) as (app, pilot):
        screen = await open_library(app, pilot)
        for words, names in (("alpha", ["d1"]), ("failed", ["d2"]), ("password", ["d2"])):
            await pilot.press("slash", *words, "enter")
            assert [d.id for d in screen.table.rows] == names
            await pilot.press("escape")
        assert len(screen.table.rows) == 2


async def test_a_failed_file_is_read_again(open_app: OpenApp):
    morgan = library_with(document(1, "failed", reason="Damaged."))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("r")
        await eventually(lambda: morgan.library.retried == ["d1"])


async def test_forgetting_asks_first(open_app: OpenApp):
    morgan = library_with(document(1))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("x")
        await eventually(lambda: "Forget this document" in screen_text(app))
        await pilot.press("escape")
        await pilot.pause()
        assert morgan.forgotten == []
        await pilot.press("x", "y")
        await eventually(lambda: morgan.forgotten == [["d1"]])
        await eventually(lambda: "report-00001" not in screen_text(app))


async def test_a_folder_is_added_by_its_path(open_app: OpenApp, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    morgan = FakeMorgan()
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("a")
        await eventually(lambda: app.screen.query("Input"))
        app.screen.query_one("Input").value = str(tmp_path / "pap")
        await pilot.press("enter")
        await eventually(lambda: "There is no such folder" in screen_text(app))
        app.screen.query_one("Input").value = str(folder)
        await pilot.press("enter")
        await eventually(lambda: str(folder) in morgan.library.folders)
        await eventually(lambda: "first.md" in screen_text(app))


async def test_a_page_is_added_by_its_url_and_shown_and_opened_under_it(
    open_app: OpenApp, monkeypatch
):
    opened = []
    monkeypatch.setattr(opening, "_view", lambda path, mend: opened.append(path))
    url = "https://example.org/birds/"
    morgan = library_with(document(1, path=url))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        assert "example.org/birds" in screen_text(app)
        await pilot.press("o", "f")
        assert opened == [url]
        await eventually(lambda: "has no folder" in screen_text(app))
        await pilot.press("a")
        await eventually(lambda: app.screen.query("Input"))
        app.screen.query_one("Input").value = url
        await pilot.press("enter")
        await eventually(lambda: morgan.learned == [[url]])


async def test_a_folder_is_no_longer_watched(open_app: OpenApp):
    morgan = library_with(document(1))
    morgan.library.folders["/papers"] = Folder(path="/papers", state="watching", documents=1)
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("d")
        await eventually(lambda: "Stop watching which folder" in screen_text(app))
        await eventually(lambda: isinstance(app.focused, OptionList))
        await pilot.press("enter")
        await eventually(lambda: morgan.library.folders == {})


async def test_enter_opens_the_text_of_a_document(open_app: OpenApp):
    morgan = library_with(document(1))
    morgan.library.texts["d1"] = "The whole text. " * 2000
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("enter")
        await eventually(lambda: isinstance(app.screen, PassageScreen))
        await eventually(lambda: "The whole text." in screen_text(app))
        await pilot.press("escape", "escape")
        await eventually(lambda: len(app.screen_stack) == 1)


async def test_it_is_sorted_by_what_people_choose(open_app: OpenApp):
    morgan = library_with(
        document(1, path="/p/b.md", bytes=10, modified=3.0),
        document(2, path="/p/a.md", bytes=30, modified=1.0),
        document(3, "failed", path="/p/c.md", bytes=20, modified=2.0),
    )
    async with open_app(morgan) as (app, pilot):
        screen = await open_library(app, pilot)

        def order() -> list[str]:
            return [d.path[3] for d in screen.table.rows]

        orders = {"State ↑": order()}
        for title in ("Name ↑", "Changed ↓", "Size ↓"):
            await pilot.press("s")
            await eventually(lambda title=title: title in screen_text(app))
            orders[title] = order()
        await pilot.press("S")
        await eventually(lambda: "Size ↑" in screen_text(app))
        assert orders == {
            "State ↑": ["c", "a", "b"],
            "Name ↑": ["a", "b", "c"],
            "Changed ↓": ["b", "c", "a"],
            "Size ↓": ["a", "c", "b"],
        }
        assert order() == ["b", "c", "a"]


async def test_what_is_new_since_the_last_question_is_marked_and_filtered(open_app: OpenApp):
    morgan = library_with(
        document(1, modified=NOW - 9, findable_since=NOW - 9),
        document(2, modified=NOW - 9, findable_since=NOW + 50),
        document(3, modified=NOW + 50, findable_since=NOW - 9),
        document(4, "waiting", modified=NOW + 50),
    )
    morgan.conversations.add("A question", ("q", "a"))  # asked at NOW + 1
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.last_question is not None)
        screen = await open_library(app, pilot)
        await eventually(lambda: "2 new since you asked" in screen_text(app))
        assert screen_text(app).count("●✓ ready") == 2

        await pilot.press("n")
        assert {d.id for d in screen.table.rows} == {"d2", "d3"}
        await pilot.press("escape")
        assert len(screen.table.rows) == 4


async def test_before_the_first_question_nothing_is_new(open_app: OpenApp):
    async with open_app(library_with(document(1, findable_since=NOW))) as (app, pilot):
        screen = await open_library(app, pilot)
        await pilot.press("n")
        await eventually(lambda: "Nothing was asked yet" in screen_text(app))
        assert len(screen.table.rows) == 1 and "●" not in screen_text(app)


async def test_the_library_is_paused_and_goes_on(open_app: OpenApp):
    morgan = library_with(document(1))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("p")
        await eventually(lambda: "paused: p goes on" in screen_text(app))
        assert morgan.library.paused
        await pilot.press("escape")
        await eventually(lambda: "paused (F2, then p, goes on)" in screen_text(app))
        await pilot.press("f2")
        await eventually(lambda: isinstance(app.screen, LibraryScreen) and app.screen._loaded)
        await pilot.press("p")
        await eventually(lambda: not morgan.library.paused and "paused" not in screen_text(app))


async def test_a_folder_tells_what_was_left_out(open_app: OpenApp):
    morgan = library_with(document(1))
    skipped = {"hidden": 1200, ".gitignore": 9, "secret": 3, "too large": 2, "\x1b[2Jodd": 1}
    morgan.library.folders["/p"] = Folder(path="/p", state="watching", skipped=skipped)
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        expected = "left out: 1,200 hidden, 9 .gitignore, 3 secret, 3 more"
        await eventually(lambda: expected in screen_text(app))


async def test_a_document_tells_what_of_it_was_embedded_anew(open_app: OpenApp):
    morgan = library_with(document(1, passages=1206, embedded=1206, reused=1204))
    async with open_app(morgan) as (app, pilot):
        await open_library(app, pilot)
        await eventually(lambda: "1,206 passages (reused 1,204, embedded 2)" in screen_text(app))


async def test_an_empty_library_says_what_to_do(open_app: OpenApp):
    async with open_app(FakeMorgan(), size=(80, 24)) as (app, pilot):
        await open_library(app, pilot)
        assert "Press a to add a folder or a file" in screen_text(app)


async def test_a_filter_without_a_match_says_how_to_leave_it(open_app: OpenApp):
    async with open_app(library_with(document(1))) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("slash", *"zzz")
        await eventually(lambda: "Esc clears it" in screen_text(app))


async def test_the_file_and_its_folder_open_outside(open_app: OpenApp, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(opening, "_view", lambda path, mend: opened.append(path))
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    file = tmp_path / "a.pdf"
    file.touch()
    async with open_app(library_with(document(1, path=str(file)))) as (app, pilot):
        await open_library(app, pilot)
        await pilot.press("o", "f")
        assert opened == [file, tmp_path]
        file.unlink()
        await pilot.press("o")
        await eventually(lambda: "no longer there" in screen_text(app))


async def test_ten_thousand_rows_do_not_stall(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.library.documents = {f"d{n}": document(n) for n in range(10_000)}
    async with open_app(morgan) as (app, pilot):
        screen = await open_library(app, pilot)
        started = time.process_time()
        for n in range(300):
            morgan.library.put(document(n, "reading"))
        await pilot.press("end")
        await eventually(lambda: sum(d.state == "reading" for d in screen.table.rows) == 300)
        assert screen.table.cursor == 9_999 or screen.table.current is not None
        assert "report-0" in screen_text(app)
        assert time.process_time() - started < 3.0


async def test_the_strip_tells_what_the_library_does(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.library.fixed_counts = LibraryCounts(
        ready=12, reading=2, failed=1, pending_passages=80, passages_per_second=43.0
    )
    async with open_app(morgan, size=(150, 30)) as (app, _pilot):
        await eventually(lambda: "12 ready · 2 reading · 1 failed" in screen_text(app))
        morgan.library.publish(
            events.DocumentChanged(document=document(7, "reading", path="/p/report.pdf"))
        )
        await eventually(lambda: "reading report.pdf" in screen_text(app))
        assert "43 passages/s" in screen_text(app)


async def test_a_child_that_died_is_told(open_app: OpenApp):
    morgan = library_with(document(1))
    morgan.library.workers["embedder"] = WorkerInfo(name="embedder", state="ready", restarts=0)
    async with open_app(morgan) as (app, _pilot):
        await eventually(lambda: "1 ready" in screen_text(app))
        died = WorkerInfo(name="embedder", state="restarting", restarts=1, reason="killed")
        morgan.library.publish(events.WorkerChanged(worker=died))
        await eventually(lambda: "the embedder ended: killed" in screen_text(app))
        back = WorkerInfo(name="embedder", state="ready", restarts=1)
        morgan.library.publish(events.WorkerChanged(worker=back))
        await eventually(lambda: "the embedder restarted" in screen_text(app))


async def test_remote_hosts_and_bad_health_are_in_sight(open_app: OpenApp):
    morgan = library_with(document(1))
    morgan.library.health = Health(
        status="degraded",
        components={"llm": "ok", "qdrant": "error: no answer"},
        version="1",
        uptime_seconds=1,
        remote_hosts=("models.example",),
    )
    async with open_app(morgan) as (app, _pilot):
        await eventually(lambda: "sends to models.example" in screen_text(app))
        await eventually(lambda: "qdrant: error: no answer" in screen_text(app))

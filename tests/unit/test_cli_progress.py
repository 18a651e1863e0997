"""How far a job is: for people on a terminal, for programs in JSON lines."""

from __future__ import annotations

import asyncio
import io
import json
from argparse import Namespace

import pytest

from morgan_core.types import Document, Job, LibraryCounts
from morgan_tui.cli.console import Console
from morgan_tui.cli.learn import learn
from morgan_tui.cli.progress import bar_line, progress_of
from morgan_tui.text import duration
from tests.cli_fakes import FakeMorgan
from tests.helpers import eventually


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def document(n: int, state: str, passages: int = 10, embedded: int = 0) -> Document:
    path = f"/papers/{n}.md"
    return Document(
        id=f"d{n}",
        path=path,
        paths=(path,),
        state=state,  # type: ignore[arg-type]
        passages=passages,
        embedded=embedded,
    )


def job(*documents: Document, state: str = "running") -> Job:
    return Job(id="j", kind="learn", state=state, documents=documents)  # type: ignore[arg-type]


HALF = job(
    document(1, "ready", embedded=10),
    document(2, "failed", 0),
    document(3, "findable", embedded=5),
    document(4, "waiting", 0),
)
RATE = LibraryCounts(passages_per_second=2.0)


def test_progress_counts_files_and_guesses_what_unread_ones_hold() -> None:
    progress = progress_of(HALF, RATE)

    assert (progress.files, progress.done, progress.failed, progress.findable) == (4, 2, 1, 3)
    assert progress.share == 0.625
    assert progress.pending_passages == 5
    assert progress.eta_seconds == 8.0
    assert progress.current == "/papers/3.md"


@pytest.mark.parametrize("counts", [LibraryCounts(), LibraryCounts(paused=True)])
def test_without_a_rate_nothing_is_guessed(counts: LibraryCounts) -> None:
    assert progress_of(HALF, counts).eta_seconds is None


def test_the_bar_says_how_many_how_fast_and_how_long() -> None:
    line = bar_line(progress_of(HALF, RATE))

    assert line.startswith("Learning ████████████░░░░░░░░ 2/4 files · 1 failed · 2 passages/s")
    assert line.endswith(" · 8 s left · 3.md")
    assert "paused" in bar_line(progress_of(HALF, LibraryCounts(paused=True)))
    assert bar_line(progress_of(job(), RATE)) == "Learning: looking…"


@pytest.mark.parametrize(
    ("seconds", "text"), [(40, "40 s"), (150, "2 min"), (7500, "2 h 5 min"), (3600, "60 min")]
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def run(morgan: FakeMorgan, console: Console) -> int:
    args = Namespace(paths=["a"], watch=False, no_wait=False)
    return asyncio.run(learn(morgan, args, console))  # type: ignore[arg-type]


def test_json_is_a_line_per_object_and_the_job_comes_last() -> None:
    out = io.StringIO()
    morgan = FakeMorgan()
    morgan.job_steps = [HALF, job(document(1, "ready"), state="done")]

    assert run(morgan, Console(as_json=True, out=out, err=io.StringIO())) == 0

    first, *_, last = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["job"], first["files"], first["done"]) == ("j", 4, 2)
    assert (last["id"], last["state"]) == ("j", "done")


def test_a_terminal_gets_one_line_that_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    err = Terminal()
    morgan = FakeMorgan()
    morgan.job_steps = [HALF, job(document(1, "ready"), state="done")]

    run(morgan, Console(out=io.StringIO(), err=err))

    redrawn = err.getvalue().split("\r\x1b[K")
    assert any("2/4 files" in line for line in redrawn)
    assert redrawn[-1].startswith("Learned 1 document")
    assert "\n" not in "".join(redrawn[:-1])


@pytest.mark.parametrize(("owner", "said"), [(True, "when it runs again"), (False, "goes on")])
def test_an_interrupted_learn_says_what_happens_now(owner: bool, said: str) -> None:
    err = io.StringIO()
    morgan = FakeMorgan()
    morgan.is_owner = owner
    morgan.job_steps = [HALF]

    async def interrupt() -> None:
        args = Namespace(paths=["a"], watch=False, no_wait=False)
        waiting = asyncio.create_task(learn(morgan, args, Console(out=io.StringIO(), err=err)))  # type: ignore[arg-type]
        await eventually(lambda: morgan.learned)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupt())

    assert said in err.getvalue()

"""A stored answer keeps the names of documents in more places than its citations."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.storage.quotes import answers_quoting
from morgan_core.types import (
    Answer,
    Considered,
    Elsewhere,
    Message,
    Passage,
    Retrieval,
    Scores,
    Source,
    Why,
)

AT = {"page": None, "heading": "", "start": 0, "end": 1, "score": 1.0, "scores": Scores()}
SHOWN = Passage(
    document="d1",
    path="/docs/shown.txt",
    text="x",
    also_in=(Elsewhere(document="d2", path="/docs/copy.txt"),),
    **AT,
)
LEFT_OUT = Considered(
    document="d3",
    path="/docs/left-out.txt",
    start=0,
    end=1,
    score=1.0,
    scores=Scores(),
    fate="beyond",
)
ANSWER = Answer(
    answer="x",
    sources=(Source(n=1, passage=SHOWN),),
    why=Why(retrieval=Retrieval(query="x", considered=(LEFT_OUT,))),
)


@pytest.mark.parametrize("path", ["/docs/shown.txt", "/docs/copy.txt", "/docs/left-out.txt"])
async def test_whoever_forgets_a_document_learns_which_answers_name_it(tmp_path: Path, path: str):
    engine = open_engine(database_url("", tmp_path / "morgan.db"))
    await migrate(engine)
    store = ConversationStore(engine)
    asked, said = (
        Message(
            id=role,
            conversation_id="c",
            turn_id="t",
            role=role,
            text="x",
            state="complete",
            created=0.0,
        )
        for role in ("user", "assistant")
    )
    await store.begin_turn(asked, said, title="Talk")
    await store.update_message("assistant", answer=ANSWER)

    [found] = await answers_quoting(engine, [path])
    none = await answers_quoting(engine, ["/docs/other.txt"])
    await engine.dispose()

    assert (found.turn_id, found.cited, none) == ("t", False, ())

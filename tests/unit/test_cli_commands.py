"""The shell commands: what they ask of Morgan, what they print, how they exit."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from morgan_core.errors import ModelError
from morgan_core.events import Done, Failed, Loading, Queued, Searching, Sources, Token
from morgan_core.types import (
    Answer,
    Citation,
    Conversation,
    Document,
    Elsewhere,
    Folder,
    Health,
    Job,
    Message,
    ModelInfo,
    Passage,
    PastAnswer,
    Proof,
    Scope,
    Scores,
    SearchResponse,
    Sentence,
    Shortfall,
    Source,
    StoreCheck,
)
from morgan_tui.cli.console import Console
from morgan_tui.cli.main import main
from tests.answers import CONFLICT, WHY
from tests.cli_fakes import FakeMorgan

Run = Callable[..., int]


@pytest.fixture
def morgan() -> FakeMorgan:
    return FakeMorgan()


@pytest.fixture
def run(morgan: FakeMorgan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MORGAN_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)

    def command(*argv: str, running: bool = True) -> int:
        async def attach(_: Any) -> FakeMorgan | None:
            return morgan if running else None

        return main(
            [*argv, "--data-dir", str(tmp_path / "data")],
            opener=morgan.opened,  # type: ignore[arg-type]
            attacher=attach,  # type: ignore[arg-type]
        )

    return command


def passage(text: str = "Rent is 900.", path: str = "/docs/lease.pdf") -> Passage:
    return Passage(
        document="d1",
        path=path,
        page=3,
        heading="Rent",
        text=text,
        start=5,
        end=5 + len(text),
        score=0.9,
        scores=Scores(dense=0.8, bm25=4.2, fused=0.9),
    )


def answer(text: str = "It is 900 [1].", **fields: Any) -> Answer:
    citation = Citation(
        n=1,
        document="d1",
        path="/docs/lease.pdf",
        page=3,
        heading="Rent",
        start=5,
        end=17,
        quote="Rent is 900.",
        verified=True,
    )
    given: dict[str, Any] = {
        "citations": (citation,),
        "sentences": (Sentence(start=0, end=len(text), status="supported", citations=(1,)),),
        "grounded": True,
        "conversation_id": "c1",
        "sources": (Source(n=1, passage=passage()),),
    }
    return Answer(answer=text, **(given | fields))


def turn(*texts: str, end: Answer | None = None) -> list[Any]:
    events: list[Any] = [
        Queued(turn_id="t", seq=1, conversation_id="c1"),
        Loading(turn_id="t", seq=2, share=0.5),
        Searching(turn_id="t", seq=3, query="q"),
    ]
    start = 0
    for text in texts:
        events.append(Token(turn_id="t", seq=len(events) + 1, text=text, start=start))
        start += len(text)
    events.append(Done(turn_id="t", seq=len(events) + 1, answer=end or answer("".join(texts))))
    return events


def document(path: str, state: str = "ready", id: str = "d1", **fields: Any) -> Document:
    fields = {"paths": (path,)} | fields
    return Document(id=id, path=path, state=state, passages=4, **fields)  # type: ignore[arg-type]


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(os.fdopen(read, "rb")))


@pytest.fixture(autouse=True)
def no_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115


# --- ask -------------------------------------------------------------------------------


def test_ask_streams_the_answer_and_lists_its_sources(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = turn("It is ", "900 [1].")

    assert run("ask", "How", "much", "is", "it?") == 0

    assert morgan.asked[0]["question"] == "How much is it?"
    assert capsys.readouterr().out == (
        "It is 900 [1].\n\nSources:\n[1] /docs/lease.pdf, page 3, Rent\n    “Rent is 900.”\n"
    )


def test_ask_says_what_was_left_out_and_with_why_all_that_is_known(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = turn("It is 900.", end=answer(why=WHY))

    run("ask", "how", "much?")
    short = capsys.readouterr()
    run("ask", "how", "much?", "--why")
    full = capsys.readouterr()
    run("ask", "how", "much?", "--json")
    as_json = json.loads(capsys.readouterr().out)

    assert "Note: the model read 2 of 3 sources." in short.err
    assert "Relevance" not in short.out
    assert "Relevance 0.91 of at least 0.60" in full.out and "=1" in full.out
    assert as_json["why"]["prompt"]["tokens"] == 900
    assert as_json["why"]["retrieval"]["considered"][2]["fate"] == "duplicate"


def test_ask_json_is_one_object_of_the_promised_shape(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = turn("It is ", "900 [1].")

    assert run("ask", "q", "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert said["answer"] == "It is 900 [1]."
    assert said["grounded"] is True
    assert said["conversation_id"] == "c1"
    assert said["sentences"] == [{"start": 0, "end": 14, "status": "supported", "citations": [1]}]
    assert said["citations"] == [
        {
            "n": 1,
            "document": "d1",
            "path": "/docs/lease.pdf",
            "page": 3,
            "heading": "Rent",
            "place": "",
            "start": 5,
            "end": 17,
            "quote": "Rent is 900.",
            "verified": True,
            "revision": 0,
            "state": "current",
        }
    ]
    assert {"usage", "timings"} <= set(said)


def test_ask_marks_doubtful_sentences_on_a_terminal(
    run: Run,
    morgan: FakeMorgan,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Console, "out_is_terminal", True)
    text = "It is 900 [1]. It is dear. It is blue."
    sentences = (
        Sentence(start=0, end=14, status="supported", citations=(1,)),
        Sentence(start=15, end=26, status="partly"),
        Sentence(start=27, end=38, status="unsupported"),
    )
    morgan.turn = turn(text, end=answer(text, sentences=sentences))

    assert run("ask", "q") == 0

    said = capsys.readouterr().out
    assert "It is 900 [1]. It is dear. ≈ It is blue. ✗" in said
    assert "≈ only partly in your documents   ✗ not in your documents" in said


def test_ask_reads_a_pipe_as_context(
    run: Run, morgan: FakeMorgan, monkeypatch: pytest.MonkeyPatch
) -> None:
    morgan.turn = turn("Yes.")
    pipe(monkeypatch, "Füße\n".encode())

    assert run("ask", "What is this?") == 0

    assert morgan.asked[0]["context"] == "Füße\n"


def test_ask_takes_the_question_from_a_pipe_when_none_is_given(
    run: Run, morgan: FakeMorgan, monkeypatch: pytest.MonkeyPatch
) -> None:
    morgan.turn = turn("Yes.")
    pipe(monkeypatch, b"How much?\n")

    assert run("ask") == 0

    assert morgan.asked[0]["question"] == "How much?"
    assert morgan.asked[0]["context"] == ""


def test_ask_without_a_question_is_a_usage_error(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask") == 2

    assert "no question" in capsys.readouterr().err
    assert not morgan.asked


def test_ask_shows_what_nothing_supports_and_the_nearest_passages(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    lonely = answer(
        "It is 7. Maybe.",
        citations=(),
        sources=(),
        sentences=(Sentence(start=0, end=8, status="unsupported"),),
    )
    morgan.turn = turn("It is 7. Maybe.", end=lonely)
    run("ask", "q")
    assert "Not supported by your documents:\n  It is 7.\n" in capsys.readouterr().out

    refusal = answer(
        "Not in your documents.", citations=(), sentences=(), finish_reason="not_found"
    )
    morgan.turn = turn(end=refusal)
    assert run("ask", "q") == 0
    out = capsys.readouterr().out
    assert out.startswith("Not in your documents.\n\nNearest passages:\n[1] /docs/lease.pdf")


def test_a_refusal_says_why_each_passage_fell_short_and_how_to_ask_the_model_itself(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "holds 1 of the question's 2 words: rent; not: \x1b[2Jboat"
    refusal = answer(
        "Not here.",
        citations=(),
        sentences=(),
        finish_reason="not_found",
        shortfalls=(Shortfall(n=1, held=("rent",), missing=("boat",), reason=reason),),
    )
    morgan.turn = turn(end=refusal)
    morgan.conversations.all["c1"] = conversation_of(2)

    assert run("ask", "the boat's rent?") == 0
    alone = capsys.readouterr()
    assert run("ask", "the rent?", "--last", "--json") == 0
    followed = capsys.readouterr()

    assert "Rent\n    holds 1 of the question's 2 words: rent; not: boat\n    “" in alone.out
    assert "morgan-tui ask --own-knowledge 'the boat'\"'\"'s rent?'\n" in alone.err
    assert json.loads(followed.out)["shortfalls"][0]["missing"] == ["boat"]
    assert "ask --own-knowledge --chat c1 'the rent?'\n" in followed.err


def test_documents_that_disagree_are_told_with_the_answer(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = turn(end=answer(conflicts=(CONFLICT,)))

    assert run("ask", "q") == 0
    told = capsys.readouterr().out
    assert run("ask", "q", "--json") == 0
    data = json.loads(capsys.readouterr().out)

    assert (
        "\nYour documents disagree:\n  [2] new␛[2J.md (2026-03-01) says 14 days; [1] old.md" in told
    )
    [conflict] = data["conflicts"]
    assert conflict["kind"] == "number"
    assert [(s["n"], s["value"], s["sentences"]) for s in conflict["sides"]] == [
        (2, "14 days", []),
        (1, "30 days", [0]),
    ]


def test_a_shown_chat_tells_where_documents_disagree(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation, (question, reply) = conversation_of(2)
    reply = msgspec.structs.replace(reply, answer=answer(conflicts=(CONFLICT,)))
    morgan.conversations.all["c1"] = conversation, (question, reply)

    assert run("chats", "show", "c1") == 0

    shown = capsys.readouterr().out
    assert "Your documents disagree:\n\n- [2] new␛[2J.md (2026-03-01) says 14 days; [1]" in shown


def own_knowledge_turn() -> list[Any]:
    queued = Queued(turn_id="t", seq=1, conversation_id="c1")
    found = Sources(turn_id="t", seq=2, sources=(), relevant=False, own_knowledge=True)
    end = answer(
        "Paris.", citations=(), sentences=(), sources=(), grounded=False, own_knowledge=True
    )
    token, done = turn("Paris.", end=end)[-2:]
    return [queued, found, token, done]


def test_the_models_own_knowledge_is_asked_and_marked(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = own_knowledge_turn()

    assert run("ask", "--own-knowledge", "capital?") == 0
    said = capsys.readouterr()
    assert run("ask", "--own-knowledge", "--json", "capital?") == 0
    as_json = capsys.readouterr()

    assert morgan.asked[0]["scope"] == Scope(own_knowledge=True)
    assert said.out == "From the model's own knowledge, not from your documents:\n\nParis.\n"
    assert json.loads(as_json.out)["own_knowledge"] is True
    assert as_json.err == "From the model's own knowledge, not from your documents.\n"


def test_the_mark_stands_above_what_had_come_of_an_answer_that_broke(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = [*own_knowledge_turn()[:-1], Failed(turn_id="t", seq=4, error="e", message="No.")]

    assert run("ask", "--own-knowledge", "capital?") == 1

    assert capsys.readouterr().out == (
        "From the model's own knowledge, not from your documents:\n\nParis.\n"
    )


@pytest.mark.parametrize("limit", [("--scope", "x"), ("--type", "pdf"), ("--after", "2024")])
def test_own_knowledge_takes_no_limits(
    run: Run, morgan: FakeMorgan, limit: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", "--own-knowledge", *limit, "q") == 2
    assert "nothing to limit" in capsys.readouterr().err and not morgan.asked


def test_a_failed_turn_keeps_what_streamed_and_exits_1(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Failed(
        turn_id="t", seq=9, error="model", message="Out of memory.", details={"mend": "Close apps."}
    )
    morgan.turn = [*turn("It is ")[:-1], failed]

    assert run("ask", "q") == 1

    said = capsys.readouterr()
    assert said.out == "It is \n"
    assert "Out of memory. Close apps." in said.err


def test_an_error_before_the_answer_exits_1_with_its_mend(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.turn = [ModelError("No model.", mend="Pull one.")]

    assert run("ask", "q", "--json") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "morgan-tui: No model. Pull one.\n"


def test_ask_goes_on_with_a_conversation(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    for id, updated in (("abc1", 1.0), ("abd2", 2.0)):
        morgan.conversations.all[id] = (
            Conversation(id=id, title="t", created=0.0, updated=updated),
            (),
        )
    morgan.turn = turn("Yes.")

    assert run("ask", "q", "--last") == 0
    assert run("ask", "q", "--chat", "abc") == 0
    assert [asked["conversation_id"] for asked in morgan.asked] == ["abd2", "abc1"]

    assert run("ask", "q", "--chat", "ab") == 1
    assert "2 conversations begin with 'ab'" in capsys.readouterr().err
    assert run("ask", "q", "--chat", "nope") == 1
    assert run("ask", "q", "--chat", "abc", "--last") == 2


def test_scope_takes_files_and_folders_that_morgan_knows(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = str(tmp_path / "papers" / "a.md")
    morgan.library.documents = (document(inside, id="d7"),)
    morgan.turn = turn("Yes.")

    assert run("ask", "q", "--scope", "papers/a.md") == 0
    assert run("ask", "q", "--scope", "papers/") == 0
    assert run("search", "q", "--scope", str(tmp_path), "--scope", inside) == 0

    papers = str(tmp_path / "papers")
    assert morgan.asked[0]["scope"] == Scope(documents=("d7",), words=("@papers/a.md",))
    assert morgan.asked[1]["scope"] == Scope(folders=(papers,), words=("#papers/",))
    assert morgan.searched[0]["scope"] == Scope(
        documents=("d7",), folders=(str(tmp_path),), words=(f"#{tmp_path}", f"@{inside}")
    )
    assert run("ask", "q", "--scope", "pap") == 1
    assert "knows no document at" in capsys.readouterr().err


def test_the_text_and_the_options_limit_alike(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.library.documents = (document("/p/a.md", id="d7"), document("/p/b.md", id="d8"))
    morgan.turn = turn("Yes.")

    assert run("search", "rent", "in", "@a.md", "type:md") == 0
    assert run("ask", "rent in @a.md", "--type", "md", "--after", "2024") == 0

    searched, asked = morgan.searched[0], morgan.asked[0]
    assert searched["query"] == "rent in"
    assert searched["scope"] == Scope(documents=("d7",), kinds=("md",), words=("@a.md", "type:md"))
    assert asked["question"] == "rent in @a.md"
    assert asked["scope"].words == ("type:md", "after:2024", "@a.md")
    assert run("search", "rent", "@c.md") == 1
    assert "no document 'c.md'" in capsys.readouterr().err
    assert run("ask", "rent", "--before", "soon") == 1
    assert "names no date" in capsys.readouterr().err


def test_search_says_when_the_scope_is_empty(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.found = SearchResponse(query="rent", results=(), took_ms=1.0, empty_scope=True)

    assert run("search", "rent", "after:2024") == 0

    assert "nothing within after:2024" in capsys.readouterr().err


def test_nothing_from_outside_steers_the_terminal(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eabc"
    bad = (
        answer()
        .citations[0]
        .__class__(
            n=1,
            document="d1",
            path=f"/docs/{evil}\n.pdf",
            page=1,
            heading=evil,
            start=0,
            end=1,
            quote=evil,
            verified=False,
        )
    )
    given = answer("x", citations=(bad,))
    # An escape sequence that is split over two tokens must not get through either.
    morgan.turn = turn("x\x1b", "]52;c;ZXZpbA==\x07y" + evil, end=given)
    run("ask", "q")
    morgan.library.documents = (document(f"/docs/{evil}", reason=evil),)
    run("library")
    run("library", "--json")

    said = capsys.readouterr()
    for character in "\x1b\x07\x9b\u202e":
        assert character not in said.out + said.err
    assert "ZXZpbA" not in said.out.partition("Sources")[0]


def test_json_keeps_what_it_escapes(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = "a\x1b\x9b\u202e\U000e0041\U0001f642ü"
    morgan.library.documents = (document(odd),)

    run("library", "--json")

    out = capsys.readouterr().out
    assert json.loads(out)["documents"][0]["path"] == odd
    assert "ü" in out


# --- search ----------------------------------------------------------------------------


def test_search_prints_passages_with_every_score(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.found = SearchResponse(query="rent", results=(passage("Rent\nis 900."),), took_ms=2.0)

    assert run("search", "rent", "due", "--limit", "3") == 0

    assert morgan.searched == [{"query": "rent due", "limit": 3, "scope": None}]
    assert capsys.readouterr().out == (
        "1. /docs/lease.pdf, page 3, Rent  (score 0.900, dense 0.800, bm25 4.200)\n"
        "   Rent\n   is 900.\n\n"
    )


def test_search_names_the_other_documents_that_hold_the_text(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Elsewhere(document="d2", path="/old/\x1b[2Jlease.pdf")
    found = msgspec.structs.replace(passage("Rent is 900."), also_in=(copy,))
    morgan.found = SearchResponse(query="rent", results=(found,), took_ms=2.0)

    run("search", "rent")

    out = capsys.readouterr().out
    assert "\n   also in /old/" in out and "\x1b" not in out


def test_search_json_has_the_promised_shape(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.found = SearchResponse(query="rent", results=(passage(),), took_ms=2.0, words_only=True)

    assert run("--json", "search", "rent") == 0

    said = capsys.readouterr()
    found = json.loads(said.out)
    assert set(found) >= {"query", "results", "took_ms"}
    assert set(found["results"][0]) >= {
        *("document", "path", "page", "heading", "text", "start", "end", "score", "scores")
    }
    assert set(found["results"][0]["scores"]) >= {"dense", "bm25", "fused", "rerank"}
    assert "words alone" in said.err
    assert morgan.searched[0]["limit"] == 7


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001"])
def test_an_impossible_limit_is_a_usage_error(run: Run, limit: str) -> None:
    assert run("search", "q", "--limit", limit) == 2


# --- learn, forget ---------------------------------------------------------------------


def job(state: str, *documents: Document, **fields: Any) -> Job:
    return Job(id="j", kind="learn", state=state, documents=documents, **fields)  # type: ignore[arg-type]


def test_learn_waits_until_everything_is_ready(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "a.md")
    morgan.job_steps = [
        job("running", document(path, "waiting")),
        job("findable", document(path, "findable")),
        job("done", document(path, "ready")),
    ]

    assert run("learn", "a.md", "--watch") == 0

    assert morgan.learned == [([path], True)]
    assert morgan.job_steps == []
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"ready  {path} (4 passages)\nLearned 1 document, 4 passages.\n"


def test_urls_are_given_on_as_they_are(run: Run, morgan: FakeMorgan, tmp_path: Path) -> None:
    url = "https://example.org/a"
    morgan.job_steps = [job("done", document(url)), job("done")]

    assert run("learn", url, "a.md") == 0
    assert run("forget", url) == 0

    assert morgan.learned == [([url, str(tmp_path / "a.md")], False)]
    assert morgan.forgotten == [[url]]


def test_learn_no_wait_ends_when_words_find_everything(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "a.md")
    morgan.job_steps = [job("running"), job("findable", document(path, "findable"))]

    assert run("learn", "a.md", "--no-wait") == 0

    assert "their vectors follow" in capsys.readouterr().err


def test_learn_ends_although_no_change_arrives(run: Run, morgan: FakeMorgan) -> None:
    morgan.silent_changes = True
    morgan.job_steps = [job("running"), job("done", document("/x"))]

    assert run("learn", "x") == 0


def test_a_named_file_that_fails_is_listed_and_exits_1(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = str(tmp_path / "bad.pdf"), str(tmp_path / "good.md")
    documents = (document(bad, "failed", reason="It is encrypted."), document(good, id="d2"))
    morgan.job_steps = [job("running"), job("done", *documents)]

    assert run("learn", "bad.pdf", "good.md", "--json") == 1

    said = capsys.readouterr()
    assert f"failed  {bad}: It is encrypted." in said.err
    assert "Learned 1 document" in said.err
    assert json.loads(said.out.splitlines()[-1])["state"] == "done"


def test_a_failure_inside_a_named_folder_is_listed_only(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = str(tmp_path / "f" / "bad.pdf"), str(tmp_path / "f" / "good.md")
    documents = (document(bad, "failed", reason="Damaged."), document(good, id="d2"))
    morgan.job_steps = [job("done", *documents, skipped={str(tmp_path / "f" / "x.bin"): "binary"})]

    assert run("learn", "f") == 0

    err = capsys.readouterr().err
    assert "Damaged." in err
    assert "x.bin: binary" in err


def test_a_named_path_that_is_skipped_exits_1(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.job_steps = [job("done", skipped={str(tmp_path / "nope"): "does not exist"})]

    assert run("learn", "nope") == 1

    assert "does not exist" in capsys.readouterr().err


def test_forget_takes_paths_and_ids(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.library.documents = (document("/x", id="d7"),)
    morgan.job_steps = [Job(id="j", kind="forget", state="done", documents=(document("/x"),))]

    assert run("forget", "d7", "a.md") == 0

    assert morgan.forgotten == [["d7", str(tmp_path / "a.md")]]
    assert "Forgot 1 document." in capsys.readouterr().err


def test_forget_prove_forgets_first_and_looks_for_paths_and_ids(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, copy = str(tmp_path / "a.md"), str(tmp_path / "copy" / "a.md")
    shared = document(str(tmp_path / "b.md"), id="d2", paths=(str(tmp_path / "b.md"), copy))
    morgan.library.documents = (document(path, id="d1"), shared, document("/else", id="d3"))
    morgan.job_steps = [Job(id="j", kind="forget", state="done", documents=(document(path),))]

    assert run("forget", "--prove", "a.md", "b.md") == 0

    assert morgan.forgotten == [[path, str(tmp_path / "b.md")]]
    assert morgan.proved == [[path, str(tmp_path / "b.md"), "d1"]]
    said = capsys.readouterr()
    assert "Nothing is left." in said.out
    assert f"The same content stays in the library as {copy}." in said.err


def test_forget_prove_of_a_forgotten_path_only_looks(
    run: Run, morgan: FakeMorgan, tmp_path: Path
) -> None:
    assert run("forget", "--prove", "gone.md") == 0

    assert morgan.forgotten == []
    assert morgan.proved == [[str(tmp_path / "gone.md")]]


def test_forget_prove_lists_what_is_left_and_which_answers_quote_it(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = PastAnswer(
        conversation_id="c7",
        title="The flat",
        turn_id="t",
        question="When does the lease end?\x1b[2J",
        asked=1_700_000_000.0,
        cited=True,
    )
    morgan.proof = Proof(
        paths=(),
        clean=False,
        checks=(StoreCheck(store="texts", looked_at=1200, left=1, examples=("ab12",)),),
        answers=(answer,),
        notes=("Morgan never touches the file itself.",),
    )

    assert run("forget", "--prove", "gone.md") == 1

    said = capsys.readouterr()
    assert "1,200" in said.out and "left: ab12" in said.out
    assert "cites it: When does the lease end?" in said.out and "\x1b" not in said.out
    assert "Something is left." in said.out
    assert "never touches the file" in said.err and "chats delete c7" in said.err

    assert run("forget", "--prove", "gone.md", "--json") == 1
    assert json.loads(capsys.readouterr().out)["answers"][0]["conversation_id"] == "c7"


# --- library, watch, chats, models -----------------------------------------------------


def test_library_lists_every_document_with_its_reason(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.library.documents = (
        document("/b", "failed", reason="It is encrypted."),
        document("/a", "ready"),
    )
    morgan.library.folders = (Folder(path="/f", state="offline", reason="unmounted"),)

    assert run("library") == 0

    rows = capsys.readouterr().out.splitlines()
    assert [row.split() for row in rows] == [
        ["ready", "4", "/a"],
        ["failed", "4", "/b", "It", "is", "encrypted."],
        ["offline", "0", "/f/", "unmounted"],
    ]


def test_the_library_is_paused_and_resumed(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("library", "pause") == 0
    assert "paused" in capsys.readouterr().err
    run("library")
    assert "morgan-tui library resume" in capsys.readouterr().err
    assert run("library", "resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["paused"] is False


def test_library_json_has_the_promised_shape(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.library.documents = (document("/a"),)

    run("library", "--json")

    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"documents", "folders", "counts"}
    assert set(said["documents"][0]) >= {
        *("id", "path", "paths", "state", "reason", "passages", "bytes", "modified")
    }


def test_watch_adds_lists_and_removes(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("watch", "add", "one", "two") == 0
    assert run("watch", "remove", "one", "--forget") == 0
    assert run("watch", "remove", "nope") == 1
    capsys.readouterr()

    assert run("watch", "list", "--json") == 0

    listed = json.loads(capsys.readouterr().out)["folders"]
    assert [folder["path"] for folder in listed] == [str(tmp_path / "two")]
    assert morgan.watches.forgot == [str(tmp_path / "one")]


def conversation_of(count: int) -> tuple[Conversation, tuple[Message, ...]]:
    messages = tuple(
        Message(
            id=f"m{n}",
            conversation_id="c1",
            turn_id=f"t{n // 2}",
            role="assistant" if n % 2 else "user",
            text=f"message {n}",
            state="complete",
            created=float(n),
            answer=answer() if n == 1 else None,
        )
        for n in range(count)
    )
    return Conversation(id="c1", title="Lease", created=0.0, updated=0.0), messages


def test_a_shown_chat_tells_what_became_of_its_citations(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation, messages = conversation_of(2)
    gone = msgspec.structs.replace(answer().citations[0], state="gone")
    told = msgspec.structs.replace(messages[1], answer=answer(citations=(gone,)))
    morgan.conversations.all["c1"] = conversation, (messages[0], told)

    assert run("chats", "show", "c1") == 0

    assert "[1] /docs/lease.pdf, page 3, Rent (no longer in the library)" in capsys.readouterr().out


def test_chats_are_listed_shown_searched_exported_and_deleted(
    run: Run, morgan: FakeMorgan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.conversations.all["c1"] = conversation_of(450)

    assert run("chats", "list") == 0
    assert "Lease" in capsys.readouterr().out

    assert run("chats", "show", "c1", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [m["text"] for m in shown["messages"]] == [f"message {n}" for n in range(450)]

    assert run("chats", "show", "c1", "--why") == 0
    assert "### Why this answer\n\n    Nothing was recorded" in capsys.readouterr().out

    assert run("chats", "search", "message", "449", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["messages"]) == 1
    assert run("search", "--chats", "message 449") == 0
    assert "message 449" in capsys.readouterr().out

    assert run("chats", "export", "c1", "-o", "lease.md") == 0
    text = (tmp_path / "lease.md").read_text()
    assert text.startswith("# Lease\n")
    assert "## Morgan\n\nmessage 1\n\n- [1] /docs/lease.pdf, page 3, Rent\n" in text

    assert run("chats", "delete", "c1") == 0
    assert not morgan.conversations.all
    assert run("chats", "show", "c1") == 1


def test_a_shown_chat_marks_own_knowledge_and_says_why_passages_fell_short(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = answer(
        "Not here.", citations=(), shortfalls=(Shortfall(n=1, reason="holds none of: boat"),)
    )
    own = answer("Paris.", citations=(), sources=(), own_knowledge=True)
    conversation, (first, second, third, fourth) = conversation_of(4)
    second = msgspec.structs.replace(second, text="Not here.", answer=refusal)
    fourth = msgspec.structs.replace(fourth, text="Paris.", answer=own)
    morgan.conversations.all["c1"] = conversation, (first, second, third, fourth)

    assert run("chats", "show", "c1") == 0

    shown = capsys.readouterr().out
    assert "Not here.\n\n- [1] /docs/lease.pdf, page 3, Rent: holds none of: boat\n" in shown
    assert "_From the model's own knowledge, not from your documents:_\n\nParis.\n" in shown


def test_models_are_listed_used_tested_and_pulled(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    good = ModelInfo(name="good", role="chat", state="active", size=145_000_000, context=8192)
    bad = ModelInfo(name="bad", role="chat", state="failed", reason="Not a GGUF.")
    morgan.models.all = {"good": good, "bad": bad}

    assert run("models", "list") == 0
    assert "active       chat         145 MB     8192 tokens  good" in capsys.readouterr().out
    assert run("models", "use", "good") == 0
    assert run("models", "use", "nope") == 1
    assert run("models", "test", "good") == 0
    assert run("models", "pull", "good") == 0
    capsys.readouterr()
    assert run("models", "test", "bad", "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["reason"] == "Not a GGUF."
    assert "Not a GGUF." in said.err


# --- health, exit codes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("degraded", 0), ("starting", 3), ("error", 3)]
)
def test_health_exits_3_unless_questions_are_answered(
    run: Run, morgan: FakeMorgan, status: Any, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    morgan.state = Health(status=status, components={"llm": "ok"}, version="1", uptime_seconds=2)

    assert run("health", "--json") == code

    assert json.loads(capsys.readouterr().out)["status"] == status
    assert morgan.closed


def test_health_starts_nothing(
    run: Run, morgan: FakeMorgan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("health", running=False) == 3

    assert "No Morgan is running" in capsys.readouterr().err
    assert not hasattr(morgan, "opened_with")


def test_connect_names_the_server(run: Run, morgan: FakeMorgan) -> None:
    assert run("library", "--connect", "http://node:8080") == 0
    assert morgan.opened_with["connect"] == "http://node:8080"
    assert run("--connect", "http://node:8080", "health") == 0


@pytest.mark.parametrize(
    "argv",
    [
        ["bogus"],
        ["--bogus"],
        ["learn"],
        ["search"],
        ["--headless", "ask", "q"],
        ["ask", "q", "--host", "x"],
        ["serve", "--port", "99999"],
        ["--json"],
        ["watch", "add"],
        ["doctor", "--connect", "http://x"],
    ],
)
def test_what_cannot_be_understood_exits_2(
    run: Run, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == 2
    assert capsys.readouterr().err


def test_a_wrong_setting_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MORGAN_PORT", "many")

    assert run("doctor") == 3
    assert run("serve") == 1

    assert "MORGAN_PORT" in capsys.readouterr().err


def test_the_core_is_closed_after_every_command(run: Run, morgan: FakeMorgan) -> None:
    morgan.turn = [ModelError("No.")]

    run("ask", "q")

    assert morgan.closed

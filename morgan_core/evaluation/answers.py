"""Answers of the chat model to questions whose answers are known, by the product's own turns."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from morgan_core.chat.turns import Turns
from morgan_core.errors import error_from
from morgan_core.evaluation import estimates
from morgan_core.evaluation.answer_text import contains, exact_match, f1
from morgan_core.evaluation.estimates import Estimate
from morgan_core.evaluation.progress import OnProgress, Progress
from morgan_core.evaluation.shelf import Shelf, document_id, throw_away_folder
from morgan_core.evaluation.squad import Question, QuestionFile
from morgan_core.events import Done, Failed
from morgan_core.llm.base import ChatModel
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Answer, Record, SentenceStatus


class CheckedSentence(Record, frozen=True, kw_only=True):
    """A sentence of an answer, its verdict, and the quotes that it cites, for reading by eye."""

    text: str
    status: SentenceStatus
    quotes: tuple[str, ...]


class AnswerRecord(Record, frozen=True, kw_only=True):
    """One question and what came of it. ``citations`` counts passages that the answer cites;
    ``to_gold`` of these hold a known answer or reach into the question's paragraph."""

    question: str
    known: tuple[str, ...]
    answer: str
    refused: bool
    exact: float
    f1: float
    contains: bool
    citations: int
    to_gold: int
    sentences: tuple[CheckedSentence, ...]
    seconds: float


class AnswersReport(Record, frozen=True, kw_only=True):
    """Over ``asked`` answerable questions, refused ones counting 0 in exact match and F1.

    ``citation_precision`` is the share of cited passages that hold a known answer or belong to
    the question's paragraph, ``citation_recall`` the share of answers with a known answer in them
    that cite such a passage. ``supported``, ``partly`` and ``unsupported`` are shares of all
    sentences.
    """

    model: str
    asked: int
    refused: int
    exact: Estimate
    f1: Estimate
    contains: Estimate
    citation_precision: Estimate
    citation_recall: Estimate
    sentences: int
    supported: float
    partly: float
    unsupported: float
    records: tuple[AnswerRecord, ...]


async def evaluate_answers(
    file: QuestionFile,
    shelf: Shelf,
    model: ChatModel,
    settings: Settings,
    paths: Paths,
    *,
    number: int,
    seed: int,
    on_progress: OnProgress,
) -> AnswersReport:
    """Ask ``number`` answerable questions, drawn with ``seed``. Raises the error of a turn that
    failed."""
    answerable = [question for question in file.questions if question.answers]
    drawn = random.Random(seed).sample(answerable, min(number, len(answerable)))
    records = []
    async with _open_turns(shelf, settings, paths, model) as turns:
        for done, question in enumerate(drawn, start=1):
            began = time.monotonic()
            answer = await _answer(turns, question.text)
            records.append(_record(question, answer, time.monotonic() - began))
            on_progress(Progress(step="Answering", done=done, total=len(drawn)))
    return _report(model.info.name, records, seed)


@asynccontextmanager
async def _open_turns(
    shelf: Shelf, settings: Settings, paths: Paths, model: ChatModel
) -> AsyncIterator[Turns]:
    """Turns over the shelf, with conversations that are thrown away."""
    with throw_away_folder(paths) as folder:
        engine = await asyncio.to_thread(open_engine, database_url("", folder / "answers.db"))
        try:
            await migrate(engine)
            turns = Turns(
                store=ConversationStore(engine),
                journal=folder / "journal",
                searcher=shelf.searcher,
                model=lambda: model,
                settings=settings,
            )
            try:
                yield turns
            finally:
                await turns.leave()
        finally:
            await engine.dispose()


async def _answer(turns: Turns, question: str) -> Answer:
    turn = await turns.begin(question, conversation_id=None, scope=None, context="", turn_id=None)
    async with aclosing(turn.stream(after_seq=0, detached=False)) as events:
        async for event in events:
            if isinstance(event, Failed):
                raise error_from(event.error, event.message, event.details)
            if isinstance(event, Done):
                return event.answer
    raise RuntimeError("a turn ended without an answer")


def _record(question: Question, answer: Answer, seconds: float) -> AnswerRecord:
    refused = answer.finish_reason == "not_found"
    cited = {citation.n: citation for citation in answer.citations}
    passages = [source.passage for source in answer.sources if source.n in cited]
    gold = [
        contains(passage.text, question.answers)
        or (
            passage.document == document_id(question.article)
            and passage.start < question.end
            and question.start < passage.end
        )
        for passage in passages
    ]
    return AnswerRecord(
        question=question.text,
        known=question.answers,
        answer=answer.answer,
        refused=refused,
        exact=0.0 if refused else exact_match(answer.answer, question.answers),
        f1=0.0 if refused else f1(answer.answer, question.answers),
        contains=not refused and contains(answer.answer, question.answers),
        citations=len(gold),
        to_gold=sum(gold),
        sentences=tuple(
            CheckedSentence(
                text=answer.answer[sentence.start : sentence.end],
                status=sentence.status,
                quotes=tuple(cited[n].quote for n in sentence.citations if n in cited),
            )
            for sentence in answer.sentences
        ),
        seconds=round(seconds, 3),
    )


def _report(model: str, records: Sequence[AnswerRecord], seed: int) -> AnswersReport:
    statuses = [sentence.status for record in records for sentence in record.sentences]
    cited = [
        gold for r in records for gold in [1.0] * r.to_gold + [0.0] * (r.citations - r.to_gold)
    ]
    told = [float(record.to_gold > 0) for record in records if record.contains]

    def share(status: SentenceStatus) -> float:
        return round(statuses.count(status) / len(statuses), 6) if statuses else 0.0

    return AnswersReport(
        model=model,
        asked=len(records),
        refused=sum(record.refused for record in records),
        exact=estimates.mean([record.exact for record in records], seed=seed),
        f1=estimates.mean([record.f1 for record in records], seed=seed),
        contains=estimates.mean([float(record.contains) for record in records], seed=seed),
        citation_precision=estimates.mean(cited, seed=seed),
        citation_recall=estimates.mean(told, seed=seed),
        sentences=len(statuses),
        supported=share("supported"),
        partly=share("partly"),
        unsupported=share("unsupported"),
        records=tuple(records),
    )

"""A library of articles and questions: what is found, and what is refused.

Refusal is measured by leaving articles out: each question is asked once of the whole library and
once of the library without its article, where it must be refused. Both are searches of one index,
the second limited to the other articles; the words' weights stay those of the whole library. That
makes no difference to the shipped signal (AUROC .981 where the article is left out of the weights
too, .980 here), which weighs words among the candidates. It flatters signals made of BM25 scores:
the best score per term beside the best cosine has .985 here and .980 there, a logistic regression
over such features .994 and .982. So judge those on an index that never held the article.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from morgan_core.embedding.base import Embedder
from morgan_core.evaluation import estimates
from morgan_core.evaluation.answer_text import contains
from morgan_core.evaluation.answers import AnswersReport, evaluate_answers
from morgan_core.evaluation.estimates import Estimate
from morgan_core.evaluation.progress import OnProgress, Progress, unseen
from morgan_core.evaluation.retrieval import configuration_of
from morgan_core.evaluation.shelf import Shelf, document_id, open_shelf, search
from morgan_core.evaluation.squad import Question, QuestionFile
from morgan_core.llm.base import ChatModel
from morgan_core.llm.factory import make_chat_model
from morgan_core.paths import Paths
from morgan_core.retrieval.relevance import THRESHOLD, is_relevant, relevance
from morgan_core.settings import Settings
from morgan_core.types import Passage, Record, Scope

RANKS = (1, 3, 5)


class Found(Record, frozen=True, kw_only=True):
    """Of the answerable questions: how many have a passage of their paragraph (``hit``), or one
    that holds a known answer (``answer``), among the first k passages, by k."""

    hit: dict[str, Estimate]
    answer: dict[str, Estimate]


class Refusal(Record, frozen=True, kw_only=True):
    """How well the relevance signal tells what the library holds, at the shipped ``threshold``.

    ``left_out_auroc``: answerable questions against all questions whose article was left out.
    ``left_out_refused`` of these are refused, which is the recall; ``precision`` is their share
    of all that is refused. ``answerable_refused`` are refused wrongly. ``unanswerable_…``:
    questions whose paragraph is there but does not hold the answer.
    """

    threshold: float
    left_out_auroc: Estimate
    left_out_refused: Estimate
    answerable_refused: Estimate
    precision: float
    unanswerable_auroc: Estimate
    unanswerable_refused: Estimate


class QuestionsReport(Record, frozen=True, kw_only=True):
    """``eval --squad --json``. ``refusal`` is None for a file of one article, ``answers`` when
    none were asked for."""

    file: str
    articles: int
    paragraphs: int
    passages: int
    questions: int
    answerable: int
    stages: dict[str, Found]
    refusal: Refusal | None
    answers: AnswersReport | None
    seconds: float
    vectors: dict[str, int]
    configuration: dict[str, Any]


class _Found(NamedTuple):
    """A passage: its document, and its span in the document's text."""

    document: str
    start: int
    end: int
    text: str


class _Asked(Record, frozen=True, kw_only=True):
    """What one question found: for each stage the rank of the first passage of its paragraph and
    that of the first with the answer (0: none), and the relevance with and without its article."""

    question: Question
    hits: dict[str, tuple[int, int]]
    signal: float
    refused: bool
    signal_without: float = 0.0
    refused_without: bool = False


async def evaluate_questions(
    file: QuestionFile,
    settings: Settings,
    paths: Paths,
    *,
    answers: int = 0,
    embedder: Embedder | None = None,
    model: ChatModel | None = None,
    seed: int = estimates.SEED,
    on_progress: OnProgress = unseen,
) -> QuestionsReport:
    """Ask every question of ``file``; let the chat model answer ``answers`` of them.
    ``embedder`` and ``model`` stand in for those of the settings.

    Raises MorganError when a model fails.
    """
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        if answers:
            model = model or make_chat_model(settings, paths)
            stack.push_async_callback(model.close)
            await model.load()  # one that cannot answer is told of now, not after the questions
        shelf = await stack.enter_async_context(open_shelf(settings, paths, embedder=embedder))
        await shelf.fill(file.articles, len(file.articles), on_progress)
        await shelf.embed_queries([q.text for q in file.questions], on_progress)
        asked = []
        for done, question in enumerate(file.questions, start=1):
            asked.append(await _ask(shelf, file, question, settings.max_sources))
            on_progress(Progress(step="Asking", done=done, total=len(file.questions)))
        generated = None
        if answers and model is not None:
            generated = await evaluate_answers(
                file,
                shelf,
                model,
                settings,
                paths,
                number=answers,
                seed=seed,
                on_progress=on_progress,
            )
        answerable = [one for one in asked if one.question.answers]
        return QuestionsReport(
            file=file.name,
            articles=len(file.articles),
            paragraphs=file.paragraphs,
            passages=shelf.passages,
            questions=len(file.questions),
            answerable=len(answerable),
            stages=_stages(answerable, seed),
            refusal=_refusal(asked, seed) if len(file.articles) > 1 else None,
            answers=generated,
            seconds=round(time.monotonic() - began, 3),
            vectors=shelf.vector_counts,
            configuration=configuration_of(settings, shelf, seed),
        )


async def _ask(shelf: Shelf, file: QuestionFile, question: Question, sources: int) -> _Asked:
    deepest = max(RANKS)
    found = await search(shelf.searcher, question.text, max(sources, deepest))
    hits = {}
    if question.answers:
        best = [_Found(p.document, p.start, p.end, p.text) for p in found.results[:deepest]]
        hits = {**await _halves(shelf, question, deepest), "fused": _ranks(question, best)}
    signal, refused = _decide(question, found.results[:sources])
    others = tuple(document_id(a.id) for a in file.articles if a.id != question.article)
    if not others:
        return _Asked(question=question, hits=hits, signal=signal, refused=refused)
    scope = Scope(documents=others)
    without = await search(shelf.searcher, question.text, sources, scope)
    signal_without, refused_without = _decide(question, without.results)
    return _Asked(
        question=question,
        hits=hits,
        signal=signal,
        refused=refused,
        signal_without=signal_without,
        refused_without=refused_without,
    )


def _decide(question: Question, passages: Sequence[Passage]) -> tuple[float, bool]:
    return (
        relevance(question.text, passages),
        not is_relevant(question.text, passages, words_only=False),
    )


async def _halves(shelf: Shelf, question: Question, deepest: int) -> dict[str, tuple[int, int]]:
    vector = await shelf.embedder.embed([question.text], "query")
    candidates = await shelf.query(question.text, vector, limit=deepest)
    hits = {}
    for name, half in (("dense", candidates.dense), ("bm25", candidates.bm25)):
        chunks = await shelf.chunks([one.id for one in half])
        found = [_Found(c.document_id, c.start, c.end, c.text) for c in chunks]
        hits[name] = _ranks(question, found)
    return hits


def _ranks(question: Question, found: Sequence[_Found]) -> tuple[int, int]:
    """The rank of the first passage that reaches into the question's paragraph, and of the first
    of its article that holds an answer; 0 without one."""
    article = document_id(question.article)
    inside = [one.document == article for one in found]
    hit = (
        at
        for at, one in enumerate(found, start=1)
        if inside[at - 1] and one.start < question.end and question.start < one.end
    )
    answer = (
        at
        for at, one in enumerate(found, start=1)
        if inside[at - 1] and contains(one.text, question.answers)
    )
    return next(hit, 0), next(answer, 0)


def _stages(answerable: Sequence[_Asked], seed: int) -> dict[str, Found]:
    def within(stage: str, which: int) -> dict[str, Estimate]:
        ranks = [one.hits[stage][which] for one in answerable]
        return {
            str(k): estimates.mean([float(0 < rank <= k) for rank in ranks], seed=seed)
            for k in RANKS
        }

    names = answerable[0].hits if answerable else ()
    return {name: Found(hit=within(name, 0), answer=within(name, 1)) for name in names}


def _refusal(asked: Sequence[_Asked], seed: int) -> Refusal:
    answerable = [one for one in asked if one.question.answers]
    others = [one for one in asked if not one.question.answers]
    known = [one.signal for one in answerable]
    left_out = sum(one.refused_without for one in asked)
    wrongly = sum(one.refused for one in answerable)

    def share(refused: Iterable[bool]) -> Estimate:
        return estimates.mean([float(one) for one in refused], seed=seed)

    return Refusal(
        threshold=THRESHOLD,
        left_out_auroc=estimates.auroc_estimate(
            known, [one.signal_without for one in asked], seed=seed
        ),
        left_out_refused=share(one.refused_without for one in asked),
        answerable_refused=share(one.refused for one in answerable),
        precision=round(left_out / max(left_out + wrongly, 1), 6),
        unanswerable_auroc=estimates.auroc_estimate(
            known, [one.signal for one in others], seed=seed
        ),
        unanswerable_refused=share(one.refused for one in others),
    )

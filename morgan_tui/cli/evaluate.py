"""``eval``: how good search and answers are, on judged data or on documents of one's own."""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morgan_core.errors import NotFound
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.cli.progress import bar
from morgan_tui.cli.scope import absolute
from morgan_tui.text import duration

if TYPE_CHECKING:
    from morgan_core.evaluation.estimates import Estimate
    from morgan_core.evaluation.own import OwnReport
    from morgan_core.evaluation.progress import Progress
    from morgan_core.evaluation.questions import QuestionsReport
    from morgan_core.evaluation.retrieval import RetrievalReport
    from morgan_core.paths import Paths
    from morgan_core.settings import Settings

USAGE = 2
_SAY_EVERY = 10.0


async def evaluate(args: Namespace, paths: Paths, console: Console) -> int:
    """Measure, print the report, return the exit code: 2 when what is to be measured is not
    there, MorganError for what breaks on the way."""
    from morgan_core.settings import load_settings

    if refused := _misused(args):
        console.say(f"morgan-tui: {refused}")
        return USAGE
    settings = load_settings(paths, flags={"llm_model": args.model}).values
    run = _beir if args.beir else _squad if args.squad else _own
    try:
        await run(args, settings, paths, console)
    except NotFound as error:
        console.say(f"morgan-tui: {error}")
        return USAGE
    except asyncio.CancelledError:
        # Vectors of one's own documents are the exception: nothing of those is kept.
        if not args.folder:
            console.say("Stopped. What was embedded is kept: the same command goes on from there.")
        raise
    finally:
        console.clear()
    return 0


def _misused(args: Namespace) -> str:
    """Options that belong to another kind of evaluation."""
    if args.split and not args.beir:
        return "--split goes with --beir."
    if args.answers and not args.squad:
        return "--answers goes with --squad."
    if args.model and not args.answers:
        return "--model goes with --answers: nothing else here needs a chat model."
    if args.queries and not args.folder:
        return "--queries goes with a FOLDER of your own."
    return ""


async def _beir(args: Namespace, settings: Settings, paths: Paths, console: Console) -> None:
    from morgan_core.evaluation.beir import open_collection
    from morgan_core.evaluation.retrieval import evaluate_retrieval

    console.live("Reading the collection…")
    collection = open_collection(Path(args.beir), args.split or "")
    report = await evaluate_retrieval(
        collection, settings, paths, on_progress=Narrator(console).tell
    )
    if console.as_json:
        console.json(report)
    else:
        _show_retrieval(report, console)


async def _squad(args: Namespace, settings: Settings, paths: Paths, console: Console) -> None:
    from morgan_core.evaluation.questions import evaluate_questions
    from morgan_core.evaluation.squad import read_questions

    file = read_questions(Path(args.squad))
    report = await evaluate_questions(
        file, settings, paths, answers=args.answers or 0, on_progress=Narrator(console).tell
    )
    if console.as_json:
        console.json(report)
    else:
        _show_questions(report, console)


async def _own(args: Namespace, settings: Settings, paths: Paths, console: Console) -> None:
    from morgan_core.evaluation.own import QUERIES, evaluate_own

    folder = Path(absolute(args.folder))
    if not folder.exists():
        raise NotFound(f"There is no folder {folder}.", mend="Name a folder of documents.")
    report = await evaluate_own(
        folder,
        settings,
        paths,
        queries=args.queries or QUERIES,
        on_progress=Narrator(console).tell,
    )
    if console.as_json:
        console.json(report)
    else:
        _show_own(report, console)


def _show_retrieval(report: RetrievalReport, console: Console) -> None:
    console.line(
        f"{name(report.collection)} ({name(report.split)}): {report.queries:,} queries, "
        f"{report.documents:,} documents in {report.passages:,} passages, "
        f"{report.configuration['embedder']}"
    )
    console.line()
    rows = [
        (stage, str(found.ndcg_at_10), str(found.recall_at_100), str(found.mrr_at_10))
        for stage, found in report.stages.items()
    ]
    table(("", "nDCG@10", "recall@100", "MRR@10"), rows, console)
    console.line()
    console.line(f"nDCG@10 over the better half: {signed(report.gain)}")
    for what, count in report.left_out.items():
        if count and what != "queries_without_relevant_document":
            console.say(f"{what.replace('_', ' ')}: {count:,}")
    console.say(_took(report.seconds, report.vectors))


def _show_questions(report: QuestionsReport, console: Console) -> None:
    console.line(
        f"{name(report.file)}: {report.articles:,} articles in {report.passages:,} passages, "
        f"{report.answerable:,} of {report.questions:,} questions answerable, "
        f"{report.configuration['embedder']}"
    )
    console.line()
    columns = [("hit", k) for k in ("1", "3", "5")] + [("answer", k) for k in ("1", "3", "5")]
    rows = [
        (stage, *(f"{getattr(found, what)[k].mean:.3f}" for what, k in columns))
        for stage, found in report.stages.items()
    ]
    table(("", *(f"{what}@{k}" for what, k in columns)), rows, console)
    if found := report.refusal:
        console.line()
        rows = [
            ("article left out", str(found.left_out_refused), str(found.left_out_auroc)),
            (
                "paragraph without the answer",
                str(found.unanswerable_refused),
                str(found.unanswerable_auroc),
            ),
            ("answerable", str(found.answerable_refused), ""),
        ]
        table(("questions", f"refused at {found.threshold:g}", "AUROC"), rows, console)
        console.line(f"precision of refusal: {found.precision:.3f}")
    if answers := report.answers:
        console.line()
        console.line(
            f"{name(answers.model)}, {answers.asked:,} answers, {answers.refused:,} refused"
        )
        rows = [
            ("exact match", str(answers.exact)),
            ("F1", str(answers.f1)),
            ("holds a known answer", str(answers.contains)),
            ("citation precision", str(answers.citation_precision)),
            ("citation recall", str(answers.citation_recall)),
            (
                f"of {answers.sentences:,} sentences",
                f"✓ {answers.supported:.3f}  ≈ {answers.partly:.3f}  ✗ {answers.unsupported:.3f}",
            ),
        ]
        table(("", ""), rows, console)
    console.say(_took(report.seconds, report.vectors))


def _show_own(report: OwnReport, console: Console) -> None:
    console.line(
        f"{name(report.folder)}: {counted(report.documents, 'document')} in "
        f"{report.passages:,} passages, {report.queries:,} made-up queries, "
        f"{report.configuration['embedder']}"
    )
    console.line()
    rows = [
        (
            kind,
            f"{found.queries:,}",
            *(f"{found.document[k].mean:.3f}" for k in found.document),
            *(f"{found.passage[k].mean:.3f}" for k in found.passage),
            str(found.mrr_at_10),
        )
        for kind, found in report.found.items()
    ]
    ranks = list(report.found["all"].document)
    head = ("", "queries", *(f"doc@{k}" for k in ranks), *(f"passage@{k}" for k in ranks), "MRR@10")
    table(head, rows, console)
    console.line()
    console.line(report.note)
    if report.failed:
        console.say(f"{counted(report.failed, 'document')} could not be read.")
    console.say(_took(report.seconds, report.vectors))


def _took(seconds: float, vectors: dict[str, int]) -> str:
    return (
        f"Took {duration(seconds)}; vectors: reused {vectors['reused']:,}, "
        f"embedded {vectors['embedded']:,}."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Columns as wide as their widest cell, the first to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [f"{row[0]:<{widths[0]}}"]
        cells += [f"{cell:<{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        console.line("  ".join(cells).rstrip())


def signed(found: Estimate) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


class Narrator:
    """Tells how far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = ""
        self._began = self._said = time.monotonic()

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.step != self._step:
            self._step, self._began = progress.step, now
        line = self._line(progress, now - self._began)
        if self._console.is_live:
            self._console.live(line)
        elif now - self._said >= _SAY_EVERY:
            self._said = now
            self._console.say(line)

    def _line(self, progress: Progress, seconds: float) -> str:
        if not progress.total:
            return f"{progress.step}… {progress.done:,}"
        parts = [
            f"{progress.step} {bar(progress.done / progress.total)} "
            f"{progress.done:,}/{progress.total:,}"
        ]
        if progress.done and seconds > 1:
            left = seconds / progress.done * (progress.total - progress.done)
            if left >= 1:
                parts.append(f"{duration(left)} left")
        return " · ".join(parts)

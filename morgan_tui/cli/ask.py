"""``ask``: one answer, streamed, with its sources."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from argparse import Namespace
from contextlib import aclosing
from typing import TextIO, cast

from morgan_core.assistant import Closable, Morgan
from morgan_core.errors import BadInput, MorganError, NotFound, error_from
from morgan_core.events import (
    AnyTurnEvent,
    Done,
    Failed,
    Loading,
    Progress,
    Queued,
    Searching,
    Sources,
    Token,
)
from morgan_core.sanitise import StreamSanitiser, sanitise
from morgan_core.scopes import for_own_knowledge
from morgan_core.types import Answer
from morgan_tui.cli.chats import conversation_id_of
from morgan_tui.cli.console import Console, name, place
from morgan_tui.cli.scope import scope_of
from morgan_tui.conflicts import DISAGREE, conflict_notes
from morgan_tui.text import METHODS, OWN_KNOWLEDGE, scanning, shortfall_reasons
from morgan_tui.why import notices, searched_for, sections

QUOTE = 160
MARKS = {"partly": " ≈", "unsupported": " ✗"}
LEGEND = {"partly": "≈ only partly in your documents", "unsupported": "✗ not in your documents"}


def prepare(args: Namespace) -> None:
    """Read stdin before anything is started. Raises BadInput without a question."""
    question, context = " ".join(args.question).strip(), _piped(sys.stdin)
    if not question:
        question, context = context.strip(), ""
    if not question:
        raise BadInput("There is no question.", mend="Give one: morgan-tui ask QUESTION")
    if args.own_knowledge and (args.scope or args.type or args.after or args.before):
        raise BadInput(
            "With --own-knowledge no documents are searched: there is nothing to limit.",
            mend="Leave out --scope, --type, --after and --before.",
        )
    args.question, args.context = question, context


async def ask(morgan: Morgan, args: Namespace, console: Console) -> int:
    scope = await scope_of(morgan, args, args.question)
    if args.own_knowledge:
        scope = for_own_knowledge(scope)
    turn = morgan.ask(
        args.question,
        conversation_id=await _conversation(morgan, args),
        scope=scope,
        context=args.context,
    )
    # Closing the stream is what stops the turn when the person presses Ctrl+C.
    async with aclosing(cast("Closable", turn)) as events:
        answer = await _follow(events, console)
    if console.as_json:
        console.json(answer)
    else:
        _sources(answer, console)
        if answer.method in METHODS:
            console.say(f"This answer is {METHODS[answer.method]}.")
        for notice in notices(answer):
            console.say(f"Note: {notice}.")
        if args.why:
            write_why(answer, console)
    if answer.finish_reason == "not_found":
        console.say(f"To ask the model itself: {_again(args, answer)}")
    return 0


async def _conversation(morgan: Morgan, args: Namespace) -> str | None:
    if args.chat:
        return await conversation_id_of(morgan, args.chat)
    if args.last:
        latest = await morgan.conversations.list(limit=1)
        if not latest:
            raise NotFound("There is no conversation yet.", mend="Ask without --last.")
        return latest[0].id
    return None


async def _follow(events: Closable, console: Console) -> Answer:
    text = _AnswerText(console)
    try:
        async for event in events:
            match event:
                case Sources(own_knowledge=True):
                    text.mark()
                case Token():
                    text.add(event.text)
                case Done():
                    text.end(event.answer)
                    return event.answer
                case Failed():
                    raise _error(event)
                case _:
                    _narrate(event, console)
    except BaseException:
        text.broken()
        raise
    raise MorganError("The answer ended before it was complete.", mend="Ask again.")


def write_why(answer: Answer, console: Console) -> None:
    """Why an answer is as it is, as data."""
    for section in sections(answer, width=console.columns - 2):
        console.line(f"\n{section.title}")
        for line in section.lines:
            console.line(f"  {line}" if line else "")


def _narrate(event: AnyTurnEvent, console: Console) -> None:
    match event:
        case Queued(position=position) if position:
            console.live(f"Waiting for {position} other answers…")
        case Loading(share=share):
            console.live(f"Loading the model: {share:.0%}")
        case Progress(done=done, total=total, unit=unit):
            progress = scanning(done, total, unit)
            console.live(f"{progress[0].upper()}{progress[1:]}")
        case Searching(query=query):
            console.live(f"Searching for: {searched_for(query)}")
        case _:
            pass


def _error(event: Failed) -> MorganError:
    return error_from(event.error, event.message, event.details)


class _AnswerText:
    """The answer on stdout; silent with ``--json``.

    On a terminal it streams, and the checked answer, whose citations are corrected, takes its
    place at the end. Into a pipe only the checked one goes.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clean = StreamSanitiser()
        self._streams = console.out_is_terminal and not console.as_json
        self._text = ""
        self._heading = ""

    def mark(self) -> None:
        """What follows is the model's own; the first of it is written below a line that says so."""
        if self._console.as_json:
            self._console.say(f"{OWN_KNOWLEDGE}.")
        self._heading = f"{OWN_KNOWLEDGE}:\n\n"

    def add(self, text: str) -> None:
        clean = self._clean.feed(text)
        self._text += clean
        if self._streams:
            self._write(clean)

    def end(self, answer: Answer) -> None:
        self._console.clear()
        if self._console.as_json:
            return
        checked = sanitise(_marked(answer) if self._streams else answer.answer)
        if not self._streams:
            self._write(checked)
        elif checked != self._text:
            self._console.rewrite(self._text, checked)
        self._console.write("\n")

    def broken(self) -> None:
        """The turn ends here; what had come of the answer is kept."""
        self._console.clear()
        rest = self._clean.flush()
        if not self._console.as_json and (self._text or rest):
            self._write((rest if self._streams else self._text + rest) + "\n")

    def _write(self, text: str) -> None:
        self._console.write(self._heading + text)
        self._heading = ""


def _sources(answer: Answer, console: Console) -> None:
    if disagree := conflict_notes(answer):
        console.line(f"\n{DISAGREE}:")
        for note in disagree:
            console.line(f"  {note}")
    if answer.citations:
        console.line("\nSources:")
        for citation in answer.citations:
            where = place(citation)
            doubt = "" if citation.verified else " (the quote was not found there)"
            console.line(f"[{citation.n}] {where}{doubt}")
            if citation.quote:
                console.line(f"    “{_one_line(citation.quote)}”")
    elif answer.sources and answer.method == "generated":
        nearest = answer.finish_reason == "not_found"
        reasons = shortfall_reasons(answer)
        console.line("\nNearest passages:" if nearest else "\nPassages that were read:")
        for source in answer.sources:
            passage = source.passage
            console.line(f"[{source.n}] {place(passage)}")
            if reason := reasons.get(source.n):
                console.line(f"    {reason}")
            console.line(f"    “{_one_line(passage.text)}”")
    unsupported = [s for s in answer.sentences if s.status == "unsupported"]
    if console.out_is_terminal:
        statuses = {sentence.status for sentence in answer.sentences}
        legend = [text for status, text in LEGEND.items() if status in statuses]
        if legend:
            console.line("\n" + "   ".join(legend))
    elif unsupported:
        console.line("\nNot supported by your documents:")
        for sentence in unsupported:
            console.line(f"  {_one_line(answer.answer[sentence.start : sentence.end])}")
    if answer.finish_reason == "length":
        console.say("The answer reached its longest length (MORGAN_MAX_RESPONSE_TOKENS).")


def _marked(answer: Answer) -> str:
    """The answer with a mark behind each sentence that the sources do not support."""
    text, marked = answer.answer, ""
    at = 0
    for sentence in answer.sentences:
        marked += text[at : sentence.end] + MARKS.get(sentence.status, "")
        at = sentence.end
    return marked + text[at:]


def _again(args: Namespace, answer: Answer) -> str:
    """The command that puts the question, in its conversation, to the model itself."""
    question = name(args.question) if len(args.question) <= QUOTE else "QUESTION"
    chat = f"--chat {answer.conversation_id} " if args.chat or args.last else ""
    return f"morgan-tui ask --own-knowledge {chat}{shlex.quote(question)}"


def _one_line(text: str) -> str:
    line = name(" ".join(text.split()))
    return line if len(line) <= QUOTE else line[: QUOTE - 1] + "…"


def _piped(stdin: TextIO | None) -> str:
    """What a pipe or a redirected file holds; nothing for a terminal or a device."""
    if stdin is None or stdin.closed:
        return ""
    try:
        mode = os.fstat(stdin.fileno()).st_mode
    except (OSError, ValueError):
        return ""
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
        return ""
    return stdin.buffer.read().decode("utf-8", "replace")

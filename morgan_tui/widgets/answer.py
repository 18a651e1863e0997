"""An answer in the transcript: it streams, and says what state it is in and how it was checked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Markdown, Static

from morgan_core.sanitise import StreamSanitiser
from morgan_core.types import Answer, Citation, Message, Sentence, Source
from morgan_tui.conflicts import DISAGREE, conflict_notes
from morgan_tui.messages import AnswerChosen, OpenLink, OpenSource
from morgan_tui.text import METHODS, OWN_KNOWLEDGE, scanning, shortfall_reasons, source_label
from morgan_tui.turns import LiveTurn
from morgan_tui.widgets.cited_markdown import SCHEME, CitedMarkdown

if TYPE_CHECKING:
    from morgan_core.types import SentenceStatus, Timings, Usage


class AnswerView(Vertical):
    """Shows a stored ``Message`` or follows a ``LiveTurn``."""

    DEFAULT_CSS = """
    AnswerView {
        height: auto;
        margin: 1 1 0 1;
        padding: 0 1;
        border-left: outer $background;
    }
    AnswerView.-chosen {
        border-left: outer $border;
    }
    AnswerView .status {
        height: auto;
        color: $text-muted;
    }
    AnswerView .banner {
        height: auto;
        margin: 0 0 1 0;
        color: $warning;
    }
    AnswerView .conflicts {
        height: auto;
        margin: 0 0 1 0;
        padding: 0 1;
        border-left: outer $warning;
    }
    AnswerView .nearest {
        height: auto;
        margin: 0 0 1 0;
        color: $text-muted;
    }
    """

    def __init__(
        self,
        message: Message | None = None,
        turn: LiveTurn | None = None,
        *,
        own_knowledge: bool = False,
    ) -> None:
        """``own_knowledge`` says what was asked for of a stored message without an answer."""
        super().__init__(classes="-answer")
        self._own_knowledge = own_knowledge
        self.message = message
        self.message_id = message.id if message is not None else ""
        self.turn = turn
        self._raw = ""
        self._sanitiser = StreamSanitiser()
        self._banner = Static(f"◇ {OWN_KNOWLEDGE}", markup=False, classes="banner")
        self._markdown = CitedMarkdown(self._first_text())
        self._conflicts = Static(markup=False, classes="conflicts")
        self._nearest = Static(markup=False, classes="nearest")
        self._status = Static(markup=False, classes="status")
        self._drawing: asyncio.Task[None] | None = None
        self._dirty = False
        self._judged = False

    def compose(self) -> ComposeResult:
        yield self._banner
        yield self._markdown
        yield self._conflicts
        yield self._nearest
        yield self._status

    def on_mount(self) -> None:
        self._show_status()
        if self.turn is not None:
            self.turn.on_change = self.turn_changed
            self.turn_changed()
        else:
            self.call_after_refresh(self._judge)

    def on_unmount(self) -> None:
        if self.turn is not None and self.turn.on_change == self.turn_changed:
            self.turn.on_change = None
        if self._drawing is not None:
            self._drawing.cancel()

    @property
    def text(self) -> str:
        """The answer's text so far."""
        if self.turn is not None:
            return self.turn.text
        assert self.message is not None
        return self.message.answer.answer if self.message.answer else self.message.text

    @property
    def turn_id(self) -> str:
        return self.turn.turn_id if self.turn is not None else self.message.turn_id  # type: ignore[union-attr]

    @property
    def state(self) -> str:
        """A turn's state, or a stored message's in the same words."""
        if self.turn is not None:
            return self.turn.state
        assert self.message is not None
        return {"complete": "done", "running": "answering"}.get(
            self.message.state, self.message.state
        )

    @property
    def own_knowledge(self) -> bool:
        """Whether the model was asked for what it knows by itself."""
        if self.turn is not None:
            return self.turn.own_knowledge
        answer = self.answer
        return self._own_knowledge or (answer is not None and answer.own_knowledge)

    @property
    def sources(self) -> tuple[Source, ...]:
        if self.turn is not None:
            return self.turn.sources
        assert self.message is not None
        answer = self.message.answer
        return (answer.sources if answer else ()) or self.message.sources

    @property
    def relevant(self) -> bool:
        """False when the sources are only the nearest passages."""
        answer = self.answer
        if answer is not None:
            return answer.finish_reason != "not_found"
        return self.turn is None or self.turn.relevant

    @property
    def citations(self) -> Sequence[Citation]:
        return self.answer.citations if self.answer is not None else ()

    @property
    def sentences(self) -> Sequence[Sentence]:
        if self.answer is not None:
            return self.answer.sentences
        return self.turn.sentences if self.turn is not None else ()

    @property
    def answer(self) -> Answer | None:
        """The whole answer, once it has ended."""
        if self.turn is not None:
            return self.turn.answer
        return self.message.answer if self.message is not None else None

    def turn_changed(self) -> None:
        """The turn moved on: draw soon. Changes that come while drawing are drawn together."""
        self._dirty = True
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw())

    async def _draw(self) -> None:
        while self._dirty and self.is_attached:
            self._dirty = False
            await self._draw_text()
            self._show_status()
            self._judge()
            self.post_message(AnswerChosen(self, follow=True))

    async def _draw_text(self) -> None:
        assert self.turn is not None
        text = self.turn.text
        if not text.startswith(self._raw):
            self._raw = ""
            self._sanitiser = StreamSanitiser()
            await self._markdown.update("")
        fresh = self._sanitiser.feed(text[len(self._raw) :])
        self._raw = text
        if self.turn.ended:
            fresh += self._sanitiser.flush()
            self._sanitiser = StreamSanitiser()
        if fresh:
            await self._markdown.grow(fresh)

    def _first_text(self) -> str:
        if self.turn is not None:
            return ""
        from morgan_tui.text import clean

        return clean(self.text)

    def _judge(self) -> None:
        if self._judged or self.state not in ("done", "stopped") or not self.is_attached:
            return
        if self.sentences:
            self._judged = True
            self._markdown.show_verdicts(self.sentences)

    def _show_status(self) -> None:
        self._banner.display = self.own_knowledge and bool(self.text)
        conflicts = conflicts_content(self.answer)
        self._conflicts.display = bool(conflicts.plain)
        self._conflicts.update(conflicts)
        nearest = nearest_content(self.sources, self.answer)
        self._nearest.display = bool(nearest.plain)
        self._nearest.update(nearest)
        content = status_content(self)
        self._status.display = bool(content.plain)
        self._status.update(content)

    def on_click(self, event: events.Click) -> None:
        self.post_message(AnswerChosen(view=self))

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        event.stop()
        self.post_message(AnswerChosen(view=self))
        if event.href.startswith(SCHEME):
            self.post_message(OpenSource(int(event.href.removeprefix(SCHEME))))
        else:
            self.post_message(OpenLink(event.href))


def conflicts_content(answer: Answer | None) -> Content:
    """Where the documents behind an answer disagree, a line for each place."""
    notes = conflict_notes(answer)
    if not notes:
        return Content("")
    head = Content.styled(f"⚠ {DISAGREE}", "bold $warning")
    return Content("\n").join([head, *(Content.styled(note, "$text") for note in notes)])


def nearest_content(sources: Sequence[Source], answer: Answer | None) -> Content:
    """The nearest passages of a refusal, each with why it was not enough."""
    reasons = shortfall_reasons(answer)
    lines = [
        Content.assemble((source_label(source), "$text"), f"\n{reasons[source.n]}")
        for source in sources
        if source.n in reasons
    ]
    return Content("\n").join(lines)


def status_content(view: AnswerView) -> Content:
    """The line below an answer: what it waits for, why it ended, how it was checked."""
    from morgan_tui.text import clean_line, plural

    turn = view.turn
    match view.state:
        case "waiting":
            return Content.styled("waiting: opening Morgan…", "$text-muted")
        case "queued" if turn is not None and turn.position:
            return Content.styled(f"waiting: {turn.position} before this one", "$text-muted")
        case "queued":
            return Content.styled("waiting…", "$text-muted")
        case "loading" if turn is not None:
            return Content.styled(
                f"waiting: loading the model {turn.share * 100:.0f} %", "$text-muted"
            )
        case "searching":
            from morgan_tui.why import searched_for

            query = searched_for(turn.query) if turn is not None else ""
            what = f": {query}" if turn is not None and query != clean_line(turn.question) else "…"
            return Content.styled(f"searching your documents{what}", "$text-muted")
        case "scanning" if turn is not None:
            return Content.styled(
                f"{scanning(turn.done, turn.total, turn.unit)}…  Esc stops", "$text-muted"
            )
        case "reading":
            if view.own_knowledge:
                return Content.styled("the model reads the question…  Esc stops", "$text-muted")
            read = turn.read if turn is not None else None
            count = plural(len(view.sources) if read is None else read, "source")
            return Content.styled(f"the model reads {count}…  Esc stops", "$text-muted")
        case "answering":
            writing = Content.styled("answering…  Esc stops", "$text-muted")
            return Content(" · ").join([writing, *_verdicts(view)])
        case "interrupted":
            return Content.styled("interrupted — Esc, then R continues", "$warning")
        case "failed":
            error = turn.error if turn is not None else view.message.error  # type: ignore[union-attr]
            return Content.assemble(
                ("✗ ", "$error"),
                (clean_line(error) or "The answer failed.", "$error"),
                ("  Esc, then R asks again", "$text-muted"),
            )
    return _checked_content(view)


def _checked_content(view: AnswerView) -> Content:
    from morgan_tui.text import plural
    from morgan_tui.why import notices

    parts: list[Content] = []
    if view.state == "stopped":
        parts.append(Content.styled("stopped", "$warning"))
    answer = view.answer
    if answer is not None and answer.finish_reason == "not_found":
        parts.append(Content.styled("not in your documents", "$warning"))
        if view.sources:
            parts.append(Content.styled("F3, then 1…9 opens a passage", "$text-muted"))
        parts.append(Content.styled("F6 asks the model itself", "$text-muted"))
    elif answer is not None and answer.finish_reason == "length":
        parts.append(Content.styled("cut at the longest answer allowed", "$warning"))
    if answer is not None and answer.method in METHODS:
        parts.append(Content.styled(METHODS[answer.method], "$success"))
    if answer is None or answer.method != "counted":
        parts += _verdicts(view)
    lost = sum(citation.state in ("stale", "gone") for citation in view.citations)
    if lost:
        text = f"{plural(lost, 'citation')} changed or gone since"
        parts.append(Content.styled(text, "$warning"))
    if left := notices(answer) if answer is not None else []:
        parts.append(Content.styled(f"{left[0]} (F5 tells why)", "$text-muted"))
    if answer is not None and view.turn is not None:
        speed = _speed(answer.usage, answer.timings)
        if speed:
            parts.append(Content.styled(speed, "$text-muted"))
        if not left:
            parts.append(Content.styled("F5 why", "$text-muted"))
    return Content(" · ").join(parts)


def _verdicts(view: AnswerView) -> list[Content]:
    """How many sentences got which verdict, so far."""
    labels: dict[SentenceStatus, tuple[str, str]] = {
        "supported": ("✓ {} supported", "$success"),
        "partly": ("≈ {} partly", "$warning"),
        "unsupported": ("✗ {} not in the sources", "$error"),
    }
    counts = Counter(sentence.status for sentence in view.sentences)
    return [
        Content.styled(text.format(counts[status]), colour)
        for status, (text, colour) in labels.items()
        if counts[status]
    ]


def _speed(usage: Usage, timings: Timings) -> str:
    if not usage.completion_tokens or timings.generation_ms <= 0:
        return ""
    rate = usage.completion_tokens / timings.generation_ms * 1000
    return f"{rate:.0f} tokens/s, first in {timings.first_token_ms / 1000:.1f} s"

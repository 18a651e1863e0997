"""A document's text around a passage, the passage highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from morgan_core.sanitise import sanitise
from morgan_core.types import Citation, Document, DocumentText, Source
from morgan_tui.keys import bindings
from morgan_tui.text import clean_line, clean_name, document_name, passage_place
from morgan_tui.widgets.key_hints import KeyHints
from morgan_tui.widgets.sources_panel import citation_mark

if TYPE_CHECKING:
    from morgan_tui.app import MorganApp

CONTEXT = 4000
"""Code points shown to each side of a passage at first, and added while scrolling."""


class PassageScreen(Screen[None]):
    """Opens source ``n`` of ``sources``; more of the document comes while scrolling."""

    BINDINGS = bindings("passage")
    AUTO_FOCUS = "VerticalScroll"

    DEFAULT_CSS = """
    PassageScreen {
        background: $background;
    }
    PassageScreen #head {
        height: auto;
        padding: 0 1;
        background: $panel;
    }
    PassageScreen VerticalScroll {
        height: 1fr;
        padding: 1 2;
        scrollbar-size-vertical: 1;
    }
    PassageScreen .text {
        height: auto;
        max-width: 100;
        padding: 0 0 0 2;
        color: $foreground;
    }
    PassageScreen .text.-around {
        color: $text-muted;
    }
    PassageScreen .text.-hit {
        margin: 1 0;
        padding: 0 0 0 1;
        border-left: outer $accent;
        background: $primary 20%;
    }
    """

    app: MorganApp

    def __init__(
        self, sources: Sequence[Source], n: int, citations: Sequence[Citation] = ()
    ) -> None:
        super().__init__()
        self._sources = list(sources)
        self._at = next((i for i, source in enumerate(sources) if source.n == n), 0)
        self._citations = list(citations)
        self._document: Document | None = None
        self._windows: list[DocumentText] = []
        self._loading = False
        self._token = 0
        self.head = Static(markup=False, id="head")
        self.scroll = VerticalScroll()

    @classmethod
    def of_document(cls, document: Document) -> PassageScreen:
        """A screen that shows a whole document from its beginning."""
        screen = cls((), 0)
        screen._document = document
        return screen

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.scroll
        yield KeyHints("passage")

    def on_mount(self) -> None:
        self.watch(self.scroll, "scroll_y", self._scrolled, init=False)
        self._open()

    @property
    def path(self) -> str:
        if self._document is not None:
            return self._document.path
        return self._sources[self._at].passage.path

    def _open(self) -> None:
        self.run_worker(self._load(), exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        """Load the text around the passage and scroll to it."""
        self._show_head()
        self._loading = True
        morgan = await self.app.link.morgan()
        if any(citation.state == "stale" for citation in self._cited()):
            await self.scroll.remove_children()
            self._windows = []
            await self._show_stored_passage(
                "The document has changed since; this is the passage as it was used."
            )
            return
        document, start, end = self._target()
        text = await self.app.guard(
            morgan.library.text(document, start=start, end=end, context=CONTEXT)
        )
        await self.scroll.remove_children()
        self._windows = []
        if text is None:
            await self._show_stored_passage(
                "The document can no longer be opened; this is the passage as it was used."
            )
            return
        self._windows = [text]
        self._show_head(text)
        await self.scroll.mount(*self._pieces(text, start, end))
        self.call_after_refresh(self.action_to_passage)

    async def _show_stored_passage(self, note: str) -> None:
        """The passage is gone: show it as it was when the answer was given."""
        if self._document is None:
            text = sanitise(self._sources[self._at].passage.text)
            await self.scroll.mount(
                Static(Content.styled(note, "$warning"), markup=False),
                Static(Content(f"\n{text}"), classes="text -hit", markup=False),
            )

    def _target(self) -> tuple[str, int, int]:
        if self._document is not None:
            return self._document.id, 0, 0
        passage = self._sources[self._at].passage
        for citation in self._cited():
            if citation.revision != passage.revision and citation.state == "current":
                return citation.document, citation.start, citation.end
        return passage.document, passage.start, passage.end

    def _pieces(self, text: DocumentText, start: int, end: int) -> list[Static]:
        """The text before, in and after the passage; each cleaned by itself."""
        a, b = start - text.offset, end - text.offset
        pieces = []
        classes = "text -around" if b > a else "text"
        if text.text[:a]:
            pieces.append(Static(Content(sanitise(text.text[:a]).rstrip()), classes=classes))
        if b > a:
            pieces.append(Static(self._passage(text, start, end), classes="text -hit"))
        if text.text[b:]:
            pieces.append(Static(Content(sanitise(text.text[b:]).lstrip("\n")), classes=classes))
        return pieces

    def _passage(self, text: DocumentText, start: int, end: int) -> Content:
        """The passage, with what the answer rests on in bold."""
        parts: list[Content] = []
        at = start
        for quoted_start, quoted_end in sorted((c.start, c.end) for c in self._cited()):
            if at <= quoted_start < quoted_end <= end:
                parts.append(_clean_slice(text, at, quoted_start))
                parts.append(_clean_slice(text, quoted_start, quoted_end).stylize("bold $accent"))
                at = quoted_end
        parts.append(_clean_slice(text, at, end))
        return Content("").join(parts)

    def _cited(self) -> list[Citation]:
        """The citations of the source on screen."""
        if self._document is not None:
            return []
        return [c for c in self._citations if c.n == self._sources[self._at].n]

    def _show_head(self, text: DocumentText | None = None) -> None:
        parts: list[Content] = []
        if self._document is not None:
            parts.append(Content.styled(document_name(self._document.path), "bold"))
        else:
            source = self._sources[self._at]
            label = f"[{source.n}] {document_name(source.passage.path)}"
            parts.append(Content.styled(label, "bold $accent"))
            place = passage_place(source.passage)
            if place:
                parts.append(Content.styled(place, "$primary"))
            parts += [citation_mark(citation) for citation in self._cited()[:1]]
        if text is not None and text.stale:
            parts.append(Content.styled("the file has changed since", "$warning"))
        head = Content("  ").join(parts)
        quotes = [citation.quote for citation in self._cited() if citation.quote]
        lines = [head, Content.styled(clean_name(self.path), "$text-muted")]
        if quotes:
            lines.append(
                Content.styled(f"cited for: “{clean_line(quotes[0])[:200]}”", "$text-muted")
            )
        self.head.update(Content("\n").join(lines))

    def _scrolled(self) -> None:
        if self._loading or not self._windows:
            return
        if self.scroll.max_scroll_y - self.scroll.scroll_y < 10:
            self.run_worker(self._load_more(after=True), exit_on_error=False)
        elif self.scroll.scroll_y < 3:
            self.run_worker(self._load_more(after=False), exit_on_error=False)

    async def _load_more(self, after: bool) -> None:
        """Add the next or the previous part of the document."""
        edge = self._windows[-1] if after else self._windows[0]
        at = edge.offset + len(edge.text) if after else edge.offset
        if self._loading or (at >= edge.total if after else at <= 0):
            return
        self._loading = True
        start, end = (at, at + CONTEXT) if after else (max(0, at - CONTEXT), at)
        morgan = await self.app.link.morgan()
        text = await self.app.guard(
            morgan.library.text(self._target()[0], start=start, end=end, context=0)
        )
        if text is None or not text.text:
            return
        classes = "text" if self._document is not None else "text -around"
        piece = Static(Content(sanitise(text.text).strip("\n")), classes=classes, markup=False)
        if after:
            self._windows.append(text)
            await self.scroll.mount(piece)
            self._loading = False
            return
        self._windows.insert(0, text)
        await self.scroll.mount(piece, before=0)

        def keep_place() -> None:
            self.scroll.scroll_relative(y=piece.size.height, animate=False, immediate=True)
            self._loading = False

        self.call_after_refresh(keep_place)

    def action_to_passage(self) -> None:
        hits = self.scroll.query(".-hit")
        if hits:
            self.scroll.scroll_to_widget(hits.first(), animate=False, center=True, immediate=True)
        self._loading = False

    def action_next_source(self) -> None:
        self._move(1)

    def action_previous_source(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        if self._sources:
            self._at = (self._at + step) % len(self._sources)
            self._open()

    def action_scroll_up(self) -> None:
        self.scroll.scroll_up(animate=False)

    def action_scroll_down(self) -> None:
        self.scroll.scroll_down(animate=False)

    def action_open_file(self) -> None:
        from morgan_core.errors import MorganError
        from morgan_tui.opening import open_file

        try:
            open_file(self.app, self.path)
        except MorganError as error:
            self.app.say(str(error), severity="warning")

    def action_leave(self) -> None:
        self.dismiss()


def _clean_slice(text: DocumentText, start: int, end: int) -> Content:
    return Content(sanitise(text.text[start - text.offset : end - text.offset]))

"""The numbered sources of the chosen answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from morgan_tui.keys import bindings
from morgan_tui.messages import OpenSource
from morgan_tui.text import clean, clean_line, document_name, passage_place

if TYPE_CHECKING:
    from morgan_core.types import Citation, Source

SNIPPET = 160
"""Characters of a passage shown in the panel."""


class SourcesPanel(OptionList):
    """Enter on a source opens it at its passage."""

    BINDINGS = bindings("sources")

    DEFAULT_CSS = """
    SourcesPanel {
        width: 38;
        height: 1fr;
        max-height: 100%;
        padding: 0 0 0 1;
        border: none;
        border-left: solid $border;
        background: $background;
        scrollbar-size-vertical: 1;
        border-title-color: $text-muted;
    }
    SourcesPanel:focus {
        border: none;
        border-left: solid $primary;
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: object = None
        self.sources: tuple[Source, ...] = ()

    def on_mount(self) -> None:
        self.show((), (), True)

    def show(
        self, sources: tuple[Source, ...], citations: Sequence[Citation], relevant: bool
    ) -> None:
        """Show ``sources``; with ``relevant`` false they are only the nearest passages."""
        shown = (sources, tuple(citations), relevant)
        if shown == self._shown:
            return
        self._shown = shown
        self.sources = sources
        cited = {citation.n: citation for citation in citations}
        if not sources:
            title = "Sources of the answer appear here."
        elif relevant:
            title = "Sources · F3, then 1…9 opens"
        else:
            title = "Nearest passages (not an answer)"
        head = Content.styled(title, "$text-muted")
        options = [Option(head, disabled=True)]
        options += [Option(_entry(s, cited.get(s.n)), f"s{s.n}") for s in sources]
        self.set_options(options)
        if sources:
            self.highlighted = 1

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id is not None:
            self.post_message(OpenSource(int(event.option.id[1:])))


MARKUP = re.compile(r"^#+ .*$|^[-|: ]+$|[*_`|]+|^[-+>] ", re.MULTILINE)


def snippet_of(text: str) -> str:
    """The first words of a passage, without headings and Markdown's signs."""
    plain = clean_line(MARKUP.sub(" ", clean(text[: SNIPPET * 4]))) or clean_line(text)
    return plain if len(plain) <= SNIPPET else plain[:SNIPPET].rstrip() + "…"


def citation_mark(citation: Citation) -> Content:
    """Whether the quote stands in its document, now as when the answer was given."""
    if citation.state == "gone":
        return Content.styled("no longer in the library", "$warning")
    if citation.state == "stale":
        return Content.styled("changed since: quote not found", "$warning")
    if citation.verified:
        return Content.styled("✓ quote verified", "$success")
    return Content.styled("✗ quote not verified", "$error")


def _entry(source: Source, citation: Citation | None) -> Content:
    passage = source.passage
    place = passage_place(passage)
    snippet = snippet_of(passage.text)
    lines = [
        Content.assemble((f"\n{source.n} ", "bold $accent"), (document_name(passage.path), "bold"))
    ]
    if place:
        lines.append(Content.styled(place, "$primary"))
    if citation is not None:
        lines.append(citation_mark(citation))
    if passage.also_in:
        names = ", ".join(document_name(other.path) for other in passage.also_in)
        lines.append(Content.styled(f"also in {names}", "$text-muted"))
    lines.append(Content.styled(snippet, "$text-muted"))
    return Content("\n").join(lines)

"""Why an answer is as it is: what was found, sent, cut and left out, with every score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from morgan_tui.keys import bindings
from morgan_tui.why import sections

if TYPE_CHECKING:
    from morgan_core.types import Answer


WIDEST = 112
FRAME = 5
"""Columns of the border, the padding and the scrollbar."""


class WhyScreen(ModalScreen[None]):
    """Esc, q or w closes it."""

    BINDINGS = bindings("why")
    AUTO_FOCUS = "VerticalScroll"

    DEFAULT_CSS = """
    WhyScreen {
        align: center middle;
    }
    WhyScreen > VerticalScroll {
        width: 112;
        max-width: 100%;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round $primary;
        background: $surface;
        border-title-color: $accent;
        border-subtitle-color: $text-muted;
        scrollbar-size-vertical: 1;
    }
    WhyScreen Static {
        height: auto;
    }
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self._text = Static(markup=False)

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = " Why this answer "
            scroll.border_subtitle = " Esc closes "
            # The text is there in the first frame, which may be long before the first resize.
            self._text.update(self._content(self.app.size.width))
            yield self._text

    def on_resize(self, event: Resize) -> None:
        self._text.update(self._content(event.size.width))

    def _content(self, columns: int) -> Content:
        return why_content(self._answer, min(WIDEST, columns) - FRAME)

    def action_close(self) -> None:
        self.dismiss()


def why_content(answer: Answer, width: int) -> Content:
    """All sections, for so many columns; the first one's title is the screen's."""
    lines: list[Content] = []
    for at, section in enumerate(sections(answer, width=width)):
        if at:
            lines += [Content(""), Content.styled(section.title, "bold $accent")]
        lines += [Content.styled(line, "$foreground") for line in section.lines]
    return Content("\n").join(lines)

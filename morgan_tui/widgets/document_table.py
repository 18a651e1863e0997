"""A table of documents that draws only the rows on screen, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from morgan_core.types import Document
from morgan_tui.text import clean_line, document_name, human_size

ICONS = {
    "failed": ("✗", "state--bad"),
    "offline": ("◌", "state--warn"),
    "reading": ("◐", "state--busy"),
    "waiting": ("·", "state--busy"),
    "findable": ("◑", "state--busy"),
    "ready": ("✓", "state--good"),
}

LABELS = {"findable": "by words"}

ORDER = {state: n for n, state in enumerate(ICONS)}
"""Problems first, then what is at work, then what is ready."""

NUMBERS = 8 + 10 + 9
"""Cells of the three columns of numbers."""


class DocumentTable(ScrollView, can_focus=True):
    """``show`` replaces the rows; the cursor stays on its document."""

    BINDINGS = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "move_to(0)", show=False),
        Binding("end,G", "move_to(-1)", show=False),
    ]

    COMPONENT_CLASSES = {
        "row--plain",
        "row--muted",
        "row--cursor",
        "state--good",
        "state--bad",
        "state--warn",
        "state--busy",
    }

    DEFAULT_CSS = """
    DocumentTable {
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .row--plain { color: $foreground; }
        & > .row--muted { color: $text-muted; }
        & > .row--cursor { background: $block-cursor-blurred-background; }
        & > .state--good { color: $success; }
        & > .state--bad { color: $error; }
        & > .state--warn { color: $warning; }
        & > .state--busy { color: $accent; }
        &:focus > .row--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
    }
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    class Chosen(Message):
        """A document was pressed."""

        def __init__(self, document: Document) -> None:
            super().__init__()
            self.document = document

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Document] = ()

    @property
    def current(self) -> Document | None:
        """The document under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def rows(self) -> Sequence[Document]:
        return self._rows

    def show(self, documents: Sequence[Document]) -> None:
        """Show ``documents`` in their order."""
        kept = self.current
        self._rows = documents
        self.virtual_size = Size(self.size.width, len(documents))
        at = self.cursor
        if kept is not None and not (at < len(documents) and documents[at].id == kept.id):
            at = next((n for n, d in enumerate(documents) if d.id == kept.id), at)
        self.cursor = max(0, min(at, len(documents) - 1))
        self.refresh()

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh()
        if self.is_attached:
            self.scroll_to_region(Region(0, new, 1, 1), animate=False, force=True)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        width = self.size.width
        if not 0 <= at < len(self._rows):
            return Strip.blank(width, self.rich_style)
        strip = Strip(self._segments(self._rows[at], width))
        strip = strip.adjust_cell_length(width, self.rich_style)
        strip = strip.apply_style(self.rich_style)
        if at == self.cursor:
            strip = _over(strip, self.get_component_rich_style("row--cursor"), self.has_focus)
        return strip

    def _segments(self, document: Document, width: int) -> list[Segment]:
        icon, icon_class = ICONS[document.state]
        label = LABELS.get(document.state, document.state)
        state_style = self.get_component_rich_style(icon_class, partial=True)
        plain = self.get_component_rich_style("row--plain", partial=True)
        muted = self.get_component_rich_style("row--muted", partial=True)
        note = _note(document)
        room = max(12, width - 13 - NUMBERS - 1)
        name_width = min(44, max(12, room * 2 // 5))
        pages = f"{document.pages:,} p" if document.pages else ""
        passages = f"{document.passages:,}" if document.passages else ""
        return [
            Segment(f" {icon} ", state_style),
            Segment(f"{label:<9} ", state_style),
            *_cell(document_name(document.path), name_width, plain),
            *_cell(pages, 8, muted, right=True),
            *_cell(passages, 10, muted, right=True),
            *_cell(human_size(document.bytes), 9, muted, right=True),
            Segment("  "),
            *_cell(
                note, room - name_width - 1, state_style if document.state == "failed" else muted
            ),
        ]

    def action_move(self, step: int) -> None:
        self._go(self.cursor + step)

    def action_page(self, step: int) -> None:
        self._go(self.cursor + step * max(1, self.size.height - 1))

    def action_move_to(self, at: int) -> None:
        self._go(at if at >= 0 else len(self._rows) - 1)

    def _go(self, at: int) -> None:
        self.cursor = max(0, min(at, len(self._rows) - 1))

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if not 0 <= at < len(self._rows):
            return
        if at == self.cursor and event.chain > 1:
            self.post_message(self.Chosen(self._rows[at]))
        self._go(at)


def heading(width: int) -> str:
    """The line above the table, aligned with its columns."""
    room = max(12, width - 13 - NUMBERS - 1)
    name_width = min(44, max(12, room * 2 // 5))
    columns = f"{'Pages':>8}{'Passages':>10}{'Size':>9}"
    return f"   {'State':<10}{'Name':<{name_width}}{columns}  Folder, or what is wrong"


def _note(document: Document) -> str:
    """The reason of a failure, else the folder."""
    if document.reason:
        return clean_line(document.reason)
    if document.state == "findable" and document.passages:
        return f"embedding {document.embedded:,} of {document.passages:,}"
    from morgan_tui.text import clean_name

    return clean_name(document.path.rpartition("/")[0])


def _cell(text: str, width: int, style: RichStyle, right: bool = False) -> list[Segment]:
    from rich.cells import cell_len, set_cell_size

    if width <= 0:
        return []
    length = cell_len(text)
    if length > width:
        text = set_cell_size(text, width - 1) + "…"
    elif right:
        text = " " * (width - length) + text
    else:
        text += " " * (width - length)
    return [Segment(text, style)]


def _over(strip: Strip, style: RichStyle, focused: bool) -> Strip:
    """Lay the cursor's style over a row."""
    background = RichStyle(bgcolor=style.bgcolor, bold=style.bold or None)
    if focused and style.color is not None:
        background += RichStyle(color=style.color)
    return Strip(
        [Segment(text, (old or RichStyle()) + background) for text, old, _ in strip],
        strip.cell_length,
    )

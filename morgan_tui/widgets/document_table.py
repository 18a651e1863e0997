"""A table of documents that draws only the rows on screen, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
from morgan_tui.text import ago, clean_line, document_name, human_size

ICONS = {
    "failed": ("✗", "state--bad"),
    "offline": ("◌", "state--warn"),
    "reading": ("◐", "state--busy"),
    "waiting": ("·", "state--busy"),
    "findable": ("◑", "state--busy"),
    "ready": ("✓", "state--good"),
}

LABELS = {"findable": "by words"}

STATE = 13
"""Cells of the icon and the state."""

PAGES, PASSAGES, SIZE, MODIFIED = 8, 11, 9, 10
WIDE, NARROW = 110, 90
"""From ``WIDE`` on the pages are shown, too; below ``NARROW`` the size gives way to the time of
the last change, or that to the size when it is what is sorted by."""

NEW = "●"


class DocumentTable(ScrollView, can_focus=True):
    """``show`` replaces the rows; the cursor stays on its document. Those that ``is_new`` says
    are new get a mark."""

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
        "row--new",
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
        & > .row--new { color: $success; }
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

    def __init__(self, is_new: Callable[[Document], bool] = lambda _document: False) -> None:
        super().__init__()
        self._rows: Sequence[Document] = ()
        self._is_new = is_new
        self._empty = ""
        self.sort = "state"

    @property
    def current(self) -> Document | None:
        """The document under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def rows(self) -> Sequence[Document]:
        return self._rows

    def show(self, documents: Sequence[Document], *, empty: str = "") -> None:
        """Show ``documents`` in their order; ``empty`` is said when there are none."""
        kept = self.current
        self._empty = empty
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
        if not self._rows and self._empty and y == 1:
            muted = self.get_component_rich_style("row--muted", partial=True)
            strip = Strip([Segment("  "), *_cell(self._empty, width - 2, muted)])
            return strip.adjust_cell_length(width, self.rich_style).apply_style(self.rich_style)
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
        new = self.get_component_rich_style("row--new", partial=True)
        note = _note(document)
        columns = _columns(width, self.sort)
        name_width, note_width = _widths(width, columns)
        pages = f"{document.pages:,} p" if document.pages else ""
        passages = f"{document.passages:,}" if document.passages else ""
        modified = ago(document.modified) if document.modified else ""
        return [
            Segment(NEW if self._is_new(document) else " ", new),
            Segment(f"{icon} {label:<9} ", state_style),
            *_cell(document_name(document.path), name_width, plain),
            *_cell(pages, columns["pages"], muted, right=True),
            *_cell(passages, columns["passages"], muted, right=True),
            *_cell(human_size(document.bytes), columns["size"], muted, right=True),
            *_cell(modified, columns["modified"], muted, right=True),
            Segment("  "),
            *_cell(note, note_width, state_style if document.state == "failed" else muted),
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


def heading(width: int, sort: str = "state", reverse: bool = False) -> str:
    """The line above the table, aligned with its columns; an arrow stands at the one that it is
    sorted by."""
    columns = _columns(width, sort)
    name_width, _ = _widths(width, columns)

    def named(title: str, key: str) -> str:
        falls = (key in ("passages", "size", "modified")) != reverse
        return f"{title} {'↓' if falls else '↑'}" if key == sort else title

    titles = {"pages": "Pages", "passages": "Passages", "size": "Size", "modified": "Changed"}
    numbers = "".join(
        f"{named(title, key):>{columns[key]}}" for key, title in titles.items() if columns[key]
    )
    return (
        f"   {named('State', 'state'):<10}{named('Name', 'name'):<{name_width}}{numbers}"
        "  Folder, or what is wrong"
    )[:width]


def _columns(width: int, sort: str) -> dict[str, int]:
    """The cells of each column of numbers; 0 for one that is not shown."""
    by_size = sort == "size"
    return {
        "pages": PAGES if width >= WIDE else 0,
        "passages": PASSAGES,
        "size": SIZE if width >= NARROW or by_size else 0,
        "modified": MODIFIED if width >= NARROW or not by_size else 0,
    }


def _widths(width: int, columns: Mapping[str, int]) -> tuple[int, int]:
    """The cells of the name and of the note."""
    room = max(24, width - STATE - sum(columns.values()) - 3)
    name = min(44, room // 2)
    return name, room - name


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

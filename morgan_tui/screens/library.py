"""The library screen: every file, its state, and the reason of each failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Input, Static

from morgan_core.types import Document, Folder
from morgan_tui.arranging import Arranger
from morgan_tui.keys import bindings
from morgan_tui.library_view import LibraryView
from morgan_tui.live_library import counts_line, progress_line
from morgan_tui.text import ago, clean_line, clean_name, human_size, plural
from morgan_tui.widgets.document_table import DocumentTable, heading
from morgan_tui.widgets.key_hints import KeyHints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import App

    from morgan_tui.app import MorganApp

FOLDERS_SHOWN, ON_LOW_SCREENS, LOW = 5, 2, 30
"""Watched folders listed above the table, also on screens of fewer than ``LOW`` rows; the rest
is counted."""

REASONS_SHOWN = 3
"""Reasons for leaving files out that are named for a folder; the rest is counted."""

ADD = "Press a to add a folder or a file; dropping one on the window does the same."


class LibraryScreen(Screen[None]):
    """Problems first; follows the library while it is open."""

    BINDINGS = bindings("library")
    AUTO_FOCUS = "DocumentTable"

    DEFAULT_CSS = """
    LibraryScreen {
        background: $background;
    }
    LibraryScreen #head, LibraryScreen #folders {
        height: auto;
        padding: 0 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    LibraryScreen #head {
        background: $panel;
    }
    LibraryScreen #folders {
        margin: 1 0 0 0;
    }
    LibraryScreen Input {
        height: 3;
        margin: 0 1;
        border: round $border;
        background: $background;
    }
    LibraryScreen Input:focus {
        border: round $primary;
    }
    LibraryScreen #columns {
        height: 1;
        color: $text-muted;
        text-style: underline;
    }
    LibraryScreen #detail {
        height: auto;
        max-height: 5;
        padding: 0 1;
        border-top: solid $border;
        color: $foreground;
    }
    LibraryScreen KeyHints {
        height: auto;
        max-height: 2;
    }
    """

    app: MorganApp

    def __init__(self) -> None:
        super().__init__()
        self.view = LibraryView()
        self.head = Static(markup=False, id="head")
        self.folders = Static(markup=False, id="folders")
        self.filter = Input(placeholder="Filter by name, state or reason  ( / )")
        self.columns = Static(markup=False, id="columns")
        self.table = DocumentTable(self.view.is_new)
        self.detail = Static(markup=False, id="detail")
        self._arranger = Arranger(self.view, self._show_documents, self.run_worker)
        self._loaded = False

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.folders
        yield self.filter
        yield self.columns
        yield self.table
        yield self.detail
        yield KeyHints("library")

    def on_mount(self) -> None:
        self.watch(self.table, "cursor", self._show_detail, init=False)
        self._show_head()
        self._show_detail()
        self.run_worker(self._load(), exit_on_error=False)

    def on_unmount(self) -> None:
        self.app.library.forget_listing()

    def on_resize(self, event: Resize) -> None:
        self._show_columns(event.size.width)
        self._show_folders()

    async def _load(self) -> None:
        morgan = await self.app.link.morgan()
        self.app.library.expect_listing()
        listing = await self.app.guard(morgan.library.list())
        if listing is not None:
            self.app.library.load(listing)
            self._loaded = True
        self.library_changed()

    def library_changed(self) -> None:
        """The app says that something changed; it does so a few times a second at most."""
        if self._loaded:
            self._show_rows(hurry=False)
        else:
            self._show_head()

    # --- drawing ---------------------------------------------------------------------------

    def _show_head(self) -> None:
        library = self.app.library
        counts = library.counts
        text = "opening…" if counts is None else counts_line(counts) or "no documents yet"
        first = Content.assemble(
            ("Library  ", "bold $accent"), (text.replace("findable by words", "by words"), "bold")
        )
        parts: list[Content] = []
        if counts is not None and counts.paused:
            parts.append(Content.styled("paused: p goes on", "bold $warning"))
        if self.view.new:
            only = "only the " if self.view.only_new else ""
            new = f"{only}{self.view.new:,} new since you asked"
            parts.append(Content.styled(new, "$success"))
        if counts is not None and (progress := progress_line(counts)):
            parts.append(Content.styled(progress, "$accent"))
        if counts is not None and counts.passages:
            parts.append(Content.styled(plural(counts.passages, "passage"), "$text-muted"))
        lines = [first, Content("  ").join(parts)] if parts else [first]
        self.head.update(Content("\n").join(lines))
        self._show_folders()

    def _show_folders(self) -> None:
        folders = sorted(self.app.library.folders.values(), key=lambda f: f.path)
        most = ON_LOW_SCREENS if self.size.height < LOW else FOLDERS_SHOWN
        lines = [_folder_line(folder) for folder in folders[:most]]
        if len(folders) > most:
            more = plural(len(folders) - most, "folder")
            lines.append(Content.styled(f"and {more} more", "$text-muted"))
        if not folders and self.app.library.documents:
            lines = [Content.styled("No folder is watched: press a to add one.", "$text-muted")]
        self.folders.display = bool(lines)
        self.folders.update(Content("\n").join(lines))

    def _show_columns(self, width: int) -> None:
        self.columns.update(Content(heading(width, self.view.sort, self.view.reversed)))

    def _show_rows(self, *, to_top: bool = False, hurry: bool = True) -> None:
        self.view.words = self.filter.value.lower().split()
        self.view.since = self.app.last_question
        documents = (self.app.library.documents or {}).values()
        self._arranger.arrange(documents, to_top=to_top, hurry=hurry)

    def _show_documents(self, documents: Sequence[Document], to_top: bool) -> None:
        self.table.sort = self.view.sort
        self.table.show(documents, empty=self._why_empty())
        if to_top:
            self.table.action_move_to(0)
        self._show_head()
        self._show_detail()

    def _why_empty(self) -> str:
        """What to do when no row is shown."""
        if not self.app.library.documents:
            return ADD if not self.app.library.folders else "No documents in these folders yet."
        if self.view.words:
            return "Nothing matches the filter. Esc clears it."
        if self.view.only_new:
            return "Nothing is new since you asked. n shows everything."
        return ""

    def _show_detail(self) -> None:
        document = self.table.current
        self.detail.display = document is not None
        if document is None:
            return
        lines = [Content(clean_name(path)) for path in document.paths[:2] or (document.path,)]
        if len(document.paths) > 2:
            lines.append(
                Content.styled(f"and {len(document.paths) - 2} more copies", "$text-muted")
            )
        lines.append(Content.styled(_facts(document), "$text-muted"))
        if document.reason:
            colour = "$error" if document.state == "failed" else "$text-muted"
            lines.append(Content.styled(clean_line(document.reason), colour))
        self.detail.update(Content("\n").join(lines))

    # --- filter and order ------------------------------------------------------------------

    def on_input_changed(self) -> None:
        if self._loaded:
            self._show_rows()

    def on_input_submitted(self) -> None:
        self.table.focus()

    def on_document_table_chosen(self, event: DocumentTable.Chosen) -> None:
        self.action_open_document()

    def action_filter(self) -> None:
        self.filter.focus()

    def action_sort(self) -> None:
        self.view.next_sort()
        self._reorder()

    def action_reverse(self) -> None:
        self.view.reversed = not self.view.reversed
        self._reorder()

    def action_only_new(self) -> None:
        if self.app.last_question is None:
            self.app.say("Nothing was asked yet; from the first question on, n shows what is new.")
            return
        self.view.only_new = not self.view.only_new
        self._reorder()

    def _reorder(self) -> None:
        self._show_columns(self.size.width)
        if self._loaded:
            self._show_rows(to_top=True)

    def action_leave(self) -> None:
        if self.filter.value:
            self.filter.value = ""
            self.table.focus()
        elif self.filter.has_focus:
            self.table.focus()
        elif self.view.only_new:
            self.action_only_new()
        else:
            self.dismiss()

    # --- documents -------------------------------------------------------------------------

    def action_open_document(self) -> None:
        from morgan_tui.screens.passage import PassageScreen

        document = self.table.current
        if document is None:
            return
        if document.state in ("waiting", "reading") or not document.passages:
            self.app.say(clean_line(document.reason) or "This file has no text yet.")
            return
        self.app.push_screen(PassageScreen.of_document(document))

    def action_open_file(self) -> None:
        from morgan_tui.opening import open_file

        self._open(open_file)

    def action_open_folder(self) -> None:
        from morgan_tui.opening import open_folder

        self._open(open_folder)

    def _open(self, opener: Callable[[App[int], str], None]) -> None:
        from morgan_core.errors import MorganError

        if (document := self.table.current) is None:
            return
        try:
            opener(self.app, document.path)
        except MorganError as error:
            self.app.say(str(error), severity="error")

    async def action_retry(self) -> None:
        document, morgan = self.table.current, self.app.link.open
        if document is None or morgan is None:
            return
        if document.state != "failed":
            self.app.say("Only a failed document can be read again.")
            return
        await self.app.guard(morgan.library.retry(document.id))

    def action_forget(self) -> None:
        from morgan_tui.screens.confirm import Confirm

        document = self.table.current
        if document is None:
            return

        async def forget(yes: bool | None) -> None:
            morgan = self.app.link.open
            if yes and morgan is not None:
                await self.app.guard(morgan.forget([document.id]))

        question = "Forget this document and keep it out? The file itself stays where it is."
        self.app.push_screen(Confirm(question, document.path, "Forget"), forget)

    # --- folders, pause --------------------------------------------------------------------

    def action_add_folder(self) -> None:
        self.app.add_folder()

    def action_remove_folder(self) -> None:
        from morgan_tui.screens.choose import Choose

        folders = sorted(self.app.library.folders)
        if not folders:
            self.app.say("No folder is watched.")
            return

        async def remove(path: str | None) -> None:
            morgan = self.app.link.open
            if path is not None and morgan is not None:
                await self.app.guard(morgan.watches.remove(path))

        title = "Stop watching which folder? Its documents stay in the library."
        self.app.push_screen(Choose(title, folders), remove)

    async def action_pause(self) -> None:
        await self.app.action_pause_library()


def _folder_line(folder: Folder) -> Content:
    colours = {"offline": "$warning", "failed": "$error", "scanning": "$accent"}
    state = folder.state + (f": {clean_line(folder.reason)}" if folder.reason else "")
    return Content.assemble(
        clean_name(folder.path),
        "  ",
        (state, colours.get(folder.state, "$text-muted")),
        (f"  {plural(folder.documents, 'document')}", "$text-muted"),
        (_left_out(folder), "$text-muted"),
    )


def _left_out(folder: Folder) -> str:
    """``  left out: 12 hidden, 3 secret``."""
    reasons = [f"{count:,} {clean_line(why)}" for why, count in folder.skipped.items()]
    if not reasons:
        return ""
    more = sum(list(folder.skipped.values())[REASONS_SHOWN:])
    others = [f"{more:,} more"] if more else []
    return "  left out: " + ", ".join(reasons[:REASONS_SHOWN] + others)


def _vectors(document: Document) -> str:
    """How its passages got their vectors; empty when another run of Morgan saw to it."""
    if document.reused is not None and document.embedded:
        new = document.embedded - document.reused
        return f" (reused {document.reused:,}, embedded {new:,})"
    if document.embedded < document.passages:
        return f" ({document.embedded:,} embedded)"
    return ""


def _facts(document: Document) -> str:
    """``pdf · 12 pages · 36 passages (reused 32, embedded 4) · 1.2 kB · changed 12 Mar``."""
    facts = [clean_line(document.kind)] if document.kind else []
    if document.pages:
        facts.append(plural(document.pages, "page"))
    if document.passages:
        facts.append(plural(document.passages, "passage") + _vectors(document))
    facts.append(human_size(document.bytes))
    if document.modified:
        facts.append(f"changed {ago(document.modified)}")
    return " · ".join(facts)

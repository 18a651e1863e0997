"""The library screen: every file, its state, and the reason of each failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Input, Static

from morgan_core.types import Document, Folder
from morgan_tui.keys import bindings
from morgan_tui.live_library import counts_line
from morgan_tui.text import clean_line, clean_name, plural
from morgan_tui.widgets.document_table import ORDER, DocumentTable, heading
from morgan_tui.widgets.key_hints import KeyHints

if TYPE_CHECKING:
    from morgan_tui.app import MorganApp

FOLDERS_SHOWN = 5
"""Watched folders listed above the table; the rest is counted."""


class LibraryScreen(Screen[None]):
    """Problems first; follows the library while it is open."""

    BINDINGS = bindings("library")
    AUTO_FOCUS = "DocumentTable"

    DEFAULT_CSS = """
    LibraryScreen {
        background: $background;
    }
    LibraryScreen #head {
        height: auto;
        padding: 0 1;
        background: $panel;
    }
    LibraryScreen #folders {
        height: auto;
        padding: 0 1;
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
    """

    app: MorganApp

    def __init__(self) -> None:
        super().__init__()
        self.head = Static(markup=False, id="head")
        self.folders = Static(markup=False, id="folders")
        self.filter = Input(placeholder="Filter by name, state or reason  ( / )")
        self.columns = Static(markup=False, id="columns")
        self.table = DocumentTable()
        self.detail = Static(markup=False, id="detail")
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
        self.run_worker(self._load(), exit_on_error=False)

    def on_unmount(self) -> None:
        self.app.library.documents = None

    def on_resize(self, event: Resize) -> None:
        self.columns.update(Content(heading(event.size.width)))

    async def _load(self) -> None:
        morgan = await self.app.link.morgan()
        listing = await self.app.guard(morgan.library.list())
        if listing is not None:
            self.app.library.load(listing)
            self._loaded = True
        self.library_changed()

    def library_changed(self) -> None:
        """The app says that something changed; it does so a few times a second at most."""
        self._show_head()
        if self._loaded:
            self._show_rows()

    def _show_head(self) -> None:
        library = self.app.library
        counts = library.counts
        text = counts_line(counts) if counts is not None else "opening…"
        passages = plural(counts.passages, "passage") if counts is not None else ""
        parts = [("Library  ", "bold $accent"), (text or "no documents yet", "bold")]
        if passages:
            parts.append((f"  {passages}", "$text-muted"))
        self.head.update(Content.assemble(*parts))
        folders = sorted(library.folders.values(), key=lambda f: f.path)
        lines = [_folder_line(folder) for folder in folders[:FOLDERS_SHOWN]]
        if len(folders) > FOLDERS_SHOWN:
            more = len(folders) - FOLDERS_SHOWN
            lines.append(Content.styled(f"and {plural(more, 'folder')} more", "$text-muted"))
        if not folders:
            lines = [Content.styled("No folder is watched: press a to add one.", "$text-muted")]
        self.folders.update(Content("\n").join(lines))

    def _show_rows(self) -> None:
        documents = list((self.app.library.documents or {}).values())
        words = self.filter.value.lower().split()
        if words:
            documents = [d for d in documents if _matches(d, words)]
        documents.sort(key=lambda d: (ORDER[d.state], d.path))
        self.table.show(documents)
        self._show_detail()

    def _show_detail(self) -> None:
        document = self.table.current
        if document is None:
            empty = "Nothing matches the filter." if self.filter.value else ""
            self.detail.update(Content.styled(empty, "$text-muted"))
            return
        lines = [Content(clean_name(path)) for path in document.paths[:2] or (document.path,)]
        if len(document.paths) > 2:
            lines.append(
                Content.styled(f"and {len(document.paths) - 2} more copies", "$text-muted")
            )
        if document.reason:
            colour = "$error" if document.state == "failed" else "$text-muted"
            lines.append(Content.styled(clean_line(document.reason), colour))
        self.detail.update(Content("\n").join(lines))

    def on_input_changed(self) -> None:
        if self._loaded:
            self._show_rows()

    def on_input_submitted(self) -> None:
        self.table.focus()

    def on_document_table_chosen(self, event: DocumentTable.Chosen) -> None:
        self.action_open_document()

    def action_filter(self) -> None:
        self.filter.focus()

    def action_leave(self) -> None:
        if self.filter.value:
            self.filter.value = ""
            self.table.focus()
        elif self.filter.has_focus:
            self.table.focus()
        else:
            self.dismiss()

    def action_open_document(self) -> None:
        from morgan_tui.screens.passage import PassageScreen

        document = self.table.current
        if document is None:
            return
        if document.state in ("waiting", "reading") or not document.passages:
            self.app.say(clean_line(document.reason) or "This file has no text yet.")
            return
        self.app.push_screen(PassageScreen.of_document(document))

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


def _matches(document: Document, words: list[str]) -> bool:
    text = f"{document.path} {document.state} {document.reason} {document.title}".lower()
    return all(word in text for word in words)


def _folder_line(folder: Folder) -> Content:
    colours = {"offline": "$warning", "failed": "$error", "scanning": "$accent"}
    state = folder.state + (f": {clean_line(folder.reason)}" if folder.reason else "")
    return Content.assemble(
        clean_name(folder.path),
        "  ",
        (state, colours.get(folder.state, "$text-muted")),
        (f"  {plural(folder.documents, 'document')}", "$text-muted"),
    )

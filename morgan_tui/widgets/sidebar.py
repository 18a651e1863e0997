"""The list of conversations, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from morgan_tui.keys import bindings
from morgan_tui.messages import ChatChosen, DeleteChat, RenameChat
from morgan_tui.text import ago, clean_line

if TYPE_CHECKING:
    from morgan_core.types import Conversation

NEW = "new"


class Sidebar(OptionList):
    """Choosing an entry posts ``ChatChosen``."""

    BINDINGS = bindings("chats")

    DEFAULT_CSS = """
    Sidebar {
        width: 30;
        height: 1fr;
        max-height: 100%;
        padding: 0 1 0 0;
        border: none;
        border-right: solid $border;
        background: $background;
        scrollbar-size-vertical: 1;
    }
    Sidebar:focus {
        border: none;
        border-right: solid $primary;
    }
    """

    def __init__(self) -> None:
        super().__init__(Option(_new_line(), NEW), markup=False)
        self._shown: list[tuple[str, str, str]] = []
        self._current: str | None = None

    def show(self, conversations: Sequence[Conversation], current: str | None) -> None:
        """Show ``conversations`` (newest first), ``current`` marked."""
        rows = [(c.id, clean_line(c.title) or "Untitled", ago(c.updated)) for c in conversations]
        if rows == self._shown and current == self._current:
            return
        self._shown, self._current = rows, current
        kept = self.highlighted_option.id if self.highlighted_option is not None else None
        options = [Option(_new_line(), NEW)]
        options += [Option(_line(title, when, id == current), id) for id, title, when in rows]
        self.set_options(options)
        wanted = kept if self.has_focus else current or NEW
        if wanted in (option.id for option in options):
            self.highlighted = self.get_option_index(wanted or NEW)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = event.option.id
        self.post_message(ChatChosen(None if chosen == NEW else chosen))

    def action_rename(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.post_message(RenameChat(chosen))

    def action_delete(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.post_message(DeleteChat(chosen))

    def _chosen(self) -> str | None:
        option = self.highlighted_option
        return option.id if option is not None and option.id != NEW else None


def _new_line() -> Content:
    return Content.styled("+ New conversation", "$accent")


TITLE_WIDTH = 19


def _line(title: str, when: str, current: bool) -> Content:
    name = Content.styled(title, "bold" if current else "")
    name = name.truncate(TITLE_WIDTH, ellipsis=True)
    mark = Content.styled("▸ ", "$accent") if current else Content("  ")
    gap = " " * (TITLE_WIDTH - name.cell_length + 1)
    return mark + name + Content(gap) + Content.styled(f"{when:>6}", "$text-muted")

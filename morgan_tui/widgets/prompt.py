"""The prompt: it takes typing from the first frame and grows with the text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.widgets import TextArea

from morgan_tui.dropped_paths import dropped_paths
from morgan_tui.keys import bindings
from morgan_tui.messages import (
    AskRequested,
    DraftChanged,
    LearnRequested,
    ScopeTyped,
    StopRequested,
    UpFromEmptyPrompt,
)
from morgan_tui.text import clean_line, document_name, plural

if TYPE_CHECKING:
    from morgan_core.scopes import Typing
    from morgan_tui.app import MorganApp
    from morgan_tui.widgets.scope_list import ScopeList

PLACEHOLDER = "Ask your documents…"


OWN_KEYS = {
    key: action
    for keys, action in (
        ("enter", "submit"),
        ("shift+enter,ctrl+j,alt+enter", "newline"),
        ("escape", "leave"),
    )
    for key in keys.split(",")
}
"""Keys that the text area would take. Handled in the order of typing: a priority binding would
run Enter before letters that were typed first and still wait."""


class Prompt(TextArea):
    """Enter sends, Shift+Enter (or Ctrl+J) breaks the line.

    Paths that are pasted, or dropped on the terminal, are offered to the library: Enter takes
    them in, Esc makes them text, and so does typing on.

    While ``@`` or ``#`` is typed, ``choices`` may be open: then Tab and Enter take the chosen
    name, the arrows move, and Esc closes it.
    """

    app: MorganApp

    BINDINGS = bindings("prompt")

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        min-height: 3;
        max-height: 12;
        padding: 0 1;
        border: round $border;
        background: $background;
        color: $foreground;
        border-title-color: $accent;
        border-subtitle-color: $text-muted;
    }
    Prompt:focus {
        border: round $primary;
        background: $background;
    }
    Prompt .text-area--cursor-line {
        background: $background;
    }
    Prompt .text-area--placeholder {
        color: $text-muted;
    }
    """

    def __init__(self, choices: ScopeList) -> None:
        super().__init__(
            soft_wrap=True,
            show_line_numbers=False,
            placeholder=PLACEHOLDER,
            id="prompt",
        )
        self.cursor_blink = False
        self.last_question = ""
        self.offered: list[Path] = []
        self._offered_text = ""
        self.choices = choices
        self.typed: Typing | None = None
        """The ``@`` or ``#`` word before the cursor."""
        self._closed_at: tuple[int, int] | None = None

    def show_draft(self, text: str) -> None:
        """Replace the text with a draft, the cursor at its end."""
        self._withdraw_offer()
        if text == self.text:
            return
        with self.prevent(TextArea.Changed):
            self.text = text
        self.move_cursor(self.document.end)

    def on_text_area_changed(self) -> None:
        self.post_message(DraftChanged(self.text))
        self._look_for_scope()

    def on_text_area_selection_changed(self) -> None:
        self._look_for_scope()

    def _look_for_scope(self) -> None:
        """Tell what is typed after ``@`` or ``#``, if anything is."""
        row, column = self.cursor_location
        line = self.document.get_line(row)[:column]
        if "@" not in line and "#" not in line:
            typed = None
        else:
            from morgan_core.scopes import being_typed  # with msgspec: not before the first frame

            typed = being_typed(line)
        if typed is None or self._closed_at != (row, typed.start):
            self._closed_at = None
        elif self._closed_at is not None:
            typed = None
        if typed != self.typed:
            self.typed = typed
            self.post_message(ScopeTyped())

    def take_scope(self) -> None:
        """Put the chosen name in the place of what was typed."""
        from morgan_core.scopes import quoted

        typed = self.typed
        if typed is None:
            return
        row, column = self.cursor_location
        word = quoted(typed.sigil, self.choices.chosen.name)
        self.replace(word + " ", (row, typed.start), (row, column), maintain_selection_offset=False)
        self.choices.close()

    def _close_choices(self) -> None:
        if self.typed is not None:
            self._closed_at = (self.cursor_location[0], self.typed.start)
        self.choices.close()

    def _choose(self, key: str) -> bool:
        """Whether the open list took the key."""
        if not self.choices.open:
            return False
        match key:
            case "tab" | "enter":
                self.take_scope()
            case "escape":
                self._close_choices()
            case "up":
                self.choices.action_cursor_up()
            case "down":
                self.choices.action_cursor_down()
            case _:
                return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        paths = dropped_paths(event.text)
        if paths:
            event.prevent_default()
            event.stop()
            self._offer(paths, event.text)
            return
        self._keep_offer_as_text()
        await super()._on_paste(event)

    async def _on_key(self, event: events.Key) -> None:
        if self._choose(event.key):
            event.prevent_default()
            event.stop()
            return
        action = OWN_KEYS.get(event.key)
        if action is not None:
            event.prevent_default()
            event.stop()
            await self.run_action(action)
            return
        if event.is_printable or event.key == "backspace":
            self._keep_offer_as_text()
        await super()._on_key(event)

    def action_submit(self) -> None:
        if self.offered:
            paths = [str(path) for path in self.offered]
            self._withdraw_offer()
            self.post_message(LearnRequested(paths))
            return
        question = self.text.strip()
        if not question:
            return
        paths_typed = dropped_paths(question)
        if paths_typed:
            self.clear()
            self._offer(paths_typed, question)
            return
        if trouble := self.app.scope_trouble(question):
            self.notify(clean_line(trouble), severity="warning", markup=False)
            return
        self.last_question = question
        # Emptied here and now: what is typed next is the next question's.
        with self.prevent(TextArea.Changed):
            self.clear()
        self.post_message(AskRequested(question))

    def action_newline(self) -> None:
        self._keep_offer_as_text()
        self.insert("\n")

    def action_leave(self) -> None:
        if self.offered:
            self._keep_offer_as_text()
            return
        self.post_message(StopRequested("prompt"))

    def action_cursor_up(self, select: bool = False) -> None:
        if not self.text and not select:
            self.post_message(UpFromEmptyPrompt())
            return
        super().action_cursor_up(select)

    def _offer(self, paths: list[Path], text: str) -> None:
        self.offered = paths
        self._offered_text = text
        if len(paths) == 1:
            name = document_name(str(paths[0])) + ("/" if paths[0].is_dir() else "")
        else:
            name = plural(len(paths), "file")
        self.border_title = Content(f" Add {name} to the library? ")
        self.border_subtitle = " Enter adds it · Esc makes it text "

    def _withdraw_offer(self) -> None:
        self.offered = []
        self._offered_text = ""
        self.border_title = ""
        self.border_subtitle = ""

    def _keep_offer_as_text(self) -> None:
        if self.offered:
            text = self._offered_text
            self._withdraw_offer()
            self.insert(text)

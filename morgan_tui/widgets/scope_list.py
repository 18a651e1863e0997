"""The list above the prompt while ``@`` or ``#`` is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from morgan_tui.text import clean_name

if TYPE_CHECKING:
    from morgan_tui.scope_names import Choice


class ScopeList(OptionList, can_focus=False):
    """Shows choices; the prompt, which keeps the focus, moves in it and takes one."""

    DEFAULT_CSS = """
    ScopeList {
        display: none;
        height: auto;
        max-height: 10;
        margin: 0 1;
        border: round $panel;
        border-subtitle-color: $text-muted;
        background: $surface;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="scopes")
        self.choices: Sequence[Choice] = ()
        self.border_subtitle = " Tab or Enter takes it · Esc closes "

    @property
    def open(self) -> bool:
        return bool(self.choices)

    @property
    def chosen(self) -> Choice:
        return self.choices[self.highlighted or 0]

    def show(self, choices: Sequence[Choice]) -> None:
        """Offer ``choices``, the first one highlighted; none closes the list."""
        self.choices = choices
        self.display = bool(choices)
        self.clear_options()
        self.add_options(
            Option(
                Content.assemble(
                    clean_name(one.name), (f"  {clean_name(one.place)}", "$text-muted")
                )
            )
            for one in choices
        )
        if choices:
            self.highlighted = 0

    def close(self) -> None:
        if self.open:
            self.show(())

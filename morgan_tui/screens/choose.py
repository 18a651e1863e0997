"""Asks to choose one of several things."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from morgan_tui.text import clean_name


class Choose(ModalScreen[str | None]):
    """Dismisses with the chosen string, or None on Esc."""

    BINDINGS = [("escape", "cancel", "Cancel")]

    DEFAULT_CSS = """
    Choose {
        align: center middle;
    }
    Choose > Vertical {
        width: 76;
        max-width: 90%;
        height: auto;
        max-height: 80%;
        padding: 1 2;
        border: round $primary;
        background: $surface;
    }
    Choose OptionList {
        height: auto;
        max-height: 16;
        margin: 1 0 0 0;
        border: none;
        background: $surface;
    }
    """

    def __init__(self, title: str, values: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._values = values

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.styled(self._title, "bold"), markup=False)
            yield OptionList(*(Option(Content(clean_name(v))) for v in self._values), markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._values[event.option_index])

    def action_cancel(self) -> None:
        self.dismiss(None)

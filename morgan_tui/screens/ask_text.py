"""Asks for one line of text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from morgan_tui.text import clean_line


class AskText(ModalScreen[str | None]):
    """Dismisses with the text, or None on Esc."""

    BINDINGS = [("escape", "cancel", "Cancel")]

    DEFAULT_CSS = """
    AskText {
        align: center middle;
    }
    AskText > Vertical {
        width: 76;
        max-width: 90%;
        height: auto;
        padding: 1 2;
        border: round $primary;
        background: $surface;
    }
    AskText Static {
        height: auto;
    }
    AskText #problem {
        color: $error;
    }
    AskText Input {
        margin: 1 0;
        border: tall $border;
    }
    """

    suggester: Suggester | None = None
    hint = "Enter accepts, Esc goes back."

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = clean_line(value)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.styled(self._title, "bold"), markup=False)
            yield Input(self._value, suggester=self.suggester)
            yield Static(markup=False, id="problem")
            yield Static(Content.styled(self.hint, "$text-muted"), markup=False)

    def on_mount(self) -> None:
        self.query_one("#problem").display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        problem = self.problem_with(text)
        if problem:
            label = self.query_one("#problem", Static)
            label.update(Content(problem))
            label.display = True
        else:
            self.dismiss(self.result(text))

    def problem_with(self, text: str) -> str:
        """Why ``text`` is not accepted; empty if it is."""
        return "" if text else "Type something, or press Esc."

    def result(self, text: str) -> str:
        """What the screen is dismissed with."""
        return text

    def action_cancel(self) -> None:
        self.dismiss(None)

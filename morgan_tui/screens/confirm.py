"""A question with yes and no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from morgan_tui.text import clean_name


class Confirm(ModalScreen[bool]):
    """Dismisses with True only when the person agrees; Esc is no."""

    BINDINGS = [
        ("escape,n", "answer(False)", "No"),
        ("y", "answer(True)", "Yes"),
        ("left,right", "app.focus_next", "Other button"),
    ]

    DEFAULT_CSS = """
    Confirm {
        align: center middle;
    }
    Confirm > Vertical {
        width: 64;
        max-width: 90%;
        height: auto;
        padding: 1 2;
        border: round $warning;
        background: $surface;
    }
    Confirm Static {
        height: auto;
    }
    Confirm Horizontal {
        height: auto;
        margin: 1 0 0 0;
        align-horizontal: right;
    }
    Confirm Button {
        margin: 0 0 0 2;
    }
    """

    def __init__(self, question: str, thing: str = "", yes: str = "Yes") -> None:
        """``thing`` is what the question is about; it may come from outside."""
        super().__init__()
        self._question = question
        self._thing = thing
        self._yes = yes

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(self._question), markup=False)
            if self._thing:
                yield Static(Content.styled(clean_name(self._thing), "bold"), markup=False)
            with Horizontal():
                yield Button("Cancel", id="no", compact=True)
                yield Button(self._yes, id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)

"""The card of an empty conversation: how to begin. It never keeps the person from typing."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from morgan_tui.messages import WelcomeChoice


class Welcome(Vertical):
    """With ``first_start`` it offers a folder and the sample library, else only questions."""

    DEFAULT_CSS = """
    Welcome {
        height: auto;
        max-width: 76;
        margin: 1 2;
        padding: 1 2;
        border: round $border;
        background: $surface;
    }
    Welcome > Static {
        height: auto;
    }
    Welcome > OptionList {
        height: auto;
        margin: 1 0 0 0;
        padding: 0;
        border: none;
        background: $surface;
    }
    Welcome > OptionList:focus {
        border: none;
    }
    """

    def __init__(self, first_start: bool, questions: Sequence[str] = ()) -> None:
        super().__init__()
        self.first_start = first_start
        self.questions = tuple(questions)

    def compose(self) -> ComposeResult:
        if self.first_start:
            yield Static(
                Content.assemble(
                    ("Welcome to Morgan.\n\n", "bold $accent"),
                    "Morgan answers from your own documents and shows where each claim comes"
                    " from. Nothing leaves this machine.\n\n",
                    ("Drop a file or folder on this window, paste its path, or choose", "$text"),
                    (" (↑ from the prompt, then Enter):", "$text-muted"),
                )
            )
        else:
            yield Static(
                Content.assemble(
                    ("Ask your documents.", "bold $accent"),
                    (
                        "  Or choose a question (↑ from the prompt, then Enter):"
                        if self.questions
                        else "  Each claim of the answer opens at its source.",
                        "$text-muted",
                    ),
                )
            )
        options = self._options()
        if options:
            yield OptionList(*options, markup=False)

    def _options(self) -> list[Option]:
        if self.first_start:
            return [
                Option(Content("Add a folder…"), "folder"),
                Option(Content("Use the sample library, to have something to ask"), "sample"),
            ]
        return [Option(Content(q), f"ask-{n}") for n, q in enumerate(self.questions)]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        choice = event.option.id or ""
        if choice.startswith("ask-"):
            question = self.questions[int(choice.removeprefix("ask-"))]
            self.post_message(WelcomeChoice("ask", question))
        else:
            self.post_message(WelcomeChoice(choice))

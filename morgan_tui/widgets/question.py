"""A question in the transcript."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from morgan_tui.text import clean


class QuestionView(Static):
    """What the person asked, as it was typed."""

    DEFAULT_CSS = """
    QuestionView {
        height: auto;
        margin: 1 1 0 1;
        padding: 0 1;
        border-left: outer $primary;
        background: $surface;
        color: $foreground;
    }
    """

    def __init__(self, text: str, message_id: str = "") -> None:
        super().__init__(Content(clean(text)), markup=False)
        self.question = text
        self.message_id = message_id

"""A question in the transcript."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from morgan_tui.text import clean

CHIP = "$accent on $panel"


class QuestionView(Static):
    """What the person asked, as it was typed, with what limits it set apart."""

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

    def __init__(
        self,
        text: str,
        message_id: str = "",
        words: Sequence[str] = (),
        own_knowledge: bool = False,
    ) -> None:
        content = _content(text, words)
        if own_knowledge:
            content = Content.assemble(content, "\n", ("to the model itself", "$text-muted"))
        super().__init__(content, markup=False)
        self.question = text
        self.message_id = message_id


def _content(text: str, words: Sequence[str]) -> Content:
    """The text with its limiting words as chips; those that are not in it, on a line of theirs."""
    shown = Content(clean(text))
    others = []
    for word in map(clean, words):
        at = shown.plain.find(word)
        if at >= 0:
            shown = shown.stylize(CHIP, at, at + len(word))
        else:
            others.append(word)
    if not others:
        return shown
    return Content.assemble(shown, "\n", (f"only {' '.join(others)}", "$text-muted"))

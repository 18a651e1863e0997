"""The help screen: every key, from the registry that the bindings are made from."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from morgan_tui.keys import PLACES, help_rows

ABOUT = (
    "Morgan answers from your documents. Drop a file or folder on the window, or add one in the"
    " library; ask in the prompt. [2] in an answer opens the passage that it came from."
    " Every sentence is checked against the words of the sources: one with a number like [2] stands"
    " there (✓), ≈ marks one that does in part, ✗ one that does not. What says nothing to check has"
    " no mark. A source that has changed or gone since the answer says so. Where sources disagree,"
    " ⚠ tells what each says, the newest first."
)

SCOPES = (
    ("@name", 'Only this document; quoted with spaces: @"My lease.pdf"'),
    ("#name", "Only this folder"),
    ("type:pdf", "Only this type: pdf, docx, slides, mail, code, md …"),
    ("after:2024-05  before:2025", "Only what was changed in between; also 7d, 2w, 3m, 1y"),
    ("modified:7d", "Only what was changed in the last 7 days; today, 2024-05 …"),
    ("\\@name", "A backslash makes it text"),
)
"""What limits a question, as it is written in it."""

WHOLE = (
    ("How many PDFs do I have?", "Counted in the library, also: list, newest, largest, by type"),
    ("What is new this week?", "What was changed or taken in, newest first"),
    ("Which documents mention …?", "Every text is looked through, each document is counted"),
    ("How often is … mentioned?", "Every place of the words, with @name in one document"),
    ("Summarise @name", "Its central sentences as they stand; also #name, my documents"),
    ("Compare … and …", "Each is searched for; a small model lets the documents speak"),
)
"""Questions that are answered from all documents rather than from the best passages."""


class HelpScreen(ModalScreen[None]):
    """Esc or F1 closes it."""

    BINDINGS = [("escape,q", "close", "Close")]
    AUTO_FOCUS = "VerticalScroll"

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
    }
    HelpScreen > VerticalScroll {
        width: 84;
        max-width: 95%;
        height: 90%;
        padding: 1 2;
        border: round $primary;
        background: $surface;
        border-title-color: $accent;
        scrollbar-size-vertical: 1;
    }
    HelpScreen Static {
        height: auto;
    }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = " Help "
            yield Static(help_content(), markup=False)

    def action_close(self) -> None:
        self.dismiss()


def help_content() -> Content:
    """The whole help text."""
    lines = [Content.styled(ABOUT, "$foreground")]
    for place, title in PLACES.items():
        lines.append(Content(""))
        lines.append(Content.styled(title, "bold $accent"))
        for keys, label in help_rows(place):
            lines.append(Content.assemble((f"  {keys:<32}", "$primary"), label))
    lines += [Content(""), Content.styled("In a question", "bold $accent")]
    for word, meaning in SCOPES:
        lines.append(Content.assemble((f"  {word:<32}", "$primary"), meaning))
    lines += [
        Content(""),
        Content.styled("Questions about whole documents", "bold $accent"),
    ]
    for question, meaning in WHOLE:
        lines.append(Content.assemble((f"  {question:<32}", "$primary"), meaning))
    return Content("\n").join(lines)

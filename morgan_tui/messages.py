"""What widgets tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass(eq=False, repr=False)
class AskRequested(Message):
    """The person sent a question."""

    question: str


@dataclass(eq=False, repr=False)
class DraftChanged(Message):
    """The prompt's text changed."""

    text: str


class ScopeTyped(Message):
    """What is typed after ``@`` or ``#`` changed; the prompt tells what it is."""


@dataclass(eq=False, repr=False)
class StopRequested(Message):
    """Esc: stop the running answer, or leave the place."""

    place: str


@dataclass(eq=False, repr=False)
class LearnRequested(Message):
    """Take in files or folders (absolute paths)."""

    paths: list[str]


@dataclass(eq=False, repr=False)
class OpenSource(Message):
    """Open source ``n`` of the chosen answer."""

    n: int


@dataclass(eq=False, repr=False)
class OpenLink(Message):
    """A link of an answer was pressed; it opens only after the person agrees."""

    href: str


@dataclass(eq=False, repr=False)
class ChatChosen(Message):
    """A conversation of the list was chosen; None starts a new one."""

    conversation_id: str | None


@dataclass(eq=False, repr=False)
class RenameChat(Message):
    conversation_id: str


@dataclass(eq=False, repr=False)
class DeleteChat(Message):
    conversation_id: str


@dataclass(eq=False, repr=False)
class AnswerChosen(Message):
    """``view`` became the answer whose sources are shown.

    With ``follow`` the answer itself moved on, and only a face that shows it redraws.
    """

    view: Any = None
    follow: bool = False


@dataclass(eq=False, repr=False)
class ContinueRequested(Message):
    """Continue an interrupted turn."""

    turn_id: str


@dataclass(eq=False, repr=False)
class OlderWanted(Message):
    """The transcript was scrolled to its first loaded message."""


@dataclass(eq=False, repr=False)
class NewestWanted(Message):
    """The end is wanted, but the newest messages were let go: show the conversation anew."""


@dataclass(eq=False, repr=False)
class WelcomeChoice(Message):
    """A button of the welcome card: ``folder``, ``sample``, or ``ask`` with its question."""

    choice: str
    question: str = ""


class UpFromEmptyPrompt(Message):
    """↑ in an empty prompt: to the welcome card, or the last question again."""

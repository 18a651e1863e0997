"""The conversation: a window of its messages that sticks to the end until the person scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from morgan_tui.keys import bindings
from morgan_tui.messages import (
    AnswerChosen,
    ContinueRequested,
    NewestWanted,
    OlderWanted,
    StopRequested,
)
from morgan_tui.widgets.question import QuestionView

if TYPE_CHECKING:
    from morgan_core.types import Message
    from morgan_tui.turns import LiveTurn

FIRST = 6
"""Messages mounted when a conversation opens: at least a screen of most."""

PAGE = 12
"""Messages loaded at once after that, while there is room or the person scrolls up."""

LONGEST = 120
"""Messages kept mounted; past it, those far below the screen are let go."""


class Transcript(VerticalScroll, can_focus=True):
    """Questions and answers; ``chosen`` is the answer whose sources are shown."""

    BINDINGS = bindings("transcript")

    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-color: $panel;
        scrollbar-gutter: stable;
    }
    Transcript:focus {
        scrollbar-color: $primary;
    }
    Transcript > #messages {
        height: auto;
        /* An anchored container that is not full would scroll to a negative offset. */
        min-height: 100%;
        padding: 0 1 1 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.messages = Vertical(id="messages")
        self.chosen: Widget | None = None
        self.has_older = False
        self.cut = False
        """True when the newest messages were let go, because the person is far above them."""
        self._loading_older = False

    def compose(self) -> ComposeResult:
        yield self.messages

    async def show(
        self, messages: Sequence[Message], turns: Sequence[LiveTurn], has_older: bool
    ) -> None:
        """Replace everything by ``messages`` and then ``turns``, and go to the end."""
        self.chosen = None
        self.has_older = has_older
        self._loading_older = False
        self.cut = False
        with self.app.batch_update():
            await self.messages.remove_children()
            await self.messages.mount_all([*_stored_views(messages), *_live_views(turns)])
        self._choose_last()
        self.anchor()
        self.call_after_refresh(self._want_older)

    async def show_card(self, card: Widget | None) -> None:
        """Show a card in an empty conversation; None takes it away."""
        await self.query("Welcome").remove()
        if card is not None:
            await self.messages.mount(card)

    async def prepend(self, messages: Sequence[Message], has_older: bool) -> None:
        """Put older messages before the first; what is on screen stays where it is."""
        self.has_older = has_older
        views = _stored_views(messages)
        first = self.messages.children[0] if self.messages.children else None
        if not views or first is None:
            self._loading_older = False
            return
        await self.stop_animation("scroll_y", complete=False)
        before = first.virtual_region.y - self.scroll_y
        with self.app.batch_update():
            await self.messages.mount_all(views, before=0)
            await self._let_go_below()

        def keep_place() -> None:
            self._loading_older = False
            if self.following:
                self._want_older()
            else:
                self.scroll_to(y=first.virtual_region.y - before, animate=False, immediate=True)

        self.call_after_refresh(keep_place)

    @property
    def following(self) -> bool:
        """Whether the end stays in view while text is added."""
        return self._anchored and not self._anchor_released

    async def add(self, turn: LiveTurn) -> None:
        """Show a new turn at the end, and go there."""
        await self.query("Welcome").remove()
        await self.messages.mount_all(_live_views([turn]))
        self._choose_last()
        self.anchor()

    async def continue_answer(self, turn: LiveTurn) -> None:
        """Show the continued turn in the place of its interrupted answer."""
        from morgan_tui.widgets.answer import AnswerView

        for view in self.query(AnswerView):
            if view.turn_id == turn.turn_id:
                replacement = AnswerView(turn=turn)
                await self.messages.mount(replacement, after=view)
                await view.remove()
                self.choose(replacement)
                return

    def question_of(self, view: Widget) -> str:
        """The question above an answer; empty if it is not loaded."""
        views = list(self.messages.children)
        at = views.index(view)
        above = views[at - 1] if at else None
        return above.question if isinstance(above, QuestionView) else ""

    def choose(self, view: Widget | None) -> None:
        """Make ``view`` the answer whose sources are shown."""
        if view is self.chosen:
            return
        if self.chosen is not None:
            self.chosen.remove_class("-chosen")
        self.chosen = view
        if view is not None:
            view.add_class("-chosen")
        self.post_message(AnswerChosen())

    def watch_scroll_y(self, old: float, new: float) -> None:
        super().watch_scroll_y(old, new)
        if old != new:
            self._want_older()

    def _want_older(self) -> None:
        """Ask for older messages when the first loaded one is near the top of the screen."""
        if self.scroll_y < 3 and self.has_older and not self._loading_older:
            self._loading_older = True
            self.post_message(OlderWanted())

    def action_scroll_home(self) -> None:
        self.scroll_home(animate=False)

    def action_scroll_end(self) -> None:
        if self.cut:
            self.post_message(NewestWanted())
        else:
            self.scroll_end(animate=False)

    def action_previous_answer(self) -> None:
        self._move_choice(-1)

    def action_next_answer(self) -> None:
        self._move_choice(1)

    def action_continue_answer(self) -> None:
        view = self.chosen
        if view is not None:
            self.post_message(ContinueRequested(view.turn_id))  # type: ignore[attr-defined]

    def action_copy_answer(self) -> None:
        from morgan_tui.text import clean

        if self.chosen is not None:
            self.app.copy_to_clipboard(clean(self.chosen.text))  # type: ignore[attr-defined]
            self.notify("The answer was copied.", markup=False)

    def action_leave(self) -> None:
        self.post_message(StopRequested("transcript"))

    async def action_to_prompt(self) -> None:
        await self.app.run_action("app.focus_prompt")

    def _answers(self) -> list[Widget]:
        return [view for view in self.messages.children if view.has_class("-answer")]

    def _choose_last(self) -> None:
        answers = self._answers()
        self.choose(answers[-1] if answers else None)

    def _move_choice(self, step: int) -> None:
        answers = self._answers()
        if not answers:
            return
        at = answers.index(self.chosen) if self.chosen in answers else len(answers)
        view = answers[max(0, min(len(answers) - 1, at + step))]
        self.choose(view)
        self.scroll_to_widget(view, animate=False, top=True)

    async def _let_go_below(self) -> None:
        surplus = len(self.messages.children) - LONGEST
        if surplus <= 0:
            return
        last = list(self.messages.children)[-surplus:]
        if any(getattr(view, "turn", None) is not None for view in last):
            return
        self.cut = True
        if self.chosen in last:
            self.choose(None)
        await self.messages.remove_children(last)


def _stored_views(messages: Sequence[Message]) -> list[Widget]:
    from morgan_tui.widgets.answer import AnswerView

    views: list[Widget] = []
    own: set[str] = set()
    for message in messages:
        if message.role == "assistant":
            views.append(AnswerView(message, own_knowledge=message.turn_id in own))
            continue
        scope = message.scope
        own_knowledge = scope is not None and scope.own_knowledge
        if own_knowledge:
            own.add(message.turn_id)
        words = scope.words if scope is not None else ()
        views.append(QuestionView(message.text, message.id, words, own_knowledge))
    return views


def _live_views(turns: Sequence[LiveTurn]) -> list[Widget]:
    from morgan_tui.widgets.answer import AnswerView

    views: list[Widget] = []
    for turn in turns:
        if turn.question:
            words = _limits(turn)
            views.append(QuestionView(turn.question, words=words, own_knowledge=turn.own_knowledge))
        views.append(AnswerView(turn=turn))
    return views


def _limits(turn: LiveTurn) -> Sequence[str]:
    """The words that limit the question; before that is known, those that look like it."""
    if turn.scope is not None:
        return turn.scope.words
    from morgan_core.scopes import tokens

    return [token.word for token in tokens(turn.question)]

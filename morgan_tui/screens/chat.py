"""The chat screen: conversations, transcript, sources, library strip, prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widgets import OptionList

from morgan_tui import messages
from morgan_tui.widgets.key_hints import KeyHints
from morgan_tui.widgets.library_strip import LibraryStrip
from morgan_tui.widgets.prompt import Prompt
from morgan_tui.widgets.scope_list import ScopeList
from morgan_tui.widgets.sidebar import Sidebar
from morgan_tui.widgets.sources_panel import SourcesPanel
from morgan_tui.widgets.title_bar import TitleBar
from morgan_tui.widgets.transcript import PAGE, Transcript

if TYPE_CHECKING:
    from morgan_core.types import Conversation, Message
    from morgan_tui.app import MorganApp
    from morgan_tui.scope_names import ScopeNames
    from morgan_tui.turns import Chat, LiveTurn
    from morgan_tui.widgets.answer import AnswerView

ROOM_FOR_CHATS = 100
"""Columns from which the conversations are shown without being asked for."""

ROOM_FOR_SOURCES = 130
"""Columns from which the sources open by themselves."""

ROOM_FOR_BOTH = 90
"""Columns below which one panel closes the other."""


class ChatScreen(Screen[None]):
    """Shows one conversation; the app holds the turns, which go on when it shows another."""

    AUTO_FOCUS = "#prompt"

    DEFAULT_CSS = """
    ChatScreen {
        background: $background;
    }
    ChatScreen #body {
        height: 1fr;
    }
    ChatScreen #main {
        width: 1fr;
        height: 1fr;
    }
    """

    app: MorganApp

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self.chat = chat
        self.title_bar = TitleBar()
        self.sidebar = Sidebar()
        self.transcript = Transcript()
        self.strip = LibraryStrip()
        self.choices = ScopeList()
        self.prompt = Prompt(self.choices)
        self.sources = SourcesPanel()
        self.hints = KeyHints("anywhere")
        self._chats_wanted: bool | None = None
        self._sources_wanted: bool | None = None
        self._names: ScopeNames | None = None

    def compose(self) -> ComposeResult:
        yield self.title_bar
        with Horizontal(id="body"):
            yield self.sidebar
            with Vertical(id="main"):
                yield self.transcript
                yield self.strip
                yield self.choices
                yield self.prompt
            yield self.sources
        yield self.hints

    def on_mount(self) -> None:
        self.sources.display = False
        self.prompt.show_draft(self.app.drafts.text(self.chat.id))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The bottom line begins with the keys that only the conversation has."""
        if event.widget is self.transcript:
            self.hints.show("transcript", "anywhere")
        else:
            self.hints.show("anywhere")

    def on_screen_suspend(self) -> None:
        # Of a screen that is covered before its first frame, no frame is ever reported.
        self.app.start()

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width)

    def _arrange(self, width: int | None = None) -> None:
        width = width or self.size.width
        chats = self._chats_wanted
        sources = self._sources_wanted
        self.sidebar.display = width >= ROOM_FOR_CHATS if chats is None else chats
        if sources is None:
            sources = width >= ROOM_FOR_SOURCES and bool(self.sources.sources)
        self.sources.display = sources
        if width < ROOM_FOR_BOTH and self.sources.display:
            self.sidebar.display = False

    def toggle_chats(self) -> None:
        """Show or hide the conversations."""
        self._chats_wanted = not self.sidebar.display
        if self._chats_wanted and self.size.width < ROOM_FOR_BOTH:
            self._sources_wanted = False
        self._arrange()
        if not self.sidebar.display and self.focused is self.sidebar:
            self.prompt.focus()

    def toggle_sources(self) -> None:
        """Show or hide the sources."""
        self._sources_wanted = not self.sources.display
        self._arrange()
        if not self.sources.display and self.focused in (None, self.sources):
            self.prompt.focus()

    def focus_sources(self) -> None:
        """Show the sources and go there."""
        if not self.sources.display:
            self.toggle_sources()
        self.sources.focus()

    def focus_chats(self) -> None:
        """Show the conversations and go there."""
        if not self.sidebar.display:
            self.toggle_chats()
        self.sidebar.focus()

    async def show_chat(
        self, chat: Chat, stored: list[Message], has_older: bool, focus: bool = True
    ) -> None:
        """Show another conversation: its stored messages, then its live turns."""
        if chat is not self.chat:
            self.app.drafts.set_text(self.chat.id, self.prompt.text)
        self.chat = chat
        live = {turn.turn_id for turn in chat.turns}
        shown = [message for message in stored if message.turn_id not in live]
        self.prompt.show_draft(self.app.drafts.text(chat.id))
        questions = [message.text for message in stored if message.role == "user"]
        self.prompt.last_question = questions[-1] if questions else ""
        await self.transcript.show(shown, chat.turns, has_older)
        self._show_sources()
        if focus:
            self.prompt.focus()

    async def add_turn(self, turn: LiveTurn) -> None:
        """Show a question that was just sent."""
        if self.transcript.cut:
            await self.app.show_conversation(self.chat.id)
            return
        await self.transcript.add(turn)

    @property
    def chosen(self) -> AnswerView | None:
        """The answer whose sources are shown."""
        return self.transcript.chosen  # type: ignore[return-value]

    def show_conversations(self, conversations: list[Conversation]) -> None:
        self.sidebar.show(conversations, self.chat.id)

    def _show_sources(self) -> None:
        answer = self.chosen
        if answer is None:
            self.sources.show((), (), True)
        else:
            self.sources.show(answer.sources, answer.citations, answer.relevant)
        self._arrange()

    @on(messages.AnswerChosen)
    def _answer_chosen(self, message: messages.AnswerChosen) -> None:
        message.stop()
        if message.follow:
            if message.view is self.chosen:
                self._show_sources()
            return
        if message.view is not None:
            self.transcript.choose(message.view)
        self._show_sources()

    @on(messages.DraftChanged)
    def _draft_changed(self) -> None:
        self.app.drafts.set_text(self.chat.id, self.prompt.text)

    @on(messages.ScopeTyped)
    def _scope_typed(self) -> None:
        if self.prompt.typed is None:
            self._names = None
            self.choices.close()
        elif self._names is not None:
            self._offer_names()
        else:
            self.run_worker(self._load_names(), exclusive=True, group="names", exit_on_error=False)

    async def _load_names(self) -> None:
        """Read the names once for the word that is typed; typing on does not wait for it."""
        self._names = await self.app.scope_names()
        self._offer_names()

    def _offer_names(self) -> None:
        typed = self.prompt.typed
        if typed is None or self._names is None:
            self.choices.close()
            return
        found = self._names.matching(typed.sigil, typed.name)
        complete = bool(typed.name) and any(one.name == typed.name for one in found)
        self.choices.show(() if complete else found)

    @on(OptionList.OptionSelected, "#scopes")
    def _scope_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.prompt.take_scope()
        self.prompt.focus()

    @on(messages.OlderWanted)
    async def _older_wanted(self) -> None:
        chat = self.chat
        views = self.transcript.messages.children
        first = next((view for view in views if getattr(view, "message_id", "")), None)
        before = getattr(first, "message_id", None)
        if chat.id is None or before is None:
            return
        older, has_older = await self.app.load_messages(chat.id, before=before, limit=PAGE)
        if self.chat is chat:
            await self.transcript.prepend(older, has_older)

    @on(messages.NewestWanted)
    async def _newest_wanted(self) -> None:
        await self.app.show_conversation(self.chat.id, focus=False)

    @on(messages.UpFromEmptyPrompt)
    def _up_from_empty_prompt(self) -> None:
        choices = self.transcript.query("Welcome OptionList")
        if choices:
            choices.first().focus()
        elif self.prompt.last_question:
            self.prompt.insert(self.prompt.last_question)
        else:
            self.transcript.focus()

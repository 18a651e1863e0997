"""The app's conversations: listing, showing, asking, stopping, continuing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from textual import on

from morgan_tui import messages
from morgan_tui.app_base import BaseApp
from morgan_tui.turns import Chat, LiveTurn

if TYPE_CHECKING:
    from morgan_core.types import Message
    from morgan_tui.scope_names import ScopeNames


class ChatsApp(BaseApp):
    """The part that looks after conversations and turns."""

    def _chat(self, conversation_id: str | None) -> Chat:
        """The chat of a conversation; for None the one on screen, which is new at the start."""
        if conversation_id is None:
            return self._chat_screen.chat
        return self.chats.setdefault(conversation_id, Chat(conversation_id))

    def _remember_open_chat(self) -> None:
        """While an answer runs, an end of the app is a cut: show the same chat again then."""
        chat = self._chat_screen.chat
        running = any(not turn.ended for turn in chat.turns)
        self.drafts.set_open_chat(chat.id if running else None)

    async def refresh_conversations(self) -> None:
        """Load the list of conversations again."""
        morgan = self.link.open
        if morgan is None:
            return
        found = await self.guard(morgan.conversations.list())
        if found is not None:
            self.conversations = found
        chat = self._chat_screen.chat
        for conversation in self.conversations:
            if conversation.id == chat.id:
                chat.title = conversation.title
        self._chat_screen.show_conversations(self.conversations)
        self._show_state()
        await self._show_welcome()

    async def load_messages(
        self, conversation_id: str, *, before: str | None = None, limit: int
    ) -> tuple[list[Message], bool]:
        """(messages, whether there are older ones)."""
        morgan = await self.link.morgan()
        found = await self.guard(
            morgan.conversations.messages(conversation_id, before=before, limit=limit + 1)
        )
        found = found or []
        return found[-limit:], len(found) > limit

    async def show_conversation(self, conversation_id: str | None, focus: bool = True) -> None:
        """Show a stored conversation, or with None a new one."""
        from morgan_tui.widgets.transcript import FIRST

        chat, stored, has_older = Chat(), list[Any](), False
        if conversation_id is not None:
            chat = self._chat(conversation_id)
            chat.turns = [t for t in chat.turns if not t.ended or not t.saved]
            stored, has_older = await self.load_messages(conversation_id, limit=FIRST)
            titles = {c.id: c.title for c in self.conversations}
            chat.title = titles.get(conversation_id, chat.title)
        await self._chat_screen.show_chat(chat, stored, has_older, focus)
        self._chat_screen.show_conversations(self.conversations)
        self._show_state()
        await self._show_welcome()
        self._follow_running(chat, stored)

    def _follow_running(self, chat: Chat, stored: list[Message]) -> None:
        """An answer that runs without us (another face asked) is followed."""
        known = {turn.turn_id for turn in chat.turns}
        questions = {m.turn_id: m.text for m in stored if m.role == "user"}
        for message in stored:
            if message.state == "running" and message.turn_id not in known:
                question = questions.get(message.turn_id, "")
                turn = self.turns.follow(chat, question, message.turn_id, message.text)
                self.run_worker(self._chat_screen.transcript.continue_answer(turn))

    def _turn_event(self, turn: LiveTurn, what: str) -> None:
        chat = turn.chat
        if what == "saved" and chat.id is not None and chat.id not in self.chats:
            self.chats[chat.id] = chat
            if chat is self._chat_screen.chat:
                self.drafts.move(None, chat.id)
        self._remember_open_chat()
        if self._started and self.is_running:
            self._only_once(self.refresh_conversations)

    async def _show_welcome(self) -> None:
        """The card of an empty conversation, once it is known what to offer."""
        screen = self._chat_screen
        chat = screen.chat
        if chat.id is not None or chat.turns or self.link.open is None:
            return
        if self.library.counts is None:
            return
        from morgan_tui.sample import sample_questions
        from morgan_tui.widgets.welcome import Welcome

        first_start = self.library.empty
        questions = () if first_start else sample_questions(self.library.folders)
        shown = next(iter(screen.transcript.query(Welcome)), None)
        if shown is not None and (shown.first_start, shown.questions) == (first_start, questions):
            return
        await screen.transcript.show_card(Welcome(first_start, questions))

    @on(messages.AskRequested)
    async def _ask(self, message: messages.AskRequested) -> None:
        await self.ask(message.question)

    async def scope_names(self) -> ScopeNames | None:
        """The names of all documents and folders; None while they cannot be had."""
        from morgan_tui.scope_names import ScopeNames

        if self.library.documents is None:
            morgan = self.link.open
            listing = await self.guard(morgan.library.list()) if morgan is not None else None
            if listing is None:
                return None
            self.library.load(listing)
        documents = list((self.library.documents or {}).values())
        return await asyncio.to_thread(ScopeNames, documents, list(self.library.folders))

    def scope_trouble(self, question: str) -> str:
        """What is wrong with the scope in ``question``, as far as is known here; else empty.

        A turn resolves it again when it is asked.
        """
        if self.library.documents is None or not any(mark in question for mark in "@#:"):
            return ""
        from morgan_core.errors import MorganError
        from morgan_core.scopes import resolve, tokens

        found = tokens(question)
        try:
            if found:
                documents = list(self.library.documents.values())
                resolve(found, documents, self.library.folders, time.time())
        except MorganError as error:
            return str(error)
        return ""

    async def ask(self, question: str, *, own_knowledge: bool = False) -> None:
        """Send a question in the conversation on screen."""
        screen = self._chat_screen
        turn = self.turns.ask(screen.chat, question, own_knowledge=own_knowledge)
        self.drafts.set_text(screen.chat.id, screen.prompt.text)
        await screen.add_turn(turn)

    @on(messages.StopRequested)
    async def _stop(self, message: messages.StopRequested) -> None:
        running = [turn for turn in self._chat_screen.chat.turns if not turn.ended]
        if running:
            await self.guard(self.turns.stop(running[0]))
        elif message.place == "prompt":
            self._chat_screen.transcript.focus()
        else:
            self._chat_screen.prompt.focus()

    @on(messages.ContinueRequested)
    async def _continue(self, message: messages.ContinueRequested) -> None:
        screen = self._chat_screen
        view = screen.chosen
        if view is None or view.state not in ("interrupted", "failed", "stopped"):
            return
        if view.turn is not None and not view.turn.saved:
            if self.link.error is not None:
                self.open_core()
            self.turns.ask_again(view.turn)
            return
        question = screen.transcript.question_of(view)
        if view.state != "interrupted":
            if question:
                await self.ask(question, own_knowledge=view.own_knowledge)
            return
        screen.chat.turns = [t for t in screen.chat.turns if t.turn_id != view.turn_id]
        turn = self.turns.follow(screen.chat, question, view.turn_id, view.text)
        await screen.transcript.continue_answer(turn)

    async def action_own_knowledge(self) -> None:
        """Put the question of the chosen answer to the model itself."""
        self._to_chat()
        screen = self._chat_screen
        view = screen.chosen
        question = screen.transcript.question_of(view) if view is not None else ""
        if view is None or not question or view.state not in ("done", "stopped"):
            self.say("There is no finished answer here whose question the model could take.")
        elif view.own_knowledge:
            self.say("This answer is from the model's own knowledge already.")
        else:
            await self.ask(question, own_knowledge=True)

    @on(messages.ChatChosen)
    async def _chat_chosen(self, message: messages.ChatChosen) -> None:
        await self.show_conversation(message.conversation_id)

    @on(messages.RenameChat)
    def _rename_chat(self, message: messages.RenameChat) -> None:
        from morgan_tui.screens.ask_text import AskText

        titles = {c.id: c.title for c in self.conversations}

        async def rename(title: str | None) -> None:
            morgan = self.link.open
            if title and morgan is not None:
                await self.guard(morgan.conversations.rename(message.conversation_id, title))
                await self.refresh_conversations()

        old = titles.get(message.conversation_id, "")
        self.push_screen(AskText("Rename the conversation", old), rename)

    @on(messages.DeleteChat)
    def _delete_chat(self, message: messages.DeleteChat) -> None:
        from morgan_tui.screens.confirm import Confirm

        titles = {c.id: c.title for c in self.conversations}

        async def delete(yes: bool | None) -> None:
            morgan = self.link.open
            if not yes or morgan is None:
                return
            await self.guard(morgan.conversations.delete(message.conversation_id))
            self.chats.pop(message.conversation_id, None)
            if self._chat_screen.chat.id == message.conversation_id:
                await self.show_conversation(None)
            await self.refresh_conversations()

        title = titles.get(message.conversation_id, "")
        question = "Delete this conversation? It cannot be brought back."
        self.push_screen(Confirm(question, title, "Delete"), delete)

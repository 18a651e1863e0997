"""What the command palette offers: actions, conversations, models, themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from morgan_tui.text import clean_line, human_size

if TYPE_CHECKING:
    from morgan_tui.app import MorganApp


class MorganProvider(Provider):
    """Base: a list of (name, help, what it does), matched by name."""

    @property
    def morgan_app(self) -> MorganApp:
        return self.app  # type: ignore[return-value]

    async def entries(self) -> list[tuple[str, str, Callable[[], Any]]]:
        raise NotImplementedError

    async def discover(self) -> Hits:
        for name, help_text, command in await self.entries():
            yield DiscoveryHit(Content(name), command, text=name, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, command in await self.entries():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(name), command, text=name, help=help_text)


class Actions(MorganProvider):
    """What the app can do."""

    async def entries(self) -> list[tuple[str, str, Callable[[], Any]]]:
        app = self.morgan_app

        def action(name: str) -> Callable[[], Any]:
            return lambda: app.run_worker(app.run_action(name, app))

        return [
            ("New conversation", "Ctrl+N", action("app.new_chat")),
            ("Open the library", "F2: every file, its state and problems", action("app.library")),
            ("Add a folder or file", "Its documents become searchable", app.add_folder),
            (*self._pause(), action("app.pause_library")),
            ("Show or hide the conversations", "Ctrl+B", action("app.toggle_chats")),
            ("Show or hide the sources", "Ctrl+S", action("app.toggle_sources")),
            ("Why this answer", "What was found, sent and left out", action("app.why")),
            (
                "Ask the model's own knowledge",
                "The chosen answer's question, without your documents",
                action("app.own_knowledge"),
            ),
            ("Export the conversation", "As Markdown, in this folder", action("app.export")),
            ("Choose a model", "The chat model of the next answers", action("app.models")),
            ("Choose a theme", "Colours", action("app.change_theme")),
            ("Help", "F1: every key", action("app.help")),
            ("Quit", "Ctrl+Q: nothing is lost", action("app.quit")),
        ]

    def _pause(self) -> tuple[str, str]:
        counts = self.morgan_app.library.counts
        if counts is not None and counts.paused:
            return "Resume the library", "Go on reading and embedding"
        return "Pause the library", "Read and embed nothing until resumed"


class Chats(MorganProvider):
    """The conversations, by title, and by the words of their messages."""

    async def entries(self) -> list[tuple[str, str, Callable[[], Any]]]:
        return [
            (f"Go to: {clean_line(c.title)}", "conversation", self._opener(c.id))
            for c in self.morgan_app.conversations[:200]
        ]

    async def discover(self) -> Hits:
        for name, help_text, command in (await self.entries())[:8]:
            yield DiscoveryHit(Content(name), command, text=name, help=help_text)

    async def search(self, query: str) -> Hits:
        async for hit in super().search(query):
            yield hit
        morgan = self.morgan_app.link.open
        if morgan is None or len(query.strip()) < 3:
            return
        found = await self.morgan_app.guard(morgan.conversations.search(query, limit=8))
        for message in found or []:
            line = clean_line(message.text)[:70]
            opener = self._opener(message.conversation_id)
            yield Hit(0.1, Content(line), opener, text=line, help="in a conversation")

    def _opener(self, conversation_id: str) -> Callable[[], Any]:
        app = self.morgan_app
        return lambda: app.run_worker(app.show_conversation(conversation_id))


class ModelChoices(MorganProvider):
    """The chat models: use one that is here, or download one."""

    async def entries(self) -> list[tuple[str, str, Callable[[], Any]]]:
        app = self.morgan_app
        morgan = app.link.open
        if morgan is None:
            return []
        models = await app.guard(morgan.models.list()) or []
        entries = []
        for model in models:
            if model.role != "chat":
                continue
            name = clean_line(model.name)
            size = human_size(model.size) if model.size else ""
            if model.state == "missing":
                entries.append(
                    (f"Download model {name}", size, self._does(app.pull_model, model.name))
                )
            elif model.state != "active":
                entries.append((f"Use model {name}", size, self._does(app.use_model, model.name)))
        return entries

    def _does(self, work: Callable[[str], Any], name: str) -> Callable[[], Any]:
        app = self.morgan_app
        return lambda: app.run_worker(work(name), exit_on_error=False)

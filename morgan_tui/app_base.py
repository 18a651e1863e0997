"""What every part of the app rests on: the core's link, the state on screen, notes to the person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual import events
from textual.app import App

from morgan_tui.collector import QuietCollector
from morgan_tui.core_link import CoreLink, Opener
from morgan_tui.drafts import Drafts
from morgan_tui.live_library import LiveLibrary
from morgan_tui.screens.chat import ChatScreen
from morgan_tui.themes import EXTRA_VARIABLES, THEMES
from morgan_tui.turns import Chat, LiveTurn, Turns

if TYPE_CHECKING:
    from morgan_core.types import Conversation

T = TypeVar("T")

NEWS_FOR = 20.0
"""Seconds that news of a child process stays in the strip."""


class BaseApp(App[int]):
    """Holds what the parts of the app share."""

    def __init__(self, opener: Opener, data_dir: Path, *, theme: str | None = None) -> None:
        super().__init__()
        for own in THEMES:
            self.register_theme(own)
        self.theme = theme or "morgan-dark"
        self.link = CoreLink(opener)
        self.drafts = Drafts(data_dir / "drafts")
        self.library = LiveLibrary()
        self.conversations: list[Conversation] = []
        self.chats: dict[str, Chat] = {}
        self.turns = Turns(self.link.morgan, self.drafts, self._turn_event)
        self._chat_screen = ChatScreen(Chat())
        self.collector = QuietCollector(self._answering)
        self._redraw: asyncio.TimerHandle | None = None
        self._jobs: dict[str, str] = {}
        self._news_off: asyncio.TimerHandle | None = None
        self._shown_news = ""
        self._started = False

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self.collector.typed()
            self.turns.typed()
        await super().on_event(event)

    def _answering(self) -> bool:
        chats = {id(chat): chat for chat in (self._chat_screen.chat, *self.chats.values())}
        return any(not turn.ended for chat in chats.values() for turn in chat.turns)

    def get_default_screen(self) -> ChatScreen:
        return self._chat_screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return EXTRA_VARIABLES

    def open_core(self) -> None:
        """Open the core in the background; again after it failed to open."""
        raise NotImplementedError

    def _turn_event(self, turn: LiveTurn, what: str) -> None:
        """A turn was ``saved`` or has ``ended``."""
        raise NotImplementedError

    def _show_state(self) -> None:
        """Draw the title bar and the strip."""
        from morgan_tui.text import clean_line

        screen = self._chat_screen
        if not screen.is_attached:
            return
        model, state = self._model_state()
        health = self.library.health
        hosts = health.remote_hosts if health is not None else ()
        title = clean_line(screen.chat.title)
        screen.title_bar.show(title, clean_line(model), state, tuple(map(clean_line, hosts)))
        screen.strip.show(self.library, self._trouble())

    def _model_state(self) -> tuple[str, str]:
        if self.link.error is not None:
            return "", "not running"
        if self.link.open is None:
            return "", "opening…"
        model = self.library.chat_model
        if model is None:
            return "", "starting…"
        states = {"active": "ready", "loading": f"loading {model.share * 100:.0f} %"}
        states["downloading"] = f"downloading {model.share * 100:.0f} %"
        return model.name, states.get(model.state, model.state)

    def _trouble(self) -> str:
        """The worst thing the person should know; empty when all is well."""
        from morgan_tui.text import clean_line

        if self.link.error is not None:
            return clean_line(str(self.link.error))
        if self.drafts.error is not None:
            return f"drafts cannot be written: {clean_line(str(self.drafts.error))}"
        if self.library.news:
            self._let_news_fade()
            return clean_line(self.library.news)
        health = self.library.health
        if health is not None and health.status in ("degraded", "error"):
            bad = [f"{k}: {v}" for k, v in health.components.items() if v.startswith("error")]
            return clean_line("; ".join(bad))
        return ""

    def _let_news_fade(self) -> None:
        news = self.library.news
        if news == self._shown_news:
            return
        self._shown_news = news
        if self._news_off is not None:
            self._news_off.cancel()

        def fade() -> None:
            failed = any(w.state == "failed" for w in self.library.workers.values())
            if self.library.news == news and not failed:
                self.library.news = self._shown_news = ""
                self._show_state()

        self._news_off = asyncio.get_running_loop().call_later(NEWS_FOR, fade)

    def _to_chat(self) -> None:
        """Close whatever lies over the chat screen."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def _only_once(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` in the background; a run that is still going on is replaced."""
        self.run_worker(work, exclusive=True, group=work.__name__)  # type: ignore[arg-type]

    def say(self, text: str, severity: Any = "information") -> None:
        """Show a short note; ``text`` may hold words from outside."""
        from morgan_tui.text import clean

        self.notify(clean(text), severity=severity, markup=False, timeout=6)

    async def guard(self, work: Awaitable[T]) -> T | None:
        """Await ``work``; an error becomes a note, and None is returned."""
        from morgan_core.errors import MorganError

        try:
            return await work
        except MorganError as error:
            self.say(str(error), severity="error")
        except Exception as error:
            self.say(f"Something in Morgan failed: {type(error).__name__}: {error}", "error")
        return None

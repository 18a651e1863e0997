"""The terminal app: it paints first, then opens the core, and never waits for it.

Everything heavy is imported after the first frame. The app talks to the ``Morgan`` protocol and
to nothing else of the core.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType

from morgan_tui import messages
from morgan_tui.app_library import LibraryApp
from morgan_tui.keys import bindings
from morgan_tui.themes import CYCLE

if TYPE_CHECKING:
    from textual.command import Provider

    from morgan_core.assistant import Morgan
    from morgan_core.paths import Paths


def _palette(name: str) -> Callable[[], type[Provider]]:
    """A provider of the palette, imported when the palette first opens."""

    def load() -> type[Provider]:
        from morgan_tui import palette

        provider: type[Provider] = getattr(palette, name)
        return provider

    return load


class MorganApp(LibraryApp):
    """``opener`` opens the core (``morgan_core.session.open_morgan``; a fake in the tests)."""

    TITLE = "Morgan"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("anywhere")]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS = {_palette("Actions"), _palette("Chats"), _palette("ModelChoices")}

    CSS = """
    Toast {
        max-width: 70;
    }
    """

    # --- life -----------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.collector.start()
        self._open_drafts()
        self._catch_signals()
        self.call_after_refresh(self.start)

    def _open_drafts(self) -> None:
        try:
            self.drafts.open()
        except OSError as error:
            self.say(f"Drafts cannot be kept: {error}", severity="warning")
        screen = self._chat_screen
        screen.prompt.show_draft(self.drafts.text(None))

    def _catch_signals(self) -> None:
        """A closed terminal or a TERM ends the app as Ctrl+Q does."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, self.exit, 0)

    def start(self) -> None:
        """The first frame is out, or another screen covers it: open the core, once."""
        if self._started:
            return
        self._started = True
        self._show_state()
        asked = {turn.turn_id for turn in self._chat_screen.chat.turns}
        for pending in self.drafts.pending:
            if pending.id not in asked:  # a question typed before this frame is under way
                chat = self._chat(pending.conversation_id)
                self.turns.ask(chat, pending.question, pending)
        if self._chat_screen.chat.turns:
            self.run_worker(self._show_first_turns)  # type: ignore[arg-type]
        self.open_core()

    def open_core(self) -> None:
        self.link.start()
        self.run_worker(self._open, exit_on_error=False)  # type: ignore[arg-type]

    async def _show_first_turns(self) -> None:
        screen = self._chat_screen
        await screen.show_chat(screen.chat, [], False)

    async def _open(self) -> None:
        from morgan_core.errors import MorganError

        await asyncio.sleep(0)
        self._prewarm()
        try:
            morgan = await self.link.morgan()
        except MorganError:
            self._show_state()
            return
        self.run_worker(self._follow_library(morgan), exit_on_error=False)
        await self.refresh_conversations()
        chat = self._chat_screen.chat
        known = any(c.id == self.drafts.open_chat for c in self.conversations)
        if known and chat.id is None and not chat.turns:
            await self.show_conversation(self.drafts.open_chat, focus=False)
        self._show_state()

    def _prewarm(self) -> None:
        """Import what the first answer needs, in a thread, so that it does not wait for it."""
        import threading

        def load() -> None:
            import morgan_core.events  # noqa: F401
            import morgan_tui.widgets.answer  # noqa: F401

        threading.Thread(target=load, name="prewarm", daemon=True).start()

    async def on_unmount(self) -> None:
        self.collector.close()
        self._remember_open_chat()
        self.drafts.close()
        self.turns.close()
        for timer in (self._redraw, self._news_off):
            if timer is not None:
                timer.cancel()

    # --- sources and links ----------------------------------------------------------------

    @on(messages.OpenSource)
    def _open_source(self, message: messages.OpenSource) -> None:
        self.action_open_source(message.n)

    @on(messages.OpenLink)
    def _open_link(self, message: messages.OpenLink) -> None:
        from morgan_tui.screens.confirm import Confirm

        href = message.href
        if not href.startswith(("http://", "https://", "mailto:")):
            self.say(f"Morgan does not open {href}", severity="warning")
            return

        def opened(yes: bool | None) -> None:
            if yes:
                self.open_url(href)

        self.push_screen(Confirm("Open this address in the browser?", href, "Open"), opened)

    # --- actions ------------------------------------------------------------------------------

    async def action_new_chat(self) -> None:
        self._to_chat()
        await self.show_conversation(None)

    def action_toggle_chats(self) -> None:
        self._chat_screen.toggle_chats()

    def action_toggle_sources(self) -> None:
        self._chat_screen.toggle_sources()

    def action_focus_sources(self) -> None:
        self._to_chat()
        self._chat_screen.focus_sources()

    def action_focus_chats(self) -> None:
        self._to_chat()
        self._chat_screen.focus_chats()

    def action_focus_prompt(self) -> None:
        self._chat_screen.prompt.focus()

    def action_library(self) -> None:
        from morgan_tui.screens.library import LibraryScreen

        if isinstance(self.screen, LibraryScreen):
            self.pop_screen()
        else:
            self._to_chat()
            self.push_screen(LibraryScreen())

    def action_help(self) -> None:
        from morgan_tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        else:
            self.push_screen(HelpScreen())

    def action_open_source(self, n: int) -> None:
        from morgan_tui.screens.passage import PassageScreen

        answer = self._chat_screen.chosen
        sources = answer.sources if answer is not None else ()
        if not any(source.n == n for source in sources):
            self.say(f"There is no source [{n}] here.")
            return
        assert answer is not None
        self.push_screen(PassageScreen(sources, n, answer.citations))

    def action_why(self) -> None:
        """Show why the chosen answer is as it is; the same key closes it."""
        from morgan_tui.screens.why import WhyScreen

        if isinstance(self.screen, WhyScreen):
            self.pop_screen()
            return
        self._to_chat()
        view = self._chat_screen.chosen
        if view is None or view.answer is None:
            self.say("There is no finished answer here to explain.")
            return
        self.push_screen(WhyScreen(view.answer))

    async def action_export(self) -> None:
        """Write the conversation on screen as Markdown into the working directory."""
        from morgan_tui.export import as_markdown, export_path

        chat = self._chat_screen.chat
        if chat.id is None:
            self.say("There is nothing to export yet.")
            return
        found, _ = await self.load_messages(chat.id, limit=100_000)
        path = export_path(Path.cwd(), chat.title)
        try:
            path.write_text(as_markdown(chat.title, found), encoding="utf-8")
        except OSError as error:
            self.say(f"{path} could not be written: {error.strerror}", severity="error")
        else:
            self.say(f"Written to {path}")

    async def action_models(self) -> None:
        """Choose a chat model."""
        from textual.command import CommandPalette

        from morgan_tui.palette import ModelChoices

        self.push_screen(CommandPalette([ModelChoices], placeholder="Choose a model…"))

    async def use_model(self, name: str) -> None:
        """Make a present model the chat model."""
        morgan = await self.link.morgan()
        model = await self.guard(morgan.models.use(name))
        if model is not None:
            self.say(f"The next answers come from {model.name}.")

    async def pull_model(self, name: str) -> None:
        """Download a model; its progress is in the title bar."""
        morgan = await self.link.morgan()

        async def pull() -> None:
            async for model in morgan.models.pull(name):
                self.library.models[model.name] = model
                self._redraw_soon()

        self.say(f"Downloading {name}…")
        await self.guard(pull())

    def action_next_theme(self) -> None:
        at = CYCLE.index(self.theme) if self.theme in CYCLE else -1
        self.theme = CYCLE[(at + 1) % len(CYCLE)]

    def action_interrupt(self) -> None:
        """Ctrl+C copies a selection; the habit of quitting with it loses nothing."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self.say("Copied.")
        else:
            self.say("Ctrl+Q quits; Esc stops an answer.")

    async def action_quit(self) -> None:
        self.exit(0)


def run(paths: Paths, loaded: Any = None, connect: str | None = None) -> int:
    """Run the app until the person quits; the exit code of the process.

    The screen is left first; then the core is closed.
    """

    def opener() -> contextlib.AbstractAsyncContextManager[Morgan]:
        return open_session(paths, loaded, connect)

    return asyncio.run(run_app(MorganApp(opener, paths.data)))


async def run_app(app: MorganApp) -> int:
    """Run ``app`` until the person quits, then close its core; the exit code."""
    try:
        code = await app.run_async()
    finally:
        _end_input(app)
        await app.link.close()
    return (code if code is not None else 0) or (app.return_code or 0)


def _end_input(app: MorganApp) -> None:
    """Textual's driver gives up on a terminal that was closed before it ends its input thread,
    which would read end-of-file for ever and keep the process."""
    exit_event = getattr(app._driver, "exit_event", None)
    if exit_event is not None:
        exit_event.set()


@contextlib.asynccontextmanager
async def open_session(
    paths: Paths, loaded: Any = None, connect: str | None = None
) -> AsyncIterator[Morgan]:
    """Open the session, imported in a thread so that typing goes on."""
    session = await asyncio.to_thread(importlib.import_module, "morgan_core.session")
    async with session.open_morgan(paths=paths, loaded=loaded, connect=connect) as morgan:
        yield morgan

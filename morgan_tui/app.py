"""The terminal app: it paints first, then opens the core, and never waits for it.

Everything heavy is imported after the first frame. The app talks to the ``Morgan`` protocol and
to nothing else of the core.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import on
from textual.app import App
from textual.binding import BindingType

from morgan_tui import messages
from morgan_tui.core_link import CoreLink, Opener
from morgan_tui.drafts import Drafts
from morgan_tui.keys import bindings
from morgan_tui.live_library import LiveLibrary
from morgan_tui.screens.chat import ChatScreen
from morgan_tui.themes import CYCLE, EXTRA_VARIABLES, THEMES
from morgan_tui.turns import Chat, LiveTurn, Turns

if TYPE_CHECKING:
    from textual.command import Provider

    from morgan_core.assistant import Morgan
    from morgan_core.events import AnyChange
    from morgan_core.paths import Paths
    from morgan_core.types import Conversation, Job, Message

T = TypeVar("T")


def _palette(name: str) -> Callable[[], type[Provider]]:
    """A provider of the palette, imported when the palette first opens."""

    def load() -> type[Provider]:
        from morgan_tui import palette

        provider: type[Provider] = getattr(palette, name)
        return provider

    return load


REDRAW_EVERY = 0.2
"""Seconds between two redraws of the library's state, however fast it changes."""

NEWS_FOR = 20.0
"""Seconds that news of a child process stays in the strip."""


class MorganApp(App[int]):
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
        self._redraw: asyncio.TimerHandle | None = None
        self._jobs: dict[str, str] = {}
        self._news_off: asyncio.TimerHandle | None = None
        self._shown_news = ""
        self._started = False

    def get_default_screen(self) -> ChatScreen:
        return self._chat_screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return EXTRA_VARIABLES

    # --- life -----------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._open_drafts()
        self._catch_signals()
        self.call_after_refresh(self._start)

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

    def _start(self) -> None:
        """The first frame is out: open the core."""
        if self._started:
            return
        self._started = True
        self._show_state()
        for pending in self.drafts.pending:
            chat = self._chat(pending.conversation_id)
            self.turns.ask(chat, pending.question, pending)
        if self._chat_screen.chat.turns:
            self.run_worker(self._show_first_turns)  # type: ignore[arg-type]
        self.run_worker(self._open, exit_on_error=False)  # type: ignore[arg-type]

    async def _show_first_turns(self) -> None:
        screen = self._chat_screen
        await screen.show_chat(screen.chat, [], False)

    def _chat(self, conversation_id: str | None) -> Chat:
        """The chat of a conversation; for None the one on screen, which is new at the start."""
        if conversation_id is None:
            return self._chat_screen.chat
        return self.chats.setdefault(conversation_id, Chat(conversation_id))

    async def _open(self) -> None:
        from morgan_core.errors import MorganError

        self.link.start()
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
            import morgan_tui.widgets.answer  # noqa: F401

        threading.Thread(target=load, name="prewarm", daemon=True).start()

    async def on_unmount(self) -> None:
        self._remember_open_chat()
        self.drafts.close()
        self.turns.close()
        for timer in (self._redraw, self._news_off):
            if timer is not None:
                timer.cancel()

    def _remember_open_chat(self) -> None:
        """While an answer runs, an end of the app is a cut: show the same chat again then."""
        chat = self._chat_screen.chat
        running = any(not turn.ended for turn in chat.turns)
        self.drafts.set_open_chat(chat.id if running else None)

    # --- the library's state ------------------------------------------------------------------

    async def _follow_library(self, morgan: Morgan) -> None:
        """Take in changes for as long as the app runs, across breaks of the connection."""
        from morgan_core.errors import MorganError

        wait = 0.2
        while True:
            try:
                changes = morgan.library.changes()
                async for change in changes:
                    wait = 0.2
                    self._apply(change)
            except MorganError as error:
                self.library.news = str(error)
                self._redraw_soon()
            except Exception as error:
                self.library.news = f"changes cannot be followed: {type(error).__name__}: {error}"
                self._redraw_soon()
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)

    def _apply(self, change: AnyChange) -> None:
        from morgan_core import events

        self.library.apply(change)
        if isinstance(change, events.JobChanged):
            self._job_changed(change.job)
        chat = self._chat_screen.chat
        offers = isinstance(change, events.CountsChanged | events.FolderChanged)
        if offers and chat.id is None and not chat.turns:
            self._only_once(self._show_welcome)
        self._redraw_soon()

    def _redraw_soon(self) -> None:
        if self._redraw is None:
            loop = asyncio.get_running_loop()
            self._redraw = loop.call_later(REDRAW_EVERY, self._redraw_now)

    def _redraw_now(self) -> None:
        self._redraw = None
        self._show_state()
        for screen in self.screen_stack:
            library_changed = getattr(screen, "library_changed", None)
            if library_changed is not None:
                library_changed()

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

    # --- conversations ------------------------------------------------------------------------

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

    # --- what the person does -----------------------------------------------------------------

    @on(messages.AskRequested)
    async def _ask(self, message: messages.AskRequested) -> None:
        await self.ask(message.question)

    async def ask(self, question: str) -> None:
        """Send a question in the conversation on screen."""
        screen = self._chat_screen
        turn = self.turns.ask(screen.chat, question)
        screen.prompt.clear_sent()
        self.drafts.set_text(screen.chat.id, "")
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
                self.link.start()
                self.run_worker(self._open, exit_on_error=False)  # type: ignore[arg-type]
            self.turns.ask_again(view.turn)
            return
        question = screen.transcript.question_of(view)
        if view.state != "interrupted":
            if question:
                await self.ask(question)
            return
        screen.chat.turns = [t for t in screen.chat.turns if t.turn_id != view.turn_id]
        turn = self.turns.follow(screen.chat, question, view.turn_id, view.text)
        await screen.transcript.continue_answer(turn)

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

    @on(messages.LearnRequested)
    async def _learn(self, message: messages.LearnRequested) -> None:
        await self.learn(message.paths)

    async def learn(self, paths: list[str]) -> None:
        """Take in files; watch folders."""
        self.run_worker(self._learn_when_open(paths), exit_on_error=False)

    async def _learn_when_open(self, paths: list[str]) -> None:
        async def learn() -> None:
            morgan = await self.link.morgan()
            folders = [path for path in paths if Path(path).is_dir()]
            files = [path for path in paths if path not in folders]
            for folder in folders:
                await morgan.watches.add(folder)
            if files:
                job = await morgan.learn(files)
                self._jobs[job.id] = ""
                self._job_changed(job)

        await self.guard(learn())

    def _job_changed(self, job: Job) -> None:
        """Tell the end of a job that this app began."""
        if job.id not in self._jobs or job.state not in ("done", "failed"):
            return
        del self._jobs[job.id]
        for path, reason in list(job.skipped.items())[:3]:
            self.say(f"{path} was not taken in: {reason}", severity="warning")
        if job.error:
            self.say(job.error, severity="error")

    @on(messages.WelcomeChoice)
    async def _welcome_choice(self, message: messages.WelcomeChoice) -> None:
        if message.choice == "folder":
            self.add_folder()
        elif message.choice == "sample":
            from morgan_tui.sample import sample_folder

            await self.learn([str(sample_folder())])
            self._chat_screen.prompt.focus()
        else:
            self._chat_screen.prompt.focus()
            await self.ask(message.question)

    def add_folder(self) -> None:
        """Ask for a folder or file and take it in."""
        from morgan_tui.screens.ask_path import AskPath

        async def add(path: str | None) -> None:
            if path:
                await self.learn([path])

        self.push_screen(AskPath(), add)

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

    def _to_chat(self) -> None:
        """Close whatever lies over the chat screen."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # --- help for all -------------------------------------------------------------------------

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


def run(paths: Paths, loaded: Any = None, connect: str | None = None) -> int:
    """Run the app until the person quits; the exit code of the process.

    The screen is left first; then the core is closed.
    """

    def opener() -> contextlib.AbstractAsyncContextManager[Morgan]:
        return _open_session(paths, loaded, connect)

    async def main() -> int:
        app = MorganApp(opener, paths.data)
        try:
            code = await app.run_async()
        finally:
            await app.link.close()
        return (code if code is not None else 0) or (app.return_code or 0)

    return asyncio.run(main())


@contextlib.asynccontextmanager
async def _open_session(paths: Paths, loaded: Any, connect: str | None) -> AsyncIterator[Morgan]:
    """Open the session; its modules are imported in a thread, so that typing goes on."""
    import importlib

    session = await asyncio.to_thread(importlib.import_module, "morgan_core.session")
    async with session.open_morgan(paths=paths, loaded=loaded, connect=connect) as morgan:
        yield morgan

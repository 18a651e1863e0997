"""The app's library: its live changes, and taking in files and folders."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from morgan_tui import messages
from morgan_tui.app_chats import ChatsApp

if TYPE_CHECKING:
    from morgan_core.assistant import Morgan
    from morgan_core.events import AnyChange
    from morgan_core.types import Job

REDRAW_EVERY, REDRAW_BESIDE_KEYS = 0.2, 1.0
"""Seconds between two redraws of the library's state, however fast it changes."""


class LibraryApp(ChatsApp):
    """The part that follows the library and changes it."""

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
        if isinstance(change, events.ModelChanged) and change.model.state in ("active", "failed"):
            self.collector.keep()
        chat = self._chat_screen.chat
        offers = isinstance(change, events.CountsChanged | events.FolderChanged)
        if offers and chat.id is None and not chat.turns:
            self._only_once(self._show_welcome)
        self._redraw_soon()

    def _redraw_soon(self) -> None:
        if self._redraw is None:
            loop = asyncio.get_running_loop()
            wait = REDRAW_BESIDE_KEYS if self.turns.typing else REDRAW_EVERY
            self._redraw = loop.call_later(wait, self._redraw_now)

    def _redraw_now(self) -> None:
        self._redraw = None
        self._show_state()
        for screen in self.screen_stack:
            library_changed = getattr(screen, "library_changed", None)
            if library_changed is not None:
                library_changed()

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

    async def action_pause_library(self) -> None:
        """Pause reading and embedding, or go on."""
        morgan, counts = self.link.open, self.library.counts
        if morgan is None or counts is None:
            return
        change = morgan.library.resume() if counts.paused else morgan.library.pause()
        if (changed := await self.guard(change)) is not None:
            self.library.counts = changed
            self._redraw_now()

    @property
    def last_question(self) -> float | None:
        """When the last question was asked, in any conversation; None when none was."""
        return max((c.updated for c in self.conversations), default=None)

    def add_folder(self) -> None:
        """Ask for a folder or file and take it in."""
        from morgan_tui.screens.ask_path import AskPath

        async def add(path: str | None) -> None:
            if path:
                await self.learn([path])

        self.push_screen(AskPath(), add)

"""Morgan: the one object that every face talks to.

The terminal app, the shell commands and the HTTP routes use nothing else, and it is the public
Python API::

    async with open_morgan() as morgan:
        async for event in morgan.ask("When does the lease end?"):
            ...

``LocalMorgan`` (in ``morgan_core.local``) runs the core in this process; ``MorganClient`` speaks
to one over HTTP; the session that ``open_morgan`` returns is either, and changes when it must.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from morgan_core.events import AnyChange, AnyTurnEvent
from morgan_core.types import (
    Conversation,
    DocumentText,
    EffectiveSetting,
    Folder,
    Health,
    Job,
    LibraryCounts,
    LibraryListing,
    Message,
    ModelInfo,
    Proof,
    Scope,
    SearchResponse,
)

Folders = list[Folder]
JobList = list[Job]
ConversationList = list[Conversation]
MessageList = list[Message]
ModelList = list[ModelInfo]


class Library(Protocol):
    """The documents that Morgan knows, and their live changes."""

    async def list(self) -> LibraryListing:
        """Every document with its state, every watched folder, the counts."""
        ...

    async def counts(self) -> LibraryCounts: ...

    def changes(self) -> AsyncIterator[AnyChange]:
        """Stream changes from now on, of documents, folders, jobs, workers, models and health.

        The first events are ``CountsChanged``, one ``WorkerChanged`` per child, one
        ``ModelChanged`` per model in use, one ``FolderChanged`` per folder, and
        ``HealthChanged``: the present state. A slow reader gets the latest state
        of each thing, never an unbounded backlog.
        """
        ...

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        """The extracted text around ``start``..``end``, ``context`` code points to each side.

        Raises NotFound for an unknown document.
        """
        ...

    async def retry(self, document: str) -> None:
        """Read a failed document again."""
        ...

    async def pause(self) -> LibraryCounts:
        """Read and embed nothing until ``resume``, also after a restart. The disk is watched all
        the same (changed files are hashed and listed as waiting), and searches are answered."""
        ...

    async def resume(self) -> LibraryCounts:
        """Go on with what waits."""
        ...


class Watches(Protocol):
    """The watched folders."""

    async def list(self) -> Folders: ...

    async def add(self, path: str) -> Folder:
        """Watch the folder at absolute ``path``; BadInput when it is not a readable folder."""
        ...

    async def remove(self, path: str, *, forget: bool = False) -> None:
        """Stop watching. Documents stay unless ``forget``. NotFound if it is not watched."""
        ...


class Jobs(Protocol):
    async def get(self, job_id: str) -> Job: ...

    async def list(self) -> JobList: ...


class Conversations(Protocol):
    async def list(self, *, limit: int = 500) -> ConversationList:
        """Newest first."""
        ...

    async def get(self, conversation_id: str) -> Conversation: ...

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessageList:
        """The last ``limit`` messages in order, or those before message ``before``."""
        ...

    async def rename(self, conversation_id: str, title: str) -> Conversation: ...

    async def delete(self, conversation_id: str) -> None: ...

    async def search(self, query: str, *, limit: int = 20) -> MessageList:
        """Messages that hold every word of ``query``, newest first."""
        ...


class Models(Protocol):
    async def list(self) -> ModelList:
        """The catalogue and what is on disk; the chat model in use has state ``active``."""
        ...

    async def use(self, name: str) -> ModelInfo:
        """Make a present model (name or path of a GGUF) the chat model, from the next turn on."""
        ...

    def pull(self, name: str) -> AsyncIterator[ModelInfo]:
        """Download a model of the catalogue, resuming and checking its sha256."""
        ...

    async def test(self, name: str) -> ModelInfo:
        """Load the model in a child and generate a token."""
        ...


class Morgan(Protocol):
    """A private assistant that knows your documents."""

    @property
    def library(self) -> Library: ...

    @property
    def watches(self) -> Watches: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def conversations(self) -> Conversations: ...

    @property
    def models(self) -> Models: ...

    def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        scope: Scope | None = None,
        context: str = "",
        detached: bool = False,
        turn_id: str | None = None,
    ) -> AsyncIterator[AnyTurnEvent]:
        """Ask, and stream the turn's events until ``Done`` or ``Failed``.

        ``context`` is text given with the question (a pipe into ``morgan-tui ask``).
        Closing the stream stops the turn unless it is ``detached``. ``turn_id`` (a UUID in hex,
        made by the caller) names the turn, so that a caller whose connection broke can look for
        it with ``resume``; asking again with the id of a saved turn resumes that turn.
        A core that quits ends the stream with ``Leaving`` and journals the turn as interrupted.
        """
        ...

    def resume(self, turn_id: str, *, after_seq: int = 0) -> AsyncIterator[AnyTurnEvent]:
        """Stream the events of a turn after ``after_seq``. An interrupted turn is continued
        from its journal. Closing this stream never stops the turn. NotFound when the turn is
        unknown."""
        ...

    async def stop(self, turn_id: str) -> None:
        """Stop a turn; what had streamed is kept and the turn ends with ``Done``."""
        ...

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse: ...

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        """Take in files and folders (absolute paths). Lifts an exclusion that forget left."""
        ...

    async def forget(self, paths: Sequence[str]) -> Job:
        """Remove the documents at or below ``paths`` (or document ids), and keep them out."""
        ...

    async def prove(self, paths: Sequence[str]) -> Proof:
        """Look through every store for what is left of ``paths`` (absolute paths, or ids of
        documents that are to be gone) and list the stored answers that quote them. Changes
        nothing: forget first, and wait until that job is done."""
        ...

    async def settings(self) -> list[EffectiveSetting]: ...

    async def health(self) -> Health: ...

    async def close(self) -> None: ...


class Closable(Protocol):
    """An async iterator that can be closed, as every stream of Morgan can."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def aclose(self) -> None: ...

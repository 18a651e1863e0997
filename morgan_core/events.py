"""Events that Morgan streams: a turn as it happens, and the library as it changes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from morgan_core.types import (
    Answer,
    Document,
    Folder,
    Health,
    Job,
    LibraryCounts,
    Method,
    ModelInfo,
    PromptUse,
    Record,
    Retrieval,
    Sentence,
    Source,
    WorkerInfo,
)


class TurnEvent(Record, tag_field="event", frozen=True, kw_only=True):
    """Base of a turn's events. ``seq`` counts from 1 within the turn, without gaps."""

    turn_id: str
    seq: int


class Queued(TurnEvent, tag="queued", frozen=True, kw_only=True):
    """The question is saved. ``position`` 0 means that the turn runs now."""

    conversation_id: str
    position: int = 0


class Loading(TurnEvent, tag="loading", frozen=True, kw_only=True):
    """The chat model is being loaded; ``share`` runs from 0 to 1."""

    share: float


class Searching(TurnEvent, tag="searching", frozen=True, kw_only=True):
    """Retrieval has begun with ``query``."""

    query: str


class Progress(TurnEvent, tag="progress", frozen=True, kw_only=True):
    """Whole documents are read: ``done`` of ``total`` documents or parts of one."""

    done: int
    total: int
    unit: Literal["document", "part"]


class Sources(TurnEvent, tag="sources", frozen=True, kw_only=True):
    """What was found. With ``relevant`` false these are only the nearest passages; with
    ``own_knowledge`` nothing was searched, and what follows is the model's own. By another
    ``method`` than ``generated`` no model is asked, and the answer comes in one piece."""

    sources: tuple[Source, ...]
    relevant: bool = True
    own_knowledge: bool = False
    retrieval: Retrieval | None = None
    method: Method = "generated"


class Prompted(TurnEvent, tag="prompted", frozen=True, kw_only=True):
    """The model begins to read: what was put before it, and what was cut or left out."""

    prompt: PromptUse


class Token(TurnEvent, tag="token", frozen=True, kw_only=True):
    """Text appended to the answer at code point ``start``."""

    text: str
    start: int


class Checked(TurnEvent, tag="checked", frozen=True, kw_only=True):
    """The verdict on one sentence, as soon as the next one has begun; offsets are into the
    streamed text. ``Done`` repeats it for the final text, whose citations are corrected."""

    sentence: Sentence


class Done(TurnEvent, tag="done", frozen=True, kw_only=True):
    """The turn is complete and stored."""

    answer: Answer


class Failed(TurnEvent, tag="failed", frozen=True, kw_only=True):
    """The turn ended with an error; the question and what had streamed are kept."""

    error: str
    message: str
    details: dict[str, Any] = {}


AnyTurnEvent = (
    Queued | Loading | Searching | Progress | Sources | Prompted | Token | Checked | Done | Failed
)

turn_event_encoder = msgspec.json.Encoder()
turn_event_decoder: msgspec.json.Decoder[AnyTurnEvent] = msgspec.json.Decoder(AnyTurnEvent)


class Change(Record, tag_field="change", frozen=True, kw_only=True):
    """Base of what ``library.changes()`` streams."""


class DocumentChanged(Change, tag="document", frozen=True, kw_only=True):
    document: Document


class DocumentRemoved(Change, tag="removed", frozen=True, kw_only=True):
    id: str
    path: str


class FolderChanged(Change, tag="folder", frozen=True, kw_only=True):
    folder: Folder


class FolderRemoved(Change, tag="folder_removed", frozen=True, kw_only=True):
    path: str


class CountsChanged(Change, tag="counts", frozen=True, kw_only=True):
    counts: LibraryCounts


class JobChanged(Change, tag="job", frozen=True, kw_only=True):
    job: Job


class WorkerChanged(Change, tag="worker", frozen=True, kw_only=True):
    worker: WorkerInfo


class ModelChanged(Change, tag="model", frozen=True, kw_only=True):
    model: ModelInfo


class HealthChanged(Change, tag="health", frozen=True, kw_only=True):
    health: Health


AnyChange = (
    DocumentChanged
    | DocumentRemoved
    | FolderChanged
    | FolderRemoved
    | CountsChanged
    | JobChanged
    | WorkerChanged
    | ModelChanged
    | HealthChanged
)

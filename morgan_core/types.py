"""The data that crosses Morgan's faces: documents, passages, answers, conversations.

All are frozen msgspec structs: the same value travels over pipes (msgpack), HTTP (JSON) and
the terminal app. Offsets ``start`` and ``end`` are half-open code-point offsets into the
document's extracted text; ``page`` is 1-based or None; times are seconds since the epoch (UTC).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records."""


# --- documents ---------------------------------------------------------------------------

DocumentState = Literal["waiting", "reading", "findable", "ready", "failed", "offline"]
FolderState = Literal["scanning", "watching", "offline", "failed"]


class Document(Record, frozen=True, kw_only=True, gc=False):
    """One document of the library; identical files are ``paths`` of one document.

    ``embedded`` of the ``passages`` have their vector; ``reused`` of these were known before, as
    after an edit or a move; None when another run of Morgan embedded them.

    ``findable_since`` is when words first found its present text, 0 while they do not; of before
    the library was started only the time is known at which the document was first seen.
    """

    id: str
    path: str
    paths: tuple[str, ...]
    state: DocumentState
    reason: str = ""
    passages: int = 0
    embedded: int = 0
    reused: int | None = None
    pages: int | None = None
    bytes: int = 0
    modified: float = 0.0
    title: str = ""
    kind: str = ""
    revision: int = 0
    findable_since: float = 0.0


class Folder(Record, frozen=True, kw_only=True):
    """A watched folder.

    ``skipped`` tells how many files and folders are left out, by reason (``hidden``, ``secret``,
    ``.gitignore`` …), the most frequent first; a folder that is not entered counts once.
    """

    path: str
    state: FolderState
    reason: str = ""
    documents: int = 0
    skipped: dict[str, int] = {}


class LibraryCounts(Record, frozen=True, kw_only=True):
    """How many documents are in each state, and what is still to do.

    ``eta_seconds`` is when all is ready at the rate of late, with files that are still to be read
    counted as average ones; None while that cannot be told. While ``paused`` nothing is read or
    embedded.
    """

    waiting: int = 0
    reading: int = 0
    findable: int = 0
    ready: int = 0
    failed: int = 0
    offline: int = 0
    passages: int = 0
    pending_passages: int = 0
    passages_per_second: float = 0.0
    eta_seconds: float | None = None
    paused: bool = False

    @property
    def documents(self) -> int:
        return self.waiting + self.reading + self.findable + self.ready + self.failed + self.offline

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.reading or self.findable)


class LibraryListing(Record, frozen=True, kw_only=True):
    """``library --json``: every document, every watched folder, the counts."""

    documents: tuple[Document, ...]
    folders: tuple[Folder, ...]
    counts: LibraryCounts


class Job(Record, frozen=True, kw_only=True):
    """A learn or forget request and how far it is.

    A learn job is ``findable`` when words find every file of it, ``done`` when every file is
    ready or failed. ``documents`` are their current states, or what a forget job of this process
    removed; ``skipped`` maps a path that was not taken in to the reason. Of the passages that got
    their vectors since the job began, or since Morgan was started, ``reused`` were known already
    and ``embedded`` were not.
    """

    id: str
    kind: Literal["learn", "forget"]
    state: Literal["running", "findable", "done", "failed"]
    documents: tuple[Document, ...] = ()
    skipped: dict[str, str] = {}
    error: str = ""
    reused: int = 0
    embedded: int = 0


class StoreCheck(Record, frozen=True, kw_only=True):
    """How many entries of one store were looked at, and how many are left of what was forgotten;
    ``examples`` name a few of these."""

    store: str
    looked_at: int
    left: int
    examples: tuple[str, ...] = ()


class PastAnswer(Record, frozen=True, kw_only=True):
    """A stored answer that quotes a document: ``cited`` when the answer cites it, else it was
    only put before the model. It is kept until its conversation is deleted."""

    conversation_id: str
    title: str
    turn_id: str
    question: str
    asked: float
    cited: bool


class Proof(Record, frozen=True, kw_only=True):
    """``forget --prove --json``: what is left of ``paths`` after they were forgotten.

    ``clean`` says that no store holds anything of them. ``answers`` quote them all the same, and
    ``notes`` tell what such a look cannot see.
    """

    paths: tuple[str, ...]
    clean: bool
    checks: tuple[StoreCheck, ...]
    answers: tuple[PastAnswer, ...]
    notes: tuple[str, ...]


class PageBox(Record, frozen=True, kw_only=True):
    """A rectangle on a page: points (1/72 inch) from its lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


class DocumentText(Record, frozen=True, kw_only=True):
    """A window of a document's extracted text, for showing a passage in its context.

    ``text`` begins at code point ``offset`` of the whole text, which is ``total`` long. ``page``,
    ``place``, ``heading`` and ``boxes`` are those of the span that was asked for.
    """

    document: str
    path: str
    offset: int
    text: str
    total: int
    page: int | None = None
    heading: str = ""
    place: str = ""
    boxes: tuple[PageBox, ...] = ()
    stale: bool = False


# --- search ------------------------------------------------------------------------------


class Scope(Record, frozen=True, kw_only=True):
    """Limits a search to documents that are any of ``documents`` (ids) or below any of
    ``folders`` (absolute paths), where such are given; and are of any of ``kinds`` (``pdf``,
    ``slides`` …) and were changed from ``modified_after`` on and before ``modified_before``.

    ``words`` are how a person wrote that. Those that stand in the question are for people: the
    search and the model read the question without them.

    With ``own_knowledge`` the model answers from its own knowledge: nothing is searched, and the
    limits mean nothing.
    """

    documents: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    modified_after: float | None = None
    modified_before: float | None = None
    words: tuple[str, ...] = ()
    own_knowledge: bool = False

    @property
    def filters(self) -> bool:
        """Whether it asks for more than a place."""
        bounds = (self.modified_after, self.modified_before)
        return bool(self.kinds) or any(bound is not None for bound in bounds)


class Scores(Record, frozen=True, kw_only=True):
    """Every score a passage got; None where that stage did not see it. ``coverage`` is the share
    of the query's words that it holds, ``sentence`` that its best sentence holds, rare ones
    weighing more; ``neighbours`` is what similar passages score."""

    dense: float | None = None
    bm25: float | None = None
    fused: float = 0.0
    coverage: float = 0.0
    sentence: float = 0.0
    neighbours: float = 0.0
    rerank: float | None = None


class Elsewhere(Record, frozen=True, kw_only=True):
    """Another document that holds a passage's text, or nearly."""

    document: str
    path: str


class Passage(Record, frozen=True, kw_only=True):
    """A retrieved chunk, or neighbouring chunks of one document joined. ``place`` is what people
    call its place where a page number does not say it: ``slide 4``, ``Prices!A2:F40``,
    ``lines 3–17``; else empty. ``also_in`` are the documents whose passages were left out because
    this one says the same in the same words."""

    document: str
    path: str
    page: int | None
    heading: str
    place: str = ""
    text: str
    start: int
    end: int
    score: float
    scores: Scores
    revision: int = 0
    also_in: tuple[Elsewhere, ...] = ()


class SearchResponse(Record, frozen=True, kw_only=True):
    """``search --json``. ``words_only`` is true while the embedder is still loading,
    ``empty_scope`` when the scope holds no document that can be found. ``not_reranked`` says why
    a reranker that is set did not order the results; empty when it did, or when none is set."""

    query: str
    results: tuple[Passage, ...]
    took_ms: float
    words_only: bool = False
    empty_scope: bool = False
    not_reranked: str = ""


# --- why this answer ---------------------------------------------------------------------

Fate = Literal["source", "merged", "duplicate", "crowded", "beyond"]
"""What became of a passage that was found: a ``source`` of its own, ``merged`` into that of a
neighbour, left out as ``duplicate`` of another, because its document was ``crowded`` out by
others as good, or ``beyond`` the number of sources."""


class Considered(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A passage that was found for a question, in the order of its final ``score``.

    ``scores`` are retrieval's own; ``prior`` was added for its name, heading or age; all are
    rounded, since they are kept with the answer. ``n`` is the source that it became, or is a part
    or a duplicate of.
    """

    document: str
    path: str
    page: int | None = None
    place: str = ""
    start: int
    end: int
    score: float
    scores: Scores
    prior: float = 0.0
    fate: Fate
    n: int | None = None


class Topic(Record, frozen=True, kw_only=True):
    """One of several things that a question is about, searched for by itself: ``signal`` is its
    relevance, and ``found`` says whether that was enough."""

    text: str
    signal: float
    found: bool


class Retrieval(Record, frozen=True, kw_only=True):
    """How the sources were found. The documents count as holding something about the question
    when ``signal`` reaches ``threshold``; ``query`` is the question as it was searched for (empty
    where nothing was searched, because the model was to answer from its own knowledge), and
    ``rewritten`` says by what it was made to stand alone, if it was. ``not_reranked`` is as in
    SearchResponse. Where ``topics`` were searched for one by one, all of them must be found."""

    query: str
    rewritten: Literal["", "rule", "model"] = ""
    signal: float = 0.0
    threshold: float = 0.0
    words_only: bool = False
    not_reranked: str = ""
    topics: tuple[Topic, ...] = ()
    considered: tuple[Considered, ...] = ()


Limit = Literal["", "window", "first_token", "small_model"]
"""Why a source was cut or left out: the context window, the time to the first token, or because
a small model is confused by more."""


class SourceUse(Record, frozen=True, kw_only=True):
    """What the model read of source ``n``: ``start`` to ``end`` of its document, ``tokens`` of
    the prompt; nothing when both are 0. ``limit`` says what kept the rest out."""

    n: int
    start: int = 0
    end: int = 0
    tokens: int = 0
    limit: Limit = ""


class HistoryUse(Record, frozen=True, kw_only=True):
    """What the model read of the conversation: ``turns`` of the ``earlier`` answered ones.

    Before this question the sources of ``cut_sources`` turns were taken out for good, and
    ``cut_turns`` whole turns, of which a summary ``by`` the model, or an extract, took the place.
    """

    turns: int = 0
    earlier: int = 0
    cut_sources: int = 0
    cut_turns: int = 0
    by: Literal["", "model", "extract"] = ""


class PromptUse(Record, frozen=True, kw_only=True):
    """What was put before ``model``, in tokens of its own tokeniser: ``tokens`` in all, in a
    window of ``window``, of which ``reserved`` are kept for the answer. Sources had ``budget``.
    Of the text given with the question ``context_sent`` of ``context_total`` characters were
    sent."""

    model: str
    window: int
    reserved: int
    tokens: int
    budget: int
    sources: tuple[SourceUse, ...] = ()
    history: HistoryUse = HistoryUse()
    context_sent: int = 0
    context_total: int = 0


class Why(Record, frozen=True, kw_only=True):
    """Why an answer is as it is; ``prompt`` is None when the model was not asked."""

    retrieval: Retrieval
    prompt: PromptUse | None = None


# --- answers -----------------------------------------------------------------------------

SentenceStatus = Literal["supported", "partly", "unsupported"]


class Source(Record, frozen=True, kw_only=True):
    """A numbered passage that an answer draws on."""

    n: int
    passage: Passage

    def cut(self, start: int, end: int) -> Source:
        """The source with ``start``..``end`` of its passage's text only."""
        at, text = self.passage.start, self.passage.text[start:end]
        passage = msgspec.structs.replace(self.passage, text=text, start=at + start, end=at + end)
        return msgspec.structs.replace(self, passage=passage)


class Sentence(Record, frozen=True, kw_only=True):
    """The verdict on one sentence; ``start`` and ``end`` are offsets into the answer."""

    start: int
    end: int
    status: SentenceStatus
    citations: tuple[int, ...] = ()


CitationState = Literal["current", "stale", "gone", "unknown"]


class Citation(Record, frozen=True, kw_only=True):
    """``[n]`` of an answer, resolved to where it stands in the document.

    ``quote`` stood at ``start``..``end`` of ``revision`` of the document when the answer was
    given. ``state`` is told when a conversation is read: ``current`` when the quote stands there
    still (the offsets are then those of now), ``stale`` when the document has changed and holds
    it no more, ``gone`` when there is no such document, ``unknown`` when the library could not
    tell in time.
    """

    n: int
    document: str
    path: str
    page: int | None
    heading: str
    place: str = ""
    start: int
    end: int
    quote: str
    verified: bool
    revision: int = 0
    state: CitationState = "current"


class Usage(Record, frozen=True, kw_only=True):
    """Tokens. ``cached_tokens`` of the prompt were not read again."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class Timings(Record, frozen=True, kw_only=True):
    """Milliseconds."""

    queued_ms: float = 0.0
    search_ms: float = 0.0
    first_token_ms: float = 0.0
    generation_ms: float = 0.0
    total_ms: float = 0.0


FinishReason = Literal["end", "length", "stopped", "not_found"]

Method = Literal["generated", "counted", "extracted"]
"""How an answer came about: the model wrote it; it was counted in the library's catalogue or in
the texts of all documents; or it was put together from sentences of the documents as they stand."""


class Shortfall(Record, frozen=True, kw_only=True):
    """Why source ``n`` of a refusal, one of the nearest passages, was not enough.

    Of the words that were searched for it holds ``held`` and lacks ``missing``, each as it was
    written; ``likeness`` is the cosine of its meaning to the question's, None where meanings were
    not compared. ``reason`` says all that as a clause.
    """

    n: int
    held: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    likeness: float | None = None
    reason: str = ""


ConflictKind = Literal["number", "date", "name", "negation"]


class ConflictSide(Record, frozen=True, kw_only=True):
    """What one document says where documents disagree.

    ``quote`` is its sentence, at ``start``..``end`` of the document's text, in source ``n``;
    ``value`` is the part in which it differs. ``modified`` is when the document was last changed,
    0 where that is not known. ``sentences`` of the answer, by their place in
    ``Answer.sentences``, are supported by it.
    """

    n: int
    document: str
    path: str
    page: int | None
    place: str = ""
    start: int
    end: int
    quote: str
    value: str
    modified: float = 0.0
    sentences: tuple[int, ...] = ()


class Conflict(Record, frozen=True, kw_only=True):
    """Documents that say different things of the same; the newest of ``sides`` first."""

    kind: ConflictKind
    sides: tuple[ConflictSide, ...]


class Answer(Record, frozen=True, kw_only=True):
    """``ask --json``. With ``own_knowledge`` the model was asked for what it knows by itself:
    the answer has no sources and nothing of it was checked. ``shortfalls`` tell of a refusal why
    each of its ``sources`` was not enough. By another ``method`` than ``generated`` no model was
    asked. ``conflicts`` are where its sources contradict each other."""

    answer: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    grounded: bool = False
    conversation_id: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()
    finish_reason: FinishReason = "end"
    sources: tuple[Source, ...] = ()
    why: Why | None = None
    own_knowledge: bool = False
    shortfalls: tuple[Shortfall, ...] = ()
    method: Method = "generated"
    conflicts: tuple[Conflict, ...] = ()


# --- conversations -----------------------------------------------------------------------

MessageState = Literal["complete", "running", "interrupted", "stopped", "failed"]


class Conversation(Record, frozen=True, kw_only=True):
    id: str
    title: str
    created: float
    updated: float
    messages: int = 0


class Message(Record, frozen=True, kw_only=True):
    """One message. An assistant's carries its ``answer`` (citations, verdicts) when complete,
    and ``sources`` as soon as they were found; ``turn_id`` joins question and answer. A
    question's ``scope`` is what it was limited to."""

    id: str
    conversation_id: str
    turn_id: str
    role: Literal["user", "assistant"]
    text: str
    state: MessageState
    created: float
    error: str = ""
    answer: Answer | None = None
    sources: tuple[Source, ...] = ()
    scope: Scope | None = None


# --- models, health ----------------------------------------------------------------------

ModelState = Literal["missing", "downloading", "present", "loading", "active", "failed"]


class ModelInfo(Record, frozen=True, kw_only=True):
    """A model of the catalogue or on disk. ``size`` and ``memory`` are bytes, ``context`` tokens."""

    name: str
    role: Literal["chat", "embedding"]
    state: ModelState
    path: str = ""
    size: int = 0
    memory: int = 0
    context: int = 0
    sha256: str = ""
    licence: str = ""
    source: str = ""
    reason: str = ""
    share: float = 0.0


WorkerState = Literal["starting", "ready", "restarting", "stopped", "failed"]


class WorkerInfo(Record, frozen=True, kw_only=True):
    """A child process as the supervisor sees it."""

    name: str
    state: WorkerState
    pid: int | None = None
    restarts: int = 0
    reason: str = ""


class Health(Record, frozen=True, kw_only=True):
    """``components`` maps a name (llm, embedder, library, qdrant, database) to ``ok``,
    ``loading…``, ``paused`` (the library, by a person) or ``error: …``. ``status`` is ``error`` when answering is impossible,
    ``degraded`` when something is missing but questions are answered, ``starting`` before."""

    status: Literal["ok", "starting", "degraded", "error"]
    components: dict[str, str]
    version: str
    uptime_seconds: float
    workers: tuple[WorkerInfo, ...] = ()
    remote_hosts: tuple[str, ...] = ()


class EffectiveSetting(Record, frozen=True, kw_only=True):
    """One setting: its value (secrets masked), where it came from, and what it means."""

    name: str
    value: Any
    source: str
    description: str

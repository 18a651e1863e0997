"""Scopes as people type them: ``@lease.pdf #papers type:pdf after:2024-01-01`` in a question.

``@name`` is a document and ``#name`` a folder: the last part of its path, or as many parts as are
needed to tell it from others; quoted when there are spaces in it. ``type:``, ``after:``,
``before:`` and ``modified:`` filter by kind and by when the file was last changed. None of it
counts in the middle of a word (``me@example.org``, ``C#``), between backticks or after a
backslash; a number (``#1``) and a ``#word`` that resembles no folder are text, too.
"""

from __future__ import annotations

import difflib
import heapq
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, cast

import msgspec

from morgan_core.errors import NotFound
from morgan_core.scope_filters import at_most, of_types, period, types_of
from morgan_core.types import Document, Record, Scope

Mark = Literal["@", "#"]
Sigil = Literal["@", "#", "type", "after", "before", "modified"]

_BEGINS = r"(?<![^\s(\[{\"'“„«])"
_TOKEN = re.compile(
    rf"(?P<code>`[^`]*`)|{_BEGINS}(?:"
    r"(?P<mark>[@#])(?:\"(?P<quoted>[^\"\n]+)\"|(?P<bare>[^\s\"#@`][^\s\"`]*))"
    r"|(?P<filter>type|after|before|modified):(?P<value>[^\s\"`]+))",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?)]}>'”“»…"
_TYPING = re.compile(rf"{_BEGINS}(?P<mark>[@#])(?:\"(?P<quoted>[^\"\n]*)|(?P<bare>[^\s\"#@`]*))$")
_NEAREST = 3
_COMPARED = 200


class Token(Record, frozen=True, kw_only=True):
    """A part of a question that may limit it. ``text[start:end]`` is ``word``, of which ``name``
    says what is meant."""

    sigil: Sigil
    name: str
    word: str
    start: int
    end: int


class Typing(Record, frozen=True, kw_only=True):
    """The unfinished ``@…`` or ``#…`` before the cursor, which begins at ``start``."""

    sigil: Mark
    name: str
    start: int


def tokens(text: str) -> list[Token]:
    """What in ``text`` has the form of a scope, in order."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        if match["code"]:
            continue
        quoted = match["quoted"]
        name = quoted or (match["bare"] or match["value"]).rstrip(_TRAILING)
        start, end = match.span()
        if not quoted:
            end -= len(match["bare"] or match["value"]) - len(name)
        mark = cast("Sigil", match["mark"] or match["filter"].lower())
        if mark in "@#" and not quoted and not _can_name(mark, name):
            continue
        if name:
            yield Token(sigil=mark, name=name, word=text[start:end], start=start, end=end)


def being_typed(before_cursor: str) -> Typing | None:
    """The ``@`` or ``#`` word that is being typed; None when the cursor is in none."""
    found = _TYPING.search(before_cursor)
    if found is None or before_cursor.count("`") % 2:
        return None
    name = found["quoted"] if found["quoted"] is not None else found["bare"]
    if found["quoted"] is None and name and not _can_name(found["mark"], name):
        return None
    return Typing(sigil=cast("Mark", found["mark"]), name=name, start=found.start())


def quoted(sigil: str, name: str) -> str:
    """How ``name`` is written in a question."""
    plain = name.rstrip(_TRAILING) == name and not re.search(r"[\s\"`]", name)
    return f"{sigil}{name}" if plain and _can_name(sigil, name) else f'{sigil}"{name}"'


def resolve(
    found: Sequence[Token], documents: Sequence[Document], folders: Iterable[str], now: float
) -> Scope | None:
    """The scope that the tokens mean; None when they mean none.

    ``folders`` are the watched ones, and ``now`` is in seconds since the epoch. Several documents
    and folders widen the scope, several filters narrow it. Raises NotFound for a name that is
    nothing in the library, with the nearest ones, BadInput for a date that is none.
    """
    names = _Names(documents, folders)
    ids: dict[str, None] = {}
    inside: dict[str, None] = {}
    kinds: dict[str, None] = {}
    words: list[str] = []
    after: float | None = None
    before: float | None = None
    for token in found:
        match token.sigil:
            case "@":
                ids |= dict.fromkeys(names.documents(token))
            case "#":
                below = names.folders(token)
                if not below:
                    continue
                inside |= dict.fromkeys(below)
            case "type":
                kinds |= dict.fromkeys(_types(token, documents))
            case "after" | "before" | "modified":
                start, end = period(token.sigil, token.name, now)
                after = start if after is None else max(after, start or after)
                before = at_most(before, end)
        words.append(token.word)
    if not words:
        return None
    return Scope(
        documents=tuple(ids),
        folders=tuple(inside),
        kinds=tuple(kinds),
        modified_after=after,
        modified_before=before,
        words=tuple(words),
    )


def for_own_knowledge(scope: Scope | None) -> Scope:
    """``scope`` for a question to the model itself; its words are still not put to the model."""
    return msgspec.structs.replace(scope or Scope(), own_knowledge=True)


def without_words(text: str, words: Sequence[str], *, names: bool = False) -> str:
    """``text`` without the words that limit it. With ``names`` a document or folder inside a
    sentence keeps its name, as "what does lease.pdf say?" is a sentence and "what does say?" is
    none."""
    if not words:
        return text
    kept, at = [], 0
    limits = [token for token in _tokens(text) if token.word in words]
    for token in limits:
        kept.append(text[at : token.start])
        at = token.end
        inside = bool("".join(kept).strip()) and any(c.isalnum() for c in text[at:])
        if names and token.sigil in "@#" and inside and not _only_words(text, at, limits):
            kept.append(token.name)
    kept.append(text[at:])
    tidy = re.sub(r"[ \t]{2,}", " ", "".join(kept))
    return re.sub(r"[ \t]+([.,;:!?])", r"\1", tidy).strip()


def _only_words(text: str, at: int, limits: Sequence[Token]) -> bool:
    """Whether nothing but other limiting words follows."""
    rest = text[at:]
    for token in limits:
        if token.start >= at:
            rest = rest.replace(token.word, "", 1)
    return not any(c.isalnum() for c in rest)


# --- names -------------------------------------------------------------------------------------


def folders_of(documents: Iterable[Document], watched: Iterable[str]) -> list[str]:
    """Every folder that holds a document, and the watched ones."""
    found = set(watched)
    for document in documents:
        for path in document.paths or (document.path,):
            folder = os.path.dirname(path)  # noqa: PTH120
            while folder not in found and folder != os.path.dirname(folder):  # noqa: PTH120
                found.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120
    return sorted(found)


class _Names:
    """Looks names up among the documents and folders that the library knows."""

    def __init__(self, documents: Sequence[Document], watched: Iterable[str]) -> None:
        self._documents = documents
        self._watched = list(watched)

    def documents(self, token: Token) -> list[str]:
        ending = "/" + folded(token.name).removeprefix("./").lstrip("/")
        exact, stems = [], []
        for document in self._documents:
            paths = [folded(path) for path in (document.paths or (document.path,))]
            if document.id == token.name or any(path.endswith(ending) for path in paths):
                exact.append(document.id)
            elif any(path.rpartition(".")[0].endswith(ending) for path in paths):
                stems.append(document.id)
        if found := exact or stems:
            return found
        names = {os.path.basename(d.path) for d in self._documents}  # noqa: PTH119
        raise _unknown("document", token, nearest(token.name, names))

    def folders(self, token: Token) -> list[str]:
        """Empty for a word that is no name of a folder: a hashtag."""
        known = folders_of(self._documents, self._watched)
        ending = "/" + folded(token.name).strip("/")
        found = [folder for folder in known if folded(folder).endswith(ending)]
        if found:
            return [one for one in found if not any(_within(one, other) for other in found)]
        near = nearest(token.name, {os.path.basename(folder) for folder in known})  # noqa: PTH119
        if not near and "/" not in token.name and not token.word.startswith('#"'):
            return []
        raise _unknown("folder", token, near)


def folded(text: str) -> str:
    """``text`` without case and accents, for comparing names."""
    if text.isascii():
        return text.lower()
    return "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The names that resemble ``name`` most."""
    wanted = folded(name)
    by_folded = {folded(one): one for one in known}
    holding = sorted((f for f in by_folded if len(wanted) > 2 and wanted in f), key=len)
    # difflib is thorough and slow: of many names it is shown those that share most pairs.
    pairs = _pairs(wanted)
    alike = heapq.nlargest(
        _COMPARED, by_folded, key=lambda f: len(pairs & _pairs(f)) / (len(f) + 9)
    )
    close = difflib.get_close_matches(wanted, alike, n=_NEAREST, cutoff=0.6)
    return [by_folded[f] for f in dict.fromkeys([*holding[:_NEAREST], *close])][:_NEAREST]


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _types(token: Token, documents: Sequence[Document]) -> list[str]:
    kinds = [kind for kind in token.name.lower().split(",") if kind]
    for kind in kinds:
        is_type = of_types([kind])
        if not any(is_type(d.kind, d.paths or (d.path,)) for d in documents):
            known = ", ".join(types_of(documents)) or "none yet"
            raise NotFound(
                f"The library holds no documents of type {kind!r}.",
                mend=f"Its types are: {known}. Write \\{token.word} to mean the words.",
            )
    return kinds


def _unknown(what: str, token: Token, near: Sequence[str]) -> NotFound:
    hint = f"Nearest: {', '.join(quoted(token.sigil, one) for one in near)}. " if near else ""
    return NotFound(
        f"There is no {what} {token.name!r} in the library.",
        mend=f"{hint}Write \\{token.word} to mean the word itself.",
    )


def _can_name(mark: str, name: str) -> bool:
    if mark == "#":
        return (any(c.isalpha() for c in name) and name[0] not in "!=/") or name.startswith("/")
    return bool(name) and (name[0].isalnum() or name[0] in "_./~" or not name[0].isascii())


def _within(folder: str, other: str) -> bool:
    return folder != other and folder.startswith(other.rstrip("/") + "/")

"""Whether two documents speak of the same thing: editions of one text, or one that names no
other thing than the other does.

File names and headings tell. "contract-2024" and "contract-2026", "old" and "newest", "lease" and
"lease amendment" may disagree; "contract-miller" and "contract-smith", "invoice-101" and
"invoice-102" are about different things, however alike their sentences are.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from morgan_core.retrieval.stop_words import MONTHS, STOP_WORDS, word_set
from morgan_core.retrieval.words import stem
from morgan_core.types import Passage

# What tells editions of one document apart, or only where it is kept.
_MARKERS = word_set(
    """
    old older new newer newest latest current previous former original draft final copy backup
    archive archived inbox download downloads desktop documents document file files attachment
    attachments tmp temp signed scan scanned edited updated update revised revision rev version
    ver edition amended fixed changed superseded obsolete outdated earlier later first second
    alt neu neueste aktuell entwurf endfassung kopie fassung stand archiv unterschrieben
    """
)
# Documents that tell about something without naming which.
_NEUTRAL = word_set(
    """
    handbook wiki faq guide manual policy policies guideline guidelines note notes mail email
    message memo letter summary overview amendment addendum annex announcement readme info page
    text report logbook log diary history chronicle nachtrag handbuch notiz notizen brief anhang hinweis
    """
)
_word = re.compile(r"[^\W\d_]+|\d+")
_version = re.compile(
    r"(?i)(?<![^\W_])(?:v|ver|version|rev|revision|draft|entwurf)[\s._-]?\d+(?:\.\d+)*"
)
_copy = re.compile(r"\(\d{1,2}\)$")
_year = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_month_names = "|".join(sorted((m for m in MONTHS if len(m) > 3), key=len, reverse=True))
_dated = re.compile(
    rf"""(?<!\d)(?:19|20)\d\d[\s._-]?(?:0[1-9]|1[0-2])(?:[\s._-]?(?:0[1-9]|[12]\d|3[01]))?(?!\d)
      | (?<!\d)(?:0[1-9]|1[0-2])[._-](?:19|20)\d\d(?!\d)
      | (?<![^\W\d_])(?:{_month_names})(?![^\W\d_])
      | (?<![^\W_])(?:q[1-4]|kw\s?\d\d?|week\s?\d\d?)(?![^\W_])""",
    re.IGNORECASE | re.VERBOSE,
)
_numbering = re.compile(r"(?:^|(?<=› ))\s*(?:§\s*)?\d+(?:\.\d+)*[.)]?(?=\s)")


class Kinship(NamedTuple):
    """``kin`` says that the documents name no different things; ``series`` that they are of
    different years, so that what was so in one need not be so in the other."""

    kin: bool
    series: bool


def kinship(one: Passage, other: Passage) -> Kinship:
    """How the documents of two passages stand to each other, by their paths and headings."""
    a, b = PurePath(one.path), PurePath(other.path)
    headings = [_numbering.sub(" ", passage.heading) for passage in (one, other)]
    series = _years(f"{a} {one.heading}") != _years(f"{b} {other.heading}")
    kin = (
        _serial(a.stem) == _serial(b.stem)
        and _same_identity(_identity(a.stem), _identity(b.stem))
        and not _names_another(*_folders_apart(a, b))
        and not _names_another(*headings)
    )
    return Kinship(kin, series)


def edition(path: str) -> tuple[int, ...]:
    """The year or the version that a file's name gives it, to put editions in order; empty when
    it gives none."""
    name = PurePath(path).stem
    if years := _year.findall(name):
        return (int(years[-1]),)
    found = _version.findall(name)
    return tuple(int(part) for part in re.findall(r"\d+", found[-1])) if found else ()


def _folders_apart(a: PurePath, b: PurePath) -> tuple[str, str]:
    """The folders that the two do not have in common."""
    same = 0
    for x, y in zip(a.parts[:-1], b.parts[:-1], strict=False):
        if x != y:
            break
        same += 1
    return " ".join(a.parts[same:-1]), " ".join(b.parts[same:-1])


def _years(name: str) -> set[str]:
    return set(_year.findall(name))


def _same_identity(a: set[str], b: set[str]) -> bool:
    return a == b or not a or not b


def _names_another(one: str, other: str) -> bool:
    """Whether each of two names says something that the other does not."""
    a, b = _identity(one), _identity(other)
    return _serial(one) != _serial(other) or (bool(a - b) and bool(b - a))


def _serial(name: str) -> list[str]:
    """The days, months and weeks in a name: of such documents there is one for each."""
    return [re.sub(r"[\s._-]", "", found.casefold()) for found in _dated.findall(name)]


def _identity(name: str) -> set[str]:
    plain = _year.sub(" ", _copy.sub(" ", _version.sub(" ", name)))
    words = [word.casefold() for word in _word.findall(plain)]
    return {
        stem(word)
        for word in words
        if (word.isdigit() or len(word) > 1)
        and word not in _MARKERS | _NEUTRAL | STOP_WORDS | MONTHS.keys()
    }

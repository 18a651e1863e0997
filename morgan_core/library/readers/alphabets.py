"""Which of the encodings of Latin script a text is in, by the letters that languages have.

A wrong encoding makes letters that no single language has together, or capitals within words.
"""

from __future__ import annotations

import re
from collections import Counter

_ALPHABETS = {
    "cs": "áčďéěíňóřšťúůýž",
    "da, no": "æøåéèêóòô",
    "de": "äöüßé",
    "es": "áéíñóúüªº¿¡",
    "et": "äõöüšž",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "hr, sl": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áæðéíóöþúý",
    "it": "àèéìòù",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "nl": "áéèëíïóöúü",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõúüªº",
    "ro": "ăâîșțşţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sv, fi": "åäöéšž",
    "tr": "çğıİöşüâîû",
}
_IN_ALL = "„“”‚‘’«»–—…•·§°€£©®µ\u00a0"
_LETTERS = tuple(
    frozenset(alphabet + alphabet.upper() + _IN_ALL) for alphabet in _ALPHABETS.values()
)
_ENCODINGS = (
    *("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp850", "cp852", "mac_roman"),
    *("cp437", "latin_1", "iso8859_9", "iso8859_15", "mac_latin2"),
)
"""The most usual first: where two make the same text of the bytes, it names the encoding."""

_OFTEN_MISTAKEN = frozenset((*_ENCODINGS, "cp1258", "iso8859_10", "iso8859_13", "iso8859_16"))
_NEARLY_ALL = 0.95
_OTHER = re.compile("([a-z]?)([^\x00-\x7f])")


def latin_encoding(sample: bytes, guessed: str) -> str:
    """The encoding of ``sample``, which is likely ``guessed``. That stands where it is of another
    script, and where no encoding makes nearly all of the sample letters of one language."""
    if guessed not in _OFTEN_MISTAKEN:
        return guessed
    shares = {encoding: _share(sample, encoding) for encoding in _ENCODINGS}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= _NEARLY_ALL else guessed


def _share(sample: bytes, encoding: str) -> float:
    """Which share of what is not ASCII are letters of the one language that has most of them;
    none where the bytes are not of that encoding."""
    try:
        found = Counter(_OTHER.findall(sample.decode(encoding)))
    except UnicodeDecodeError:
        return 0.0
    counts: Counter[str] = Counter()
    for (before, character), count in found.items():
        if not (before and character.isupper()):
            counts[character] += count
    known = (sum(counts[letter] for letter in letters) for letters in _LETTERS)
    return max(known) / max(1, found.total())

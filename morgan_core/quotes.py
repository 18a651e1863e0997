"""Quotations: found in an answer, found again in a text whatever its typography."""

from __future__ import annotations

import re

_quote = re.compile(r"“([^“”]+)”|«([^«»]+)»|„([^„“”]+)[“”]|(?<!\w)\"([^\"]+)\"(?!\w)")
_same = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "…": ".",
        "\u00ad": None,
    }
)


def quotes_in(text: str) -> list[str]:
    """What stands between quotation marks, without the punctuation that ends it."""
    found = (next(filter(None, match.groups())) for match in _quote.finditer(text))
    return [quote for raw in found if (quote := raw.strip().rstrip(".,;:!?…").strip())]


def find_quote(quote: str, text: str, *, near: int = 0) -> tuple[int, int] | None:
    """Where ``quote`` stands in ``text``, as half-open offsets, the place nearest to offset
    ``near``; None where it does not.

    White space and the form of quotes, dashes and apostrophes do not count, all else does.
    """
    wanted, _ = _plain(quote)
    if not wanted:
        return None
    plain, offsets = _plain(text)
    best: tuple[int, int] | None = None
    at = plain.find(wanted)
    while at >= 0:
        place = offsets[at], offsets[at + len(wanted) - 1] + 1
        if best is None or abs(place[0] - near) < abs(best[0] - near):
            best = place
        at = plain.find(wanted, at + 1)
    return best


def stands_in(quote: str, text: str) -> bool:
    return find_quote(quote, text) is not None


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in one typography, and the offset of each of its characters."""
    plain: list[str] = []
    offsets: list[int] = []
    for at, char in enumerate(text):
        same = " " if char.isspace() else char.translate(_same)
        if not same or (same == " " and (not plain or plain[-1] == " ")):
            continue
        plain.append(same)
        offsets.append(at)
    while plain and plain[-1] == " ":
        plain.pop()
        offsets.pop()
    return "".join(plain), offsets

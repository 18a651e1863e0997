"""Recognising wishes for a summary of whole documents."""

from __future__ import annotations

import re
from typing import Literal

from morgan_core.chat.wording import plainly
from morgan_core.types import Record

MOST_SENTENCES = 20


class SummaryQuestion(Record, frozen=True, kw_only=True):
    """What is to be summarised: a document that is ``named`` as the person said it; ``this``
    one, of which the conversation was; or ``everything`` there is within the limits.

    ``sentences`` are wanted, where the person said how many. Of a question that may be meant
    otherwise, ``loosely`` says so.
    """

    named: str = ""
    this: bool = False
    everything: bool = False
    sentences: int | None = None
    loosely: bool = False


_NUMBER = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|a few)"
_LENGTH = (
    rf"(?:(?: in| into| with| using| as)? (?:(?:at most|about|no more than|up to) )?(?P<number>{_NUMBER}) "
    r"(?:(?:short|key|main|brief) )?(?:sentences?|points?|bullets?|bullet points|lines)"
    r"| briefly| shortly| in short| in brief| in detail| quickly| as bullet points| in bullet points)"
)
_KIND = r"(?:(?:short|brief|quick|concise|detailed|long|good|complete|full|one-page|rough) )*"
_GIVE = r"(?:(?:give|write|make|create|provide|produce|show|draft|get)(?: me| us)? )"
_A = rf"(?:an? |the )?{_KIND}"
_SUMMARY = r"(?:summary|overview|outline|synopsis|gist|abstract|digest|tl;?dr)"
_POINTS = r"(?:(?:main|key|most important|central|essential) (?:points|messages|ideas|takeaways|facts|statements|findings))"
_WHAT = r"(?P<what>(?: .+?)??)"
_Kind = Literal["wish", "comparison", "loose"]
_PATTERNS: tuple[tuple[_Kind, str], ...] = (
    (
        "wish",
        r"(?:briefly |shortly |quickly )?(?:summari[sz]e|sum up|outline|condense|recap)"
        rf"{_WHAT}{_LENGTH}?",
    ),
    ("wish", rf"{_GIVE}?{_A}{_SUMMARY}(?: of| for| about)?{_WHAT}{_LENGTH}?"),
    ("wish", rf"{_GIVE}?{_A}(?P<number>{_NUMBER})[- ]sentence {_SUMMARY}(?: of| for)?{_WHAT}"),
    ("comparison", rf"(?:compare|contrast){_WHAT}"),
    ("comparison", rf"(?:what is|what's|what are) the (?:main |key )?differences? between{_WHAT}"),
    (
        "loose",
        r"(?:(?:what are|list|give me|name|tell me) )?(?:the )?"
        rf"(?:{_NUMBER} )?{_POINTS}(?: made)?(?: of| in| from)?{_WHAT}",
    ),
    (
        "loose",
        r"(?:what is|what's|what are|what does)(?P<what>(?: .+?)?) "
        r"(?:all )?(?:about|deal with|cover)",
    ),
)
_RULES = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS]
_this = re.compile(
    r"(?:it|this|that|(?:this|that|the)(?: (?:whole|entire|full|same|last))? "
    r"(?:document|file|text|paper|report|article|book|pdf|doc|letter|contract|thing|one|content))",
    re.IGNORECASE,
)
_everything = re.compile(
    r"(?:(?:all|all of|everything in|everything|the contents? of|what is in)(?: of)? ?)?"
    r"(?:(?:my|the|our|these|those|this|your)(?: (?:whole|entire))? )?"
    r"(?:documents?|files?|docs?|library|collection|folder|everything|all|contents?|them)",
    re.IGNORECASE,
)
_joining = re.compile(r"(?:and|with|to|versus|vs)", re.IGNORECASE)
_dangling = re.compile(r"(?:^|\s+)(?:in|of|from|inside|within|about)$", re.IGNORECASE)
_NUMBERS = dict(
    zip(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        range(1, 11),
        strict=True,
    )
)


def summary_question(question: str, *, limited: bool = False) -> SummaryQuestion | None:
    """What of is to be summarised; None when ``question`` wishes for something else.

    ``limited`` says that documents are named by words which are no longer in the question.
    """
    text = plainly(question)
    for kind, pattern in _RULES:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        what = (match["what"] or "").strip()
        if limited:
            what = _dangling.sub("", what)
        sentences = _number(match.groupdict().get("number"))
        this = not what or _this.fullmatch(what) is not None
        everything = not this and _everything.fullmatch(what)
        if everything or (limited and (this or _joining.fullmatch(what))):
            return SummaryQuestion(everything=True, sentences=sentences)
        if limited or (kind == "comparison" and this) or (kind == "loose" and not what):
            return None
        if this:
            return SummaryQuestion(this=True, sentences=sentences, loosely=kind == "loose")
        return SummaryQuestion(named=what, sentences=sentences)
    return None


def _number(said: str | None) -> int | None:
    if not said:
        return None
    if said.lower() == "a few":
        return 3
    number = _NUMBERS.get(said.lower()) or int(said)
    return min(max(number, 1), MOST_SENTENCES)

"""Recognising questions about the library itself, which its catalogue answers exactly.

The rules are of whole questions: one word more than they know ("how many documents did the court
see?") and the question is about what documents say. A wrong recognition is worse than none.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from morgan_core.chat.wording import plainly
from morgan_core.retrieval.stop_words import word_set
from morgan_core.types import Record

Wanted = Literal["count", "list", "types", "folders", "unread"]
Order = Literal["", "newest", "oldest", "largest", "smallest", "longest", "shortest"]
Change = Literal["", "changed", "added", "new"]

TOP = 5
"""How many "the largest documents" are."""


class LibraryQuestion(Record, frozen=True, kw_only=True):
    """What of the library is wanted.

    ``type`` is a word for a type of documents (``pdf``, ``word`` …) and ``folder`` the name of a
    folder, both as the person said them, to be looked up in the library; ``span`` is a time as
    ``scope_filters.period`` reads it, after ``change``. With ``files`` copies count, too. Of an
    ``order`` the first ``most`` are wanted.
    """

    wanted: Wanted
    type: str = ""
    folder: str = ""
    change: Change = ""
    span: str = ""
    since: bool = False
    files: bool = False
    order: Order = ""
    most: int = 0


_TYPES = {
    r"pdfs?": "pdf",
    r"spreadsheets?|excels?": "excel",
    r"presentations?|powerpoints?|slide ?decks?": "powerpoint",
    r"e-?books?|epubs?": "epub",
    r"web ?pages?": "html",
    r"csvs?": "csv",
    r"(?:jupyter )?notebooks?": "notebook",
    r"e-?mails?": "email",
    r"images?|pictures?|photos?|scans?": "image",
}
_TYPED = "|".join(f"(?:{words})" for words in _TYPES)
_NOUN = (
    rf"(?:(?P<typed>{_TYPED})|(?:(?P<type>[\w+.-]+(?: (?:code|text))?) )??"
    r"(?P<noun>documents?|files?|docs?))"
)
_WHO = r"(?:i|we|you)"
_HAVE = (
    rf"(?:(?:do|have|did) {_WHO} (?:have|got|know(?: of| about)?|hold|keep|read|indexed|index)(?: here)?"
    rf"|(?:that |which )?{_WHO} (?:have|know|know of|hold|keep|own)"
    r"|(?:are|is) there|(?:(?:that|which) )?(?:are|is)(?= (?:in|inside|within|below|under)\b)"
    r"|there (?:are|is)|(?:are|is) (?:here|known|indexed|available))"
)
_IN = (
    r"(?:(?:in|inside|within|from|of|below|under) (?:my|the|this|our|your) "
    r"(?:whole |entire |document )?(?:library|collection)"
    r"|(?:in|inside|within|from|of|below|under) (?:this|that|the) folder"
    r"|(?:in|inside|within|from|below|under) (?:my |the |our )?"
    r"(?P<folder>[\w.-]+(?: [\w.-]+)?) folder"
    r"|(?:in|inside|within|from|of|below|under) (?:this|that|it)"
    r"|here|in total|in all|altogether|overall|now|currently|right now|at the moment|already|so far)"
)
_DANGLING = r"(?:(?:are |is )?(?:in|inside|within|from|of|below|under))"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DATE = r"\d{4}(?:-\d{1,2}(?:-\d{1,2})?)?"
_WHEN = (
    rf"(?P<when>today|yesterday|this week|this month|this year|last month|last year"
    rf"|last week|(?:in|within|over|during) the (?:last|past) (?:(?:\d{{1,3}} )?(?:hour|day|week|month|year)s?)"
    rf"|since (?:yesterday|{_DAY}|last week|{_DATE})|recently|lately|(?:in|during|from|of) {_DATE})"
)
_CHANGED = (
    r"(?:(?:(?:that|which) )?(?:have i |did i |i (?:have )?|have |has |were |was |are |is )?(?:been )?"
    r"(?P<change>changed?|modified|edited|updated|added?|learned|new)(?: by me)?)"
)
_MY = r"(?:(?:all|every|each|any)(?: of)? )?(?:(?:my|the|our|your|these|those) )?(?P<new>new )?"
_SHOW = r"(?:list|show|name|enumerate|display|give|get)(?: me| us)?(?: (?:a|the) list of| an overview of)?"
_ORDER = (
    r"(?P<order>newest|latest|most recent|most recently (?:changed|modified|edited|updated)"
    r"|last (?:changed|modified|edited|updated)|oldest|largest|biggest|smallest|longest|shortest)"
)
_MOST = r"(?:(?P<most>\d{1,2}|two|three|four|five|ten) )?"
_UNREAD = (
    r"(?:(?:that |which )?(?:(?:could|can)(?: not|n't)|cannot|(?:have |has )?failed to|failed to) be read"
    r"|(?:that |which )?(?:were|are|have) (?:not|n't)(?: been)? (?:read|ready|findable|indexed)(?: yet)?"
    r"|(?:that |which )?(?:have |has )?failed|(?:that |which )?are (?:unreadable|waiting|missing|still waiting))"
)
_ASKS = rf"(?:what|which|how many|{_SHOW})"
_WATCHED = r"(?:(?:are|is|do you) watch(?:ed|ing)?|are you watching)"


class _Rule(NamedTuple):
    """A question begins with ``head``; at least ``least`` times ``tail`` follows to its end. One
    after the other, so that no question can be read in ever so many ways."""

    wanted: Wanted
    head: re.Pattern[str]
    tail: re.Pattern[str] | None
    least: int

    def read(self, text: str) -> dict[str, str] | None:
        """What the question says of each part; None when the rule does not fit."""
        match = self.head.match(text)
        if match is None:
            return None
        found = match.groupdict(default="")
        at, times = match.end(), 0
        while at < len(text):
            match = self.tail.match(text, at) if self.tail else None
            if match is None:
                return None
            found |= {name: said for name, said in match.groupdict().items() if said}
            at, times = match.end(), times + 1
        return found if times >= self.least else None


def _rule(wanted: Wanted, head: str, tail: str = "", *, least: int = 0) -> _Rule:
    after = re.compile(rf" (?:{tail})(?!\w)", re.IGNORECASE) if tail else None
    return _Rule(wanted, re.compile(rf"(?:{head})(?!\w)", re.IGNORECASE), after, least)


# The longer ways to say a thing stand before the shorter.
_ANY = f"{_WHEN}|{_HAVE}|{_IN}|{_CHANGED}|{_DANGLING}"
_THEN = f"{_WHEN}|{_IN}"
_RULES = [
    _rule("unread", rf"{_ASKS} {_MY}{_NOUN} {_UNREAD}"),
    _rule("unread", rf"{_SHOW} {_MY}(?:failed|unread|unreadable) {_NOUN}"),
    _rule("types", rf"{_ASKS} {_MY}(?:types|kinds|sorts|formats) of {_NOUN}", _ANY),
    _rule("folders", rf"{_ASKS} {_MY}(?:watched )?folders?", f"{_HAVE}|{_IN}|{_WATCHED}"),
    _rule(
        "list",
        rf"(?:(?:what|which) (?:is|are|was|were) |{_SHOW} )?(?:the |my )?{_MOST}{_ORDER} "
        rf"{_MOST.replace('<most>', '<most_after>')}{_NOUN}",
        _ANY,
    ),
    _rule("list", rf"(?:what|which) {_NOUN} (?:is|are|was|were) (?:the )?{_ORDER}", _ANY),
    _rule("count", rf"how many {_MY}{_NOUN}", _ANY),
    _rule("count", rf"(?:(?:what is|what's) )?(?:the )?(?:total )?number of {_MY}{_NOUN}", _ANY),
    _rule("count", rf"count {_MY}{_NOUN}", _ANY),
    _rule("list", rf"{_SHOW} {_MY}{_NOUN}", _ANY),
    _rule("list", rf"(?P<inside>{_SHOW})(?: all| everything)?"),
    _rule("list", rf"(?:what|which) {_MY}{_NOUN}", _ANY, least=1),
    _rule("list", rf"(?:what is|what's|what are|{_SHOW} what is) in (?:my|the|our|your) library"),
    _rule("list", r"(?:what is|what's|what are) (?P<inside>in|inside)(?: here| it| there)?"),
    _rule(
        "list",
        r"(?:what is|what's|anything|is there anything|show me what is) (?P<change>new)",
        _THEN,
    ),
    _rule(
        "list",
        r"what (?:have i|did i) (?P<change>changed?|added?|edited?|modif(?:y|ied))",
        _THEN,
        least=1,
    ),
]
_ORDERS: dict[str, Order] = {
    "latest": "newest",
    "biggest": "largest",
    "oldest": "oldest",
    "largest": "largest",
    "smallest": "smallest",
    "longest": "longest",
    "shortest": "shortest",
}
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_UNITS = {"hour": "h", "day": "d", "week": "w", "month": "m", "year": "y"}
_AMBIGUOUS = frozenset(["email", "html", "image", "notebook"])
_OF_MINE = re.compile(r"\b(?:i|we|my|our|library)\b", re.IGNORECASE)
_NOT_TYPES = word_set(
    """
    important relevant related such other more different same many good best similar official
    these those what which legal court
    """
)


def library_question(question: str, *, limited: bool = False) -> LibraryQuestion | None:
    """What ``question`` asks of the library; None when it asks what documents say.

    ``limited`` says that the question is limited by words that are no longer in it ("how many
    files are in #papers?").
    """
    text = plainly(question)
    for rule in _RULES:
        found = rule.read(text)
        if found is not None:
            return _read(rule.wanted, text, found, limited)
    return None


def _read(
    wanted: Wanted, text: str, found: dict[str, str], limited: bool
) -> LibraryQuestion | None:
    def said(name: str) -> str:
        return found.get(name, "").lower()

    dangling = re.search(r"\b(?:in|inside|within|from|of|below|under)$", text, re.IGNORECASE)
    if (dangling or said("inside")) and not limited:
        return None
    kind = said("type")
    if kind in _NOT_TYPES:
        return None
    if kind in ("new", "recent", "changed", "modified", "edited", "updated", "added"):
        found["change"], kind = ("new" if kind in ("new", "recent") else kind), ""
    for words, name in _TYPES.items():
        if re.fullmatch(words, said("typed")):
            kind = name
    if said("typed") and kind in _AMBIGUOUS and not (limited or _OF_MINE.search(text)):
        return None
    noun = said("noun") or said("typed")
    order: Order = "" if not said("order") else _ORDERS.get(said("order"), "newest")
    number = said("most") or said("most_after")
    most = (_NUMBERS.get(number) or int(number)) if number else 0
    if order and not most:
        most = TOP if noun.endswith("s") else 1
    change = _change(said("change") or said("new").strip())
    span, since = _span(said("when"))
    if change == "new" and not span:
        span = "7d"
    if span and not change:
        change = "changed"
    return LibraryQuestion(
        wanted=wanted,
        type=kind,
        folder=said("folder"),
        change=change,
        span=span,
        since=since,
        files=noun.startswith("file"),
        order=order,
        most=most,
    )


def _change(word: str) -> Change:
    if not word:
        return ""
    if word == "new":
        return "new"
    return "added" if word.startswith(("add", "learn")) else "changed"


def _span(when: str) -> tuple[str, bool]:
    """A time as ``scope_filters.period`` reads it, and whether all since then is meant."""
    if not when:
        return "", False
    if when in ("today", "yesterday"):
        return when, False
    if when in ("this week", "last week", "recently", "lately", "since last week"):
        return "7d", False
    if when in ("this month", "this year", "last month", "last year"):
        return when, False
    if match := re.fullmatch(r"\w+ the \w+ (?:(\d+) )?(\w+?)s?", when):
        return f"{match[1] or 1}{_UNITS[match[2]]}", False
    word = when.split()[-1]
    return word, when.startswith("since")

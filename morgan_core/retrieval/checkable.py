"""Which sentences of an answer claim something about the world."""

from __future__ import annotations

import re

from morgan_core.retrieval.terms import terms

_small_talk = re.compile(
    r"""^\W*(?:
        (?:sure|certainly|of\ course|okay|ok|hello|hi|thanks|thank\ you|great|absolutely)\b.{0,60}
      | (?:here|below)\ (?:is|are|'s)\b.{0,80}:?
      | (?:based\ on|according\ to)\ (?:the|these|your)\ [\w\s]{0,40}[:,]?
      | i\ hope\b.{0,80} | let\ me\ know\b.{0,100} | feel\ free\b.{0,100}
      | (?:i\ am|i'm)\ (?:sorry|morgan|happy|glad)\b.{0,80}
    )\W*$""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_sources = (
    r"(?:the|these|those|your|this)\ "
    r"(?:given\ |provided\ |available\ |numbered\ )?"
    r"(?:sources?|documents?|passages?|texts?|context|information)(?:\ provided|\ given)?"
)
_sources_say_nothing = re.compile(
    rf"""^\W*(?:
        (?:however,?\ |but\ )?(?:{_sources}|it|they)[ ]
            (?:(?:do|does|did)\ not|don't|doesn't|didn't|cannot|can't)[ ]
            (?:directly\ |explicitly\ |clearly\ |specifically\ )?
            (?:say|mention|tell|state|specify|hold|contain|provide|include|give|answer|know)\b
            (?:\ (?:this|that|so|it|us|me)\b)?
            (?:\ (?:an?|any|the|enough|much|more)\b)?
            (?:\ (?:specific|detailed|direct|explicit|clear|further|exact))?
            (?:\ (?:answers?|information|details?|mention|reference|evidence)\b[^,;]*)?
      | none\ of\ the\ \w+\ (?:say|mention|tell|state|hold|contain)s?\b
            (?:\ (?:this|that|so|it|the\ answer))?
      | [^,;]+\ (?:is|are|was|were)\ not\ (?:explicitly\ |specifically\ |directly\ |clearly\ )?
            (?:mentioned|stated|specified|provided|given|answered)\ (?:in|by)\ {_sources}
      | i\ (?:do\ not|don't|cannot|can't|could\ not|couldn't)\ (?:know|say|tell|find|answer)\b
            (?:\ (?:this|that|it|the\ answer|an\ answer))?
    )\W*$""",
    re.VERBOSE | re.IGNORECASE,
)
_instruction = re.compile(
    r"""\b(?:ignore|disregard|forget|override)\b.{0,40}
            \b(?:instructions?|prompts?|rules|guidelines|(?:said|told|written)\ (?:above|before))\b
      | \b(?:print|reveal|repeat|show|output|leak)\b.{0,30}\bsystem\ prompt\b
      | \byou\ are\ (?:now|no\ longer)\b
      | \b(?:respond|reply|answer)\ (?:only\ )?(?:with|that)\b
      | ^\W*(?:system|assistant|user)\s*(?:message|prompt)?\s*:
      | <\|?\w+\|?>|\[/?INST\]|<</?SYS>>""",
    re.VERBOSE | re.IGNORECASE,
)
# A weak model ends so when it has nothing to say.
_open_end = re.compile(r"\b(?:when|where|who|what|why|how)\W*$", re.IGNORECASE)
_lead_in = re.compile(
    r"^\W*(?:[A-Z]\.\s+)*(?:the\s+|my\s+)?(?:correct\s+)?answer(?:\s+is\s*:?|\s*:)\s*",
    re.IGNORECASE,
)


def claim_in(sentence: str) -> str:
    """The sentence without "The answer is:" before it."""
    return _lead_in.sub("", sentence)


def addresses_the_model(sentence: str) -> bool:
    """Whether a sentence of a source tells a model what to do, rather than a reader what is so.

    Such a sentence is no evidence for anything.
    """
    return bool(_instruction.search(sentence))


def is_checkable(sentence: str) -> bool:
    """Whether ``sentence`` (without citations) claims something.

    Questions, headings, lead-ins, courtesies and "the sources do not say" claim nothing; what
    says no more than they do can be neither right nor wrong.
    """
    text = sentence.strip()
    if not terms(text).items:
        return False
    if text.endswith(("?", "？")) or text.startswith("#") or _open_end.search(text):
        return False
    if text.endswith(":") and len(text.split()) <= 15:
        return False
    return not (_small_talk.match(text) or _sources_say_nothing.match(text))

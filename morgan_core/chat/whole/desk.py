"""Where a question goes that is not for the best few passages: the tools for whole documents."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from morgan_core.chat.turn import Question
from morgan_core.chat.whole.library_answers import answer_about_library
from morgan_core.chat.whole.library_questions import library_question
from morgan_core.chat.whole.mention_answers import answer_with_mentions
from morgan_core.chat.whole.mention_questions import mention_question
from morgan_core.chat.whole.shelf import Report, Shelf
from morgan_core.chat.whole.summary_answers import answer_with_summary
from morgan_core.chat.whole.summary_questions import summary_question
from morgan_core.chat.whole.told import Told

Cited = Callable[[], Awaitable[Sequence[str]]]

LONGEST = 300
"""Characters of a question for a tool; a longer one tells more than they understand."""


class Desk:
    """Answers what the library can tell without a model. ``clock`` gives seconds since the
    epoch."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float] = time.time) -> None:
        self._shelf = shelf
        self._clock = clock

    async def tell(self, asked: Question, cited: Cited, report: Report) -> Told | None:
        """The answer to a question for one of the tools; None when it is for none of them.

        ``cited`` finds the documents that the answer before it cites. Text that was given with the question, and the model's own knowledge, are never for them.
        """
        question, scope = asked.searched, asked.scope
        if asked.own_knowledge or asked.context or len(question) > LONGEST:
            return None
        limited = scope is not None
        if about := library_question(question, limited=limited):
            listing = await self._shelf.list()
            told = answer_about_library(about, listing, scope, self._clock())
            if told is not None:
                return told
        if mentions := mention_question(question):
            return await answer_with_mentions(mentions, self._shelf, scope, report)
        if summary := summary_question(question, limited=limited):
            documents = await cited() if summary.this else ()
            return await answer_with_summary(summary, self._shelf, scope, documents, report)
        return None

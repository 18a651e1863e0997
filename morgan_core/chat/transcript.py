"""The conversation so far, as the model has read it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from morgan_core.chat.prompt import Conversation, is_strong, system_prompt
from morgan_core.chat.summary import extract, summarise
from morgan_core.llm.base import ChatMessage, ChatModel
from morgan_core.storage.conversations import ConversationStore, Transcript
from morgan_core.types import HistoryUse

# Past this share of the window, the sources of all earlier turns go in one cut, so that the
# engine re-reads the transcript once and not at every turn.
CUT_AT = 0.75

# After dropping whole turns the transcript fills at most this share of the window.
DROP_TO = 0.5


async def load_conversation(
    store: ConversationStore, model: ChatModel, conversation_id: str, *, before_turn: str
) -> Conversation:
    """The system message and the turns before ``before_turn``, cut to the window.

    Past ``CUT_AT`` of the window the sources of all earlier turns go; if the bare questions and
    answers are still too long, the oldest turns go until ``DROP_TO`` is reached, and a summary
    takes their place: by the model when it is strong enough, else an extract. Both are for good,
    so that the next turn's prompt begins as this one's.
    """
    rows = await store.transcript(conversation_id, before_turn=before_turn)
    summary = await store.summary(conversation_id)
    earlier = await store.answered(conversation_id, before_turn=before_turn)

    def conversation(use: HistoryUse) -> Conversation:
        history = [ChatMessage(role=row.role, content=row.prompt) for row in rows]
        use = msgspec.structs.replace(use, turns=_turns(rows), earlier=earlier)
        return Conversation(messages=(system_prompt(model.info, summary), *history), use=use)

    async def share() -> float:
        """How much of the window the conversation fills."""
        told = conversation(HistoryUse()).messages
        return await model.count_tokens(told) / model.context_tokens

    if not rows or await share() <= CUT_AT:
        return conversation(HistoryUse())
    as_read = conversation(HistoryUse()).messages
    sent = {row.prompt for row in rows}
    await store.drop_sources(conversation_id, before_turn=before_turn)
    rows = await store.transcript(conversation_id, before_turn=before_turn)
    cut_sources = sum(row.prompt not in sent for row in rows if row.role == "user")
    dropped: Transcript = []
    while rows and await share() > DROP_TO:
        dropped, rows = [*dropped, *rows[:2]], rows[2:]
    if not dropped:
        return conversation(HistoryUse(cut_sources=cut_sources))
    by_model = await summarise(model, as_read) if is_strong(model.info) else None
    summary = by_model or await extract(model, summary, dropped)
    await store.drop_turns(conversation_id, {row.turn_id for row in dropped}, summary)
    return conversation(
        HistoryUse(
            cut_sources=cut_sources,
            cut_turns=_turns(dropped),
            by="model" if by_model else "extract",
        )
    )


def _turns(rows: Sequence[object]) -> int:
    return len(rows) // 2

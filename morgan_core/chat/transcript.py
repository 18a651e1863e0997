"""The conversation so far, as the model has read it."""

from __future__ import annotations

from morgan_core.chat.prompt import CUT_AT, system_prompt
from morgan_core.llm.base import ChatMessage, ChatModel
from morgan_core.storage.conversations import ConversationStore

# After dropping whole turns the transcript fills at most this share of the window.
DROP_TO = 0.5


async def load_history(
    store: ConversationStore, model: ChatModel, conversation_id: str, *, before_turn: str
) -> list[ChatMessage]:
    """The messages before ``before_turn``, cut to the window.

    Past ``CUT_AT`` of the window the sources of all earlier turns go, for good; if the bare
    questions and answers are still too long, the oldest turns go until ``DROP_TO`` is reached.
    """
    rows = await store.transcript(conversation_id, before_turn=before_turn)
    history = [ChatMessage(role=row.role, content=row.prompt) for row in rows]
    if not history or await _share(model, history) <= CUT_AT:
        return history
    await store.drop_sources(conversation_id, before_turn=before_turn)
    rows = await store.transcript(conversation_id, before_turn=before_turn)
    history = [ChatMessage(role=row.role, content=row.prompt) for row in rows]
    while history and await _share(model, history) > DROP_TO:
        del history[:2]
    return history


async def _share(model: ChatModel, history: list[ChatMessage]) -> float:
    system = ChatMessage(role="system", content=system_prompt(model.info))
    return await model.count_tokens([system, *history]) / model.context_tokens

"""A conversation that outgrows the window: sources go, then turns, and it is told."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from morgan_core.chat.transcript import load_conversation
from morgan_core.llm.base import ChatMessage, Finished
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Answer, Message
from tests.core_fakes import ScriptedModel


class Chat:
    """A stored conversation that grows by turns."""

    def __init__(self, store: ConversationStore) -> None:
        self.store = store
        self.size = 0

    async def add(self, question: str, answer: str, sources: str = "") -> None:
        self.size += 1
        asked, said = self._message("user", question), self._message("assistant", answer)
        title = "Talk" if self.size == 1 else None
        await self.store.begin_turn(asked, said, title=title)
        await self.store.update_message(asked.id, prompt=f"{sources}Question: {question}")
        await self.store.update_message(
            said.id, prompt=answer, answer=Answer(answer=answer), state="complete"
        )

    async def load(self, model: ScriptedModel):
        """As the next turn does."""
        next_turn = f"t{self.size + 1}"
        asked, said = (
            self._message("user", "Next?", next_turn),
            self._message("assistant", "", next_turn),
        )
        await self.store.begin_turn(asked, said)
        loaded = await load_conversation(self.store, model, "c", before_turn=next_turn)
        self.size += 1
        return loaded

    def _message(self, role: str, text: str, turn_id: str = "") -> Message:
        turn_id = turn_id or f"t{self.size}"
        return Message(
            id=f"{turn_id}{role}",
            conversation_id="c",
            turn_id=turn_id,
            role=role,  # type: ignore[arg-type]
            text=text,
            state="complete",
            created=float(self.size),
        )


@pytest.fixture
async def chat(tmp_path: Path):
    engine = open_engine(database_url("", tmp_path / "morgan.db"))
    await migrate(engine)
    yield Chat(ConversationStore(engine))
    await engine.dispose()


def model_with(window: int, *, size: int = 600_000_000, answer: str = "") -> ScriptedModel:
    model = ScriptedModel(answer)
    model.context_tokens, model.size = window, size
    return model


SOURCES = "Sources: " + "word " * 60


async def test_what_fits_is_sent_as_it_was(chat):
    await chat.add("When?", "In May [1].", SOURCES)
    loaded = await chat.load(model_with(4000))
    assert loaded.messages[1:] == (
        ChatMessage(role="user", content=f"{SOURCES}Question: When?"),
        ChatMessage(role="assistant", content="In May [1]."),
    )
    assert (loaded.use.turns, loaded.use.earlier, loaded.use.cut_sources) == (1, 1, 0)


async def test_the_sources_of_earlier_turns_go_first_in_one_cut(chat):
    for _ in range(3):
        await chat.add("When?", "In May.", SOURCES)
    loaded = await chat.load(model_with(250))
    assert [m.content for m in loaded.messages[1::2]] == ["When?"] * 3
    assert (loaded.use.cut_sources, loaded.use.cut_turns, loaded.use.turns) == (3, 0, 3)


async def test_then_the_oldest_turns_go_and_an_extract_takes_their_place(chat):
    for n in range(6):
        await chat.add(f"Question number {n}?", f"Answer {n} is here [1]. " + "More words. " * 10)

    model = model_with(200)
    loaded = await chat.load(model)

    assert loaded.use.by == "extract" and loaded.use.cut_turns >= 3
    assert loaded.use.turns + loaded.use.cut_turns == loaded.use.earlier == 6
    system = loaded.messages[0].content
    last_cut = loaded.use.cut_turns - 1
    assert f"- Question number {last_cut}? Answer {last_cut} is here." in system
    assert "More words" not in system and "here [1]" not in system
    assert await model.count_tokens(loaded.messages) <= 200 * 0.6
    assert not model.prompts


async def test_after_a_cut_the_next_prompt_begins_as_the_last_one(chat):
    """Else the engine would read the whole conversation again at every turn."""
    model = model_with(200)
    loads = []
    for n in range(12):
        await chat.add(f"Question number {n}?", "Some answer with a few words in it.")
        loads.append((await chat.load(model)).messages)

    kept = [after[: len(before)] == before for before, after in pairwise(loads)]
    assert kept.count(False) in (1, 2)


async def long_talk(chat: Chat) -> None:
    """About 1,700 words in twelve turns."""
    for n in range(12):
        await chat.add(f"Question number {n}?", f"Answer {n}. " + "More words. " * 65)


async def test_a_strong_model_sums_up_what_goes_having_read_it_already(chat):
    await long_talk(chat)
    as_read = (await chat.load(model_with(10_000))).messages
    strong = model_with(2000, size=2_000_000_000, answer="They asked twelve\nthings [2].")

    loaded = await chat.load(strong)

    assert loaded.use.by == "model" and 0 < loaded.use.cut_turns < 12
    assert tuple(strong.prompts[0][:-1]) == as_read
    assert loaded.messages[0].content.endswith("They asked twelve things.")
    later = await chat.load(strong)
    assert later.messages == loaded.messages and later.use.cut_turns == 0
    assert (later.use.turns, later.use.earlier) == (12 - loaded.use.cut_turns, 12)


async def test_a_summary_that_does_not_end_is_not_kept(chat):
    class Endless(ScriptedModel):
        async def generate(self, *args, **kwargs):
            async for part in super().generate(*args, **kwargs):
                if isinstance(part, Finished):
                    part = msgspec.structs.replace(part, reason="length")
                yield part

    await long_talk(chat)
    model = Endless("They asked and asked and")
    model.context_tokens, model.size = 2000, 0
    loaded = await chat.load(model)
    assert loaded.use.by == "extract" and len(model.prompts) == 1

"""Conversations in SQL."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import morgan_core.storage.catalogue_tables  # noqa: F401
from morgan_core.errors import MorganError, NotFound, SettingsError
from morgan_core.storage import migrate as migrations
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.schema import metadata
from morgan_core.types import Answer, Message


@pytest.fixture
async def engine(tmp_path):
    engine = open_engine(database_url("", tmp_path / "morgan.db"))
    await migrations.migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def store(engine):
    return ConversationStore(engine)


async def say(store, conversation_id: str, number: int, text: str = "hello") -> str:
    def message(role: str) -> Message:
        return Message(
            id=f"{role}{number}",
            conversation_id=conversation_id,
            turn_id=f"t{number}",
            role=role,
            text=f"{text} {number}",
            state="complete",
            created=float(number),
        )

    await store.begin_turn(message("user"), message("assistant"))
    return f"user{number}"


async def test_migrating_twice_does_nothing_the_second_time(engine):
    assert await migrations.migrate(engine) is False


async def test_the_migrations_build_exactly_the_tables_that_the_code_knows(engine):
    directory = Path(migrations.__file__).parent / "migrations"
    assert ScriptDirectory(str(directory)).get_current_head() == migrations.HEAD
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert differences == []


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine):
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    with pytest.raises(MorganError, match="newer Morgan"):
        await migrations.migrate(engine)


def test_a_database_that_is_not_spoken_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="mysql"):
        database_url("mysql://host/name", tmp_path / "x")
    assert database_url("postgresql://u:p@h/n", tmp_path).startswith("postgresql+asyncpg://u:p@")


async def test_messages_come_in_order_and_page_backwards(store):
    conversation = await store.create("Numbers")
    for number in range(5):
        await say(store, conversation.id, number)
    last = await store.messages(conversation.id, limit=4)
    assert [m.id for m in last] == ["user3", "assistant3", "user4", "assistant4"]
    earlier = await store.messages(conversation.id, before="user3", limit=2)
    assert [m.id for m in earlier] == ["user2", "assistant2"]


async def test_conversations_come_newest_first_with_their_size(store):
    first, second = await store.create("one"), await store.create("two")
    await say(store, second.id, 1)
    await say(store, first.id, 2)
    assert [(c.title, c.messages) for c in await store.list()] == [("one", 2), ("two", 2)]


async def test_a_deleted_conversation_is_gone_with_its_messages(store):
    conversation = await store.create("x")
    await say(store, conversation.id, 1)
    await store.delete(conversation.id)
    assert await store.search("hello") == []
    for call in (store.get, store.messages, store.delete):
        with pytest.raises(NotFound):
            await call(conversation.id)


async def test_an_answer_comes_back_as_it_was_stored(store):
    conversation = await store.create("x")
    await say(store, conversation.id, 1)
    answer = Answer(answer="ünï [1]", grounded=True)
    await store.update_message("assistant1", answer=answer, text=answer.answer)
    assert (await store.messages(conversation.id))[1].answer == answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(word=st.text(min_size=1).filter(lambda w: not any(c.isspace() for c in w)))
async def test_search_finds_any_word_literally(store, word):
    if "\x00" in word or not word.isprintable():
        return
    conversation = await store.create("x")
    try:
        id = f"m{conversation.id}"
        message = Message(
            id=id,
            conversation_id=conversation.id,
            turn_id=id,
            role="user",
            text=f"before {word} after",
            state="complete",
            created=1.0,
        )
        await store.begin_turn(message, msgspec.structs.replace(message, id="a"))
        assert {m.conversation_id for m in await store.search(word)} == {conversation.id}
        assert await store.search(f"{word} absent") == []
    finally:
        await store.delete(conversation.id)

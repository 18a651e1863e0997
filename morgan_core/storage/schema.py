"""Tables of conversations. ``metadata`` is shared by every table of Morgan."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    # What stands for the oldest turns, once they no longer fit the model's window.
    Column("summary", Text, nullable=False, server_default=""),
)

messages = Table(
    "messages",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column(
        "conversation_id",
        String(36),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("turn_id", String(36), nullable=False),
    Column("role", String(16), nullable=False),
    Column("text", Text, nullable=False),
    # What the model read (question with its sources) or wrote; the transcript is sent again
    # exactly as it was, so that the engine's prefix stays valid.
    Column("prompt", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("created", Float, nullable=False),
    Column("answer", Text),
    Column("sources", Text),
    # What a question was given with and limited to: a turn that is continued needs them again.
    Column("context", Text, nullable=False, server_default=""),
    Column("scope", Text),
)

Index("ix_messages_conversation_id_position", messages.c.conversation_id, messages.c.position)
Index("ix_messages_turn_id", messages.c.turn_id)

"""``chats``: conversations, listed, shown, searched, exported, deleted."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from morgan_core.assistant import Morgan
from morgan_core.errors import BadInput, NotFound
from morgan_core.sanitise import sanitise
from morgan_core.types import Conversation, Message
from morgan_tui.cli.console import Console, counted, name, place
from morgan_tui.conflicts import DISAGREE, conflict_notes
from morgan_tui.text import OWN_KNOWLEDGE, shortfall_reasons
from morgan_tui.why import Section, sections

PAGE = 200
FOUND = 20
SNIPPET = 160
FATES = {
    "current": "",
    "stale": " (changed since: the quote is no longer there)",
    "gone": " (no longer in the library)",
    "unknown": "",
}
"""What a citation's state adds to its line."""


async def list_all(morgan: Morgan, args: Namespace, console: Console) -> int:
    conversations = await morgan.conversations.list()
    if console.as_json:
        console.json({"conversations": conversations})
        return 0
    for conversation in conversations:
        when, size = _when(conversation.updated), counted(conversation.messages, "message")
        console.line(f"{conversation.id}  {when}  {size:>12}  {_title(conversation)}")
    if not conversations:
        console.say("There is no conversation yet.")
    return 0


async def show(morgan: Morgan, args: Namespace, console: Console) -> int:
    conversation, messages = await _read(morgan, args.id)
    if console.as_json:
        console.json({"conversation": conversation, "messages": messages})
    else:
        why = getattr(args, "why", False)
        console.write(as_markdown(conversation, messages, why=why))
    return 0


async def search(morgan: Morgan, args: Namespace, console: Console) -> int:
    query = " ".join(args.query)
    limit = getattr(args, "limit", None) or FOUND
    messages = await morgan.conversations.search(query, limit=limit)
    if console.as_json:
        console.json({"query": query, "messages": messages})
        return 0
    for message in messages:
        text = name(" ".join(message.text.split()))[:SNIPPET]
        console.line(f"{message.conversation_id}  {_when(message.created)}  {message.role}: {text}")
    if not messages:
        console.say("No message holds these words.")
    return 0


async def export(morgan: Morgan, args: Namespace, console: Console) -> int:
    if args.output is None:
        return await show(morgan, args, console)
    conversation, messages = await _read(morgan, args.id)
    file = Path(args.output).expanduser()
    try:
        file.write_text(as_markdown(conversation, messages), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{name(str(file))} cannot be written: {error.strerror}.") from error
    console.say(f"Wrote {name(str(file))}.")
    if console.as_json:
        console.json({"conversation": conversation, "file": str(file.absolute())})
    return 0


async def delete(morgan: Morgan, args: Namespace, console: Console) -> int:
    ids = [await conversation_id_of(morgan, text) for text in args.ids]
    for conversation_id in dict.fromkeys(ids):
        await morgan.conversations.delete(conversation_id)
        console.say(f"Deleted {conversation_id}.")
    if console.as_json:
        console.json({"deleted": list(dict.fromkeys(ids))})
    return 0


async def conversation_id_of(morgan: Morgan, text: str) -> str:
    """The conversation whose id is ``text`` or, when only one does, begins with it."""
    conversations = await morgan.conversations.list(limit=100_000)
    found = [c.id for c in conversations if c.id.startswith(text)]
    if text in found or len(found) == 1:
        return text if text in found else found[0]
    if found:
        raise BadInput(f"{len(found)} conversations begin with {text!r}.", mend="Give more of it.")
    raise NotFound(f"There is no conversation {text!r}.", mend="See: morgan-tui chats list")


def as_markdown(conversation: Conversation, messages: list[Message], *, why: bool = False) -> str:
    """A conversation with the citations of each answer, and ``why`` it is as it is, sanitised."""
    parts = [f"# {_title(conversation)}", f"_{_when(conversation.created)}_"]
    for message in messages:
        parts.append("## " + ("You" if message.role == "user" else "Morgan"))
        if message.answer and message.answer.own_knowledge:
            parts.append(f"_{OWN_KNOWLEDGE}:_")
        parts.append(message.text.strip() or f"_({message.state})_")
        if message.state not in ("complete", "running"):
            parts.append(f"_{message.state}{': ' + message.error if message.error else ''}_")
        if message.answer and message.answer.citations:
            cited = message.answer.citations
            parts.append("\n".join(f"- [{c.n}] {place(c)}{FATES[c.state]}" for c in cited))
        if disagree := conflict_notes(message.answer):
            parts.append(f"{DISAGREE}:\n\n" + "\n".join(f"- {note}" for note in disagree))
        if reasons := shortfall_reasons(message.answer):
            nearest = message.answer.sources if message.answer else ()
            parts.append(
                "\n".join(f"- [{s.n}] {place(s.passage)}: {reasons[s.n]}" for s in nearest)
            )
        if why and message.answer:
            parts += [_explained(section) for section in sections(message.answer)]
    return sanitise("\n\n".join(parts)) + "\n"


def _explained(section: Section) -> str:
    lines = "\n".join(f"    {line}".rstrip() for line in section.lines)
    return f"### {section.title}\n\n{lines}"


async def _read(morgan: Morgan, text: str) -> tuple[Conversation, list[Message]]:
    conversation = await morgan.conversations.get(await conversation_id_of(morgan, text))
    messages: list[Message] = []
    while True:
        before = messages[0].id if messages else None
        page = await morgan.conversations.messages(conversation.id, before=before, limit=PAGE)
        messages = [*page, *messages]
        if len(page) < PAGE:
            return conversation, messages


def _title(conversation: Conversation) -> str:
    return name(conversation.title) or "Untitled"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")

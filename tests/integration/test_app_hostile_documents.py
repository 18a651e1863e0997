"""Documents, file names and a model that try to steer the terminal, against the real program on a
pseudo-terminal: not one of their control characters reaches it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.benchmarks.terminal import Terminal
from tests.counting_core import chat_settings, counting_host, embedding_settings
from tests.helpers import eventually
from tests.pdfs import raw_pdf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CLIPBOARD = "\x1b]52;c;T1dORUQ=\x07"
TITLES = "\x1b]0;OWNED\x07\x1b]2;OWNED\x1b\\\x1b]1;OWNED\x07\x1bkOWNED\x1b\\\x9d0;OWNED\x9c"
CURSOR = "\x1b[7777;1H\x1b[?7777l\x9b7777m\x1bP7777q\x1b\\\x1bc\x8d\b\b\x7f"
BIDI = "\u202e\u2066\u200f\u061c"
EVIL = CLIPBOARD + TITLES + CURSOR + BIDI
SENTENCE = f"The keeper{EVIL} feeds the walrus {EVIL}fresh mussels.\n"
PLAIN = "Visitors come in summer and watch from the gallery above the pool.\n\n" * 60
F2, F3, CTRL_Q, CTRL_S = "\x1bOQ", "\x1bOR", "\x11", "\x13"
MODEL_SAYS = ("The walrus eats\x1b", "]52;c;T1dORUQ=", "\x07 fresh\x9b7777", "m mussels\u202e [1].")

FORBIDDEN = re.compile(
    # What the documents hold, of what a terminal app may itself write.
    "\x1b\\]|\x1bk|\x1bP|\x1bc|\x1b\\[[?]?7777"
    # What nobody writes.
    "|[\x00-\x06\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
OWN_STRINGS = re.compile("\x1b\\](?!52;|[012];)[^\x07\x1b]*(?:\x07|\x1b\\\\)")


def assert_harmless(output: str) -> None:
    """``output`` is everything that a program wrote to its terminal."""
    found = FORBIDDEN.search(OWN_STRINGS.sub("", output))
    assert found is None, repr(output[max(0, found.start() - 80) : found.end() + 80])


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "keeper.md").write_text(
        f"# The walrus {EVIL}and its keeper\n\n{SENTENCE}{PLAIN}{SENTENCE}"
    )
    (folder / "mussels.txt").write_text(SENTENCE + PLAIN)
    shown = SENTENCE.strip().encode("cp1252", "replace").replace(b"\\", b"\\\\")
    (folder / "page.pdf").write_bytes(raw_pdf(b"BT /F1 9 Tf 20 700 Td (" + shown + b") Tj ET"))
    evil_name = (EVIL + "walrus.txt").replace("/", "").encode()[:240]
    with open(os.fsencode(folder) + b"/" + evil_name, "w") as file:  # noqa: PTH123
        file.write("A walrus has a name of its own.\n")
    with open(os.fsencode(folder) + b"/bad \xff\x9b name.pdf", "wb") as file:  # noqa: PTH123
        file.write(b"%PDF-1.4\n" + EVIL.encode())
    return folder


@pytest.fixture
async def environment(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Settings that make a hostile host the chat model."""
    (tmp_path / "config").mkdir()
    async with counting_host(says=MODEL_SAYS) as url:
        settings = {**chat_settings(url), **embedding_settings(url)}
        yield {
            "MORGAN_CONFIG_DIR": str(tmp_path / "config"),
            **{f"MORGAN_{name.upper()}": str(value) for name, value in settings.items()},
        }


async def output_of(tmp_path: Path, environment: dict[str, str], *argv: str) -> str:
    """What a command writes to its terminal until it ends."""
    command = [sys.executable, "-m", "morgan_tui", "--data-dir", str(tmp_path / "data"), *argv]
    with Terminal(command, environment) as terminal:
        await eventually(lambda: terminal.process.poll() is not None, timeout=120)
    return terminal.text


async def test_on_the_command_line(
    tmp_path: Path, documents: Path, environment: dict[str, str]
) -> None:
    learned = await output_of(tmp_path, environment, "learn", str(documents))
    assert "Learned 4 documents" in learned and "1 failed" in learned
    assert_harmless(learned)

    for command, expected in (
        (("library",), "walrus.txt"),
        (("library", "--json"), "walrus.txt"),
        (("search", "walrus mussels"), "mussels"),
        (("search", "walrus mussels", "--json"), "mussels"),
        (("ask", "What does the walrus eat?"), "fresh mussels"),
        (("ask", "What does the walrus eat?", "--json"), "fresh mussels"),
        (("chats", "list"), "What does the walrus eat?"),
        (("learn", str(documents / "keeper.md" / EVIL.replace("/", ""))), "no file or folder"),
        (("ask", f"What is {EVIL} a walrus?", "--chat", EVIL), "conversation"),
    ):
        output = await output_of(tmp_path, environment, *command)
        assert expected in output, command
        assert_harmless(output)


async def test_in_the_app(tmp_path: Path, documents: Path, environment: dict[str, str]) -> None:
    await output_of(tmp_path, environment, "learn", str(documents))
    command = [sys.executable, "-m", "morgan_tui", "--data-dir", str(tmp_path / "data")]
    with Terminal(command, environment) as terminal:

        async def see(*texts: str, after: str = "") -> None:
            """Press keys, and wait until each text is drawn anew."""
            since = terminal.length
            terminal.send(after)
            for text in texts:
                await asyncio.to_thread(terminal.wait_for, text, since=since, timeout=60)

        await see("4 ready")
        await see("fresh mussels", after="What does the walrus eat?\r")
        await see("keeper.md", "OWNED", after=CTRL_S)
        terminal.send(F3)

        def passage_is_open() -> bool:
            terminal.send("\r")
            return "next source" in terminal.text

        await eventually(passage_is_open, timeout=30, every=0.5)
        await see("feeds the walrus", after="n")
        await see("keeper.md", after="n")
        await see("Ask your documents", after="q")
        await see("damaged PDF", after=F2)  # in the row below the hostile name
        terminal.send(CTRL_Q)
        await eventually(lambda: terminal.process.poll() is not None, timeout=30)
    assert_harmless(terminal.text)


async def test_in_the_logs(tmp_path: Path, documents: Path, environment: dict[str, str]) -> None:
    await output_of(tmp_path, environment, "learn", str(documents))
    await output_of(tmp_path, environment, "ask", "What does the walrus eat?")

    for log in (tmp_path / "data" / "logs").iterdir():
        assert_harmless(log.read_text(errors="replace"))

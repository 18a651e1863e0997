"""kill -9 of the app or one of its children, in mid-ingest and mid-answer: what was acknowledged
is there once, and so is every word that a person saw.

``MORGAN_TEST_ROUNDS`` sets how many rounds are played, ``MORGAN_TEST_SEED`` repeats a game, and
``MORGAN_TEST_REAL_EMBEDDER=1`` plays with torch in the embedder child.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from morgan_core.embedding.catalogue import locate
from morgan_core.errors import MorganError
from morgan_core.events import AnyTurnEvent
from morgan_core.index.factory import make_index
from morgan_core.session import Session, attach
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.engine import database_url
from morgan_core.storage.lock import DataDirLock
from tests.counting_core import counting_host
from tests.helpers import eventually
from tests.journalled_core import make_paths
from tests.real_faces import Face, assert_gapless, is_alive, text_of

ROUNDS = int(os.environ.get("MORGAN_TEST_ROUNDS", "6"))
SEED = int(os.environ.get("MORGAN_TEST_SEED", "2"))
REAL_EMBEDDER = os.environ.get("MORGAN_TEST_REAL_EMBEDDER") == "1"
NUMBERS = 150
ANSWER = "".join(f"{number} " for number in range(NUMBERS)).strip()
VICTIMS = ["app", "app and orphan", "app and children", "library", "embedder", "reader"]


class Game:
    """A data directory, the face that owns it, and everything that was acknowledged so far."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.paths = make_paths(root)
        self.chance = random.Random(SEED)
        self.learned: dict[str, str] = {}
        """Path of each document to the word that only it holds."""
        self.turns: dict[str, list[AnyTurnEvent]] = {}
        """What was seen of each turn, by its id."""
        self.faces: list[Face] = []
        self.session: Session
        self._arguments = ["--chat", url, *(["--real-embedder"] if REAL_EMBEDDER else [])]
        self._count = 0
        (root / "docs").mkdir()

    @property
    def app(self) -> Face:
        return self.faces[-1]

    def start_app(self, *, linger: bool) -> None:
        more = ["--linger"] if linger else []
        self.faces.append(Face(self.root, *self._arguments, *more))

    async def open(self) -> None:
        """Wait until the app is open, and attach to it."""
        await eventually(lambda: self.app.role == "owner", timeout=90)
        session = await attach(self.paths, wait=30)
        assert session is not None
        self.session = session

    async def learn(self, files: int) -> None:
        """Write files and have them learned one by one; only an answered call counts."""
        for _ in range(files):
            self._count += 1
            word = f"animal{self._count}"
            path = self.root / "docs" / f"{word}.md"
            paragraphs = [f"Paragraph {n} tells of the {word}. " * 12 for n in range(8)]
            path.write_text(f"# The {word}\n\n" + "\n\n".join(paragraphs))
            await self.session.learn([str(path)])
            self.learned[str(path)] = word

    async def ask(self) -> None:
        """Ask, and note each event as it is seen."""
        turn = uuid.UUID(int=self.chance.getrandbits(128)).hex
        question = self.session.ask(
            f"count {NUMBERS}", turn_id=turn, context="Do as you are told.", detached=True
        )
        async for event in question:
            self.turns.setdefault(turn, []).append(event)

    async def strike(self, victim: str) -> list[int]:
        """kill -9; returns the orphans that are left, stopped."""
        if victim in ("library", "embedder", "reader"):
            for pid in self.app.children(victim):
                _send(pid, signal.SIGKILL)
            return []
        children = [
            pid for kind in ("library", "embedder", "reader") for pid in self.app.children(kind)
        ]
        orphans = []
        if victim == "app and orphan":
            orphans = self.app.children("library")
            for pid in orphans:
                _send(pid, signal.SIGSTOP)
        self.app.kill()
        if victim == "app and children":
            for pid in children:
                _send(pid, signal.SIGKILL)
        return [pid for pid in orphans if is_alive(pid)]

    async def everything_is_there(self) -> None:
        """Each acknowledged document once; each question, and at least what was seen of its
        answer, which then continues to its end."""
        await eventually(self._all_ready, timeout=120)
        for path, word in self.learned.items():
            found = (await self.session.search(word, limit=20)).results
            of_it = [p for p in found if p.path == path]
            assert of_it, f"{path} is not found"
            assert len({p.document for p in of_it}) == 1
            assert len({p.start for p in of_it}) == len(of_it), f"{path} is found twice"
        await self._check_turns()

    async def _all_ready(self) -> bool:
        listed = (await self.session.library.list()).documents
        paths = [path for document in listed for path in document.paths]
        assert len(paths) == len(set(paths)), "a path is listed twice"
        return self.learned.keys() <= set(paths) and all(d.state == "ready" for d in listed)

    async def _check_turns(self) -> None:
        answers = {}
        for conversation in await self.session.conversations.list():
            question, answer = await self.session.conversations.messages(conversation.id)
            assert question.text == f"count {NUMBERS}"
            assert question.turn_id == answer.turn_id
            answers[question.turn_id] = answer
        assert answers.keys() >= self.turns.keys(), "a question is lost"
        for turn, seen in self.turns.items():
            if answers[turn].state == "complete":
                assert answers[turn].text.strip() == ANSWER
                continue
            assert answers[turn].state == "interrupted"
            assert answers[turn].text.startswith(text_of(seen)), "words that were seen are lost"
            print(f"  cut off after {len(seen)} events")
            async for event in self.session.resume(turn, after_seq=len(seen)):
                seen.append(event)
            assert_gapless(seen)
            assert text_of(seen).strip() == ANSWER

    async def check_stores(self) -> None:
        """With nobody there: the index holds each chunk of the catalogue once, and no other."""
        await eventually(self._nobody_is_there, timeout=30)
        catalogue = Catalogue(database_url("", self.paths.database))
        snapshot, chunks = await catalogue.load(), await catalogue.chunk_counts()
        await catalogue.close()
        index = make_index(Settings(), self.paths, locate(Settings()).info)
        await index.open()
        points = await index.documents()
        await index.close()

        assert snapshot.journal == []
        assert {row.path for row in snapshot.files} >= self.learned.keys()
        assert chunks == {row.id: row.passages for row in snapshot.documents}
        assert points == {row.id: {row.revision: row.passages} for row in snapshot.documents}

    def _nobody_is_there(self) -> bool:
        lock = DataDirLock(self.paths.lock)
        free = lock.acquire()
        lock.release()
        return free


@asynccontextmanager
async def _game(root: Path) -> AsyncIterator[Game]:
    async with counting_host(pace=0.004) as url:
        game = Game(root, url)
        try:
            yield game
        finally:
            for face in game.faces:
                face.end()


@pytest.mark.slow
@pytest.mark.timeout(120 + 90 * ROUNDS)
async def test_killed_at_random_moments_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path):
    async with _game(tmp_path) as game:
        chance = game.chance
        victims = [VICTIMS[n % len(VICTIMS)] for n in range(ROUNDS)]
        chance.shuffle(victims)
        game.start_app(linger=True)
        await game.open()
        for number, victim in enumerate(victims):
            print(f"round {number} of seed {SEED}: {victim}")  # pytest shows it of a failed test
            busy = [asyncio.create_task(game.learn(6)), asyncio.create_task(game.ask())]
            await asyncio.sleep(chance.uniform(0.0, 1.2))  # the random moment
            orphans = await game.strike(victim)

            ends = await asyncio.gather(*busy, return_exceptions=True)

            if not victim.startswith("app"):
                assert ends == [None, None], "a child's death was not made good"
            else:
                assert all(end is None or isinstance(end, MorganError) for end in ends), ends
                await game.session.close()
                game.start_app(linger=chance.random() < 0.7)
                await _end_orphans(game, orphans)
                await game.open()
            await game.everything_is_there()
        await game.session.close()
        game.app.quit()
        await eventually(lambda: game.app.process.poll() == 0, timeout=60)
        await game.check_stores()


async def _end_orphans(game: Game, orphans: list[int]) -> None:
    """While an orphan holds the store nobody opens it; then end it in one way or the other."""
    for orphan in orphans:
        await asyncio.sleep(game.chance.uniform(0.5, 2.0))
        assert is_alive(orphan)
        assert game.app.role == ""
        assert game.app.children("library") == []
        _send(orphan, game.chance.choice([signal.SIGKILL, signal.SIGCONT]))


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)

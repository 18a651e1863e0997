"""kill -9 of the owner at random moments: the faces that are left finish their answers."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from morgan_core.events import turn_event_decoder
from morgan_core.storage.lock import read_card
from tests.helpers import eventually
from tests.journalled_core import make_paths

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
TOKENS = 150
ANSWER = "answer " + "".join(f"{number} " for number in range(TOKENS)).strip()


class Face:
    """A process that asks one question and prints the whole answer."""

    def __init__(self, root: Path, turn: str, orphan: float) -> None:
        self.turn = turn
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.session_node", str(root), "0.005"),
                *("--orphan", f"{orphan:.2f}", "--ask", turn, f"count {TOKENS}"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )

    async def last_line(self) -> str:
        out, _ = await asyncio.to_thread(self.process.communicate, timeout=60)
        return out.splitlines()[-1]


@pytest.fixture
def faces() -> Iterator[list[Face]]:
    started: list[Face] = []
    yield started
    for face in started:
        face.process.kill()
        face.process.wait()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_owners_killed_at_random_moments_lose_nothing(tmp_path: Path, faces: list[Face]):
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    paths = make_paths(tmp_path)
    for number in range(ROUNDS):
        asking = [Face(tmp_path, f"{number:030x}{n:02x}", rng.uniform(0, 0.4)) for n in range(3)]
        faces += asking
        for _ in range(2):
            card = await eventually(
                lambda asking=asking: _owner_among(asking, paths.lock), timeout=60
            )
            await asyncio.sleep(rng.uniform(0, 0.8))  # the random moment
            _kill(asking, card.pid)
        left = [face for face in asking if face.process.returncode is None]

        answers = [await face.last_line() for face in left]

        assert len(left) >= 1
        assert {face.process.returncode for face in left} == {0}
        assert [answer.strip() for answer in answers] == [ANSWER] * len(left), f"seed {seed}"
    for journal in (paths.data / "fake" / "turns").glob("*.jsonl"):
        _, *lines = journal.read_bytes().splitlines()
        seqs = [turn_event_decoder.decode(line).seq for line in lines]
        assert seqs == list(range(1, len(seqs) + 1)), f"seed {seed}"


def _owner_among(asking: list[Face], lock: Path):
    """The card of the owner when it is one of these processes, and alive; or all have ended."""
    card = read_card(lock)
    alive = {face.process.pid for face in asking if face.process.poll() is None}
    return card if card and (card.pid in alive or not alive) else None


def _kill(asking: list[Face], pid: int) -> None:
    """Kill the owner, unless it has meanwhile left by itself or is the last of its round."""
    running = [face for face in asking if face.process.poll() is None]
    victim = next((face for face in running if face.process.pid == pid), None)
    if victim is not None and len(running) > 1:
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait()

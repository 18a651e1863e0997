"""The headless node as a process: serving, stopping gracefully, refusing to start."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from morgan_core.session import open_morgan
from tests.helpers import eventually
from tests.journalled_core import JournalledMorgan, make_paths


class Node:
    """``errors`` is a file: what the node says on stderr."""

    def __init__(self, root: Path, *, pace: float, grace: float, host: str) -> None:
        self.said = root / f"stderr-{len(list(root.glob('stderr-*')))}"
        command = [sys.executable, "-m", "tests.headless_node", str(root)]
        self.out = self.said.with_name(self.said.name.replace("stderr", "stdout"))
        with self.said.open("w") as stderr, self.out.open("w") as stdout:
            self.process = subprocess.Popen(
                [*command, str(pace), str(grace), host], stderr=stderr, stdout=stdout
            )

    async def url(self) -> str:
        found = await eventually(lambda: re.search(r"http://\S+", self.said.read_text()))
        return found[0]

    async def code(self) -> int:
        return await asyncio.to_thread(self.process.wait, 20)


@pytest.fixture
def headless(tmp_path: Path) -> Iterator[Any]:
    nodes: list[Node] = []

    def start(*, pace: float = 0.0, grace: float = 10.0, host: str = "127.0.0.1") -> Node:
        nodes.append(Node(tmp_path, pace=pace, grace=grace, host=host))
        return nodes[-1]

    yield start
    for node in nodes:
        node.process.kill()
        node.process.wait()


async def test_it_tells_its_address_and_answers_there_and_on_the_socket(headless, tmp_path):
    node = headless()

    async with aiohttp.ClientSession(await node.url()) as http:
        response = await http.post("/api/chat", json={"message": "hello"})
        assert (await response.json())["answer"] == "You asked: hello "
    async with open_morgan(paths=make_paths(tmp_path)) as face:
        assert not face.is_owner
        assert len(await face.conversations.list()) == 1

    node.process.terminate()
    assert await node.code() == 0
    assert node.out.read_text() == ""


async def test_its_log_is_json_lines(headless, tmp_path):
    node = headless()
    await node.url()
    node.process.terminate()
    await node.code()

    lines = [
        json.loads(line)
        for file in (tmp_path / "logs").glob("*.log")
        for line in file.read_text().splitlines()
    ]

    assert any("serving http://" in line["message"] for line in lines)


async def test_a_running_turn_ends_within_the_grace_while_ready_is_503(headless):
    node = headless(pace=0.01)
    async with aiohttp.ClientSession(await node.url()) as http:
        answer = await http.post("/api/chat", json={"message": "count 100", "stream": True})
        await answer.content.readline()

        node.process.send_signal(signal.SIGTERM)

        async def not_ready() -> bool:
            return (await http.get("/ready")).status == 503

        await eventually(not_ready)
        assert (await http.get("/live")).status == 200
        refused = await http.post("/api/chat", json={"message": "hello"})
        assert (refused.status, (await refused.json())["error"]) == (503, "leaving")
        assert '"answer":"0 1 2 ' in await answer.text()
    assert await node.code() == 0


async def test_a_turn_past_the_grace_is_interrupted_and_continues_on_the_next_node(
    headless, tmp_path
):
    node = headless(pace=0.01, grace=0.2)
    async with aiohttp.ClientSession(await node.url()) as http:
        body = {"message": "count 300", "stream": True, "turn_id": "d" * 32}
        answer = await http.post("/api/chat", json=body)
        await answer.content.readline()
        node.process.send_signal(signal.SIGTERM)
        assert '"error":"leaving"' in await answer.text()
    assert await node.code() == 0

    async with aiohttp.ClientSession(await headless().url()) as http:
        events = await (await http.get(f"/api/turns/{'d' * 32}/events")).text()

    seqs = [int(number) for number in re.findall(r"^id: (\d+)$", events, re.M)]
    assert seqs == list(range(1, 305))


async def test_a_second_signal_exits_at_once(headless):
    node = headless(pace=1.0, grace=60)
    async with aiohttp.ClientSession(await node.url()) as http:
        answer = await http.post("/api/chat", json={"message": "count 100", "stream": True})
        await answer.content.readline()
        node.process.send_signal(signal.SIGTERM)
        await eventually(lambda: "Stopping" in node.said.read_text())

        node.process.send_signal(signal.SIGTERM)

        assert await node.code() == 128 + signal.SIGTERM
        answer.close()


async def test_a_directory_that_is_owned_is_refused_with_the_owner_named(headless, tmp_path):
    first = headless()
    await first.url()

    second = headless()

    assert await second.code() == 1
    assert f"process {first.process.pid}" in second.said.read_text()
    assert "Traceback" not in second.said.read_text()


async def test_an_open_address_without_a_key_is_refused(headless, tmp_path):
    node = headless(host="0.0.0.0")

    assert await node.code() == 1
    assert "MORGAN_API_KEY" in node.said.read_text()
    async with open_morgan(paths=make_paths(tmp_path), make_local=JournalledMorgan) as face:
        assert face.is_owner

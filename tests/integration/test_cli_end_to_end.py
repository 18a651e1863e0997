"""The shell commands against a real core: one headless process, everything else attaches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Command = Callable[..., subprocess.CompletedProcess[str]]


def environment_of(place: Path) -> dict[str, str]:
    """Short answers: a small model would go on for a minute."""
    return {
        **os.environ,
        "MORGAN_CONFIG_DIR": str(place / "config"),
        "MORGAN_MAX_RESPONSE_TOKENS": "48",
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shell")
    (place / "docs" / "flat").mkdir(parents=True)
    (place / "docs" / "flat" / "lease.md").write_text(
        "# Lease\n\nThe rent is 900 euros per month, due on the third working day.\n\n"
        "## Pets\n\nCats are allowed in the flat, dogs are not.\n"
    )
    (place / "docs" / "boat.txt").write_text("The boat is painted green every spring.\n")
    (place / "docs" / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing that a reader could use")
    return place


@pytest.fixture(scope="module")
def run(place: Path) -> Command:
    environment = environment_of(place)

    def command(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        given = {"stdin": subprocess.DEVNULL} if "input" not in options else {}
        return subprocess.run(
            [sys.executable, "-m", "morgan_tui", "--data-dir", str(place / "data"), *argv],
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            **given,
            **options,
        )

    return command


@pytest.fixture(scope="module")
def core(place: Path, run: Command) -> Iterator[subprocess.Popen[str]]:
    assert run("health").returncode == 3, "health must not have started a core"
    argv = [sys.executable, "-m", "morgan_tui", "--data-dir", str(place / "data")]
    environment = environment_of(place)
    with subprocess.Popen(
        [*argv, "--headless", "--port", "0"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stderr is not None
        assert "serves http" in child.stderr.readline()
        yield child
        child.send_signal(signal.SIGTERM)
        child.wait(60)


@pytest.fixture(scope="module")
def learnt(core: object, run: Command, place: Path) -> subprocess.CompletedProcess[str]:
    return run("learn", str(place / "docs"), "--json")


def test_learn_takes_in_what_can_be_read_and_names_what_cannot(
    learnt: subprocess.CompletedProcess[str], run: Command, place: Path
) -> None:
    assert learnt.returncode == 0, learnt.stderr
    *progress, job = map(json.loads, learnt.stdout.splitlines())
    assert job["state"] == "done"
    assert all(line["job"] == job["id"] for line in progress)
    assert "broken.pdf: " in learnt.stderr

    listing = json.loads(run("library", "--json").stdout)
    states = {Path(d["path"]).name: (d["state"], d["reason"]) for d in listing["documents"]}
    assert states["lease.md"] == states["boat.txt"] == ("ready", "")
    assert states["broken.pdf"][0] == "failed"
    assert states["broken.pdf"][1]

    assert run("learn", str(place / "docs" / "broken.pdf")).returncode == 1


def test_search_finds_by_meaning_and_keeps_to_its_scope(
    learnt: object, run: Command, place: Path
) -> None:
    found = json.loads(run("search", "what does it cost to live here", "--json").stdout)
    assert Path(found["results"][0]["path"]).name == "lease.md"
    assert found["results"][0]["scores"]["dense"] is not None

    scoped = run("search", "rent", "--scope", str(place / "docs" / "boat.txt"), "--json")
    paths = {Path(r["path"]).name for r in json.loads(scoped.stdout)["results"]}
    assert paths <= {"boat.txt"}


def test_ask_answers_with_a_citation_at_the_passage(
    learnt: object, run: Command, place: Path
) -> None:
    asked = run("ask", "How many euros is the rent per month?", "--json")

    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["answer"]
    text = (place / "docs" / "flat" / "lease.md").read_text()
    for citation in answer["citations"]:
        if citation["verified"]:
            assert citation["quote"] in text[citation["start"] : citation["end"]]
    listed = json.loads(run("chats", "list", "--json").stdout)["conversations"]
    assert answer["conversation_id"] in {c["id"] for c in listed}


def test_ask_reads_a_pipe(learnt: object, run: Command) -> None:
    asked = run("ask", "What colour is the boat?", input="The boat is green.\n")

    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()


def test_health_reports_the_running_core(learnt: object, run: Command) -> None:
    said = run("health", "--json")

    assert said.returncode == 0, said.stdout + said.stderr
    assert "library" in json.loads(said.stdout)["components"]


def test_forget_removes_and_keeps_out(learnt: object, run: Command, place: Path) -> None:
    boat = str(place / "docs" / "boat.txt")

    assert run("forget", boat).returncode == 0

    found = json.loads(run("search", "boat painted green", "--json").stdout)
    assert boat not in {result["path"] for result in found["results"]}
    listing = json.loads(run("library", "--json").stdout)
    assert boat not in {document["path"] for document in listing["documents"]}

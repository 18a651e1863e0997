"""The log: whole JSON lines, no secret, no control character, nothing on the terminal."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from morgan_core.observability.logging import JsonLines, set_up_logging
from morgan_core.observability.redaction import Redactor
from morgan_core.observability.trace import trace_id, tracing
from morgan_core.paths import Paths
from morgan_core.settings import Settings


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(data=tmp_path, config=tmp_path, cache=tmp_path, logs=tmp_path / "logs")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("ascii").splitlines()]


def test_a_record_is_one_json_line(paths: Paths) -> None:
    file = set_up_logging(paths, Settings(), process="app")

    with tracing("abc"):
        logging.getLogger("morgan.test").info("read %s in %d ms", "a.pdf", 12)

    (line,) = lines(file)
    assert line["level"] == "INFO"
    assert line["logger"] == "morgan.test"
    assert line["message"] == "read a.pdf in 12 ms"
    assert line["trace_id"] == "abc"
    assert line["process"] == "app"
    assert line["time"].endswith("+00:00")


def test_a_record_outside_a_request_has_an_empty_trace_id(paths: Paths) -> None:
    file = set_up_logging(paths, Settings(), process="app")

    logging.getLogger("morgan.test").warning("alone")

    assert lines(file)[0]["trace_id"] == ""


async def test_tasks_started_inside_share_the_trace_id() -> None:
    async def child() -> str:
        return trace_id()

    async def request(name: str) -> str:
        with tracing(name):
            return await asyncio.create_task(child())

    assert await asyncio.gather(request("one"), request("two")) == ["one", "two"]
    assert trace_id() == ""


def test_an_exception_keeps_its_traceback(paths: Paths) -> None:
    file = set_up_logging(paths, Settings(), process="app")

    try:
        raise ValueError("no such page")
    except ValueError:
        logging.getLogger("morgan.test").exception("reading failed")

    assert "ValueError: no such page" in lines(file)[0]["error"]


def test_a_record_with_a_wrong_format_string_is_kept() -> None:
    wrong = logging.makeLogRecord({"msg": "%d files", "args": ("three",)})

    line = json.loads(JsonLines("app", Redactor()).format(wrong))

    assert line["message"] == "'%d files' % ('three',)"


def test_a_line_that_cannot_be_written_is_not_printed(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    file = set_up_logging(paths, Settings(), process="app")
    file.mkdir()

    logging.getLogger("morgan.test").error("lost")

    assert capsys.readouterr() == ("", "")


def test_directory_and_file_are_their_owners_only(paths: Paths) -> None:
    file = set_up_logging(paths, Settings(), process="library")
    logging.getLogger("morgan.test").info("hello")

    assert file == paths.logs / "library.log"
    assert file.stat().st_mode & 0o777 == 0o600
    assert paths.logs.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("settings", "written"),
    [
        (Settings(), ["info", "error"]),
        (Settings(log_level="ERROR"), ["error"]),
        (Settings(log_level="ERROR", debug=True), ["debug", "info", "error"]),
    ],
)
def test_level_and_debug_choose_what_is_written(
    paths: Paths, settings: Settings, written: list[str]
) -> None:
    file = set_up_logging(paths, settings, process="app")

    log = logging.getLogger("morgan.test")
    log.debug("debug")
    log.info("info")
    log.error("error")

    assert [line["message"] for line in lines(file)] == written


def test_the_file_rotates_and_old_ones_are_kept_up_to_a_number(paths: Paths) -> None:
    file = set_up_logging(paths, Settings(), process="app", max_bytes=2000, backups=2)

    for number in range(100):
        logging.getLogger("morgan.test").info("line %d", number)

    kept = [file.with_name("app.log.2"), file.with_name("app.log.1"), file]
    assert all(path.exists() and path.stat().st_size <= 2000 for path in kept)
    assert not file.with_name("app.log.3").exists()
    numbers = [int(line["message"].split()[1]) for path in kept for line in lines(path)]
    assert numbers == list(range(numbers[0], 100))


WRITER = """
import logging, sys
from pathlib import Path
from morgan_core.observability.logging import set_up_logging
from morgan_core.paths import Paths
from morgan_core.settings import Settings
root = Path(sys.argv[1])
paths = Paths(data=root, config=root, cache=root, logs=root / "logs")
set_up_logging(paths, Settings(), process="app", max_bytes=20_000, backups=30)
for number in range(400):
    logging.getLogger("morgan.test").info("%s %d", sys.argv[2], number)
"""


def test_two_processes_share_and_rotate_one_file_without_losing_a_line(
    paths: Paths, tmp_path: Path
) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "ab"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]

    files = [f for f in paths.logs.glob("app.log*") if f.suffix != ".lock"]
    assert len(files) > 3
    messages = [line["message"] for file in files for line in lines(file)]
    assert sorted(messages) == sorted(f"{name} {n}" for name in "ab" for n in range(400))


def test_a_thread_that_dies_is_logged_and_not_printed(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    file = set_up_logging(paths, Settings(), process="app")

    def work() -> None:
        raise RuntimeError("lost")

    thread = threading.Thread(target=work, name="engine")
    thread.start()
    thread.join()

    (line,) = lines(file)
    assert line["message"] == "uncaught in thread engine"
    assert "RuntimeError: lost" in line["error"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "message",
    [
        "sending Authorization: Bearer hunter2hunter2 to the host",
        "X-API-Key: hunter2hunter2",
        'headers {"api_key": "hunter2hunter2"}',
        "connecting to redis://:hunter2hunter2@redis:6379/0",
        "GET /v1?token=hunter2hunter2&x=1",
        "the key hunter2hunter2 alone",
    ],
)
def test_secrets_are_masked_in_messages_and_tracebacks(paths: Paths, message: str) -> None:
    settings = Settings.model_validate({"llm_api_key": "hunter2hunter2"})
    file = set_up_logging(paths, settings, process="app")

    try:
        raise ValueError(message)
    except ValueError:
        logging.getLogger("morgan.test").exception("failed: %s", message)

    assert "hunter2" not in file.read_text()
    assert "failed" in file.read_text()


def test_redaction_leaves_ordinary_text_alone() -> None:
    text = "https://example.com/a?b=c opened; 3 tokens, password policy, key: a4"

    assert Redactor(["abc"])(text) == text


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(st.characters(codec=None), max_size=200))
def test_any_text_is_one_line_without_control_characters(paths: Paths, message: str) -> None:
    file = set_up_logging(paths, Settings(), process="app")
    file.unlink(missing_ok=True)

    logging.getLogger("morgan.test").info("%s", message)

    raw = file.read_bytes()
    assert raw.count(b"\n") == 1
    assert all(32 <= byte < 127 for byte in raw.rstrip(b"\n"))
    assert json.loads(raw)["message"] == Redactor()(message)

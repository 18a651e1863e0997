"""The log: JSON lines in the log directory, never on the terminal.

Each line is ``{time, level, logger, message, trace_id, process, pid}`` (and ``error``, the
traceback, where there is one). JSON escapes control characters, so that what a document or a
model put into a message can neither forge a line nor reach a terminal that shows the file.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from morgan_core.observability.redaction import Redactor
from morgan_core.observability.rotation import SharedRotatingFile
from morgan_core.observability.trace import trace_id
from morgan_core.paths import Paths
from morgan_core.settings import Settings

MAX_BYTES = 100 * 1024 * 1024
BACKUPS = 10
# They log every request or every font at INFO.
_TALKATIVE = ("aiosqlite", "asyncio", "fontTools", "httpcore", "httpx", "pypdf", "watchdog")


class JsonLines(logging.Formatter):
    """Formats a record as one line of ASCII JSON."""

    def __init__(self, process: str, redact: Redactor) -> None:
        super().__init__()
        self._process = process
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(self._message(record)),
            "trace_id": getattr(record, "trace_id", None) or trace_id(),
            "process": self._process,
            "pid": record.process,
        }
        if record.exc_info:
            line["error"] = self._redact(self.formatException(record.exc_info))
        # ASCII, so that C1 controls, bidi overrides and lone surrogates are escaped as well.
        return json.dumps(line, ensure_ascii=True, default=str)

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        try:
            return record.getMessage()
        except Exception:
            # A wrong format string must not lose the record, nor print to the terminal.
            return f"{record.msg!r} % {record.args!r}"


def secrets_of(settings: Settings) -> list[str]:
    """The values that must never be written down."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def log_file(paths: Paths, process: str) -> Path:
    """Where ``process`` logs: ``app.log``, or ``NAME.log`` for a child."""
    return paths.logs / f"{process}.log"


def set_up_logging(
    paths: Paths,
    settings: Settings,
    *,
    process: str,
    max_bytes: int = MAX_BYTES,
    backups: int = BACKUPS,
) -> Path:
    """Send every log record of this process to its file and nowhere else; return the file.

    ``process`` is ``app`` or the name of a child. The file rotates at ``max_bytes``; ``backups``
    older ones are kept. Calling it again replaces the handler.
    """
    paths.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = log_file(paths, process)
    handler = SharedRotatingFile(
        file, maxBytes=max_bytes, backupCount=backups, encoding="ascii", delay=True
    )
    handler.setFormatter(JsonLines(process, Redactor(secrets_of(settings))))
    root = logging.getLogger()
    for old in list(root.handlers):
        if type(old) in (logging.StreamHandler, SharedRotatingFile):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if settings.debug else settings.log_level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    _log_what_nobody_caught()
    return file


def _log_what_nobody_caught() -> None:
    """Threads and finalisers would print over the screen; a crash of the main thread is
    logged and printed, because nothing draws any more."""
    log = logging.getLogger("morgan")

    def main_thread(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("uncaught", exc_info=(kind, error, trace))
        sys.__excepthook__(kind, error, trace)

    def thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            name = args.thread.name if args.thread else "?"
            what = (args.exc_type, args.exc_value, args.exc_traceback)
            log.error("uncaught in thread %s", name, exc_info=what)

    def finaliser(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            what = (args.exc_type, args.exc_value, args.exc_traceback)
            log.error("%s: %r", args.err_msg or "ignored", args.object, exc_info=what)

    sys.excepthook = main_thread
    sys.unraisablehook = finaliser
    threading.excepthook = thread

"""The journal of a turn: every event is on file before anyone sees it.

One file per turn, one JSON line per event, appended without sync: the death of the process
loses nothing, and a torn last line (power failure) is dropped. A new owner of the data
directory reads from it what had streamed and goes on from there.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from types import TracebackType

import msgspec

from morgan_core.events import AnyTurnEvent, turn_event_decoder, turn_event_encoder

KEEP_SECONDS = 3600.0

log = logging.getLogger(__name__)


def journal_path(directory: Path, turn_id: str) -> Path:
    """Where the turn's journal lies. ``turn_id`` must be a UUID, checked by the caller."""
    return directory / f"{turn_id}.jsonl"


class Journal:
    """Appends the events of one turn."""

    def __init__(self, directory: Path, turn_id: str) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(
            journal_path(directory, turn_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )

    def append(self, event: AnyTurnEvent) -> None:
        """Write the event; raises OSError (disk full) and then nothing was shown either."""
        line = turn_event_encoder.encode(event) + b"\n"
        written = os.write(self._fd, line)
        while written < len(line):
            written += os.write(self._fd, line[written:])

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_journal(directory: Path, turn_id: str) -> list[AnyTurnEvent]:
    """The events of a turn in order; empty when there is no journal.

    Reading stops at the first line that is damaged, and the file is cut there, so that a
    continued turn appends to whole lines.
    """
    path = journal_path(directory, turn_id)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    events: list[AnyTurnEvent] = []
    good = 0
    for line in data.splitlines(keepends=True):
        try:
            event = turn_event_decoder.decode(line)
        except msgspec.DecodeError:
            break
        if not line.endswith(b"\n") or event.seq != len(events) + 1:
            break
        events.append(event)
        good += len(line)
    if good < len(data):
        log.warning("journal %s: %d damaged bytes dropped", path.name, len(data) - good)
        os.truncate(path, good)
    return events


def remove_old_journals(directory: Path, *, keep: set[str]) -> None:
    """Delete journals older than an hour, except those of the turns in ``keep``."""
    if not directory.is_dir():
        return
    horizon = time.time() - KEEP_SECONDS
    for path in directory.glob("*.jsonl"):
        if path.stem not in keep and path.stat().st_mtime < horizon:
            path.unlink(missing_ok=True)

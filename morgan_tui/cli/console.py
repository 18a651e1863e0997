"""Writing to the terminal: data on stdout, narration on stderr, nothing that could steer it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from morgan_core.sanitise import sanitise, sanitise_name
from morgan_tui.cli.width import rows, terminal_columns, terminal_lines

if TYPE_CHECKING:
    from morgan_core.types import Citation, Passage

# Inside JSON strings these are written as escapes: the value is the same, the terminal is safe.
_UNSAFE = (
    "[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class Console:
    """One command's output. ``as_json`` says that stdout carries JSON: one object, or for a
    command that takes its time an object on each line, the result last."""

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._live = ""
        self._tty = self._err.isatty()

    @property
    def is_live(self) -> bool:
        """Whether stderr is a terminal, on which a line can be rewritten."""
        return self._tty

    def write(self, text: str) -> None:
        """Append text that is already sanitised to stdout, at once."""
        self.clear()
        self._out.write(text)
        self._out.flush()

    @property
    def out_is_terminal(self) -> bool:
        return self._out.isatty()

    @property
    def columns(self) -> int:
        """Of stdout, where it is a terminal; else as many as a wide one has."""
        return terminal_columns(self._out) if self.out_is_terminal else 120

    def rewrite(self, old: str, new: str) -> None:
        """Put ``new`` in the place of ``old``, which was just written to a terminal.

        What has scrolled off the screen cannot be taken back: then ``new`` follows below.
        """
        taken = rows(old, terminal_columns(self._out))
        if taken >= terminal_lines(self._out):
            self.write(f"\n\n{new}")
        else:
            up = f"\x1b[{taken - 1}A" if taken > 1 else ""
            self.write(f"{up}\r\x1b[J{new}")

    def line(self, text: str = "") -> None:
        """A line of data."""
        self.write(sanitise(text) + "\n")

    def json(self, value: Any) -> None:
        """One JSON object of a record, or of anything made of records."""
        self._json(value, indent=2)

    def json_line(self, value: Any) -> None:
        """One JSON object on a line of its own."""
        self._json(value, indent=None)

    def _json(self, value: Any, indent: int | None) -> None:
        import json  # like msgspec, seldom needed, and slow to import

        import msgspec

        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=indent)
        self.write(re.sub(_UNSAFE, _escaped, text) + "\n")

    def say(self, text: str) -> None:
        """A line of narration."""
        self.clear()
        self._err.write(sanitise(text) + "\n")
        self._err.flush()

    def live(self, text: str) -> None:
        """What is going on just now: one line that the next one replaces; only on a terminal."""
        if not self._tty:
            return
        shown = name(text)[: terminal_columns(self._err) - 1]
        if shown != self._live:
            self._err.write("\r\x1b[K" + shown)
            self._err.flush()
            self._live = shown

    def clear(self) -> None:
        """Take the live line away."""
        if self._live:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._live = ""


def name(path: str) -> str:
    """A file name or path as one line that shows what is in it."""
    return sanitise_name(path)


def place(found: Passage | Citation) -> str:
    """Where a passage stands, in words."""
    parts = [name(found.path)]
    if found.place:
        parts.append(name(found.place))
    elif found.page is not None:
        parts.append(f"page {found.page}")
    if found.heading:
        parts.append(name(found.heading))
    return ", ".join(parts)


def counted(number: int, one: str, many: str = "") -> str:
    """``3 documents``, ``1 document``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _escaped(match: re.Match[str]) -> str:
    import json

    return json.dumps(match[0])[1:-1]

"""The numbers that Word prints before paragraphs: ``3.2.1``, ``(b)``, ``•``.

They stand nowhere in the file. Word counts them, and people cite them.
"""

from __future__ import annotations

import re

from morgan_core.library.readers.ooxml import Package
from morgan_core.library.readers.xml_tree import Element, attribute, child, children, number
from morgan_core.types import Record

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


class _Level(Record, frozen=True):
    form: str = "decimal"
    text: str = ""
    start: int = 1


class Numbering:
    """Counts a document's lists; ask for each paragraph in order."""

    def __init__(self, package: Package) -> None:
        self._lists: dict[str, tuple[str, dict[int, _Level]]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._restarts: dict[str, set[int]] = {}
        self._begun: set[tuple[str, int]] = set()
        part = package.related(package.main, "numbering")
        if part is not None:
            self._load(package.xml(part))

    def next(self, list_id: str, depth: int) -> str:
        """The label of the next paragraph of this list at ``depth`` (from 0); "" without one."""
        if list_id not in self._lists or not 0 <= depth < _LEVELS:
            return ""
        shared, levels = self._lists[list_id]
        counts = self._counts.setdefault(shared, [None] * _LEVELS)
        level = levels.get(depth, _Level())
        if level.form == "bullet":
            return "-"
        # A list of its own start begins anew although it shares the counting.
        if depth in self._restarts.get(list_id, ()) and (list_id, depth) not in self._begun:
            counts[depth] = None
        self._begun.add((list_id, depth))
        count = counts[depth]
        counts[depth] = level.start if count is None else count + 1
        counts[depth + 1 :] = [None] * (_LEVELS - depth - 1)

        def counted(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            above = levels.get(at, _Level())
            value = counts[at]
            return written(above.start if value is None else value, above.form)

        return _PLACE.sub(counted, level.text).strip()

    def _load(self, root: Element) -> None:
        shared = {
            attribute(one, "abstractNumId") or "": _levels(one)
            for one in children(root, "abstractNum")
        }
        for one in children(root, "num"):
            list_id = attribute(one, "numId") or ""
            abstract = attribute(child(one, "abstractNumId"), "val") or ""
            levels = dict(shared.get(abstract, {}))
            for override in children(one, "lvlOverride"):
                depth = number(override, "ilvl", 0)
                own = child(override, "lvl")
                if own is not None:
                    levels[depth] = _level(own)
                start = child(override, "startOverride")
                if start is not None:
                    old = levels.get(depth, _Level())
                    levels[depth] = _Level(
                        form=old.form, text=old.text, start=number(start, "val", 1)
                    )
                    self._restarts.setdefault(list_id, set()).add(depth)
            self._lists[list_id] = (abstract, levels)


def _levels(element: Element) -> dict[int, _Level]:
    return {number(one, "ilvl", 0): _level(one) for one in children(element, "lvl")}


def _level(element: Element) -> _Level:
    return _Level(
        form=attribute(child(element, "numFmt"), "val") or "decimal",
        text=attribute(child(element, "lvlText"), "val") or "",
        start=number(child(element, "start"), "val", 1),
    )


def written(value: int, form: str) -> str:
    """``value`` in one of Word's number formats; those of other scripts as digits."""
    if form == "none":
        return ""
    if form in ("lowerLetter", "upperLetter") and value > 0:
        # a … z, aa, bb …
        text = chr(ord("a") + (value - 1) % 26) * min(1 + (value - 1) // 26, 20)
        return text.upper() if form == "upperLetter" else text
    if form in ("lowerRoman", "upperRoman") and 0 < value < 4000:
        text = ""
        for worth, letters in _ROMAN:
            times, value = divmod(value, worth)
            text += letters * times
        return text.upper() if form == "upperRoman" else text
    return f"{value:02}" if form == "decimalZero" else str(value)

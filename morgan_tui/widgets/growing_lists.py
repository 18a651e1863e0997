"""Lists of Markdown that grow by their last item.

Textual takes a whole list away and mounts it anew whenever a word is added to it: with 30 items
that holds the app up for a tenth of a second and more, many times a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets._markdown import (
    MarkdownBullet,
    MarkdownBulletList,
    MarkdownList,
    MarkdownListItem,
    MarkdownOrderedList,
    MarkdownParagraph,
)
from textual.widgets.markdown import MarkdownBlock, MarkdownFence


class _Row(Horizontal):
    """A list's item: its bullet or number, and its blocks beside that."""

    def __init__(self, symbol: str, blocks: Sequence[MarkdownBlock]) -> None:
        self.bullet = MarkdownBullet()
        self.bullet.symbol = symbol
        self.body = Vertical(*blocks)
        super().__init__(self.bullet, self.body)

    async def become(self, symbol: str, blocks: Sequence[MarkdownBlock]) -> None:
        """Show ``blocks``; of what is shown already, nothing is touched."""
        self.bullet.symbol = symbol
        old = [child for child in self.body.children if isinstance(child, MarkdownBlock)]
        same = 0
        for before, after in zip(old, blocks, strict=False):
            if not await _become(before, after):
                break
            same += 1
        if old[same:]:
            await self.body.remove_children(old[same:])
        if blocks[same:]:
            await self.body.mount_all(blocks[same:])


if TYPE_CHECKING:
    _List = MarkdownList
else:
    _List = object  # styles come from the first base that is a widget: the list of its kind


class _GrowingList(_List):
    """``_blocks`` are the items until they are mounted."""

    def compose(self) -> ComposeResult:
        items = self._take_items()
        self._first = _first_number(items)
        for symbol, item in zip(self._symbols(len(items)), items, strict=True):
            yield _Row(symbol, item._blocks)

    async def _update_from_block(self, block: MarkdownBlock) -> None:
        """Take ``block``, which begins with our last item, for what comes there."""
        if type(block) is not type(self) or not self._rows:
            await super()._update_from_block(block)
            return
        assert isinstance(block, _GrowingList)
        await self.show_from(len(self._rows) - 1, block._take_items())

    async def show_from(self, at: int, items: Sequence[MarkdownListItem]) -> None:
        """Let ``items`` be what stands from the item number ``at`` (counted from 0) on."""
        rows = self._rows
        if at == 0:
            self._first = _first_number(items)
        symbols = self._symbols(at + len(items))
        for row, symbol in zip(rows[:at], symbols, strict=False):
            row.bullet.symbol = symbol
        for n, item in enumerate(items[: len(rows) - at], at):
            await rows[n].become(symbols[n], item._blocks)
        new = items[len(rows) - at :]
        if new:
            fresh = symbols[-len(new) :]
            await self.mount_all(
                [_Row(symbol, item._blocks) for symbol, item in zip(fresh, new, strict=True)]
            )
        if rows[at + len(items) :]:
            await self.remove_children(rows[at + len(items) :])

    @property
    def _rows(self) -> list[_Row]:
        return [child for child in self.children if isinstance(child, _Row)]

    def _take_items(self) -> list[MarkdownListItem]:
        items = [block for block in self._blocks if isinstance(block, MarkdownListItem)]
        self._blocks.clear()
        self._bullet = items[0].bullet if items else ""
        return items

    def _symbols(self, count: int) -> list[str]:
        return [self._bullet] * count


class BulletList(_GrowingList, MarkdownBulletList):
    """A list with bullets."""


class OrderedList(_GrowingList, MarkdownOrderedList):
    """A list with numbers; as CommonMark has it, only the first item's own number counts."""

    def _symbols(self, count: int) -> list[str]:
        numbers = [f"{self._first + n}. " for n in range(count)]
        width = max(map(len, numbers), default=0)
        return [number.rjust(width + 1) for number in numbers]


def _first_number(items: Sequence[MarkdownListItem]) -> int:
    bullet = items[0].bullet if items else ""
    return int(bullet) if bullet.isdecimal() else 1


async def _become(old: MarkdownBlock, new: MarkdownBlock) -> bool:
    """Make ``old`` show what ``new`` would; False where it must be replaced."""
    if type(old) is not type(new):
        return False
    if isinstance(old, _GrowingList):
        assert isinstance(new, _GrowingList)
        await old.show_from(0, new._take_items())
        return True
    if isinstance(old, MarkdownParagraph):
        if not old._content.is_same(new._content):
            old.set_content(new._content)
        return True
    if isinstance(old, MarkdownFence):
        await old._update_from_block(new)
        return True
    return False

"""The first line: conversation, model and its state, remote hosts."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class TitleBar(Static):
    """One line; ``show`` replaces what it says."""

    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__("Morgan", markup=False)
        self._title = ""
        self._right = Content("")

    def show(self, title: str, model: str, state: str, hosts: tuple[str, ...] = ()) -> None:
        """``title`` left; ``model`` and its ``state`` right; ``hosts`` that text is sent to."""
        parts: list[tuple[str, str] | str] = []
        if hosts:
            parts.append((f" sends to {', '.join(hosts)} ", "bold $background on $warning"))
            parts.append("  ")
        if model:
            parts.append((model, "$foreground"))
            parts.append("  ")
        parts.append((state, "$text-muted"))
        right = Content.assemble(*parts)
        if title == self._title and right.is_same(self._right):
            return
        self._title, self._right = title, right
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.content_size.width
        left = Content.assemble(("Morgan", "bold $accent"), "  ", (self._title, "bold"))
        room = width - self._right.cell_length - 2
        if room < 20:
            self.update(left.truncate(width, ellipsis=True), layout=False)
            return
        left = left.truncate(room, ellipsis=True)
        left = left.pad_right(room - left.cell_length + 2)
        self.update(left + self._right, layout=False)

"""The last line: the keys that matter here, from the one registry of keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from morgan_tui.keys import Place, hints


class KeyHints(Static):
    """One line of keys; a click does what the key does."""

    DEFAULT_CSS = """
    KeyHints {
        height: 1;
        padding: 0 1;
        color: $text-muted;
        link-color: $text-muted;
        link-style: none;
        link-color-hover: $foreground;
        link-background-hover: $panel;
        link-style-hover: none;
    }
    """

    def __init__(self, *places: Place) -> None:
        super().__init__(_line(places), markup=False)

    def show(self, *places: Place) -> None:
        """Show the keys of other places; as many as fit."""
        self.update(_line(places))


def _line(places: Sequence[Place]) -> Content:
    parts: list[Content] = []
    for key in (key for place in places for key in hints(place)):
        keys = key.display.split(",")[0].replace("Ctrl+", "^")
        action = key.action
        if "." not in action:
            action = f"screen.{action}"
        content = Content.assemble((keys, "$accent"), " ", key.hint)
        one = not key.shown  # a click cannot tell which of a range is meant
        if one and (place_of(key.place) or action.startswith("app.")):
            content = content.stylize(Style.from_meta({"@click": action}))
        parts.append(content)
    return Content("  ").join(parts)


def place_of(place: Place) -> bool:
    """Whether an action of ``place`` belongs to the app or a screen, so that a click finds it."""
    return place in ("anywhere", "library", "passage")

"""Every key of the app, in one place: the bindings and the help screen are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal["anywhere", "prompt", "transcript", "sources", "chats", "library", "passage", "why"]

PLACES: dict[Place, str] = {
    "anywhere": "Anywhere",
    "prompt": "In the prompt",
    "transcript": "In the conversation",
    "sources": "In the sources",
    "chats": "In the list of conversations",
    "library": "In the library",
    "passage": "In an opened document",
    "why": "In why this answer",
}


@dataclass(frozen=True)
class Key:
    """One action and the keys that trigger it; ``hint`` is its short name in the bottom line."""

    place: Place
    keys: str
    action: str
    label: str
    hint: str = ""
    priority: bool = False
    shown: str = ""

    @property
    def display(self) -> str:
        """The keys as people write them."""
        return self.shown or ", ".join(_display(key) for key in self.keys.split(","))


_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "slash": "/",
}


def _display(key: str) -> str:
    *modifiers, last = key.split("+")
    name = _NAMES.get(last) or (last.upper() if len(last) == 1 or last[0] == "f" else last)
    if len(last) == 1 and not modifiers:
        name = last
    return "+".join([*(m.capitalize() for m in modifiers), name])


KEYS: tuple[Key, ...] = (
    Key("anywhere", "f1", "app.help", "Show this help", "help", True),
    Key("anywhere", "ctrl+p", "app.command_palette", "Open the command palette", "commands", True),
    Key("anywhere", "ctrl+n", "app.new_chat", "Start a new conversation", "new", True),
    Key("anywhere", "ctrl+b", "app.toggle_chats", "Show or hide the conversations", "chats", True),
    Key("anywhere", "ctrl+s", "app.toggle_sources", "Show or hide the sources", "sources", True),
    Key("anywhere", "f2,ctrl+l", "app.library", "Open the library", "library", True),
    Key("anywhere", "f3", "app.focus_sources", "Go to the sources", "", True),
    Key("anywhere", "f4", "app.focus_chats", "Go to the conversations", "", True),
    Key(
        "anywhere", "f5", "app.why", "Why this answer: what was found, sent and left out", "", True
    ),
    Key("anywhere", "f6", "app.own_knowledge", "Ask the model itself, without documents", "", True),
    Key("anywhere", "ctrl+t", "app.next_theme", "Next theme", "", True),
    Key("anywhere", "ctrl+q", "app.quit", "Quit; nothing is lost", "quit", True),
    Key("anywhere", "ctrl+c", "app.interrupt", "Copy the selection; without one, say how to quit"),
    Key("prompt", "enter", "submit", "Ask"),
    Key("prompt", "shift+enter,ctrl+j,alt+enter", "newline", "New line"),
    Key("prompt", "escape", "leave", "Stop the answer; else go to the conversation", "stop"),
    Key("prompt", "up", "cursor_up", "In an empty prompt: the last question again"),
    *(
        Key("transcript", str(n), f"app.open_source({n})", "Open a source", "source", shown="1…9")
        for n in range(1, 10)
    ),
    Key("transcript", "up,k", "scroll_up", "Scroll up"),
    Key("transcript", "down,j", "scroll_down", "Scroll down"),
    Key("transcript", "pageup", "page_up", "Scroll up a page"),
    Key("transcript", "pagedown", "page_down", "Scroll down a page"),
    Key("transcript", "home,g", "scroll_home", "Go to the first message"),
    Key("transcript", "end,G", "scroll_end", "Go to the last message"),
    Key("transcript", "left_square_bracket", "previous_answer", "Choose the answer above"),
    Key("transcript", "right_square_bracket", "next_answer", "Choose the answer below"),
    Key("transcript", "w", "app.why", "Why this answer: what was found, sent and left out", "why"),
    Key("transcript", "m", "app.own_knowledge", "Ask the model itself", "the model itself"),
    Key("transcript", "r,R", "continue_answer", "Continue or retry the chosen answer", "retry"),
    Key("transcript", "c", "copy_answer", "Copy the chosen answer", "copy"),
    Key("transcript", "escape", "leave", "Stop the answer; else go to the prompt"),
    Key("transcript", "i,enter", "to_prompt", "Go to the prompt", "prompt"),
    Key("sources", "enter", "select", "Open the source at its passage"),
    *(
        Key("sources", str(n), f"app.open_source({n})", "Open a source", shown="1…9")
        for n in range(1, 10)
    ),
    Key("sources", "escape", "app.focus_prompt", "Go to the prompt"),
    Key("chats", "enter", "select", "Open the conversation"),
    Key("chats", "r", "rename", "Rename the conversation"),
    Key("chats", "d,delete", "delete", "Delete the conversation"),
    Key("chats", "escape", "app.focus_prompt", "Go to the prompt"),
    Key("library", "enter", "open_document", "Open the document's text", "open"),
    Key("library", "o", "open_file", "Open the file in $EDITOR or its viewer", "file"),
    Key("library", "f", "open_folder", "Open the folder of the file"),
    Key("library", "slash", "filter", "Filter by name, state or reason", "filter"),
    Key("library", "s", "sort", "Sort by state, name, change, size or passages", "sort"),
    Key("library", "S", "reverse", "Sort the other way round"),
    Key("library", "n", "only_new", "Only what is new since the last question; all again", "new"),
    Key("library", "a", "add_folder", "Add a folder or a file", "add"),
    Key("library", "d", "remove_folder", "Stop watching a folder", "remove folder"),
    Key("library", "r", "retry", "Read a failed document again", "retry"),
    Key("library", "x", "forget", "Forget the document", "forget"),
    Key("library", "p", "pause", "Pause reading and embedding; go on again", "pause"),
    Key("library", "escape", "leave", "Clear the filter; else go back", "back"),
    Key("passage", "n", "next_source", "Next source", "next source"),
    Key("passage", "p", "previous_source", "Previous source", "previous source"),
    Key("passage", "o", "open_file", "Open the file in $EDITOR or its viewer", "open the file"),
    Key("passage", "h", "to_passage", "Go back to the highlighted passage", "highlight"),
    Key("passage", "up,k", "scroll_up", "Scroll up"),
    Key("passage", "down,j", "scroll_down", "Scroll down"),
    Key("passage", "escape,q", "leave", "Back", "back"),
    Key("why", "escape,q,w", "close", "Back to the answer"),
)


def bindings(place: Place) -> list[BindingType]:
    """Textual bindings of ``place``, for a widget's ``BINDINGS``."""
    return [
        Binding(k.keys, k.action, k.label, show=False, priority=k.priority)
        for k in KEYS
        if k.place == place
    ]


def hints(place: Place) -> list[Key]:
    """The keys worth a place in the bottom line; a range of keys takes one."""
    worth = {k.display: k for k in reversed(KEYS) if k.place == place and k.hint}
    return list(reversed(worth.values()))


def help_rows(place: Place) -> list[tuple[str, str]]:
    """(keys, meaning) of every action of ``place``; a range of keys takes one row."""
    return list(dict.fromkeys((k.display, k.label) for k in KEYS if k.place == place))

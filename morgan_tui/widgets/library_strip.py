"""One line above the prompt: what the library holds and does, and what went wrong."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from morgan_tui.live_library import LiveLibrary, activity_line, counts_line


class LibraryStrip(Static):
    """Shows the latest state; never animates, so that an idle app draws nothing."""

    DEFAULT_CSS = """
    LibraryStrip {
        height: 1;
        padding: 0 2;
        color: $text-muted;
    }
    LibraryStrip:hover {
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__("Library: opening…", markup=False)

    def show(self, library: LiveLibrary, trouble: str = "") -> None:
        """Draw ``library``; ``trouble`` is what the person should know first."""
        self.update(strip_content(library, trouble), layout=False)

    def on_click(self) -> None:
        self.app.run_worker(self.app.run_action("app.library"))


def strip_content(library: LiveLibrary, trouble: str = "") -> Content:
    """The strip as content: trouble, counts, activity, offline folders."""
    parts: list[Content] = []
    if trouble:
        parts.append(Content.styled(f"! {trouble}", "bold $warning"))
    counts = library.counts
    if counts is not None:
        text = counts_line(counts) or "no documents yet (F2 adds a folder)"
        content = Content.assemble(("Library ", "bold"), text)
        if counts.failed:
            failed = f"{counts.failed:,} failed"
            at = content.plain.rfind(failed)
            content = content.stylize("$error", at, at + len(failed))
        parts.append(content)
    elif not trouble:
        parts.append(Content("Library: opening…"))
    activity = activity_line(library)
    if activity:
        parts.append(Content.styled(activity, "$accent"))
    offline = [folder for folder in library.folders.values() if folder.state == "offline"]
    if offline:
        from morgan_tui.text import clean_name

        parts.append(Content.styled(f"offline: {clean_name(offline[0].path)}", "$warning"))
    return Content(" — ").join(parts)

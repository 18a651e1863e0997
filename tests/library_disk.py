"""Folders, and what people and their programs do to the files in them, at random."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from morgan_core.library.names import to_text

_NAMES = (
    "{}.txt",
    "{}.md",
    "{} with spaces.txt",
    "größe {}.md",
    "new\nline {}.txt",
    "{}\udcff.txt",
)
_SHARED = tuple(
    " ".join(
        f"The {thing} of the {place} was counted again this year." for thing in ("roof", "wall")
    )
    + f" It stood in the {place} as before." * 8
    for place in ("harbour", "mill", "school", "chapel")
)
"""Paragraphs that many files have in common."""


class Disk:
    """Two folders that are watched, and one beside them.

    Each operation is one that a person or a program does, down to the order of its system calls;
    ``chance`` decides on which files. An operation that finds nothing to work on creates a file.
    One file in each root is never touched: a root that loses its last file is *offline*.
    """

    def __init__(self, folder: Path) -> None:
        self.roots = (folder / "notes", folder / "papers")
        self.outside = folder / "outside"
        self._numbers = itertools.count()
        for place in (*self.roots, self.outside):
            place.mkdir()
            self._write(place / "anchor.txt", self._text(Random(0)))

    # --- what is there ---------------------------------------------------------------------

    def content(self) -> dict[str, str]:
        """The sha256 of every file in the roots, by the text form of its path."""
        return {
            to_text(str(path)): hashlib.sha256(path.read_bytes()).hexdigest()
            for root in self.roots
            for path in _files(root)
        }

    def pick(self, chance: Random, *, outside: bool = False) -> Path | None:
        places = (self.outside,) if outside else self._mounted()
        files = [p for place in places for p in _files(place) if p.name != "anchor.txt"]
        return chance.choice(files) if files else None

    def _pick_folder(self, chance: Random, *, outside: bool = False) -> Path | None:
        places = (self.outside,) if outside else self._mounted()
        folders = [folder for place in places for folder in _folders(place)]
        return chance.choice(folders) if folders else None

    def _somewhere(self, chance: Random) -> Path:
        """A folder in a root: the root, one that is there, or a new one."""
        root = chance.choice(self._mounted())
        folder = chance.choice([root, *_folders(root)])
        if chance.random() < 0.2 and len(folder.relative_to(root).parts) < 4:
            folder = folder / self._name(chance, "folder {}")
            folder.mkdir()
        return folder

    def _mounted(self) -> list[Path]:
        return [root for root in self.roots if (root / "anchor.txt").exists()]

    # --- files -----------------------------------------------------------------------------

    def fill(self, chance: Random, count: int) -> None:
        """Many files at once, a hundred to a folder."""
        for start in range(0, count, 100):
            folder = chance.choice(self.roots) / self._name(chance, "folder {}")
            folder.mkdir()
            for _ in range(start, min(start + 100, count)):
                self._write(folder / self._name(chance), self._text(chance))

    def create(self, chance: Random) -> None:
        self._write(self._somewhere(chance) / self._name(chance), self._text(chance))

    def edit(self, chance: Random) -> None:
        """Written over in place, or only its end or beginning, or emptied."""
        path = self.pick(chance)
        if path is None:
            return self.create(chance)
        old = path.read_text()
        addition = self._text(chance)
        edits = (addition, f"{old}\n\n{addition}", f"{addition}\n\n{old}", addition, "")
        self._write(path, chance.choice(edits))

    def save_by_rename(self, chance: Random) -> None:
        """As editors save: a new file beside the old one, renamed over it."""
        path = self.pick(chance)
        if path is None:
            return self.create(chance)
        name = chance.choice((f".{path.name}.swp", f"{path.name}~", f"{path.stem}-new.txt"))
        self._write(path.with_name(name), self._text(chance))
        path.with_name(name).replace(path)

    def touch(self, chance: Random) -> None:
        if path := self.pick(chance):
            os.utime(path)

    def copy(self, chance: Random) -> None:
        """A second file with the same content, with or without its times."""
        path = self.pick(chance, outside=chance.random() < 0.2)
        if path is None:
            return self.create(chance)
        copy = chance.choice((shutil.copyfile, shutil.copy2))
        copy(path, self._somewhere(chance) / self._name(chance))

    def rename(self, chance: Random) -> None:
        """Renamed, moved to another folder or root, or renamed over another file."""
        path = self.pick(chance)
        if path is None:
            return self.create(chance)
        target = self._somewhere(chance) / self._name(chance)
        if chance.random() < 0.3:
            target = self.pick(chance) or target
        path.replace(target)

    def swap(self, chance: Random) -> None:
        first, second = self.pick(chance), self.pick(chance)
        if first is None or second is None or first == second:
            return self.create(chance)
        between = first.with_name(self._name(chance, "between {}.txt"))
        first.rename(between)
        second.rename(first)
        between.rename(second)

    def delete(self, chance: Random) -> None:
        if path := self.pick(chance):
            path.unlink()

    def move_out(self, chance: Random) -> None:
        if path := self.pick(chance):
            path.rename(self.outside / self._name(chance))

    def move_in(self, chance: Random) -> None:
        path = self.pick(chance, outside=True)
        if path is None:
            return self.create(chance)
        path.rename(self._somewhere(chance) / self._name(chance))

    # --- folders ---------------------------------------------------------------------------

    def rename_folder(self, chance: Random) -> None:
        """Renamed, or moved into another folder or root."""
        folder = self._pick_folder(chance)
        if folder is None:
            return self.create(chance)
        place = folder.parent
        if chance.random() < 0.5:
            place = self._somewhere(chance)
            if place == folder or folder in place.parents:
                place = folder.parent
        folder.rename(place / self._name(chance, "folder {}"))

    def copy_folder(self, chance: Random) -> None:
        folder = self._pick_folder(chance)
        if folder is None or sum(1 for _ in _files(folder)) > 200:
            return self.create(chance)
        shutil.copytree(folder, chance.choice(self._mounted()) / self._name(chance, "folder {}"))

    def delete_folder(self, chance: Random) -> None:
        if folder := self._pick_folder(chance):
            shutil.rmtree(folder)

    def move_folder_out(self, chance: Random) -> None:
        if folder := self._pick_folder(chance):
            folder.rename(self.outside / self._name(chance, "folder {}"))

    def move_folder_in(self, chance: Random) -> None:
        folder = self._pick_folder(chance, outside=True)
        if folder is None:
            return self.create(chance)
        folder.rename(self._somewhere(chance) / self._name(chance, "folder {}"))

    # --- roots -----------------------------------------------------------------------------

    def all_mounted(self) -> bool:
        return len(self._mounted()) == len(self.roots)

    def unmount(self, chance: Random) -> None:
        """A root vanishes, or only its mount point is left. The other one stays."""
        root = chance.choice(self.roots)
        root.rename(_aside(root))
        if chance.random() < 0.5:
            root.mkdir()

    def mount(self) -> None:
        """What was unmounted is back."""
        for root in self.roots:
            if _aside(root).exists():
                if root.exists():
                    root.rmdir()
                _aside(root).rename(root)

    # --- inside ----------------------------------------------------------------------------

    def _name(self, chance: Random, pattern: str = "") -> str:
        return (pattern or chance.choice(_NAMES)).format(next(self._numbers))

    def _text(self, chance: Random) -> str:
        """One to six paragraphs, one with a word that no other text has."""
        word = f"animal{next(self._numbers)}"
        paragraphs = [f"This one tells of the {word}, and of nothing else."]
        paragraphs += chance.choices(_SHARED, k=chance.choice((0, 0, 0, 1, 2, 5)))
        chance.shuffle(paragraphs)
        return "\n\n".join(paragraphs)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)


def _aside(root: Path) -> Path:
    return root.with_name(f"{root.name} unmounted")


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in sorted(names))


def _folders(folder: Path) -> list[Path]:
    return sorted(Path(place) for place, _, _ in os.walk(folder) if Path(place) != folder)

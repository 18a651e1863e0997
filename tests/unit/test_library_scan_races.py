"""Links that are put in the place of files and folders while we look are not followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.hashing import hash_files
from morgan_core.library.look import look_at
from morgan_core.library.nofollow import open_below
from morgan_core.library.readers import read
from morgan_core.library.scan import Scan, SizeLimit, fingerprint, scan_tree
from morgan_core.library.skip import place_of_root

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows cannot open below a folder")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "a.txt").write_text("A narwhal outside.")
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("The walrus sleeps.")
    return folder


def test_a_folder_that_becomes_a_link_during_the_scan_is_not_entered(
    docs: Path, outside: Path
) -> None:
    scan = Scan()

    def swap(_folder: str) -> bool:
        """Called between seeing a folder and opening it."""
        (docs / "sub").rename(docs.parent / "away")
        (docs / "sub").symlink_to(outside)
        return False

    scan_tree(place_of_root(str(docs)), str(docs), scan, leave_out=swap)

    assert scan.files == {}


def test_a_folder_that_moves_away_during_the_scan_does_no_harm(docs: Path) -> None:
    (docs / "b.txt").write_text("The heron fishes.")
    scan = Scan()

    def move(_folder: str) -> bool:
        (docs / "sub").rename(docs.parent / "away")
        return False

    scan_tree(place_of_root(str(docs)), str(docs), scan, leave_out=move)

    assert list(scan.files) == [str(docs / "b.txt")]
    assert scan.blind == {}


def test_a_file_that_became_a_link_is_not_hashed(docs: Path) -> None:
    (docs / "sub" / "a.txt").unlink()
    (docs / "sub" / "a.txt").symlink_to("/etc/passwd")

    with pytest.raises(UnreadableFile) as caught:
        fingerprint(str(docs / "sub" / "a.txt"), SizeLimit(1 << 20), root=str(docs))

    assert caught.value.details["seen"] is None


def test_a_file_below_a_folder_that_became_a_link_is_gone(docs: Path, outside: Path) -> None:
    (docs / "sub").rename(docs.parent / "away")
    (docs / "sub").symlink_to(outside)

    hashed = hash_files([(str(docs / "sub" / "a.txt"), str(docs))], SizeLimit(1 << 20))

    assert [(found.gone, found.sha256) for found in hashed] == [(True, "")]


def test_a_file_below_a_folder_that_became_a_link_is_not_read(docs: Path, outside: Path) -> None:
    (docs / "sub").rename(docs.parent / "away")
    (docs / "sub").symlink_to(outside)

    with pytest.raises(UnreadableFile) as caught:
        read(docs / "sub" / "a.txt", root=docs)

    assert str(caught.value) == "the folder it was in is gone"


def test_a_file_below_a_folder_that_became_a_link_is_not_seen(docs: Path, outside: Path) -> None:
    (docs / "sub").rename(docs.parent / "away")
    (docs / "sub").symlink_to(outside)
    path = str(docs / "sub" / "a.txt")

    look = look_at({path: str(docs)}, leave_out=lambda _: False, known=lambda _: True)

    assert look.scan.files == {}
    assert look.single == {path}


def test_the_way_to_the_root_may_hold_links(docs: Path) -> None:
    (docs.parent / "link").symlink_to(docs)
    root = str(docs.parent / "link")

    os.close(open_below(root, root + "/sub/a.txt", os.O_RDONLY))
    assert read(root + "/sub/a.txt", root=root).text == "The walrus sleeps."


def test_a_folder_inside_itself_is_entered_once(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a file system in user space can make it; a bind mount shows the folder empty."""
    real = os.fstat
    top = real(os.open(docs, os.O_RDONLY))
    inner = (docs / "sub").stat().st_ino
    monkeypatch.setattr(os, "fstat", lambda fd: top if real(fd).st_ino == inner else real(fd))

    look = look_at({str(docs): str(docs)}, leave_out=lambda _: False, known=lambda _: False)

    assert look.scan.files == {}
    assert look.scan.skipped == {str(docs / "sub"): "folder in itself"}


def test_a_file_that_grows_while_it_is_hashed_is_left_for_later(
    docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = docs / "sub" / "a.txt"

    class Growing:
        """A hash that is slower than the one who writes."""

        def __init__(self) -> None:
            self.rounds = 0

        def update(self, _block: bytes) -> None:
            self.rounds += 1
            assert self.rounds < 10, "it is read without end"
            with path.open("a") as file:
                file.write("More. ")

    monkeypatch.setattr("morgan_core.library.scan.hashlib.sha256", Growing)

    assert [
        found.changing for found in hash_files([(str(path), str(docs))], SizeLimit(1 << 20))
    ] == [True]

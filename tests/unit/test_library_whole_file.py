"""A file that is being replaced is the old one or the new one, never half of either."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.library.whole_file import write_whole


def test_what_is_there_is_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"new"}


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "a", b"old")

    def full(_self: Path, _target: Path) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(tmp_path / "a", b"new")

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"old"}

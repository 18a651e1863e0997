"""A paused library reads and embeds nothing, watches the disk, and answers searches."""

from __future__ import annotations

from pathlib import Path

from morgan_core.library.announcer import eta_seconds
from morgan_core.types import LibraryCounts
from tests.helpers import eventually
from tests.library_parts import library_in


async def test_nothing_is_read_while_it_is_paused_and_all_of_it_afterwards(tmp_path: Path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "old.md").write_text("The lease ends in March.")
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(folder))
        await library.in_state("old.md")

        counts = await library.service.pause(True)
        (folder / "new.md").write_text("The deposit is three rents.")
        (folder / "old.md").write_text("The lease ends in June.")
        await library.in_state("new.md", "waiting")
        await library.in_state("old.md", "waiting")

        assert counts.paused and counts.eta_seconds is None
        assert await library.found("March") == ["old.md"]
        assert await library.found("deposit") == []

        await library.service.pause(False)
        await library.in_state("new.md")
        await library.in_state("old.md")
        assert await library.found("June") == ["old.md"]


async def test_it_stays_paused_over_a_restart(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await library.service.pause(True)

    async with library_in(tmp_path) as library:
        assert (await library.service.counts()).paused
        (tmp_path / "a.md").write_text("The lease ends in March.")
        await library.service.learn([str(tmp_path / "a.md")])
        await library.in_state("a.md", "waiting")
        await library.service.pause(False)
        await library.in_state("a.md")

    async with library_in(tmp_path) as library:
        assert not (await library.service.counts()).paused


async def test_the_pause_is_told(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await library.service.pause(True)
        await eventually(
            lambda: any(
                getattr(change, "counts", None) and change.counts.paused  # type: ignore[union-attr]
                for change in library.changes
            )
        )


def test_the_eta_counts_unread_files_as_average_ones():
    assert eta_seconds(LibraryCounts(ready=3), 0.0) == 0.0
    assert eta_seconds(LibraryCounts(findable=1, passages=90, pending_passages=60), 2.0) == 30.0
    half = LibraryCounts(ready=5, waiting=5, passages=100, pending_passages=0)
    assert eta_seconds(half, 10.0) == 10.0
    assert eta_seconds(LibraryCounts(findable=1, passages=9, pending_passages=9), 0.0) is None
    assert eta_seconds(LibraryCounts(waiting=4), 10.0) is None

"""Files are parsed in a child: none of them harms more than itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.reader import Reader
from morgan_core.library.readers import read
from morgan_core.settings import Settings
from morgan_core.worker.supervisor import MAX_DEATHS
from tests.helpers import eventually
from tests.pdfs import MIB, inflated_pdf, make_pdf


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pdf"
    path.write_bytes(make_pdf("Nothing is wrong with this one."))
    return path


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Takes far longer to parse than any test waits."""
    path = tmp_path / "slow.pdf"
    path.write_bytes(inflated_pdf(b"BT 10 10 Td (word) Tj ET\n", 300))
    return path


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(Settings(reader_memory=2048 * MIB, max_file_size=10 * MIB))
    await reader.start()
    yield reader
    await reader.stop()


def reader_pids() -> set[int]:
    return {
        child.pid
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and "morgan_core.library.reader_process" in child.cmdline()
    }


async def test_the_child_reads_what_reading_here_gives(reader: Reader, good: Path) -> None:
    assert await reader.read(good) == read(good)


async def test_one_child_reads_many_files_asked_for_at_once(reader: Reader, good: Path) -> None:
    await reader.read(good)
    pid = reader.info.pid

    results = await asyncio.gather(*(reader.read(good) for _ in range(20)))

    assert len(results) == 20
    assert (reader.info.pid, reader.info.restarts) == (pid, 0)


async def test_a_reason_comes_back_with_its_mend(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"x" * (10 * MIB + 1))

    with pytest.raises(UnreadableFile) as caught:
        await reader.read(path)

    assert caught.value.message == "larger than 10 MiB"
    assert "max_file_size" in caught.value.mend
    assert reader.info.restarts == 0


async def test_a_name_that_is_no_text_is_no_obstacle(reader: Reader, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xff.txt")  # noqa: PTH118
    Path(os.fsdecode(path)).write_text("Latin-1 in the name.")

    assert (await reader.read(os.fsdecode(path))).text == "Latin-1 in the name."


async def test_the_child_follows_no_link_below_the_root(
    reader: Reader, good: Path, tmp_path: Path
) -> None:
    root = tmp_path / "docs"
    root.mkdir()
    (root / "sub").symlink_to(good.parent)

    with pytest.raises(UnreadableFile, match="the folder it was in is gone"):
        await reader.read(root / "sub" / good.name, root=root)


async def test_a_file_that_inflates_without_end_is_listed_and_the_rest_is_read(
    good: Path, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(inflated_pdf(b" ", 300))
    reader = Reader(Settings(reader_memory=128 * MIB))
    await reader.start()
    try:
        results = await asyncio.gather(
            reader.read(good), reader.read(bomb), reader.read(good), return_exceptions=True
        )
    finally:
        await reader.stop()

    assert [getattr(result, "text", None) for result in results] == [
        "Nothing is wrong with this one.",
        None,
        "Nothing is wrong with this one.",
    ]
    assert isinstance(results[1], UnreadableFile)
    assert results[1].message == "needed more than 128 MiB of memory"


async def test_a_file_that_takes_too_long_is_listed_and_the_rest_is_read(
    good: Path, slow: Path
) -> None:
    reader = Reader(Settings(reader_timeout=2))
    await reader.start()
    try:
        with pytest.raises(UnreadableFile, match=r"took longer than 2 s to read"):
            await reader.read(slow)

        assert (await reader.read(good)).text == "Nothing is wrong with this one."
    finally:
        await reader.stop()
    assert await eventually(lambda: not reader_pids())


@pytest.mark.slow
async def test_a_file_that_crashes_the_child_twice_is_listed(
    reader: Reader, good: Path, slow: Path
) -> None:
    await reader.read(good)
    first = reader_pids()
    before = cpu_seconds(first)
    reading = asyncio.create_task(reader.read(slow))
    await eventually(lambda: cpu_seconds(first) > before + 0.3)

    for pid in first:
        os.kill(pid, signal.SIGSEGV)
    second = await eventually(lambda: second_reader(reader, first))
    await eventually(lambda: cpu_seconds({second}) > before + 0.8)
    other = await reader.read(good)
    os.kill(second, signal.SIGSEGV)

    with pytest.raises(UnreadableFile, match=r"crashed the reader \(SIGSEGV\)"):
        await reading
    assert other.text == "Nothing is wrong with this one."


async def test_a_child_that_dies_once_costs_nothing(reader: Reader, good: Path) -> None:
    await reader.read(good)
    for pid in reader_pids():
        os.kill(pid, signal.SIGKILL)

    assert (await reader.read(good)).text == "Nothing is wrong with this one."


@pytest.mark.slow
async def test_many_bad_files_in_a_row_do_not_end_the_reader(good: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(inflated_pdf(b" ", 150))
    reader = Reader(Settings(reader_memory=64 * MIB))
    await reader.start()
    try:
        for _ in range(MAX_DEATHS + 1):
            with pytest.raises(UnreadableFile, match="of memory"):
                await reader.read(bomb)
        assert (await reader.read(good)).kind == "pdf"
    finally:
        await reader.stop()


async def test_whoever_stops_waiting_leaves_the_reader_free(
    reader: Reader, good: Path, slow: Path
) -> None:
    await reader.read(good)
    pids = reader_pids()
    before = cpu_seconds(pids)
    reading = asyncio.create_task(reader.read(slow))
    await eventually(lambda: cpu_seconds(pids) > before + 0.3)

    reading.cancel()
    async with asyncio.timeout(10):
        extracted = await reader.read(good)

    assert extracted.text == "Nothing is wrong with this one."


def cpu_seconds(pids: set[int]) -> float:
    return sum(psutil.Process(pid).cpu_times().user for pid in pids if psutil.pid_exists(pid))


def second_reader(reader: Reader, first: set[int]) -> int | None:
    """The child that reads a suspicious file alone; not the first, nor the one that replaced it."""
    others = reader_pids() - first - {reader.info.pid}
    return others.pop() if len(others) == 1 and reader.info.state == "ready" else None

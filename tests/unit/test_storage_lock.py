"""The lock of a data directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from morgan_core.errors import Unavailable
from morgan_core.storage.lock import CARD_SIZE, DataDirLock, OwnerCard, read_card
from tests.helpers import eventually


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "morgan.lock"


def test_one_holds_it_and_the_others_do_not(path: Path):
    first, second = DataDirLock(path), DataDirLock(path)

    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()


def test_the_file_is_readable_by_its_owner_only(path: Path):
    lock = DataDirLock(path)
    lock.acquire()

    assert path.stat().st_mode & 0o777 == 0o600


def test_the_card_is_replaced_whole(path: Path):
    lock = DataDirLock(path)
    lock.acquire()
    long = OwnerCard(pid=1, version="0.1.0", state="starting", socket="/" + "x" * 200)
    short = OwnerCard(pid=2, version="0.1.0", state="ready")

    lock.write_card(long)
    assert read_card(path) == long
    lock.write_card(short)
    assert read_card(path) == short


@pytest.mark.parametrize("content", [b"", b" " * CARD_SIZE, b'{"pid": 1', b"\xff\x00", b"{}"])
def test_a_damaged_card_is_no_card(path: Path, content: bytes):
    path.write_bytes(content)

    assert read_card(path) is None


def test_without_a_file_there_is_no_card(path: Path):
    assert read_card(path) is None


def test_a_child_that_inherits_the_descriptor_keeps_the_lock(path: Path):
    lock, next_owner = DataDirLock(path), DataDirLock(path)
    lock.acquire()
    child = _sleeper(pass_fds=(lock.fd,))
    lock.release()

    assert not next_owner.acquire()
    child.kill()
    child.wait()
    assert next_owner.acquire()


async def test_a_child_that_does_not_inherit_it_keeps_nothing(path: Path):
    lock, next_owner = DataDirLock(path), DataDirLock(path)
    lock.acquire()
    child = _sleeper(close_fds=False)
    lock.release()

    await eventually(next_owner.acquire, timeout=5)  # the kernel closes it during exec
    assert child.poll() is None
    child.kill()
    child.wait()


def test_a_lock_on_a_removed_file_is_not_the_lock(path: Path):
    first = DataDirLock(path)
    first.acquire()
    path.unlink()

    second, third = DataDirLock(path), DataDirLock(path)
    assert second.acquire()
    assert not third.acquire()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named_where_permissions_count(tmp_path: Path):
    tmp_path.chmod(0o500)

    with pytest.raises(Unavailable, match="--data-dir"):
        DataDirLock(tmp_path / "morgan.lock").acquire()


def test_a_directory_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(Unavailable, match="missing"):
        DataDirLock(tmp_path / "missing" / "morgan.lock").acquire()


def _sleeper(**options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **options)

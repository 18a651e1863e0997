"""Where the system does not report changes, the folder is polled, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from morgan_core.library import mounts, roots
from morgan_core.library.room import LibraryRoom
from morgan_core.library.watcher import Watcher
from tests.helpers import eventually
from tests.library_parts import library_in, room_in
from tests.mounting import WHY_NOT, can_mount, mount, unmount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="about Linux's inotify and mounts")

_LIMIT = Path("/proc/sys/user/max_inotify_watches")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    return folder


def ready(room: LibraryRoom, *names: str) -> bool:
    documents = room.listing().documents
    return {Path(d.path).name for d in documents if d.state == "ready"} == set(names)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "vboxsf", "fuse.sshfs"])
def test_a_folder_on_a_network_drive_is_known_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(mounts, "_MOUNTS", mounted(tmp_path, ("/mnt/big\\040disk", kind)))

    assert mounts.silent_mount("/mnt/big disk/papers") == ("/mnt/big disk", kind)
    assert mounts.silent_mount("/mnt/big disk") == ("/mnt/big disk", kind)
    assert mounts.silent_mount("/mnt") == ("/mnt/big disk", kind)
    assert mounts.silent_mount("/mnt/big disks") is None


def test_a_local_disk_on_a_network_drive_reports_its_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mountinfo = mounted(tmp_path, ("/home", "nfs"), ("/home/me", "ext4"), ("/home/me/v", "fuseblk"))
    monkeypatch.setattr(mounts, "_MOUNTS", mountinfo)

    assert mounts.silent_mount("/home/me/papers") is None
    assert mounts.silent_mount("/home/you") == ("/home", "nfs")


def mounted(folder: Path, *points: tuple[str, str]) -> Path:
    """A file as in proc_pid_mountinfo(5)."""
    path = folder / "mountinfo"
    lines = [
        f"{n} 1 0:{n} / {point} rw,relatime shared:1 - {kind} source rw\n"
        for n, (point, kind) in enumerate([("/", "ext4"), *points], 20)
    ]
    path.write_text("".join(lines))
    return path


async def test_a_folder_on_a_network_drive_is_polled_from_the_start(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "_MOUNTS", mounted(tmp_path, (str(docs), "nfs4")))
    monkeypatch.setattr(roots, "POLL_EVERY", 0.5)
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: ready(room, "a.txt"))
        folder = room.folders()[0]
        assert folder.state == "watching"
        assert "network drive (nfs4)" in folder.reason

        (docs / "b.txt").write_text("The heron fishes.")

        await eventually(lambda: ready(room, "a.txt", "b.txt"))


def can_limit_watches() -> bool:
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", f"echo 9 > {_LIMIT}"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not can_limit_watches(), reason="no user namespace with limits of its own")
def test_with_the_limit_of_watches_reached_a_folder_is_polled_until_there_are_more(
    tmp_path: Path, docs: Path
) -> None:
    """The kernel's real limit, in a user namespace, where it can be lowered and raised."""
    for number in range(20):
        (docs / str(number)).mkdir()

    done = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "sh", "-c"),
            f'echo 10 > {_LIMIT} && exec "$@"',
            *("sh", sys.executable, "-m", "tests.workers.limited_library", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    polled, taken_in, watched = done.stdout.splitlines()
    assert "sudo sysctl fs.inotify.max_user_watches" in polled
    assert "compared with the disk every" in polled
    assert taken_in == "while polled: b.txt"
    assert watched == "with more watches: ''"


@pytest.mark.slow
async def test_nothing_is_missed_when_the_kernel_drops_events(tmp_path: Path, docs: Path) -> None:
    """More files at once than the kernel queues events for, 16,384 by default."""
    rounds = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) // 3 + 1
    if rounds > 20_000:
        pytest.skip("the queue of this system is too long to overflow")
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: ready(room, "a.txt"))
        (docs / "a.txt").unlink()
        for number in range(rounds):  # creates, writes, closes, moves, deletes
            path = docs / str(number)
            path.write_text("x")
            path.unlink()
        (docs / "b.txt").write_text("The heron fishes.")
        (docs / "deep" / "er").mkdir(parents=True)
        (docs / "deep" / "er" / "c.txt").write_text("The lynx waits.")

        await eventually(lambda: ready(room, "b.txt", "c.txt"), timeout=60)
        (docs / "deep" / "er" / "d.txt").write_text("The otter swims.")
        await eventually(lambda: ready(room, "b.txt", "c.txt", "d.txt"), timeout=60)


async def test_a_symlinked_folder_is_watched_where_it_really_is(tmp_path: Path, docs: Path) -> None:
    (tmp_path / "link").symlink_to(docs)
    async with room_in(tmp_path) as room:
        folder = await room.requests.watch_add(str(tmp_path / "link"))

        (docs / "b.txt").write_text("The heron fishes.")

        assert folder.path == str(docs)
        await eventually(lambda: ready(room, "a.txt", "b.txt"))


@pytest.mark.skipif(not can_mount(), reason=WHY_NOT)
async def test_a_mount_point_that_becomes_an_empty_folder_is_offline(tmp_path: Path) -> None:
    point = tmp_path / "usb"
    point.mkdir()
    mount(point)
    try:
        (point / "a.txt").write_text("The walrus sleeps.")
        async with library_in(tmp_path, purge_after=1.0) as library:
            await library.service.watch_add(str(point))
            await library.in_state("a.txt")

            unmount(point)
            await library.in_state("a.txt", "offline")
            assert await library.found("walrus") == ["a.txt"]

            mount(point)
            (point / "b.txt").write_text("The heron fishes.")
            await library.in_state("b.txt")
    finally:
        unmount(point)


async def test_a_file_that_becomes_readable_is_noticed_at_once(tmp_path: Path, docs: Path) -> None:
    """Who may read everything cannot be refused by a mode, so it is the event that is looked at."""
    heard: list[tuple[str, bool, bool]] = []
    watcher = Watcher(lambda *hint: heard.append(hint), lambda: None)
    watcher.arm(str(docs))

    (docs / "a.txt").chmod(0o600)

    await eventually(lambda: (str(docs / "a.txt"), False, False) in heard)
    watcher.close()

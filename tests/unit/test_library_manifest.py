"""Who is who: which document a file belongs to, after anything that can happen to files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.manifest import Manifest
from morgan_core.library.reconcile import Seen
from morgan_core.storage.catalogue_rows import RootRow, Snapshot


@dataclass
class Written:
    """A catalogue that remembers what it was given."""

    saved: list[dict[str, Any]] = field(default_factory=list)

    async def save(self, **rows: Any) -> None:
        self.saved.append(rows)


def make(*roots: RootRow) -> Manifest:
    return Manifest(Written(), Snapshot(roots=list(roots)))  # type: ignore[arg-type]


SEEN = Seen(10, 100, 1)


def test_a_new_file_is_a_new_document() -> None:
    manifest = make()

    one = manifest.settle("/d/a", "/d", SEEN, "aa")
    other = manifest.settle("/d/b", "/d", SEEN, "bb")

    assert one != other
    assert manifest.documents[one].state == "waiting"


def test_an_edit_keeps_the_document_and_puts_it_back_in_line() -> None:
    manifest = make()
    document = manifest.settle("/d/a", "/d", SEEN, "aa")
    manifest.documents[document].state = "ready"

    assert manifest.settle("/d/a", "/d", SEEN, "bb") == document
    assert manifest.documents[document].state == "waiting"


def test_an_edited_original_leaves_its_copies_the_document() -> None:
    manifest = make()
    document = manifest.settle("/d/a", "/d", SEEN, "aa")
    manifest.settle("/d/b", "/d", SEEN, "aa")

    edited = manifest.settle("/d/a", "/d", SEEN, "bb")

    assert edited != document
    assert manifest.live_paths(document) == ["/d/b"]


def test_two_files_that_swap_names_swap_documents() -> None:
    manifest = make()
    one = manifest.settle("/d/a", "/d", SEEN, "aa")
    other = manifest.settle("/d/b", "/d", SEEN, "bb")

    assert manifest.settle("/d/a", "/d", SEEN, "bb") == other
    assert manifest.settle("/d/b", "/d", SEEN, "aa") == one
    assert manifest.live_paths(one) == ["/d/b"]
    assert manifest.live_paths(other) == ["/d/a"]
    assert manifest.hidden() == []


def test_a_deleted_file_hides_its_document_until_it_is_back() -> None:
    manifest = make()
    document = manifest.settle("/d/a", "/d", SEEN, "aa")

    manifest.delete("/d/a")
    assert manifest.hidden() == [document]
    assert manifest.show(document) is None
    manifest.restore("/d/a", "/d")

    assert manifest.hidden() == []


def test_files_that_cannot_be_read_are_documents_of_their_own() -> None:
    manifest = make()

    one = manifest.settle("/d/a", "/d", SEEN, "", "Cannot be opened.")
    other = manifest.settle("/d/b", "/d", SEEN, "", "Cannot be opened.")

    assert one != other
    shown = manifest.show(one)
    assert shown is not None
    assert (shown.state, shown.reason) == ("failed", "Cannot be opened.")


def test_documents_of_an_offline_root_are_shown_as_offline_and_keep_their_state() -> None:
    root = RootRow("/d", "watched", 0.0)
    manifest = make(root)
    document = manifest.settle("/d/a", "/d", SEEN, "aa")

    root.state, root.reason = "offline", "not there"

    shown = manifest.show(document)
    assert shown is not None
    assert (shown.state, shown.reason) == ("offline", "not there")
    assert manifest.counts().offline == 1
    assert manifest.documents[document].state == "waiting"


def test_an_exclusion_keeps_out_what_is_below_it_except_what_was_learned_deeper() -> None:
    manifest = make(RootRow("/d", "watched", 0.0), RootRow("/d/sub/a", "learned", 0.0))
    manifest.exclusions |= {"/d/sub"}

    assert manifest.excluded("/d/sub/b")
    assert not manifest.excluded("/d/sub/a")
    assert not manifest.excluded("/d/subway")


async def test_what_could_not_be_written_is_written_the_next_time() -> None:
    class Full(Written):
        full = True

        async def save(self, **rows: Any) -> None:
            if self.full:
                raise OSError("disk full")
            await super().save(**rows)

    catalogue = Full()
    manifest = Manifest(catalogue, Snapshot())  # type: ignore[arg-type]
    manifest.settle("/d/a", "/d", SEEN, "aa")
    try:
        await manifest.flush()
    except OSError:
        catalogue.full = False
    await manifest.flush()

    assert [row.path for row in catalogue.saved[0]["files"]] == ["/d/a"]


paths = st.sampled_from(["/d/a", "/d/b", "/d/c", "/d/e"])
steps = st.one_of(
    st.tuples(st.just("settle"), paths, st.sampled_from(["aa", "bb", "cc", ""])),
    st.tuples(st.just("delete"), paths, st.none()),
    st.tuples(st.just("restore"), paths, st.none()),
    st.tuples(st.just("move"), paths, paths),
    st.tuples(st.just("drop"), paths, st.none()),
)


@given(st.lists(steps, max_size=30))
def test_whatever_happens_content_and_documents_agree(
    history: list[tuple[str, str, str | None]],
) -> None:
    manifest = make()
    disk: dict[str, str] = {}
    for what, path, other in history:
        if what == "settle":
            disk[path] = other or ""
            manifest.settle(path, "/d", SEEN, other or "", "unreadable")
        elif what == "delete" and path in disk:
            del disk[path]
            manifest.delete(path)
        elif what == "drop" and path in disk:
            del disk[path]
            manifest.drop(path)
        elif what == "restore" and path not in disk and manifest.holds(SEEN, path):
            disk[path] = manifest.files[path].sha256
            manifest.restore(path, "/d")
        elif what == "move" and other and path in disk and other not in manifest.files:
            disk[other] = disk.pop(path)
            manifest.move(path, other, "/d")

    live = {path: row for path, row in manifest.files.items() if row.deleted_at is None}
    assert {path: row.sha256 for path, row in live.items()} == disk
    for path, row in live.items():
        document = manifest.documents[row.document_id]
        assert document.sha256 == disk[path]
        assert document.hidden_at is None
        assert path in manifest.live_paths(document.id)
    readable = {sha256 for sha256 in disk.values() if sha256}
    visible = [d for d in manifest.documents.values() if d.hidden_at is None]
    assert sorted(d.sha256 for d in visible if d.sha256) == sorted(readable)
    assert all(manifest.live_paths(d.id) for d in visible)

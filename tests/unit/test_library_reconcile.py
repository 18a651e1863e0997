"""What the disk asks for, decided without touching it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.reconcile import Plan, Seen, reconcile
from morgan_core.storage.catalogue_rows import FileRow


def row(path: str, seen: Seen, *, sha256: str = "s", deleted: bool = False) -> FileRow:
    return FileRow(path, "doc", "/", *seen, sha256, 1.0 if deleted else None)


ONE, TWO = Seen(10, 100, 1), Seen(20, 200, 2)


def test_a_file_that_is_as_it_was_needs_nothing() -> None:
    plan = reconcile({"/a": row("/a", ONE)}, {"/a": ONE})

    assert plan == Plan(unchanged=1)


def test_a_file_of_another_time_or_size_is_hashed_again() -> None:
    plan = reconcile({"/a": row("/a", ONE)}, {"/a": ONE._replace(mtime_ns=101)})

    assert plan.changed == ["/a"]


def test_a_file_that_was_replaced_by_another_inode_is_hashed_again() -> None:
    plan = reconcile({"/a": row("/a", ONE)}, {"/a": ONE._replace(inode=9)})

    assert plan.changed == ["/a"]


def test_a_file_that_could_not_be_read_is_tried_again() -> None:
    plan = reconcile({"/a": row("/a", ONE, sha256="")}, {"/a": ONE})

    assert plan.changed == ["/a"]


def test_a_renamed_file_is_moved_without_being_read() -> None:
    plan = reconcile({"/a": row("/a", ONE)}, {"/b": ONE})

    assert plan == Plan(moved=[("/a", "/b")])


def test_a_file_that_was_deleted_a_while_ago_and_turns_up_elsewhere_was_moved() -> None:
    gone = [row("/a", ONE, deleted=True)]

    plan = reconcile({}, {"/b/a": ONE}, gone)

    assert plan == Plan(moved=[("/a", "/b/a")])


def test_without_inodes_nothing_is_taken_for_moved() -> None:
    nameless = ONE._replace(inode=0)

    plan = reconcile({"/a": row("/a", nameless)}, {"/b": nameless})

    assert plan == Plan(new=["/b"], deleted=["/a"])


def test_a_deleted_file_that_is_back_unchanged_is_restored() -> None:
    plan = reconcile({"/a": row("/a", ONE, deleted=True)}, {"/a": ONE})

    assert plan == Plan(restored=["/a"])


def test_a_deleted_file_is_reported_once() -> None:
    assert reconcile({"/a": row("/a", ONE)}, {}).deleted == ["/a"]
    assert reconcile({"/a": row("/a", ONE, deleted=True)}, {}) == Plan()


def test_two_renamed_files_of_the_same_stat_go_to_two_places() -> None:
    known = {"/a": row("/a", ONE), "/b": row("/b", ONE)}

    plan = reconcile(known, {"/c": ONE, "/d": ONE})

    assert sorted(old for old, _ in plan.moved) == ["/a", "/b"]
    assert sorted(new for _, new in plan.moved) == ["/c", "/d"]


seen = st.builds(Seen, st.integers(0, 3), st.integers(0, 3), st.integers(0, 4))
paths = st.sampled_from([f"/{name}" for name in "abcdefgh"])
rows = st.dictionaries(paths, st.tuples(seen, st.sampled_from(["", "s"]), st.booleans()))


@given(rows, st.dictionaries(paths, seen))
def test_every_file_gets_exactly_one_decision(
    known: dict[str, tuple[Seen, str, bool]], disk: dict[str, Seen]
) -> None:
    table = {p: row(p, s, sha256=sha, deleted=gone) for p, (s, sha, gone) in known.items()}
    deleted_rows = [r for r in table.values() if r.deleted_at is not None]

    plan = reconcile(table, disk, deleted_rows)

    arrived = [new for _, new in plan.moved]
    left = [old for old, _ in plan.moved]
    decided = plan.restored + plan.changed + plan.new + arrived
    assert len(decided) == len(set(decided))
    assert len(decided) + plan.unchanged == len(disk)
    live = {path for path, r in table.items() if r.deleted_at is None}
    assert set(plan.deleted) == live - disk.keys() - set(left)
    assert len(left) == len(set(left))
    assert set(left) <= table.keys() - disk.keys()
    for old, new in plan.moved:
        assert disk[new] == known[old][0]
        assert known[old][1]

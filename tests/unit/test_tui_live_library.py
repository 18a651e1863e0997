"""A listing that was long on its way does not undo what changed meanwhile."""

from __future__ import annotations

from morgan_core.events import DocumentChanged, DocumentRemoved
from morgan_core.types import LibraryCounts, LibraryListing
from morgan_tui.live_library import LiveLibrary
from tests.tui.fake_morgan import document

LISTING = LibraryListing(
    documents=(document(1, "waiting"), document(2), document(3)), folders=(), counts=LibraryCounts()
)


def test_what_changed_while_the_listing_was_on_its_way_is_kept():
    library = LiveLibrary()
    library.expect_listing()
    library.apply(DocumentChanged(document=document(1, "ready")))
    library.apply(DocumentRemoved(id="d2", path="/papers/report-00002.pdf"))
    library.apply(DocumentChanged(document=document(4)))
    library.load(LISTING)
    assert library.documents == {
        "d1": document(1, "ready"),
        "d3": document(3),
        "d4": document(4),
    }


def test_what_changed_before_it_was_asked_for_is_in_the_listing():
    library = LiveLibrary()
    library.apply(DocumentChanged(document=document(1, "ready")))
    library.expect_listing()
    library.load(LISTING)
    assert library.documents is not None and library.documents["d1"].state == "waiting"


def test_documents_are_not_kept_while_nobody_looks_at_them():
    library = LiveLibrary()
    library.expect_listing()
    library.load(LISTING)
    library.forget_listing()
    library.apply(DocumentChanged(document=document(1)))
    assert library.documents is None

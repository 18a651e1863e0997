"""What faces are told of the library follows what it would list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from morgan_core.events import AnyChange, DocumentRemoved
from morgan_core.library.announcer import Announcer
from morgan_core.library.manifest import Manifest
from morgan_core.library.reconcile import Seen
from morgan_core.storage.catalogue import Snapshot
from tests.helpers import eventually


class Catalogue:
    async def save(self, **rows: Any) -> None: ...


async def test_the_removal_of_a_document_is_told_though_its_coming_was_not() -> None:
    """It may have been listed in between."""
    told: list[AnyChange] = []

    async def send(changes: Sequence[AnyChange]) -> None:
        told.extend(changes)

    announcer = Announcer(send)
    manifest = Manifest(Catalogue(), Snapshot(), announcer.document)  # type: ignore[arg-type]
    announcer.start(manifest, lambda: 0.0, lambda: False)

    document_id = manifest.settle("/d/a", "/d", Seen(10, 100, 1), "aa")
    assert manifest.show(document_id) is not None
    manifest.delete("/d/a")

    await eventually(lambda: DocumentRemoved(id=document_id, path="/d/a") in told)
    await announcer.close()

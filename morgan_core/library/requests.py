"""What people ask of the library: learn, forget, watch. Each becomes one command of the keeper.

- ``learn`` of a folder or file below a watched folder has it looked at now. Anything else is
  taken in once and recorded as a *learned* root: from then on its known files are compared with
  the disk every half a minute, for edits and deletions; new files wait for the next ``learn``.
- ``learn`` of a URL fetches that page and takes in its file; again, it fetches it anew.
- ``forget`` removes at once and leaves an exclusion; ``learn`` of the same path, or of one above
  it, lifts that.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from morgan_core.errors import BadInput, NotFound
from morgan_core.library.announcer import show_folder
from morgan_core.library.ingest import Ingest
from morgan_core.library.keeper import Keeper
from morgan_core.library.leftovers import Leftovers
from morgan_core.library.look import real_path
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below, on_disk
from morgan_core.library.scan import why_not_regular
from morgan_core.library.secret_files import is_secret
from morgan_core.library.skip import why_skip
from morgan_core.library.web.pages import WebPages
from morgan_core.storage.catalogue_rows import JobRow, RootRow
from morgan_core.types import Folder, StoreCheck
from morgan_core.urls import is_url


class Requests:
    """Runs requests between the keeper's steps."""

    def __init__(
        self,
        manifest: Manifest,
        keeper: Keeper,
        ingest: Ingest,
        leftovers: Leftovers,
        pages: WebPages,
    ) -> None:
        self._manifest = manifest
        self._keeper = keeper
        self._ingest = ingest
        self._leftovers = leftovers
        self._pages = pages

    # --- learn -----------------------------------------------------------------------------

    async def resolve(self, paths: Sequence[str], *, watch: bool = False) -> list[str]:
        """The real paths, of URLs those of the files that they are fetched to now. Raises
        MorganError that names the first which is not there, or is a page to ``watch``."""
        if not paths:
            raise BadInput("No path was given.")
        if watch and (page := next(filter(is_url, paths), None)):
            raise BadInput(
                f"{page} is a web page; only folders can be watched.",
                mend="Learn it without --watch; learning it again fetches it anew.",
            )
        resolved = [path if is_url(path) else await self._resolve(path) for path in paths]
        for at, path in enumerate(resolved):
            if is_url(path):
                resolved[at] = await self._pages.fetch(path)
        return list(dict.fromkeys(resolved))

    async def _resolve(self, path: str) -> str:
        if not os.path.isabs(on_disk(path)):  # noqa: PTH117
            raise BadInput(f"{path!r} is not an absolute path.")
        real = await asyncio.to_thread(real_path, path)
        if not await asyncio.to_thread(os.path.exists, on_disk(real)):
            raise BadInput(f"There is no file or folder {path}.")
        return real

    async def lift(self, paths: Iterable[str]) -> None:
        """Keep out no longer what was forgotten at or below ``paths``."""

        async def command() -> None:
            for path in paths:
                await self._lift(path)

        await self._keeper.run(command)

    async def learn(self, paths: Iterable[str], *, watch: bool) -> dict[str, str]:
        """Take in ``paths``, but for what is kept out; return what was skipped and why."""
        skipped: dict[str, str] = {}

        async def command() -> None:
            for path in paths:
                await self._learn(path, watch, skipped)

        await self._keeper.run(command)
        return skipped

    async def _learn(self, path: str, watch: bool, skipped: dict[str, str]) -> None:
        folder = await asyncio.to_thread(Path(on_disk(path)).is_dir)
        if not folder and (reason := await asyncio.to_thread(_why_refuse, path)):
            skipped[path] = reason
            return
        root = self._manifest.root_of(path)
        if folder and watch and not (root and root.kind == "watched" and root.path == path):
            root = await self._watch(path)
        elif (
            root is None
            or self._manifest.excluded(path)
            or (root.kind == "learned" and root.path != path)
            or bool(await asyncio.to_thread(why_skip, on_disk(path), on_disk(root.path)))
        ):
            root = await self._add_learned(path)
        if root.path == path:
            look = await self._keeper.scan(path, at_once=True)
            if look.scan.skipped:
                counts = Counter(look.scan.skipped.values()).most_common()
                skipped[path] = ", ".join(f"{count} {why}" for why, count in counts)
            skipped.update(
                (blind, why)
                for blind, why in look.scan.blind.items()
                if not self._keeper.busy_below([blind])
            )
        else:
            self._keeper.hint(path, wanted=True)
        for document_id in {row.document_id for row in self._manifest.below(path).values()}:
            if self._manifest.documents[document_id].state == "failed":
                await self.retry(document_id)

    async def _lift(self, path: str) -> None:
        lifted = [e for e in self._manifest.exclusions if is_below(e, path)]
        if lifted:
            self._manifest.exclusions.difference_update(lifted)
            await self._manifest.catalogue.include(lifted)

    async def _add_learned(self, path: str) -> RootRow:
        root = RootRow(path, "learned", time.time(), state="watching")
        self._manifest.roots[path] = root
        await self._manifest.catalogue.save_root(root)
        self._manifest.adopt(self._manifest.below(path))
        return root

    # --- forget ----------------------------------------------------------------------------

    async def named(self, names: Sequence[str]) -> list[str]:
        """The paths that ``names`` (paths, URLs or document ids) stand for.

        Raises NotFound that names the first which is nothing we know and nothing on the disk.
        """
        return [path for name in names for path in await self._named(name)]

    async def forget(self, job: JobRow) -> None:
        """Hide the documents at or below the paths of ``job`` and keep them out. Once that is
        done and saved with the job, doing it again does nothing: they may have been learned
        since."""
        paths = job.paths

        async def command() -> None:
            if job.scanned:
                return
            await self._manifest.catalogue.exclude(paths)
            self._manifest.exclusions.update(paths)
            for path in paths:
                await self._remove_learned_below(path)
                for known in self._manifest.below(path):
                    self._manifest.drop(known)
            await self._manifest.flush()
            await self._pages.remove(paths)
            job.scanned = True
            await self._manifest.catalogue.save_job(job)

        await self._keeper.run(command)

    async def purge_forgotten(self) -> None:
        """Delete the hidden documents that have no file any more, with all that is cached: of
        their earlier revisions too, and of files that were deleted before."""
        await self._ingest.purge(self._manifest.fileless(), forget=True)
        await self._leftovers.sweep()

    async def check_forgotten(self, names: Sequence[str]) -> tuple[StoreCheck, ...]:
        """What the stores still hold of ``names``: absolute paths, URLs, or ids of documents."""
        wanted = set(names)
        for name in names:
            if is_url(name):
                wanted |= {self._pages.path_of(name) or name}
            elif os.path.isabs(on_disk(name)):  # noqa: PTH117
                wanted.add(await asyncio.to_thread(real_path, name))
        return await self._leftovers.check(sorted(wanted))

    async def _named(self, name: str) -> list[str]:
        if name in self._manifest.documents:
            return self._manifest.live_paths(name)
        if is_url(name):
            if page := self._pages.path_of(name):
                return [page]
            raise NotFound(f"The page {name} was never learned.")
        if not os.path.isabs(on_disk(name)):  # noqa: PTH117
            raise NotFound(f"There is no document {name}.")
        path = await asyncio.to_thread(real_path, name)
        for candidate in (path, name):
            if self._manifest.below(candidate):
                return [candidate]
        if not await asyncio.to_thread(os.path.lexists, on_disk(path)):
            raise NotFound(f"There is no document at {name}.")
        return [path]

    async def _remove_learned_below(self, path: str) -> None:
        gone = [
            root.path
            for root in self._manifest.roots.values()
            if root.kind == "learned" and is_below(root.path, path)
        ]
        for root_path in gone:
            del self._manifest.roots[root_path]
        await self._manifest.catalogue.remove_roots(gone)

    # --- watch -----------------------------------------------------------------------------

    async def watch_add(self, path: str) -> Folder:
        """Watch a folder. Raises BadInput when it is not one that can be read."""
        real = await self._resolve(path)
        if not await asyncio.to_thread(Path(on_disk(real)).is_dir):
            raise BadInput(f"{path} is not a folder.")
        if not await asyncio.to_thread(os.access, on_disk(real), os.R_OK | os.X_OK):
            raise BadInput(f"The folder {path} cannot be read.", mend="Give yourself access to it.")

        async def command() -> Folder:
            root = self._manifest.roots.get(real)
            if root is None or root.kind != "watched":
                await self._lift(real)
                await self._watch(real)
            return show_folder(self._manifest, real)

        folder: Folder = await self._keeper.run(command)
        return folder

    async def watch_remove(self, path: str, *, forget: bool) -> None:
        """Stop watching; raises NotFound. Documents stay as learned ones unless ``forget``."""
        real = await asyncio.to_thread(real_path, path)

        async def command() -> None:
            root = self._manifest.roots.get(real) or self._manifest.roots.get(path)
            if root is None or root.kind != "watched":
                raise NotFound(f"The folder {path} is not watched.")
            await self._unwatch(root, forget)

        await self._keeper.run(command)
        if forget:
            await self.purge_forgotten()

    async def _watch(self, path: str) -> RootRow:
        """Make ``path`` a watched root, which takes over the learned ones in it."""
        root = RootRow(path, "watched", time.time())
        covered = [
            learned.path
            for learned in self._manifest.roots.values()
            if learned.kind == "learned"
            and is_below(learned.path, path)
            and not why_skip(on_disk(learned.path), on_disk(path))
        ]
        for learned_path in covered:
            del self._manifest.roots[learned_path]
        await self._manifest.catalogue.remove_roots([p for p in covered if p != path])
        self._manifest.roots[path] = root
        await self._manifest.catalogue.save_root(root)
        self._manifest.adopt(self._manifest.below(path))
        await self._keeper.roots.arm(root)
        return root

    async def _unwatch(self, root: RootRow, forget: bool) -> None:
        manifest = self._manifest
        await self._keeper.roots.leave(root.path)
        rows = [row for row in manifest.files.values() if row.root == root.path]
        del manifest.roots[root.path]
        if forget:
            await manifest.catalogue.remove_roots([root.path])
            for row in rows:
                manifest.drop(row.path)
        elif manifest.root_of(root.path) is not None:
            await manifest.catalogue.remove_roots([root.path])
            manifest.adopt(row.path for row in rows)
        else:
            await self._add_learned(root.path)
        await manifest.flush()
        self._keeper.roots.told(root.path)

    # --- retry -----------------------------------------------------------------------------

    async def retry(self, document_id: str) -> None:
        """Read a document again. Raises NotFound."""
        document = self._manifest.documents.get(document_id)
        if document is None or document.hidden_at is not None:
            raise NotFound(f"There is no document {document_id}.")
        if document.sha256:
            await self._ingest.redo(document_id)
        else:
            for path in self._manifest.live_paths(document_id):
                self._keeper.hint(path)


def _why_refuse(path: str) -> str:
    """The reason why a file that was named is not taken in; empty when it is."""
    real = on_disk(path)
    if is_secret(os.path.basename(real)):  # noqa: PTH119
        return "secret: keys and passwords are never taken in"
    try:
        return why_not_regular(os.lstat(real).st_mode)
    except OSError as error:
        return error.strerror or str(error)

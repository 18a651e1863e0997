"""Web pages in the library: documents whose path is their URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.errors import BadInput, Forbidden, MorganError, NotFound
from morgan_core.library.web.pages import WebPages
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import JobRow
from morgan_core.storage.engine import database_url
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import TestLibrary, library_in, make_database, paths_in
from tests.web_site import Site, html, site_with


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with site_with(heron="The heron fishes.") as site:
        yield site


def files_in(library: TestLibrary) -> list[Path]:
    return [path for path in library.paths.pages.rglob("*") if path.is_file()]


async def test_a_learned_page_is_found_refreshed_and_forgotten_by_its_url(
    tmp_path: Path, site: Site
) -> None:
    url = site.url("/heron")
    async with library_in(tmp_path, private_hosts=("127.0.0.1",)) as library:
        [first] = (await library.learned(url)).documents

        assert (first.state, first.path, first.paths) == ("ready", url, (url,))
        assert (first.kind, first.title) == ("html", "Birds")
        found = (await ask(library.service, "heron fishes", None, limit=5)).bm25[0].chunk
        assert found.paths == (url,)
        window = await library.service.text(first.id)
        assert window.path == url and "Home" not in window.text

        assert (await library.learned(url)).documents == (first,)

        site.pages["/heron"] = "text/html", html("The heron has flown away.")
        [second] = (await library.learned(url)).documents

        assert second.id == first.id and second.revision > first.revision
        assert (await library.found("flown"), await library.found("fishes")) == (["heron"], [])

        await library.service.forget([url])

        assert files_in(library) == [] and await library.documents() == {}

        [again] = (await library.learned(url)).documents
        await library.service.forget([again.id])

        assert files_in(library) == [] and await library.documents() == {}


async def test_pages_keep_their_urls_over_a_restart_and_private_hosts_must_be_named(
    tmp_path: Path, site: Site
) -> None:
    url = site.url("/heron")
    async with library_in(tmp_path, private_hosts=("127.0.0.1",)) as library:
        await library.learned(url)
        with pytest.raises(MorganError, match="There is no file or folder"):
            await library.service.learn([site.url("/other"), str(tmp_path / "none")])

    async with library_in(tmp_path) as library:
        assert [d.path for d in (await library.service.list()).documents] == [url]
        with pytest.raises(Forbidden, match="private_hosts"):
            await library.service.learn([url])
        with pytest.raises(NotFound, match=r"https://example\.org/ was never learned"):
            await library.service.forget(["https://example.org/"])


async def test_a_page_cannot_be_watched_and_the_error_says_what_to_do_instead(
    tmp_path: Path, site: Site
) -> None:
    url = site.url("/heron")
    async with library_in(tmp_path, private_hosts=("127.0.0.1",)) as library:
        with pytest.raises(BadInput, match="learning it again fetches it anew") as caught:
            await library.service.learn([url], watch=True)

        assert url in caught.value.message
        assert await library.documents() == {}
        assert files_in(library) == []


async def fetched_by_one_who_died(folder: Path, url: str) -> tuple[Paths, str]:
    """The page's file and its note are there, and nothing else was told of them."""
    paths = paths_in(folder)
    await make_database(paths)
    path = await WebPages(paths.pages, Settings(private_hosts=("127.0.0.1",))).fetch(url)
    return paths, path


async def test_a_page_that_was_fetched_by_one_who_died_before_it_was_listed_is_swept(
    tmp_path: Path, site: Site
) -> None:
    paths, path = await fetched_by_one_who_died(tmp_path, site.url("/heron"))
    (Path(path).parent / ".tmp-half").write_bytes(b"half a page")

    async with library_in(tmp_path, private_hosts=("127.0.0.1",)) as library:
        await library.service.counts()  # it has started
        assert list(paths.pages.iterdir()) == []
        with pytest.raises(NotFound, match="never learned"):
            await library.service.forget([site.url("/heron")])


async def test_a_page_that_was_asked_for_by_one_who_died_is_learned(
    tmp_path: Path, site: Site
) -> None:
    url = site.url("/heron")
    paths, path = await fetched_by_one_who_died(tmp_path, url)
    catalogue = Catalogue(database_url("", paths.database))
    await catalogue.save_job(JobRow("j", "learn", [path], 0.0))
    await catalogue.close()

    async with library_in(tmp_path) as library:
        await library.service.counts()  # it has started

        async def learned() -> bool:
            listing = await library.service.list()
            return [(d.path, d.state) for d in listing.documents] == [(url, "ready")]

        await eventually(learned)

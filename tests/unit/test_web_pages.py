"""The files of fetched pages, and the notes of where they came from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from morgan_core.errors import BadInput, NotFound
from morgan_core.library.web.pages import Page, WebPages
from morgan_core.settings import Settings
from tests.web_site import Site, html, site_with

SETTINGS = Settings(private_hosts=("127.0.0.1",))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with site_with(heron="The heron fishes.") as site:
        yield site


@pytest.fixture
def pages(tmp_path: Path) -> WebPages:
    return WebPages(tmp_path / "pages", SETTINGS)


def note_of(path: str) -> Page:
    file = Path(path)
    return msgspec.json.decode((file.parent / f".{file.name}.json").read_bytes(), type=Page)


async def test_a_page_is_kept_as_it_came_beside_a_note_of_where_it_came_from(
    site: Site, pages: WebPages, tmp_path: Path
) -> None:
    path = await pages.fetch(site.url("/heron#section"))

    file = Path(path)
    assert file.parent == tmp_path / "pages" / "127.0.0.1"
    assert file.name.startswith("heron-") and file.suffix == ".html"
    assert file.read_bytes() == html("The heron fishes.")
    assert pages.shown(path) == note_of(path).url == note_of(path).final_url == site.url("/heron")
    assert note_of(path).fetched == note_of(path).checked > 0


async def test_the_same_content_again_touches_the_note_alone(site: Site, pages: WebPages) -> None:
    path = await pages.fetch(site.url("/heron"))
    before, note = Path(path).stat(), note_of(path)

    assert await pages.fetch(site.url("/heron")) == path

    assert Path(path).stat() == before
    assert note_of(path).fetched == note.fetched < note_of(path).checked


async def test_other_content_replaces_the_file_also_when_it_is_of_another_kind(
    site: Site, pages: WebPages
) -> None:
    path = await pages.fetch(site.url("/heron"))
    site.pages["/heron"] = "application/pdf", b"%PDF-1.7"

    assert await pages.fetch(site.url("/heron")) == path

    assert Path(path).read_bytes() == b"%PDF-1.7"
    assert note_of(path).content_type == "application/pdf"


@pytest.mark.parametrize(
    ("url_path", "content_type", "suffix"),
    [
        ("/show.php", "text/html", ".html"),
        ("/paper", "application/pdf", ".pdf"),
        ("/code/main.rs", "text/plain", ".rs"),
        ("/notes", "text/plain", ".txt"),
        ("/", "application/xhtml+xml", ".html"),
        ("/thing", "application/x-unheard-of", ""),
    ],
)
async def test_the_ending_says_what_the_server_said(
    site: Site, pages: WebPages, url_path: str, content_type: str, suffix: str
) -> None:
    site.pages[url_path] = content_type, b"content"

    assert Path(await pages.fetch(site.url(url_path))).suffix == suffix


async def test_an_encoding_that_only_the_server_tells_is_kept_as_utf8(
    site: Site, pages: WebPages
) -> None:
    site.pages["/otter"] = "text/plain; charset=cp1251", "Выдра спит".encode("cp1251")

    path = await pages.fetch(site.url("/otter"))

    assert Path(path).read_bytes() == "\ufeffВыдра спит".encode()


@pytest.mark.parametrize("charset", ["utf-8", "cp1251-typo", "zip"])
async def test_an_encoding_that_is_none_changes_nothing(
    site: Site, pages: WebPages, charset: str
) -> None:
    site.pages["/otter"] = f"text/plain; charset={charset}", b"\xff\xfe broken"

    path = await pages.fetch(site.url("/otter"))

    assert Path(path).read_bytes() == b"\xff\xfe broken"


async def test_two_pages_whose_names_are_alike_are_two_files(site: Site, pages: WebPages) -> None:
    site.pages["/a/heron"] = site.pages["/b/heron"] = site.pages["/heron"]

    assert await pages.fetch(site.url("/a/heron")) != await pages.fetch(site.url("/b/heron"))


@pytest.mark.parametrize("name", ["/..%2f..%2fetc%2fpasswd", "/" + "ä" * 300, "/%00%1b]0;x"])
async def test_names_of_pages_stay_within_the_folder(
    site: Site, pages: WebPages, tmp_path: Path, name: str
) -> None:
    from urllib.parse import unquote

    site.pages[unquote(name)] = "text/html", html("text")

    path = Path(await pages.fetch(site.url(name)))

    assert path.parent == tmp_path / "pages" / "127.0.0.1"
    assert path.name.isascii() and path.name.isprintable()


async def test_the_urls_are_known_after_a_restart(
    site: Site, pages: WebPages, tmp_path: Path
) -> None:
    path = await pages.fetch(site.url("/heron"))
    (Path(path).parent / ".damaged.html.json").write_text("{")
    again = WebPages(tmp_path / "pages", SETTINGS)

    again.load()

    assert again.path_of(site.url("/heron")) == path
    assert again.shown(path) == site.url("/heron")


async def test_removing_deletes_the_page_its_note_and_the_empty_folder(
    site: Site, pages: WebPages, tmp_path: Path
) -> None:
    path = await pages.fetch(site.url("/heron"))

    await pages.remove([path, str(tmp_path / "another")])

    assert [*(tmp_path / "pages").rglob("*")] == []
    assert pages.path_of(site.url("/heron")) is None


async def test_what_cannot_be_fetched_leaves_what_was_there(site: Site, pages: WebPages) -> None:
    path = await pages.fetch(site.url("/heron"))
    del site.pages["/heron"]

    with pytest.raises(NotFound, match="404"):
        await pages.fetch(site.url("/heron"))

    assert Path(path).read_bytes() == html("The heron fishes.")


async def test_an_address_that_is_none_is_refused(pages: WebPages) -> None:
    with pytest.raises(BadInput, match="no address"):
        await pages.fetch("https:///nowhere")

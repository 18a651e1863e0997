"""Fetching a page: what comes back, and what is never asked for."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from morgan_core.errors import BadInput, Forbidden, NotFound, TooLarge, Unavailable
from morgan_core.library.web.fetch import Fetched, clean_url, fetch

LOCAL = ("127.0.0.1",)
MIB = 1024 * 1024


class Site:
    """A web server on this machine and the paths that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hosts: list[str] = []
        self.server: TestServer

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.hosts.append(request.headers["Host"])
        match request.path:
            case "/page":
                return web.Response(text="<p>Grüße</p>", content_type="text/html")
            case "/russian":
                body = "<p>Привет</p>".encode("cp1251")
                return web.Response(
                    body=body, headers={"Content-Type": "text/html; charset=cp1251"}
                )
            case "/to":
                return web.Response(status=302, headers={"Location": request.query["url"]})
            case "/round":
                return web.Response(status=302, headers={"Location": "/round"})
            case "/bomb":
                body = gzip.compress(bytes(20 * MIB))
                return web.Response(body=body, headers={"Content-Encoding": "gzip"})
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(bytes(64 * 1024))
            case "/closed":
                return web.Response(status=403)
            case "/broken":
                return web.Response(status=500)
        return web.Response(status=404)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{tail:.*}", site.answer)
    site.server = TestServer(app)
    await site.server.start_server()
    yield site
    await site.server.close()


async def get(url: str, *, max_bytes: int = MIB) -> Fetched:
    return await fetch(url, max_bytes=max_bytes, private_hosts=LOCAL)


async def test_a_page_comes_with_its_type_and_encoding(site: Site) -> None:
    page = await get(site.url("/page"))

    assert page.content.decode() == "<p>Grüße</p>"
    assert (page.content_type, page.charset) == ("text/html", "utf-8")
    assert page.url == site.url("/page")


async def test_redirects_are_followed_to_the_end(site: Site) -> None:
    page = await get(site.url("/to?url=/to%3Furl%3D/page"))

    assert page.url == site.url("/page")


async def test_a_circle_of_redirects_ends(site: Site) -> None:
    with pytest.raises(Unavailable, match="redirects more than 5 times"):
        await get(site.url("/round"))

    assert len(site.asked) == 6


@pytest.mark.parametrize(
    ("path", "error"), [("/none", NotFound), ("/closed", Forbidden), ("/broken", Unavailable)]
)
async def test_an_error_of_the_server_names_the_page_and_the_status(
    site: Site, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=rf"{path} was not given: the server answered \d\d\d"):
        await get(site.url(path))


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
async def test_no_more_is_taken_than_the_limit_also_when_it_is_packed(
    site: Site, path: str
) -> None:
    with pytest.raises(TooLarge, match=r"larger than 1 MiB.*max_file_size"):
        await get(site.url(path))


# --- addresses that are not public ---------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"])
async def test_this_machine_is_not_asked(site: Site, host: str) -> None:
    with pytest.raises((Forbidden, Unavailable, BadInput)):
        await fetch(site.url("/page", host=host), max_bytes=MIB)

    assert site.asked == []


async def test_the_refusal_names_the_address_and_the_setting(site: Site) -> None:
    with pytest.raises(Forbidden, match=r"address 127.0.0.1 of 127.0.0.1 is of this machine"):
        await fetch(site.url("/page"), max_bytes=MIB)


async def test_a_redirect_to_this_machine_is_refused(site: Site) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    start = site.url("/to?url=" + site.url("/page", host="inner.example"), host="outer.example")
    with pytest.raises(Forbidden, match=r"inner\.example"):
        await fetch(start, max_bytes=MIB, private_hosts=("outer.example",), lookup=lookup)

    assert site.asked == ["/to"]


async def test_a_redirect_to_another_scheme_is_refused(site: Site) -> None:
    with pytest.raises(BadInput, match="http:// or https:// only"):
        await get(site.url("/to?url=file:///etc/passwd"))


async def test_one_address_that_is_not_public_is_enough() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "10.0.0.1"]

    with pytest.raises(Forbidden, match=r"10\.0\.0\.1 of example\.org is private"):
        await fetch("http://example.org/", max_bytes=MIB, lookup=lookup)


async def test_a_name_that_changes_its_address_after_the_check_leads_nowhere_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []

    async def lookup(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) > 1 else ["203.0.113.7"]

    monkeypatch.setattr("morgan_core.library.web.fetch.why_not_public", lambda _address: "")
    monkeypatch.setattr("morgan_core.library.web.fetch.CONNECT_SECONDS", 0.2)
    with pytest.raises(Unavailable):
        await fetch(site.url("/page", host="rebinding.example"), max_bytes=MIB, lookup=lookup)

    assert looked_up == ["rebinding.example"]
    assert site.asked == []


async def test_each_redirect_is_looked_up_and_checked_anew(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["192.168.0.1"]])

    async def lookup(host: str, port: int) -> list[str]:
        return next(answers)

    start = site.url("/to?url=" + site.url("/page", host="b.example"), host="a.example")
    with pytest.raises(Forbidden, match=r"192\.168\.0\.1 of b\.example is private"):
        await fetch(start, max_bytes=MIB, private_hosts=["a.example"], lookup=lookup)


async def test_the_server_is_asked_by_its_name_at_the_checked_address(site: Site) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = site.url("/page", host="wiki.intern")
    page = await fetch(url, max_bytes=MIB, private_hosts=["Wiki.intern"], lookup=lookup)

    assert site.hosts == [f"wiki.intern:{site.server.port}"]
    assert page.url == url


async def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", site.url("/"))

    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(Unavailable, match=r"example\.org has no address.*through a proxy"):
        await fetch("http://example.org/", max_bytes=MIB, lookup=nowhere)

    assert site.asked == []


# --- addresses as they are typed -------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@example.org/",
        "https://me@example.org/",
        "ftp://example.org/",
        "http:///path",
        "http://example.org:22/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://[::1/",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_addresses_that_are_not_fetched_are_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        clean_url(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "known_as"),
    [
        (" HTTPS://Example.ORG ", "https://example.org/"),
        ("http://example.org:80/a#part", "http://example.org/a"),
        ("https://bücher.example/größe", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe"),
        ("http://example.org:8080/?q=a b", "http://example.org:8080/?q=a+b"),
    ],
)
def test_one_page_has_one_address(typed: str, known_as: str) -> None:
    assert clean_url(typed) == known_as
    assert clean_url(known_as) == known_as

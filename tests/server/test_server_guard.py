"""Who may ask, and from where."""

from __future__ import annotations

import pytest

from morgan_core.errors import SettingsError
from morgan_core.server.guard import check_bind
from morgan_core.settings import Settings
from tests.server.conftest import Serve

KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}, {"X-API-Key": KEY}],
)
async def test_a_key_is_taken_in_both_headers(serve: Serve, headers):
    served = await serve(api_key=KEY)

    assert (await served.http.get("/api/library", headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": "ключ"},
    ],
)
@pytest.mark.parametrize("path", ["/api/library", "/api/session", "/unknown"])
async def test_without_the_right_key_everything_is_401(serve: Serve, headers, path):
    served = await serve(api_key=KEY)

    response = await served.http.get(path, headers=headers)

    assert (response.status, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert KEY not in await response.text()


async def test_probes_need_no_key_and_tell_strangers_no_details(serve: Serve):
    served = await serve(api_key=KEY)

    for probe in ("/live", "/ready", "/health"):
        assert (await served.http.get(probe)).status == 200
    stranger = await (await served.http.get("/health")).json()
    owner = await (await served.http.get("/health", headers={"X-API-Key": KEY})).json()

    assert stranger["components"]["library"] == "error"
    assert stranger["remote_hosts"] == []
    assert owner["components"]["library"] == "error: /secret/path is full"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
async def test_without_a_key_a_foreign_host_is_refused(serve: Serve, host):
    served = await serve()

    response = await served.http.get("/api/library", headers={"Host": host})

    assert response.status == 403


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8080"])
async def test_this_machine_is_served_under_all_its_names(serve: Serve, host):
    served = await serve()

    assert (await served.http.get("/api/library", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_without_a_key_a_page_from_elsewhere_is_refused(serve: Serve, headers):
    served = await serve()

    response = await served.http.post("/api/search", json={"query": "x"}, headers=headers)

    assert response.status == 403


async def test_a_page_of_this_address_is_served(serve: Serve):
    served = await serve()

    response = await served.http.post(
        "/api/search", json={"query": "x"}, headers={"Origin": served.listener.url}
    )

    assert response.status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "morgan.example"])
def test_an_open_address_without_a_key_is_refused(host):
    with pytest.raises(SettingsError, match="MORGAN_API_KEY"):
        check_bind(host, Settings())

    check_bind(host, Settings(api_key=KEY))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_key(host):
    check_bind(host, Settings())


async def test_paths_and_settings_are_for_the_socket_only(serve: Serve, tmp_path):
    served = await serve(api_key=KEY)
    headers = {"X-API-Key": KEY}
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    learned = await served.http.post("/api/learn", json={"path": str(secret)}, headers=headers)
    watched = await served.http.post("/api/watches", json={"path": str(tmp_path)}, headers=headers)
    settings = await served.http.get("/api/settings", headers=headers)
    model = await served.http.post("/api/models/use", json={"name": str(secret)}, headers=headers)

    assert (learned.status, watched.status, settings.status, model.status) == (403, 403, 403, 404)
    assert "multipart" in (await learned.json())["details"]["mend"]
    assert served.morgan.library.documents() == []


async def test_the_socket_takes_paths_and_shows_settings(serve: Serve, tmp_path):
    served = await serve(socket=True)
    file = tmp_path / "notes.txt"
    file.write_text("notes")

    learned = await served.http.post("/api/learn", json={"path": str(file)})
    settings = await served.http.get("/api/settings")

    assert (learned.status, settings.status) == (202, 200)
    assert (await settings.json())[0]["name"] == "port"


async def test_the_socket_is_closed_to_other_users(serve: Serve):
    from pathlib import Path

    served = await serve(socket=True)
    socket = Path(served.listener.socket)

    assert socket.stat().st_mode & 0o077 == 0
    assert socket.parent.stat().st_mode & 0o077 == 0


async def test_a_page_of_the_web_may_be_named_over_the_network_and_no_path_as_one(
    serve: Serve, tmp_path
):
    served = await serve(api_key=KEY)
    headers = {"X-API-Key": KEY}
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    async def learn(**body: object) -> tuple[int, str]:
        answer = await served.http.post("/api/learn", json=body, headers=headers)
        return answer.status, (await answer.json())["message"]

    # The fake Morgan fetches nothing: what it is given comes back in its error.
    assert await learn(url="https://example.org/a") == (400, "https:/example.org/a is not a file.")
    for url in (str(secret), f"file://{secret}", ""):
        assert await learn(url=url) == (400, "`url` must begin with http:// or https://.")
    both = await learn(url="https://example.org/", path=str(secret))
    assert both == (400, "Send `url` or `paths`, not both.")
    assert served.morgan.library.documents() == []

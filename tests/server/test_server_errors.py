"""Every failure is ``{error, message, details, request_id}`` with the right status."""

from __future__ import annotations

import pytest

from tests.server.conftest import Serve


async def _problem(response) -> dict:
    body = await response.json()
    assert set(body) == {"error", "message", "details", "request_id"}
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


async def test_an_unknown_route_is_404(serve: Serve):
    served = await serve()

    response = await served.http.get("/nothing/here")

    assert response.status == 404
    assert (await _problem(response))["message"] == "There is no /nothing/here here."


async def test_a_wrong_method_is_405_and_names_the_allowed(serve: Serve):
    served = await serve()

    response = await served.http.get("/api/chat")

    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert (await _problem(response))["details"] == {"allowed": ["POST"]}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/chat", {}, "message"),
        ("/api/chat", {"message": "  "}, "message"),
        ("/api/chat", {"message": 7}, "message"),
        ("/api/chat", {"message": "hi", "turn_id": "../../etc"}, "turn_id"),
        ("/api/chat", {"message": "hi", "temperature": 1}, "temperature"),
        ("/api/chat", {"message": "hi", "scope": {"documents": [3]}}, "scope.documents[0]"),
        ("/api/search", {"limit": 3}, "query"),
        ("/api/search", {"query": "x", "limit": 0}, "limit"),
        ("/api/search", {"query": "x", "limit": 101}, "limit"),
    ],
)
async def test_a_wrong_body_is_400_and_names_the_field(serve: Serve, path, body, field):
    served = await serve()

    response = await served.http.post(path, json=body)

    assert response.status == 400
    problem = await _problem(response)
    assert (problem["error"], problem["details"]["field"]) == ("bad_input", field)
    assert field.split(".")[0] in problem["message"]


async def test_a_body_that_is_not_json_is_400(serve: Serve):
    served = await serve()
    headers = {"Content-Type": "application/json"}

    broken = await served.http.post("/api/chat", data=b"{", headers=headers)
    form = await served.http.post("/api/chat", data={"message": "hi"})

    assert (broken.status, form.status) == (400, 400)
    assert "application/json" in (await _problem(form))["details"]["mend"]


async def test_a_wrong_query_value_is_400_and_names_it(serve: Serve):
    served = await serve()

    response = await served.http.get("/api/conversations?limit=many")

    assert response.status == 400
    assert (await _problem(response))["details"]["field"] == "limit"


async def test_a_body_past_the_limit_is_413(serve: Serve):
    served = await serve()

    response = await served.http.post("/api/chat", json={"message": "x" * 9_000_000})

    assert response.status == 413
    assert (await _problem(response))["error"] == "too_large"


async def test_what_the_core_says_is_passed_on_with_its_status(serve: Serve):
    served = await serve()

    missing = await served.http.get("/api/jobs/nothing")
    failed = await served.http.post("/api/chat", json={"message": "fail"})

    assert missing.status == 404
    assert failed.status == 500
    problem = await _problem(failed)
    assert (problem["error"], problem["details"]) == ("model", {"mend": "Pull it again."})


async def test_an_unexpected_error_shows_nothing_of_the_inside(serve: Serve, caplog):
    served = await serve()

    response = await served.http.post(
        "/api/search", json={"query": "crash"}, headers={"X-Request-ID": "abc-1"}
    )

    assert response.status == 500
    problem = await _problem(response)
    assert (problem["error"], problem["request_id"]) == ("internal", "abc-1")
    assert "secret" not in await response.text()
    assert "secret inner detail" in caplog.text


async def test_a_request_id_that_is_not_plain_is_replaced(serve: Serve):
    served = await serve()

    response = await served.http.get("/live", headers={"X-Request-ID": "a b\tc" * 100})

    assert response.status == 200
    assert len(response.headers["X-Request-ID"]) == 32

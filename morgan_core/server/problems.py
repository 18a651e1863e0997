"""Every failure as ``{error, message, details, request_id}`` with the right status."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from morgan_core.errors import MorganError, Unavailable
from morgan_core.observability.trace import tracing
from morgan_core.server.core import REQUEST_ID, choose_request_id

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its id, and turn what is raised into an answer."""
    request[REQUEST_ID] = choose_request_id(request.headers.get("X-Request-ID"))
    try:
        with tracing(request[REQUEST_ID]):
            return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, error.status, _http_problem(request, error), error.headers)
    except ConnectionError:
        raise  # the client is gone
    except Exception as error:
        status, body = problem(error, request[REQUEST_ID])
        headers = {"Retry-After": "1"} if isinstance(error, Unavailable) else {}
        return _answer(request, status, body, headers)


async def add_request_id(request: web.Request, response: web.StreamResponse) -> None:
    """Signal on_response_prepare: every answer, streams too, echoes X-Request-ID."""
    response.headers["X-Request-ID"] = request.get(REQUEST_ID) or choose_request_id(None)
    response.headers["X-Content-Type-Options"] = "nosniff"


def problem(error: Exception, request_id: str) -> tuple[int, dict[str, Any]]:
    """The status and body for ``error``. What is not a MorganError is logged, not shown."""
    if isinstance(error, MorganError):
        details = {name: _plain(value) for name, value in error.details.items()}
        if error.mend:
            details["mend"] = error.mend
        return error.status, _body(error.code, error.message, details, request_id)
    log.error("request %s failed", request_id, exc_info=error)
    return 500, _body(
        "internal",
        f"Something went wrong inside Morgan. Its log tells more about request {request_id}.",
        {},
        request_id,
    )


def _http_problem(request: web.Request, error: web.HTTPException) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if isinstance(error, web.HTTPMethodNotAllowed):
        code = "method_not_allowed"
        details["allowed"] = sorted(error.allowed_methods)
        message = f"{request.path} does not take {request.method}."
    elif error.status == 404:
        code, message = "not_found", f"There is no {request.path} here."
    elif isinstance(error, web.HTTPRequestEntityTooLarge):
        code, message = "too_large", "The body of the request is too large."
    else:
        code = HTTPStatus(error.status).name.lower()
        message = error.reason or HTTPStatus(error.status).phrase
    return _body(code, message, details, request[REQUEST_ID])


def _body(code: str, message: str, details: dict[str, Any], request_id: str) -> dict[str, Any]:
    return {"error": code, "message": message, "details": details, "request_id": request_id}


def _answer(
    request: web.Request, status: int, body: dict[str, Any], headers: Any
) -> web.StreamResponse:
    response = web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json"
    )
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in headers:
            response.headers[name] = headers[name]
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _plain(value: Any) -> Any:
    try:
        return msgspec.to_builtins(value)
    except TypeError:
        return str(value)

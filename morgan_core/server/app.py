"""The aiohttp application."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from morgan_core.assistant import Morgan
from morgan_core.server.bodies import MAX_BODY
from morgan_core.server.core import CORE, Core
from morgan_core.server.guard import guard, wait_ready
from morgan_core.server.problems import add_request_id, answer_errors
from morgan_core.server.routes import chat, conversations, library, models, node
from morgan_core.server.state import ServerState
from morgan_core.settings import Settings


def make_app(
    morgan: Morgan,
    settings: Settings,
    *,
    trusted: bool,
    uploads: Path,
    state: ServerState | None = None,
    token: str = "",
) -> web.Application:
    """The application that serves ``morgan``.

    ``trusted`` opens free paths and settings: for the owner's own socket only. ``token`` is the
    secret of a trusted application on loopback; other applications ask for
    ``settings.api_key`` when it is set. Uploads are stored below ``uploads``. ``state`` is
    shared by the applications of one core.
    """
    if trusted:
        keys = (token,) if token else ()
    else:
        keys = (settings.api_key.get_secret_value(),) if settings.api_key else ()
    app = web.Application(middlewares=[answer_errors, guard, wait_ready], client_max_size=MAX_BODY)
    app[CORE] = Core(
        morgan=morgan,
        settings=settings,
        state=state or ServerState(),
        trusted=trusted,
        keys=keys,
        uploads=uploads,
    )
    app.on_response_prepare.append(add_request_id)
    for part in (node, chat, library, conversations, models):
        app.add_routes(part.routes)
    return app

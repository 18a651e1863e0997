"""A Qdrant server for tests: the REST calls that Morgan makes, on qdrant-client's local engine.

Every body is read with Qdrant's own models, which forbid unknown fields, so that a request that
a real server would refuse is refused here.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import TypeAdapter, ValidationError
from qdrant_client import AsyncQdrantClient, models


class WireQdrant:
    """``start()`` serves; ``url`` is its address; ``calls`` the paths that were asked for."""

    def __init__(self, *, api_key: str = "") -> None:
        self.calls: list[str] = []
        self.indexes: dict[str, dict[str, models.PayloadIndexInfo]] = {}
        self._key = api_key
        self._engine = AsyncQdrantClient(":memory:")
        self._server = TestServer(self._application())

    @property
    def url(self) -> str:
        return str(self._server.make_url(""))

    async def start(self) -> None:
        await self._server.start_server()

    async def close(self) -> None:
        await self._server.close()
        await self._engine.close()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=64 * 2**20)
        one = "/collections/{name}"
        app.add_routes(
            [
                web.get("/aliases", self._aliases),
                web.post("/collections/aliases", self._change_aliases),
                web.get(one + "/exists", self._exists),
                web.get(one, self._info),
                web.put(one, self._create),
                web.delete(one, self._drop),
                web.put(one + "/index", self._index),
                web.put(one + "/points", self._upsert),
                web.post(one + "/points", self._retrieve),
                web.put(one + "/points/vectors", self._update_vectors),
                web.post(one + "/points/payload", self._set_payload),
                web.post(one + "/points/delete", self._delete),
                web.post(one + "/points/scroll", self._scroll),
                web.post(one + "/points/count", self._count),
                web.post(one + "/points/query/batch", self._query),
                web.post(one + "/facet", self._facet),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        if self._key and request.headers.get("api-key") != self._key:
            return web.json_response({"status": {"error": "Invalid API key"}}, status=401)
        writes = request.method == "PUT" or request.path.endswith(("/payload", "/delete"))
        if "/points" in request.path and writes and request.query.get("wait") != "true":
            return web.json_response({"status": {"error": "not acknowledged"}}, status=400)
        try:
            result = await handler(request)
        except ValidationError as error:
            return web.json_response({"status": {"error": str(error)}}, status=400)
        except (KeyError, ValueError) as error:
            return web.json_response({"status": {"error": repr(error)}}, status=404)
        plain = TypeAdapter(Any).dump_python(result, mode="json")
        return web.json_response({"result": plain, "status": "ok", "time": 0.001})

    async def _read(self, request: web.Request, kind: Any) -> Any:
        return TypeAdapter(kind).validate_json(await request.read())

    # --- collections ---------------------------------------------------------------------

    async def _aliases(self, request: web.Request) -> Any:
        return await self._engine.get_aliases()

    async def _change_aliases(self, request: web.Request) -> Any:
        change = await self._read(request, models.ChangeAliasesOperation)
        return await self._engine.update_collection_aliases(change.actions)

    async def _exists(self, request: web.Request) -> Any:
        return {"exists": await self._engine.collection_exists(request.match_info["name"])}

    async def _info(self, request: web.Request) -> Any:
        info = await self._engine.get_collection(request.match_info["name"])
        info.payload_schema = self.indexes.get(request.match_info["name"], {})
        return info

    async def _create(self, request: web.Request) -> Any:
        body = await self._read(request, models.CreateCollection)
        return await self._engine.create_collection(
            request.match_info["name"],
            vectors_config=body.vectors,
            sparse_vectors_config=body.sparse_vectors,
        )

    async def _drop(self, request: web.Request) -> Any:
        return await self._engine.delete_collection(request.match_info["name"])

    async def _index(self, request: web.Request) -> Any:
        body = await self._read(request, models.CreateFieldIndex)
        info = models.PayloadIndexInfo(data_type=body.field_schema, points=0)
        self.indexes.setdefault(request.match_info["name"], {})[body.field_name] = info
        return _acknowledged()

    # --- points --------------------------------------------------------------------------

    async def _upsert(self, request: web.Request) -> Any:
        body = await self._read(request, models.PointsList)
        await self._engine.upsert(request.match_info["name"], body.points)
        return _acknowledged()

    async def _retrieve(self, request: web.Request) -> Any:
        body = await self._read(request, models.PointRequest)
        return await self._engine.retrieve(
            request.match_info["name"],
            body.ids,
            with_payload=body.with_payload or False,
            with_vectors=body.with_vector or False,
        )

    async def _update_vectors(self, request: web.Request) -> Any:
        body = await self._read(request, models.UpdateVectors)
        await self._engine.update_vectors(request.match_info["name"], body.points)
        return _acknowledged()

    async def _set_payload(self, request: web.Request) -> Any:
        body = await self._read(request, models.SetPayload)
        points = body.points if body.points is not None else body.filter
        await self._engine.set_payload(request.match_info["name"], body.payload, points)
        return _acknowledged()

    async def _delete(self, request: web.Request) -> Any:
        body = await self._read(request, models.FilterSelector)
        await self._engine.delete(request.match_info["name"], body)
        return _acknowledged()

    async def _scroll(self, request: web.Request) -> Any:
        body = await self._read(request, models.ScrollRequest)
        points, following = await self._engine.scroll(
            request.match_info["name"],
            scroll_filter=body.filter,
            limit=body.limit or 10,
            offset=body.offset,
            with_payload=body.with_payload if body.with_payload is not None else True,
        )
        return {"points": points, "next_page_offset": following}

    async def _count(self, request: web.Request) -> Any:
        body = await self._read(request, models.CountRequest)
        return await self._engine.count(request.match_info["name"], body.filter, body.exact or True)

    async def _query(self, request: web.Request) -> Any:
        body = await self._read(request, models.QueryRequestBatch)
        return await self._engine.query_batch_points(request.match_info["name"], body.searches)

    async def _facet(self, request: web.Request) -> Any:
        body = await self._read(request, models.FacetRequest)
        name = request.match_info["name"]
        if body.key not in self.indexes.get(name, {}):
            raise ValueError(f"no index on {body.key}")
        return await self._engine.facet(name, body.key, body.filter, body.limit or 10)


def _acknowledged() -> models.UpdateResult:
    return models.UpdateResult(operation_id=1, status=models.UpdateStatus.COMPLETED)

"""Finished responses: the body as JSON, its entity tag, and the headers of a response behind a secret address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from ungdom.store.schema.access import AccessKind
from ungdom.workflow.redaction import Knowledge

JSON = "application/json"

PRIVATE_HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""For addresses that are secrets: no cache keeps the response, and no browser sends the address to another site."""


@dataclass(frozen=True, slots=True)
class AccessNote:
    """What the access log says of an answer beside whose data it contains.

    `kind`: None where the method of the request says it. `criteria` and `hits`: of a search, the names of the fields
    searched by and the number of persons found. `knowledge`: what the reader may learn; None: of every case the same.
    `named`: cases in a body in which no id can be read. `loaded`: the cases that were read in the transaction of this
    answer, each with the record of its person.
    """

    kind: AccessKind | None = None
    criteria: str | None = None
    hits: int | None = None
    knowledge: Knowledge | None = None
    named: frozenset[UUID] = frozenset()
    loaded: Mapping[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A finished response: status, body, and the headers that belong to it.

    `stored_body`: the body that is stored for a repeated request, where the body itself must not be in the database.
    `access`: what the access log says of it.
    """

    status: int
    body: bytes
    headers: dict[str, str]
    stored_body: bytes | None = None
    media_type: str = JSON
    access: AccessNote = AccessNote()

    def to_http(self, replayed: bool = False) -> Response:
        """The response as it is sent. `replayed`: stored for an earlier request with the same idempotency key."""
        replay_header = {"Idempotency-Replayed": "true"} if replayed else {}
        headers = {"Cache-Control": "no-store", **self.headers, **replay_header}
        return Response(self.body, self.status, headers, self.media_type if self.body else None)


def json_response(body: BaseModel, status: int = 200, **headers: str) -> ApiResponse:
    """The response with this body, aliases as names."""
    return ApiResponse(status, body.model_dump_json(by_alias=True).encode(), headers)


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'

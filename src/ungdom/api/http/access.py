"""The access log as the interface writes it: who is given which persons' data in an answer, before it leaves."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import NoneType
from typing import Any, get_args
from uuid import UUID

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Scope

from ungdom.api.http.authorisation import SAFE_METHODS
from ungdom.api.http.responses import AccessNote
from ungdom.api.http.tokens import Principal
from ungdom.store.access_content import AccessEntry
from ungdom.store.access_log import Access
from ungdom.store.ids import uuid7
from ungdom.store.schema.access import AccessKind
from ungdom.workflow import redaction
from ungdom.workflow.redaction.kinds import matters_of_answer
from ungdom.workflow.rules.access import AccessPurpose, purpose_of
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.rules.sharing import Matter

_ID = re.compile(rb"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BEFORE = 8
"""Characters of an id before its first hyphen; the pattern begins with a fixed character, by which it is fast."""
ID_LENGTH = 36

PSEUDONYMOUS = ("/v1/extracts/{name}", "/v1/extracts/jobs/{job_id}/files/{file:path}")
"""Routes that give rows under pseudonyms: the log of downloads says which rows, the access log that they were given."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is given an answer: the viewer, the system they use, and the organisation that its token was made for.

    `purpose`: why; None where it follows from the role.
    """

    viewer: Viewer
    system: str
    organisation: str | None = None
    purpose: AccessPurpose | None = None

    @classmethod
    def of(cls, principal: Principal) -> "Reader":
        """The reader of a token."""
        return cls(principal.viewer, principal.source, principal.organisation)


def digits_in(text: bytes) -> set[str]:
    """Every id that stands in it, as its 32 hexadecimal digits."""
    places = [match.start() - _BEFORE for match in _ID.finditer(text)]
    candidates = {text[place : place + ID_LENGTH] for place in places if place >= 0}
    ids = [text for text in candidates if not text[:_BEFORE].translate(None, b"0123456789abcdef")]
    return {text.replace(b"-", b"").decode("ascii") for text in ids}


def ids_in(text: bytes) -> set[UUID]:
    """Every id that stands in it."""
    return {UUID(digits) for digits in digits_in(text)}


def ids_in_address(path: str) -> set[UUID]:
    """Every id that is a part of the path, in each spelling that a route takes: any case, with and without hyphens."""
    ids: set[UUID] = set()
    for part in path.split("/"):
        with suppress(ValueError):
            ids.add(UUID(part))
    return ids


def digits_of(scope: Scope, body: bytes) -> set[str]:
    """Every id in the address and in the body of an answer: what the request is about, and what else is shown.

    Each as its 32 hexadecimal digits: a list shows hundreds.
    """
    return {id.hex for id in ids_in_address(scope["path"])} | digits_in(body)


def access_of(
    scope: Scope, reader: Reader, at: datetime, note: AccessNote, entries: tuple[AccessEntry, ...]
) -> Access | None:
    """What is to be written of an answer; None for one that contains nobody's data and is no search."""
    route: APIRoute = scope["route"]
    if not entries and note.criteria is None and route.path not in PSEUDONYMOUS:
        return None
    viewer, method = reader.viewer, scope["method"]
    return Access(
        access_id=uuid7(at),
        at=at,
        kind=note.kind or (AccessKind.READ if method in SAFE_METHODS else AccessKind.WRITTEN),
        subject=viewer.subject,
        role=viewer.role,
        konfliktrad=viewer.konfliktrad,
        system=reader.system,
        organisation=reader.organisation,
        route=f"{method} {route.path}",
        matters=_matters(route.path, route.response_model, note),
        purpose=reader.purpose or purpose_of(viewer),
        criteria=note.criteria,
        hits=note.hits,
        entries=entries,
    )


def _matters(path: str, model: Any, note: AccessNote) -> tuple[Matter, ...]:
    """The kinds of data in the answer, in the order of `Matter`.

    Of an answer whose rows each have a matter of their own, and no field that the reader may learn by itself: all that
    the reader may learn.
    """
    shown = _matters_of_model(path, model)
    if note.knowledge is None:
        return tuple(matter for matter in Matter if matter in shown)
    learnt = tuple(matter for matter in Matter if redaction.may_learn(note.knowledge, matter))
    return tuple(matter for matter in learnt if matter in shown) or learnt


@lru_cache(maxsize=1_000)
def _matters_of_model(path: str, model: Any) -> frozenset[Matter]:
    return matters_of_answer(path, {*_schemas_in(model)})


def _schemas_in(annotation: Any) -> Iterator[str]:
    """The names of all schemas in an annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation.__name__
        for field in annotation.model_fields.values():
            yield from _schemas_in(field.annotation)
    for inner in get_args(annotation):
        if inner is not NoneType:
            yield from _schemas_in(inner)

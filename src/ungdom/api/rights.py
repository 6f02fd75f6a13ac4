"""What the views of consents, breaches and complaints have in common: who reads them, and how they answer."""

from collections.abc import Callable
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import answer, instant, read_case
from ungdom.api.deps import Answer, Call
from ungdom.casework import Read
from ungdom.store.session import Connection
from ungdom.workflow.permissions import may_read_rights


def shown(call: Call, case_id: UUID, as_of: i.AsOf, view: Callable[[Read, s.AsOfOut], BaseModel]) -> Response:
    """The view of the case as the request asks for it, for the roles that learn of the youth."""
    known = instant(as_of.known_at)

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        return answer(view(read, s.AsOfOut(on=read.on, known_at=known)), ETag=views.etag(read.stored.version))

    return call.read(asked, may=may_read_rights)

"""What the views of consents, breaches and complaints have in common: who reads them, and how they answer."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from ungdom.api import inputs as i
from ungdom.api import schemas as s
from ungdom.api import views
from ungdom.api.cases import answer, instant, read_case
from ungdom.api.deps import Answer, Call
from ungdom.casework import NotVisible, Read
from ungdom.store.session import Connection
from ungdom.workflow.permissions import Fact


def shown(call: Call, case_id: UUID, as_of: i.AsOf, view: Callable[[Read, s.AsOfOut], BaseModel]) -> Response:
    """The view of the case as the request asks for it; as good as not there for those who learn nothing of the youth.

    A member of the team is told in the team view what may be shared with them, and no more (krl §§ 9, 22 c).
    """
    known: datetime | None = instant(as_of.known_at)

    def asked(tx: Connection) -> Answer:
        read = read_case(tx, call, case_id, as_of)
        if Fact.PERSON not in read.learns:
            raise NotVisible
        return answer(view(read, s.AsOfOut(on=read.on, known_at=known)), ETag=views.etag(read.stored.version))

    return call.read(asked)

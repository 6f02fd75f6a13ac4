"""A case on a day, and what the viewer may learn of its plan, meetings and restorative track."""

from dataclasses import dataclass
from uuid import UUID

from ungdom.api.http import inputs as i
from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import RequestContext
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import instant
from ungdom.cases import CaseView
from ungdom.store.session import Connection
from ungdom.workflow import redaction
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.sharing import Matter
from ungdom.workflow.views import viewer_access


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """A case on a day, the agency of the viewer in it, and the matters that the viewer may learn today."""

    read: CaseView
    agency: Attendee | None
    categories: frozenset[Matter]
    as_of: AsOfOut

    @property
    def is_office(self) -> bool:
        """Whether the viewer works with the case: konfliktråd or secretariat."""
        return self.agency is Attendee.KONFLIKTRAD

    @property
    def may_name_providers(self) -> bool:
        """Whether a provider with a place may be named to the viewer."""
        return redaction.may_name_providers(self.read, self.read.stored.protection)


def case_access(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseAccess:
    """The case, and what the viewer may learn by the consents of today, whatever day the query names."""
    read = read_case(tx, context, case_id, as_of)
    viewer = context.recorder.viewer
    asked_now = as_of.valid_at is None and as_of.known_at is None
    now = read if asked_now else read_case(tx, context, case_id, i.AsOf())
    categories = frozenset(
        matter for matter in Matter if viewer_access.viewer_may_learn(viewer, now.case, matter, now.on)
    )
    as_of_out = AsOfOut(on=read.on, known_at=instant(as_of.known_at))
    return CaseAccess(read, viewer_access.agency_of(viewer, now.case), categories, as_of_out)


def office_access(read: CaseView, then: AsOfOut) -> CaseAccess:
    """The case for a viewer of the office, who may learn all matters."""
    return CaseAccess(read, Attendee.KONFLIKTRAD, frozenset(Matter), then)

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
from ungdom.workflow.rules.sharing import Matter


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """A case on a day, and the matters that the viewer may learn today, whatever day the query names."""

    read: CaseView
    categories: frozenset[Matter]
    as_of: AsOfOut

    @property
    def may_name_providers(self) -> bool:
        """Whether a provider with a place may be named to the viewer."""
        return redaction.may_name_providers(self.read, self.read.stored.protection)


def case_access(tx: Connection, context: RequestContext, case_id: UUID, as_of: i.AsOf) -> CaseAccess:
    """The case, and what the viewer may learn of it."""
    read = read_case(tx, context, case_id, as_of)
    return access_of(read, AsOfOut(on=read.on, known_at=instant(as_of.known_at)))


def access_of(read: CaseView, then: AsOfOut) -> CaseAccess:
    """What the reader of this view may learn of the plan, the meetings and the restorative track."""
    return CaseAccess(read, frozenset(matter for matter in Matter if read.may_learn(matter)), then)

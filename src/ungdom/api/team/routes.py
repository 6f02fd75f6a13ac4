"""The follow-up team of a case: members, mandatory seats, and what may be shared with each."""

from uuid import UUID

from fastapi import APIRouter, Response

from ungdom.api.http.case_reading import read_case
from ungdom.api.http.context import ReadContext
from ungdom.api.http.redact import case_answer
from ungdom.api.http.responses import ApiResponse
from ungdom.api.http.schemas import AsOfOut
from ungdom.api.http.time_travel import AsOfParams, instant
from ungdom.api.team.present import team_out
from ungdom.api.team.schemas import TeamOut
from ungdom.cases import CaseView
from ungdom.store import coordination_groups
from ungdom.store.coordination_groups import StandingContact
from ungdom.store.session import Connection
from ungdom.workflow.rules import coordination_group
from ungdom.workflow.vocabulary import Protection

router = APIRouter(tags=["cases"])


@router.get("/v1/cases/{case_id}/team", response_model=TeamOut, summary="The team, and what each may be told")
def get_team(context: ReadContext, case_id: UUID, as_of: AsOfParams) -> Response:
    """Members now and before, what may be shared with each and why not, and who must be there by law.

    Before a team is due: the standing contacts of the coordination group, who are notified of delay.
    """

    def operation(tx: Connection) -> ApiResponse:
        read = read_case(tx, context, case_id, as_of)
        then = AsOfOut(on=read.on, known_at=instant(as_of.known_at))
        return case_answer(team_out(read, _group(tx, read), context.recorder.viewer, then, context.language), read)

    return context.read(operation)


def _group(tx: Connection, read: CaseView) -> list[StandingContact]:
    """The standing contacts for the case, while they stand in for a team. frl § 10-4."""
    if read.stored.protection is not Protection.NONE or not coordination_group.applies(read.case, read.on):
        return []
    office = read.case.konfliktrad
    return coordination_groups.contacts_of(tx, [office]).get(office, [])

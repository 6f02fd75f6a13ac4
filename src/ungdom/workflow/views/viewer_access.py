"""The agency in whose place a viewer sees a case, and which matters they may learn: `sharing` applied to a viewer."""

from datetime import date

from ungdom.workflow.case import Case
from ungdom.workflow.derived import team
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Viewer
from ungdom.workflow.rules.sharing import Matter, may_learn
from ungdom.workflow.vocabulary import Role


def agency_of(viewer: Viewer, case: Case) -> Attendee | None:
    """The agency as which a viewer sees a case they may see. For a member of the team: that of their membership.

    None for a viewer with no part in this case. Secretariat and konfliktråd are one agency: krl § 3.
    """
    if viewer.role in OF_THE_OFFICE | NATIONAL:
        return Attendee.KONFLIKTRAD
    if viewer.role is Role.PROSECUTION:
        return Attendee.PROSECUTION
    return next((member.agency for member in team.present(case) if member.member == viewer.subject), None)


def viewer_may_learn(viewer: Viewer, case: Case, matter: Matter, day: date) -> bool:
    """Whether a viewer who may see the case may learn this matter on that day. krl §§ 22 c, 26; fvl § 13 b."""
    agency = agency_of(viewer, case)
    return agency is not None and may_learn(case, agency, matter, day).allowed

"""Recipients of an alert: the people in each audience of a clock on a given day.

The coordinator is whoever the case is assigned to, while they work at the office that has it and may see the case;
otherwise its leaders. Nobody is notified of a case that they may not see.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from ungdom.store import case_queries, contacts, reference
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.store.notices import NoticeWithCase
from ungdom.store.reference import Staff
from ungdom.store.session import Connection
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import redaction
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.rules.escalation import Audience
from ungdom.workflow.rules.permissions import OF_THE_OFFICE, Viewer
from ungdom.workflow.vocabulary import EventType, Role

ANSWERED_ELSEWHERE = "transfer_accept"
"""The clock that an office other than the one with the case has to stop."""
SYSTEM = "system:"
"""Prefix of the subject of a system, which is on no staff list."""


@dataclass(slots=True)
class RecipientDirectory:
    """Staff on a day, and which of some cases they may see; looked up once for many messages."""

    tx: Connection
    cases: dict[UUID, CaseCurrentRow]
    teams: dict[UUID, list[str]]
    staff: dict[str, Staff]
    secretariat: list[str]
    day: date
    _seen: dict[Viewer, frozenset[UUID]] = field(default_factory=dict)
    _known: dict[Viewer, dict[UUID, ViewerKnowledge]] = field(default_factory=dict)

    def can_see(self, viewer: Viewer, case_id: UUID) -> bool:
        """Whether this viewer may see the case in its current state."""
        if viewer not in self._seen:
            self._seen[viewer] = case_queries.visible_case_ids(self.tx, viewer, list(self.cases))
        return case_id in self._seen[viewer]

    def may_learn_alert(self, viewer: Viewer, case_id: UUID, code: str) -> bool:
        """Whether this viewer may see the case and learn that this deadline of it is near or passed."""
        knowledge = self._knowledge(viewer, case_id)
        return knowledge is not None and redaction.may_learn_alert(knowledge, code)

    def may_learn_event(self, viewer: Viewer, case_id: UUID, kind: EventType) -> bool:
        """Whether this viewer may see the case and learn that an event of this type happened in it."""
        knowledge = self._knowledge(viewer, case_id)
        return knowledge is not None and redaction.may_learn_event(knowledge, kind)

    def _knowledge(self, viewer: Viewer, case_id: UUID) -> ViewerKnowledge | None:
        if not self.can_see(viewer, case_id):
            return None
        if viewer not in self._known:
            self._known[viewer] = knowledge_of(self.tx, viewer, self._seen[viewer], self.day)
        return self._known[viewer].get(case_id)

    def still_works(self, viewer: Viewer) -> bool:
        """Whether an employee of an office still works there; True for roles without a staff list."""
        if viewer.role not in OF_THE_OFFICE or viewer.subject.startswith(SYSTEM):
            return True
        employee = self.staff.get(viewer.subject)
        return employee is not None and (employee.role, employee.konfliktrad) == (viewer.role, viewer.konfliktrad)

    def recipients(self, case_id: UUID, audience: Iterable[Audience], code: str) -> list[Viewer]:
        """The members of these audiences who may learn of this clock of the case, each once.

        For a transfer that awaits an answer, the leaders of the office that has to answer as well.
        """
        case = self.cases.get(case_id)
        if case is None:
            return []
        viewers = {viewer.subject: viewer for group in audience for viewer in self._members_of(case, group)}
        if code == ANSWERED_ELSEWHERE:
            viewers |= {viewer.subject: viewer for viewer in self._leaders(case.transfer_to)}
        return [viewer for viewer in viewers.values() if self.may_learn_alert(viewer, case_id, code)]

    def _members_of(self, case: CaseCurrentRow, audience: Audience) -> Iterator[Viewer]:
        match audience:
            case Audience.COORDINATOR:
                yield from self._coordinator(case)
            case Audience.LEADER:
                yield from self._leaders(case.konfliktrad)
            case Audience.TEAM:
                yield from (Viewer(Role.TEAM_MEMBER, member, None) for member in self.teams.get(case.case_id, ()))
            case Audience.SECRETARIAT:
                yield from (Viewer(Role.SECRETARIAT, subject, None) for subject in self.secretariat)

    def _coordinator(self, case: CaseCurrentRow) -> Iterator[Viewer]:
        employee = self.staff.get(case.coordinator or "")
        assigned = _viewer(employee) if employee is not None and employee.konfliktrad == case.konfliktrad else None
        if assigned is not None and self.can_see(assigned, case.case_id):
            yield assigned
        else:
            yield from self._leaders(case.konfliktrad)

    def _leaders(self, konfliktrad: str | None) -> Iterator[Viewer]:
        here = (member for member in self.staff.values() if member.konfliktrad == konfliktrad)
        return (_viewer(member) for member in here if member.role is Role.LEADER)


def recipient_directory(tx: Connection, case_ids: Sequence[UUID], day: date) -> RecipientDirectory:
    """The directory of that day for these cases."""
    staff = {member.subject: member for member in reference.all_staff(tx, day)}
    national = [member.subject for member in staff.values() if member.role is Role.SECRETARIAT]
    secretariat = sorted({*national, *contacts.in_role(tx, Role.SECRETARIAT)})
    return RecipientDirectory(
        tx, case_queries.read_cases(tx, case_ids), case_queries.teams_of(tx, case_ids), staff, secretariat, day
    )


def learnt_notices(tx: Connection, notices: Sequence[NoticeWithCase], day: date) -> list[NoticeWithCase]:
    """Those of these notices whose clock their recipient, who may see the case, may learn of on that day."""
    viewers = {item.notice.viewer for item in notices}
    known = {
        viewer: knowledge_of(tx, viewer, {item.notice.case_id for item in notices if item.notice.viewer == viewer}, day)
        for viewer in viewers
    }
    learnt = ((item, known[item.notice.viewer].get(item.notice.case_id)) for item in notices)
    return [
        item
        for item, knowledge in learnt
        if knowledge is not None and redaction.may_learn_alert(knowledge, item.notice.code)
    ]


def _viewer(employee: Staff) -> Viewer:
    return Viewer(employee.role, employee.subject, employee.konfliktrad)

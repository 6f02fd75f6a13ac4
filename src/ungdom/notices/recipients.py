"""Recipients of an alert: the people in each audience of a clock on a given day, without standing contacts.

The coordinator is whoever the case is assigned to, while they work at the office that has it and may see the case;
otherwise its leaders. For somebody who is absent that day, the substitute is notified. Nobody is notified of a case
that they may not see. `group_notices` has the standing contacts of the coordination group, who are notified of a case
without seeing it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from ungdom.store import case_queries
from ungdom.store import staff as staff_store
from ungdom.store.case_queries import CaseCurrentRow
from ungdom.store.notices import NoticeWithCase, UserNotice
from ungdom.store.replaying import readable_cases
from ungdom.store.session import Connection
from ungdom.store.staff import Staff
from ungdom.store.viewer_knowledge import knowledge_of
from ungdom.workflow import redaction
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.rules import coordination_group
from ungdom.workflow.rules.escalation import Audience
from ungdom.workflow.rules.permissions import NATIONAL, OF_THE_OFFICE, Viewer, is_staff
from ungdom.workflow.vocabulary import EventType, Role

ANSWERED_ELSEWHERE = "transfer_accept"
"""The clock that an office other than the one with the case has to stop."""


@dataclass(slots=True)
class RecipientDirectory:
    """Staff on a day, and which of some cases they may see; looked up once for many messages.

    `substitutes`: by the subject of who is absent that day, who stands in; None: nobody.
    """

    tx: Connection
    cases: dict[UUID, CaseCurrentRow]
    teams: dict[UUID, list[str]]
    staff: dict[str, Staff]
    secretariat: list[str]
    substitutes: dict[str, str | None]
    day: date
    _seen: dict[Viewer, frozenset[UUID]] = field(default_factory=dict)
    _known: dict[Viewer, dict[UUID, ViewerKnowledge | None]] = field(default_factory=dict)

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
        known = self._known.setdefault(viewer, {})
        if case_id not in known:
            known |= self._looked_up(viewer, case_id)
        return known[case_id]

    def _looked_up(self, viewer: Viewer, case_id: UUID) -> dict[UUID, ViewerKnowledge | None]:
        """What the viewer may learn: of the office of every case at once, of others of this one, if it can be read."""
        if viewer.role in OF_THE_OFFICE | NATIONAL:
            return {**knowledge_of(self.tx, viewer, self._seen[viewer], self.day)}
        return {case_id: knowledge_of(self.tx, viewer, [case_id], self.day).get(case_id)}

    def still_works(self, viewer: Viewer) -> bool:
        """Whether a member of staff is in service; True for roles without service."""
        employee = self.staff.get(viewer.subject)
        return not is_staff(viewer) or (employee is not None and employee.serves_as(viewer))

    def recipients(self, case_id: UUID, audience: Iterable[Audience], code: str) -> list[Viewer]:
        """The members of these audiences who may learn of this clock of the case, each once.

        For a transfer that awaits an answer, the leaders of the office that has to answer as well.
        """
        case = self.cases.get(case_id)
        if case is None:
            return []
        viewers = {viewer.subject: viewer for group in audience for viewer in self._members_of(case, group)}
        if code == ANSWERED_ELSEWHERE:
            viewers |= {viewer.subject: viewer for viewer in self._leaders(case, case.transfer_to)}
        return [viewer for viewer in viewers.values() if self.may_learn_alert(viewer, case_id, code)]

    def leaders(self, case_id: UUID) -> list[Viewer]:
        """The leaders of the office that has the case, or who stands in for one who is absent, each once."""
        case = self.cases[case_id]
        return list({viewer.subject: viewer for viewer in self._leaders(case, case.konfliktrad)}.values())

    def _members_of(self, case: CaseCurrentRow, audience: Audience) -> Iterator[Viewer]:
        match audience:
            case Audience.COORDINATOR:
                yield from self._coordinator(case)
            case Audience.LEADER:
                yield from self._leaders(case, case.konfliktrad)
            case Audience.TEAM:
                yield from (Viewer(Role.TEAM_MEMBER, member, None) for member in self._team(case.case_id))
            case Audience.SECRETARIAT:
                yield from (Viewer(Role.SECRETARIAT, subject, None) for subject in self.secretariat)
            case Audience.AUTHORITY | Audience.GROUP:
                pass  # `group_notices`

    def _team(self, case_id: UUID) -> list[str]:
        members = self.teams.get(case_id, [])
        cases = readable_cases(self.tx, [case_id]) if members else []
        notified = {member for _, case in cases for member in coordination_group.members_notified(case, self.day)}
        return [member for member in members if member in notified]

    def _coordinator(self, case: CaseCurrentRow) -> Iterator[Viewer]:
        present = self._present(case.coordinator, case.konfliktrad)
        if present is not None and self.can_see(present, case.case_id):
            yield present
        else:
            yield from self._leaders(case, case.konfliktrad)

    def _leaders(self, case: CaseCurrentRow, konfliktrad: str | None) -> Iterator[Viewer]:
        """The leaders; for one who is absent the substitute, and without one who works and may see it, the leader."""
        here = (member for member in self.staff.values() if member.konfliktrad == konfliktrad)
        for leader in (member for member in here if Role.LEADER in member.roles):
            present = self._present(leader.subject, konfliktrad)
            sees = present is not None and self.can_see(present, case.case_id)
            yield present if present and sees else Viewer(Role.LEADER, leader.subject, konfliktrad)

    def _present(self, subject: str | None, konfliktrad: str | None) -> Viewer | None:
        """Who works that day in the place of this person: themselves, or the substitute while they are absent."""
        present = self.substitutes.get(subject, subject) if subject else None
        employee = self.staff.get(present or "")
        away = present != subject and present in self.substitutes
        return employee.viewer if employee and employee.konfliktrad == konfliktrad and not away else None


def recipient_directory(tx: Connection, case_ids: Sequence[UUID], day: date) -> RecipientDirectory:
    """The directory of that day for these cases."""
    staff = {member.subject: member for member in staff_store.all_staff(tx, day)}
    secretariat = sorted(member.subject for member in staff.values() if Role.SECRETARIAT in member.roles)
    cases, teams = case_queries.read_cases(tx, case_ids), case_queries.teams_of(tx, case_ids)
    return RecipientDirectory(tx, cases, teams, staff, secretariat, staff_store.substitutes_on(tx, day), day)


def learnt_notices(tx: Connection, notices: Sequence[NoticeWithCase], day: date) -> list[NoticeWithCase]:
    """Those of these notices whose clock their recipient may learn of on that day.

    What a standing contact is notified of, without seeing the case, is decided in `group_notices`.
    """
    known: dict[Viewer, dict[UUID, ViewerKnowledge]] = {}
    for viewer in {item.notice.viewer for item in notices}:
        theirs = {item.notice.case_id for item in notices if item.notice.viewer == viewer}
        known[viewer] = knowledge_of(tx, viewer, theirs, day)
    return [item for item in notices if _is_learnt(item.notice, known[item.notice.viewer].get(item.notice.case_id))]


def _is_learnt(notice: UserNotice, knowledge: ViewerKnowledge | None) -> bool:
    if notice.of_emergency:
        return True
    as_contact = notice.agency is not None and notice.reason is None
    return as_contact or (knowledge is not None and redaction.may_learn_alert(knowledge, notice.code))

"""A case goes to another konfliktråd, told over HTTP: in every state, and who sees it when. krl § 13."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select

from tests.service import Client, Service
from tests.stories.places import OFFICE, brought
from ungdom.alerts.sweep import sweep
from ungdom.notices.recipients import recipient_directory
from ungdom.store import case_queries
from ungdom.store.schema.cases import case_current
from ungdom.workflow.rules.escalation import Audience
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.table import WITH_THE_OFFICE
from ungdom.workflow.vocabulary import Role, State
from ungdom.worklist import agenda

NEW = "vest"


class Place(NamedTuple):
    """How a case comes to a state: a road, how far along it, and what comes after."""

    road: str
    until: str
    more: tuple[str, ...] = ()


TALKED = "2025-03-25 breach_talk_held {consequences_explained: true, conditions: [reporting]}"
T = State
PLACES: dict[str, dict[State, Place]] = {
    "youth_sanction": {
        T.RECEIVED: Place("S R2", "received"),
        T.PREPARING: Place("S R2", "assigned"),
        T.INTERIM_CONDITIONS: Place("S R2 interim", "assigned"),
        T.POSTPONED: Place("S R2", "assigned", ("2025-05-20 postponed {reason: health}",)),
        T.EXECUTING: Place("S R2", "plan_meeting_held"),
        T.ELECTRONIC_CONTROL: Place("S R2", "electronic_control_ordered"),
        T.BREACH_TALK: Place("S R2", "breach_talk_ordered"),
        T.TIGHTENED: Place("S R2", "breach_talk_held"),
        T.INTERRUPTED: Place(
            "S R2",
            "plan_meeting_held",
            (
                "2025-07-01 youth_heard {about: [interruption], how: spoken}",
                "2025-07-01 interrupted {reason: health}",
            ),
        ),
        T.REFERRED: Place("S R2", "referred_for_breach"),
        T.BREACH_IN_COURT: Place("S R2", "petition_sent"),
        T.TERM_EXPIRED: Place("S R2", "referred_for_breach", ("2026-06-03 term_expired",)),
    },
    "youth_follow_up": {
        T.RECEIVED: Place("F R2", "received"),
        T.PREPARING: Place("F R2", "assigned"),
        T.POSTPONED: Place("F R2", "assigned", ("2025-02-20 postponed {reason: health}",)),
        T.EXECUTING: Place("F R2", "plan_meeting_held"),
        T.BREACH_TALK: Place("F R2", "breach_talk_ordered"),
        T.TIGHTENED: Place("F R2", "breach_talk_ordered", (TALKED,)),
        T.INTERRUPTED: Place(
            "F R2",
            "plan_meeting_held",
            (
                "2025-03-17 youth_heard {about: [interruption], how: spoken}",
                "2025-03-17 interrupted {reason: health}",
            ),
        ),
        T.RESUMPTION_REVIEW: Place("F R2", "referred_for_resumption"),
        T.TERM_EXPIRED: Place("F R2", "referred_for_resumption", ("2025-07-01 term_expired",)),
    },
}
"""Every state in which the office has a case."""


class Moving:
    """One case on its way from Oslo to Vest, and everybody who may want to look at it."""

    def __init__(self, service: Service, place: Place) -> None:
        self.service = service
        self.case, last = brought(service, place.road, place.until, *place.more)
        self.day = last + timedelta(days=1)
        service.clock.turn_to(self.day)
        self.who: dict[str, Client] = {
            "old coordinator": service.as_("coordinator", OFFICE),
            "old leader": service.as_("leader", OFFICE),
            "new coordinator": service.as_("coordinator", NEW),
            "new leader": service.as_("leader", NEW),
            "secretariat": service.as_("secretariat"),
            "a third leader": service.as_("leader", "agder"),
        }

    def decided(self) -> "Moving":
        said = {"to": NEW, "parties_heard": True, "prosecution_told_on": str(self.day)}
        self.recorded("old leader", "transfer_decided", said)
        return self

    def recorded(self, who: str, kind: str, details: dict[str, Any] | None = None) -> None:
        done = self.who[who].record(self.case, kind, self.day, details)
        assert done.status_code == 201, (who, kind, done.text)

    def refused(self, who: str, kind: str, details: dict[str, Any] | None = None) -> tuple[int, str]:
        """The status and the code, or the condition that is unmet."""
        done = self.who[who].record(self.case, kind, self.day, details)
        told = done.json()
        return done.status_code, (told.get("unmet") or [told])[0]["code"]

    def sees(self) -> set[str]:
        """Who may look at it: the same by its id and in the list."""
        found = {who for who, client in self.who.items() if client.get(f"/v1/cases/{self.case}").status_code == 200}
        listed = {who for who, client in self.who.items() if self.case in self._ids(client)}
        assert found == listed
        return found

    def shown(self, who: str) -> dict[str, Any]:
        return dict(self.who[who].get(f"/v1/cases/{self.case}").json())

    def offered(self, who: str) -> set[str]:
        items = self.who[who].get(f"/v1/cases/{self.case}/options").json()["items"]
        return {item["type"] for item in items if item["enabled"]}

    def _ids(self, client: Client) -> set[str]:
        return {row["id"] for row in client.get("/v1/cases", limit=200).json()["items"]}


OURS = {"old coordinator", "old leader", "secretariat"}
THEIRS = {"new coordinator", "new leader", "secretariat"}


@pytest.mark.parametrize("sanction", PLACES)
def test_in_every_state_the_new_leader_looks_and_accepts_and_then_the_new_office_has_it(
    one: Service, sanction: str, figure: Callable[[str], None]
) -> None:
    assert PLACES[sanction]
    for state, place in PLACES[sanction].items():
        moving = Moving(one, place)
        assert moving.shown("old leader")["state"] == state
        assert moving.sees() == OURS, state

        moving.decided()
        before = moving.shown("new leader")
        assert moving.sees() == OURS | {"new leader"}, state
        assert (before["konfliktrad"], before["transfer_to"]) == (OFFICE, NEW)
        assert moving.offered("new leader") == {"transfer_accepted", "transfer_declined"}
        assert moving.refused("old leader", "transfer_accepted") == (409, "receiving_office_answers")
        assert moving.refused("new leader", "wait_started", {"party": "youth", "reason": "other"})[0] == 403

        moving.recorded("new leader", "transfer_accepted")
        after = moving.shown("new leader")
        assert moving.sees() == THEIRS, state
        same = ("state", "phase", "start", "planned_end", "adjusted_end", "served_days", "team", "sanction")
        assert [after[name] for name in same] == [before[name] for name in same]
        assert (after["konfliktrad"], after["transfer_to"], after["coordinator"]) == (NEW, None, None)

        assert "assigned" in moving.offered("new leader") or state is T.TERM_EXPIRED, state
        moving.recorded("new leader", "assigned", {"coordinator": f"coordinator-{NEW}"})
        assert moving.shown("new coordinator")["coordinator"] == f"coordinator-{NEW}"
        shares = moving.who["new leader"].get(f"/v1/cases/{moving.case}/lead-time").json()
        assert [one["konfliktrad"] for one in shares["offices"]] == [OFFICE, NEW]
        assert sum(one["days"] for one in shares["offices"]) == shares["total_days"]
    figure(
        f"transfer, {sanction}: accepted in {len(PLACES[sanction])} states, seen by the right people before and after"
    )


def test_every_state_with_the_office_is_told() -> None:
    assert set().union(*PLACES.values()) == set(WITH_THE_OFFICE)


def test_a_transfer_that_is_declined_stays_where_it_was_and_can_be_decided_anew(one: Service) -> None:
    moving = Moving(one, PLACES["youth_follow_up"][T.EXECUTING]).decided()

    moving.recorded("new leader", "transfer_declined")

    assert moving.sees() == OURS
    assert moving.shown("old leader")["coordinator"] == f"coordinator-{OFFICE}"
    assert moving.refused("secretariat", "transfer_accepted") == (409, "transfer_is_pending")
    moving.decided()
    moving.recorded("secretariat", "transfer_accepted")
    assert moving.sees() == THEIRS


def test_an_event_cannot_be_made_an_acceptance_by_the_office_that_wants_to_be_rid_of_the_case(one: Service) -> None:
    moving = Moving(one, PLACES["youth_follow_up"][T.EXECUTING]).decided()
    moving.recorded("old leader", "team_meeting_held", {"invited": [], "present": []})
    shown = moving.who["old leader"].get(f"/v1/cases/{moving.case}")
    wish = {"seq": shown.json()["version"], "reason": "wrong_details"} | {
        "replacement": {"type": "transfer_accepted", "details": {}}
    }

    for who, status in (("old leader", 409), ("new leader", 403)):
        done = moving.who[who].post(f"/v1/cases/{moving.case}/corrections", wish, shown.headers["ETag"])
        assert done.status_code == status, done.text


def test_alerts_inboxes_and_calendars_follow_the_case(one: Service) -> None:
    moving = Moving(one, PLACES["youth_follow_up"][T.EXECUTING]).decided()
    later = moving.day + timedelta(days=20)
    one.clock.turn_to(later)
    sweep(one.db, later, one.clock)

    def held(who: str) -> set[str]:
        return {item["code"] for item in moving.who[who].get("/v1/alerts").json()["items"]}

    alert = moving.who["new leader"].get("/v1/alerts").json()["items"][0]["id"]
    said = {"reason": "capacity", "expected_on": str(later)}
    assert "transfer_accept" in held("old coordinator")
    assert moving.who["new leader"].post(f"/v1/alerts/{alert}/answer", said).status_code == 403
    assert told(one, moving.case, later) == {f"coordinator-{OFFICE}", f"leader-{NEW}"}
    assert (ahead(one, moving.case, OFFICE), ahead(one, moving.case, NEW)) == (True, False)

    moving.day = later
    moving.recorded("new leader", "transfer_accepted")
    moving.recorded("new leader", "assigned", {"coordinator": f"coordinator-{NEW}"})

    assert held("old coordinator") == held("old leader") == set()
    assert "transfer_accept" not in held("new coordinator")
    assert told(one, moving.case, later) == {f"coordinator-{NEW}"}
    assert (ahead(one, moving.case, OFFICE), ahead(one, moving.case, NEW)) == (False, True)


def told(service: Service, case: str, day: date) -> set[str]:
    """Who would be told today that the transfer waits for its answer."""
    with service.db.reading() as tx:
        around = recipient_directory(tx, [UUID(case)], day)
        return {viewer.subject for viewer in around.recipients(UUID(case), [Audience.COORDINATOR], "transfer_accept")}


def ahead(service: Service, case: str, office: str) -> bool:
    """Whether the coordinator of that office has it in the calendar."""
    viewer = Viewer(Role.COORDINATOR, f"coordinator-{office}", office)
    with service.db.reading() as tx:
        return UUID(case) in {entry.case_id for entry in agenda.upcoming(tx, viewer, service.clock())}


def test_a_case_on_its_way_counts_where_it_still_is(one: Service) -> None:
    moving = Moving(one, PLACES["youth_follow_up"][T.EXECUTING]).decided()

    def counted(office: str) -> int:
        viewer = Viewer(Role.LEADER, f"leader-{office}", office)
        with one.db.reading() as tx:
            found = tx.scalars(select(case_current.c.case_id).where(case_queries.counted_for(viewer)))
            return len(found.all())

    assert (counted(OFFICE), counted(NEW)) == (1, 0)
    moving.recorded("secretariat", "transfer_accepted")
    assert (counted(OFFICE), counted(NEW)) == (0, 1)

"""T2: what `GET options` says may be recorded, beside what `POST` takes: every state, role and event type."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

import pytest

from tests.service import Client, Service
from tests.stories.places import COORDINATOR, OFFICE, brought
from ungdom.workflow import engine
from ungdom.workflow.table import VERSION
from ungdom.workflow.vocabulary import PHASE, EventType, Phase, Role, Sanction, State

E = EventType


class Place(NamedTuple):
    """Where a case stands: the state, a road and how far along it, what comes after, and the day it is asked on."""

    state: State
    road: str
    until: str
    more: tuple[str, ...] = ()
    asked: str = ""


BREACHED = "youth_heard"
REFER = "2025-10-08 referred_for_breach {to: prosecution, recommendation: serve_prison, consent_police: true, \
consent_correctional_service: true}"
NEW_OFFENCE = "2025-09-20 new_offence_recorded {offence_on: 2025-09-15, charged_on: 2025-09-20}"
BESIDE = (
    "2025-06-04 plan_approved",
    "2025-06-05 team_member_joined {member: m1, agency: school}",
    "2025-06-06 measure_requested {measure: t1}",
    "2025-06-09 measure_started {measure: t1}",
    "2025-06-10 youth_heard {about: [drug_ban], how: spoken}",
    "2025-06-10 drug_ban_imposed",
    "2025-06-11 sharing_consent_given {by: youth, scope: [plan], recipients: [school]}",
    "2025-06-12 complaint_filed {about: plan}",
    "2025-06-13 transfer_decided {to: vest, parties_heard: true, prosecution_told_on: 2025-06-13}",
    "2025-06-16 wait_started {party: measure_provider, reason: measure}",
)
APPROVED = "2025-06-24 reopening_approved"
T = State

# fmt: off
PLACES: tuple[Place, ...] = (
    Place(T.REGISTERED, "S R2", "case_registered"),
    Place(T.INVESTIGATION, "S R2", "suspect_set"),
    Place(T.INVESTIGATION, "S R2", "suspect_set", ("2025-01-24 pum_ordered", "2025-02-01 consent_given {by: youth}",
          "2025-02-02 wait_started {party: police, reason: documents}")),
    Place(T.ASSESSMENT, "F R2", "coordination_requested"),
    Place(T.AWAITING_DECISION, "F R2", "consent_given#2"),
    Place(T.AWAITING_DECISION, "S R2", "investigation_closed"),
    Place(T.IN_COURT, "S R2", "indicted"),
    Place(T.IN_COURT, "F R0", "indicted"),
    Place(T.IN_COURT, "S R0", "indicted"),
    Place(T.JUDGED, "S R2", "judgment_given"),
    Place(T.JUDGED, "F R0", "follow_up_by_judgment"),
    Place(T.APPEALED, "S R2", "judgment_given", ("2025-05-02 appealed", "2025-05-22 appeal_referred")),
    Place(T.FINAL, "S R2", "became_final"),
    Place(T.FINAL, "F R2", "transferred_to_follow_up"),
    Place(T.DISPATCHED, "S R2", "dispatched"),
    Place(T.RECEIVED, "F R2", "received"),
    Place(T.PREPARING, "S R2", "assigned"),
    Place(T.PREPARING, "S R0", "youth_conference_held"),
    Place(T.PREPARING, "F R1", "assigned"),
    Place(T.INTERIM_CONDITIONS, "S R2 interim", "interim_conditions_started"),
    Place(T.INTERIM_CONDITIONS, "S R2 interim", "assigned"),
    Place(T.POSTPONED, "S R2", "assigned", ("2025-05-20 postponed {reason: health}",)),
    Place(T.EXECUTING, "S R2", "plan_meeting_held", BESIDE),
    Place(T.EXECUTING, "S R2", "plan_meeting_held", (), "2026-06-03"),  # the term has run
    Place(T.EXECUTING, "S R1", "plan_meeting_held", ("2024-11-04 breach_recorded {kind: plan}",)),
    Place(T.EXECUTING, "F R2", "plan_meeting_held"),
    Place(T.EXECUTING, "F R0", "plan_signed", (), "2023-12-01"),
    Place(T.ELECTRONIC_CONTROL, "S R2", "electronic_control_ordered"),
    Place(T.BREACH_TALK, "S R2", "breach_talk_ordered"),
    Place(T.TIGHTENED, "S R2", "breach_talk_held"),
    Place(T.TIGHTENED, "S R2", BREACHED, (), "2026-06-03"),
    Place(T.INTERRUPTED, "S R2", BREACHED, ("2025-10-08 interrupted {reason: new_breach_after_talk}",)),
    Place(T.INTERRUPTED, "F R2", "plan_meeting_held", ("2025-03-17 youth_heard {about: [interruption], how: spoken}",
                                                       "2025-03-17 interrupted {reason: health}",)),
    Place(T.REFERRED, "S R2", BREACHED, (REFER,)),
    Place(T.REFERRED, "S R0", "referred_for_breach"),
    Place(T.BREACH_IN_COURT, "S R2", "petition_sent"),
    Place(T.BREACH_IN_COURT, "S R0", "petition_sent"),
    Place(T.BREACH_IN_COURT, "S R2", BREACHED, (NEW_OFFENCE.replace("2025-09-20 n", "2025-10-02 n"), REFER,
          "2025-10-20 petition_sent {for: serve_prison}")),
    Place(T.RESUMPTION_REVIEW, "F R2", "referred_for_resumption"),
    Place(T.TERM_EXPIRED, "S R2", BREACHED, (REFER, "2026-06-03 term_expired")),
    Place(T.TERM_EXPIRED, "S R2", BREACHED, (REFER, "2026-06-03 term_expired"), "2026-09-04"),
    Place(T.TERM_EXPIRED, "F R2", "referred_for_resumption", ("2025-07-01 term_expired",)),
    Place(T.COMPLETED, "S R2", "plan_meeting_held", ("2026-06-03 completed",)),
    Place(T.CONVERTED, "S R0", "petition_sent", ("2024-03-22 conversion_final {to: prison, extent: whole}",)),
    Place(T.BREACH_CLOSED, "F R2", "referred_for_resumption", ("2025-04-15 prosecution_resumed",)),
    Place(T.CONSENT_WITHDRAWN, "F R2", "plan_meeting_held", ("2025-03-10 consent_withdrawn {by: youth}",)),
    Place(T.NO_PLAN, "F R2", "assigned", ("2025-03-03 plan_failed {reason: did_not_meet}",)),
    Place(T.OTHER_DECISION, "S R2", "indicted", ("2025-04-24 other_outcome {outcome: acquitted}",)),
    Place(T.LAPSED, "S R2", "plan_meeting_held", ("2025-06-18 plan_approved",
          "2025-06-20 complaint_filed {about: plan}",
          "2025-06-23 lapsed {reason: limitation}", APPROVED)),
)
# fmt: on

ROLES: tuple[tuple[Role, str | None], ...] = (
    (Role.COORDINATOR, OFFICE),
    (Role.LEADER, OFFICE),
    (Role.SECRETARIAT, None),
    (Role.PROSECUTION, OFFICE),
    (Role.TEAM_MEMBER, OFFICE),
    (Role.ANALYST, None),
    (Role.AUDITOR, None),
    (Role.ADMIN, None),
    (Role.COORDINATOR, "vest"),  # of another office
    (Role.PROSECUTION, "vest"),
)
OWN_DOORS = {E.CASE_REGISTERED, E.CORRECTED}
"""Recorded by opening and by correcting: refused here, whoever asks."""


COMPLAINTS = ("plan", "transfer_to_follow_up", "interruption", "breach_conditions", "drug_ban", "postponement")


def candidates(day: date, born: date) -> dict[str, list[dict[str, Any]]]:
    """Details to try for each event type, the likeliest first; a type that is not here asks for nothing."""
    on, early = day.isoformat(), born + timedelta(days=365 * 16)
    year, half, both = {"years": 1}, {"months": 6}, ["youth", "guardian"]
    consents = {"consent_police": True, "consent_correctional_service": True}
    return {
        "transferred_to_follow_up": [{"length": half, "guilt_proven": True}],
        "indicted": [{"court_received_on": on}],
        "judgment_given": [
            {
                "length": year,
                "subsidiary_prison": half,
                "suitable_reaction": True,
                "lives_in_norway": True,
                "later_offences_less_serious": True,
            }
        ],
        "follow_up_by_judgment": [{"length": half, "suspended_sentence": True}],
        "appealed": [{"reinstated": "not_to_blame"}],
        "appeal_decided": [{"outcome": "upheld"}],
        "became_final": [{"accepted": True}],
        "early_execution_allowed": [{"requested_on": on}],
        "received": [{"not_a_duplicate": True}],
        "assigned": [{"coordinator": COORDINATOR}, {"coordinator": "coordinator-vest"}],
        "postponed": [{"reason": "health"}],
        "plan_meeting_held": [{"present": [*both, "correctional_service", "police"]}],
        "plan_signed": [{"by": both}],
        "plan_failed": [{"reason": "no_agreement", "recommendation": "serve_prison"}],
        "consent_withdrawn": [{"by": "youth"}],
        "breach_talk_held": [{"consequences_explained": True}],
        "interrupted": [{"reason": "health"}, {"reason": "complaint"}],
        "resumed": [{"reason": "cause_gone"}],
        "replan_meeting_held": [{"present": ["youth"], **consents}],
        "referred_for_breach": [{"to": "correctional_service", "recommendation": "serve_prison", **consents}],
        "petition_sent": [
            {"for": "serve_prison"},
            {"for": "serve_prison", "by": "prosecution", "ground": "new_offence"},
            {"for": "electronic_control"},
        ],
        "electronic_control_ordered": [{"until": on}],
        "electronic_control_ended": [{"reason": "lifted"}],
        "conversion_final": [{"to": "prison", "extent": "whole"}],
        "referred_for_resumption": [{"ground": "breach"}, {"ground": "new_offence"}],
        "closed_after_new_offence": [{"decision": "joint_sentence", "decided_on": on}],
        "decision_set_aside": [{"reason": "judgment_overturned"}, {"reason": "complaint_upheld"}],
        "window_closed": [{"outcome": "breach_closed"}],
        "other_outcome": [{"outcome": "dropped"}],
        "lapsed": [{"reason": "death"}],
        "offence_added": [{"offence": {"on": on}}],
        "transfer_decided": [{"to": "innlandet", "parties_heard": True, "prosecution_told_on": on}],
        "rules_migrated": [{"table": VERSION}],
        "execution_regime_pinned": [{"regime": "R2", "reason": "legal_assessment"}],
        "pum_returned": [{"carried_out": True}],
        "coordination_meeting_held": [{"suitable": True}],
        "consent_given": [{"by": "youth"}],
        "consent_refused": [{"by": "youth"}],
        "consent_revoked": [{"by": "youth"}],
        "sharing_consent_given": [{"by": "youth", "scope": ["plan"], "recipients": ["school"]}],
        "sharing_consent_withdrawn": [{"by": "youth"}],
        "team_member_joined": [{"member": "m9", "agency": "school"}],
        "team_member_left": [{"member": "m1"}],
        "plan_changed": [{"load": "equal", "agreed": True}],
        "measure_requested": [{"measure": "t2"}],
        "measure_answered": [{"measure": "t1", "answer": "offered"}],
        "measure_started": [{"measure": "t2"}],
        "measure_attended": [{"measure": "t1", "attended": "attended"}],
        "measure_ended": [{"measure": "t1", "reason": "carried_out"}],
        "drug_test_held": [{"result": "negative"}],
        "stay_abroad_permitted": [{"since": on, "until": on}],
        "stay_abroad_refused": [{"since": on, "until": on}],
        "youth_heard": [{"about": ["referral"], "how": "spoken"}],
        "breach_recorded": [{"kind": "duty"}],
        "new_offence_recorded": [{"offence_on": day} for day in (early.isoformat(), "2023-06-01", on)],
        "complaint_filed": [{"about": about} for about in COMPLAINTS],
        "complaint_decided": [{"about": about, "outcome": "dismissed"} for about in COMPLAINTS],
        "wait_started": [{"party": "police", "reason": "documents"}],
    }


class Asked:
    """One role at one case: what it is told, and what it may do."""

    def __init__(self, service: Service, case: str, day: date, who: tuple[Role, str | None]) -> None:
        self.role, office = who
        self.client: Client = service.as_(self.role, office)
        self.case, self.day = case, day
        self.details = candidates(day, date(2006, 2, 3))
        self.shown = self.client.get(f"/v1/cases/{case}/options")
        self.listed: dict[str, dict[str, Any]] = {}
        if self.shown.status_code == 200:
            self.listed = {item["type"]: item for item in self.shown.json()["items"]}

    def bodies(self, kind: EventType) -> Iterator[dict[str, Any]]:
        """What may be posted for that type."""
        for details in self.details.get(kind, [{}]):
            note = {"note": "Ringte i dag."} if kind is E.NOTE_ADDED else {}
            yield {"type": kind, "occurred_on": self.day.isoformat(), "details": details, **note}

    def posted(self, kind: EventType, dry_run: bool = True, tries: int = 6) -> list[int]:
        """The answers to each try, until one is taken."""
        answers: list[int] = []
        for body in islice(self.bodies(kind), tries):
            path = f"/v1/cases/{self.case}/events" + ("?dry_run=true" if dry_run else "")
            done = self.client.post(path, body, self.shown.headers.get("ETag", '"1"'))
            answers.append(done.status_code)
            if done.status_code in (200, 201):
                break
        return answers


def agrees(asked: Asked, kind: EventType, sanction: Sanction) -> bool:
    """Whether what options say of that type is what recording it answers."""
    answers = asked.posted(kind)
    if kind not in asked.listed:
        own_door = kind in OWN_DOORS and answers == [422]
        other_sanction = not engine.actors_of(sanction, kind) and set(answers) == {409}
        return own_door or other_sanction or set(answers) == {403}
    if asked.listed[kind]["enabled"]:
        return answers[-1] == 200
    return set(answers) == {409}


def hidden(asked: Asked, kind: EventType) -> bool:
    """Whether the case is as good as not there for this role: no options, and nothing of that type is recorded."""
    closed = {422} if kind in OWN_DOORS else {asked.shown.status_code}
    return asked.shown.status_code in (403, 404) and set(asked.posted(kind, tries=1)) <= closed | {403}


def one_taken(asked: Asked, kinds: list[EventType]) -> EventType | None:
    """An event that is enabled, recorded for good; a fact if there is one."""
    enabled = [kind for kind in kinds if asked.listed.get(kind, {}).get("enabled")]
    best = min(enabled, key=lambda kind: not asked.listed[kind]["is_fact"], default=None)
    if best is not None:
        assert asked.posted(best, dry_run=False)[-1] == 201, best
    return best


def name(place: Place) -> str:
    return f"{place.state} {place.road} {place.asked or place.until}"


def sweep(service: Service, place: Place) -> Counter[str]:
    """Every role and event type at one place; then one event for each role, recorded for good."""
    case, last = brought(service, place.road, place.until, *place.more)
    day = date.fromisoformat(place.asked) if place.asked else last + timedelta(days=1)
    service.clock.turn_to(day)
    sanction = Sanction.YOUTH_SANCTION if place.road.startswith("S") else Sanction.YOUTH_FOLLOW_UP
    assert service.as_("leader", OFFICE).get(f"/v1/cases/{case}").json()["state"] == place.state
    tally: Counter[str] = Counter()
    for who in ROLES:
        asked = Asked(service, case, day, who)
        fits = [agrees(asked, kind, sanction) if asked.listed else hidden(asked, kind) for kind in EventType]
        wrong = [kind for kind, fit in zip(EventType, fits, strict=True) if not fit]
        assert wrong == [], (name(place), who, [(kind, asked.listed.get(kind), asked.posted(kind)) for kind in wrong])
        tally["asked"] += len(fits)
        tally["listed"] += len(asked.listed)
        tally["enabled"] += sum(item["enabled"] for item in asked.listed.values())
    taken = [one_taken(Asked(service, case, day, who), list(EventType)) for who in ROLES]
    tally["recorded"] = sum(kind is not None for kind in taken)
    assert tally["recorded"] >= 3, (name(place), taken)
    return tally


@pytest.mark.parametrize("phase", Phase)
def test_options_say_what_recording_answers(one: Service, phase: Phase, figure: Callable[[str], None]) -> None:
    places = [place for place in PLACES if PHASE[place.state] is phase]

    found = sum((sweep(one, place) for place in places), Counter[str]())

    figure(
        f"T2 {phase}: {found['asked']} combinations of {len(places)} places, {len(ROLES)} roles and {len(EventType)} "
        f"event types ({found['listed']} listed, {found['enabled']} enabled), {found['recorded']} recorded: "
        "100 % agreement"
    )


def test_every_state_and_regime_is_asked() -> None:
    assert {place.state for place in PLACES} == set(State)
    assert {place.road for place in PLACES} >= {"S R0", "S R1", "S R2", "F R0", "F R1", "F R2"}
    assert {role for role, _ in ROLES} == set(Role) - {Role.SYSTEM}  # no token is ever issued for the system


def test_a_member_of_the_team_sees_the_case_and_may_record_nothing(one: Service) -> None:
    case, last = brought(one, "S R2", "plan_meeting_held", "2025-06-05 team_member_joined {member: m1, agency: school}")
    one.clock.turn_to(last)
    member, stranger = (one.as_(Role.TEAM_MEMBER, OFFICE, subject) for subject in ("m1", "m2"))

    seen, unseen = (client.get(f"/v1/cases/{case}/options") for client in (member, stranger))
    body = {"type": "first_contact", "occurred_on": last.isoformat(), "details": {}}
    tried = member.post(f"/v1/cases/{case}/events", body, seen.headers["ETag"])

    assert (seen.status_code, seen.json()["items"]) == (200, [])
    assert unseen.status_code == 404
    assert tried.status_code == 403

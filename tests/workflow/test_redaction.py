"""What of a case each viewer may not learn: fields, events, deadlines, timeline, team, meetings, tasks, messages."""

from dataclasses import dataclass, field
from datetime import date

import pytest

from ungdom.workflow import redaction
from ungdom.workflow.derived.meetings import MeetingKind
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.rules.sharing import EVENTS_BY_MATTER, Matter
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.workflow.views.timeline import Mark
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role

ALL = frozenset(Disclosure)
PLACES = {"konfliktrad", "coordinator", "transfer_to", "team"}
TEACHER = Viewer(Role.TEAM_MEMBER, "teacher-7", None)


@dataclass(frozen=True)
class Knows:
    """A viewer with these disclosures and matters; without matters, one who learns by their office."""

    disclosures: frozenset[Disclosure] = field(default=ALL)
    matters: frozenset[Matter] | None = None

    def may_learn(self, matter: Matter) -> bool:
        return self.matters is None or matter in self.matters


OFFICE = Knows()
PROTECTED = Knows(ALL - {Disclosure.OFFICE})
TEAM = Knows(ALL - {Disclosure.PERSON, Disclosure.REACH}, frozenset({Matter.MEETING_DATES}))


def test_the_office_learns_every_field() -> None:
    assert redaction.hidden_case_fields(OFFICE) == frozenset()
    assert redaction.hidden_event_fields(OFFICE) == frozenset()


@pytest.mark.parametrize("matter", list(Matter))
def test_a_matter_hides_its_own_fields_and_no_others(matter: Matter) -> None:
    without = Knows(ALL, frozenset(Matter) - {matter})

    assert redaction.hidden_case_fields(without) == set(redaction.CASE_FIELDS_BY_MATTER.get(matter, ()))


def test_a_field_of_two_matters_takes_both() -> None:
    """Lead time runs from the last offence to stages of the case: neither the act nor the stages alone give it."""
    for matters in ({Matter.OFFENCE}, {Matter.STAGE_DATES}):
        assert "lead_time_days" in redaction.hidden_case_fields(Knows(ALL, frozenset(matters)))
    assert "lead_time_days" not in redaction.hidden_case_fields(
        Knows(ALL, frozenset({Matter.OFFENCE, Matter.STAGE_DATES}))
    )


@pytest.mark.parametrize(
    ("missing", "hidden"),
    [
        (Disclosure.PERSON, {"person"}),
        (Disclosure.OFFICE, PLACES),
        (Disclosure.LISTED, set()),
        (Disclosure.REACH, set()),
    ],
)
def test_fields_that_a_disclosure_gives(missing: Disclosure, hidden: set[str]) -> None:
    assert redaction.hidden_case_fields(Knows(ALL - {missing})) == hidden


@pytest.mark.parametrize(
    "shown", ["id", "reference", "version", "state", "phase", "waiting_for", "next_deadline", "open_alerts"]
)
def test_where_a_case_stands_is_hidden_from_nobody(shown: str) -> None:
    assert shown not in redaction.hidden_case_fields(Knows(frozenset(), frozenset()))


def test_lists_hide_from_every_member_of_a_team_what_the_case_shows_only_some() -> None:
    hidden = redaction.hidden_row_fields(Role.TEAM_MEMBER)

    assert {"sanction", "last_offence", "started_on"} <= hidden
    assert not hidden & {"reference", "state", "phase", "waiting_for", "next_due_on", "next_due_code"}
    assert {role for role in Role if redaction.hidden_row_fields(role)} == {Role.TEAM_MEMBER}


@pytest.mark.parametrize(
    ("reader", "hidden"),
    [
        (PROTECTED, {"subject", "source"}),
        (TEAM, {"details", "state_after", "official_status"}),
        (Knows(frozenset(), frozenset()), {"details", "subject", "source", "state_after", "official_status"}),
        (Knows(frozenset(), frozenset({Matter.STAGE_DATES})), {"details", "subject", "source"}),
    ],
)
def test_fields_of_an_event(reader: Knows, hidden: set[str]) -> None:
    assert redaction.hidden_event_fields(reader) == hidden


def test_an_event_is_learnt_with_its_matter() -> None:
    learnt = {kind for kind in EventType if redaction.may_learn_event(TEAM, kind)}

    assert learnt == EVENTS_BY_MATTER[Matter.MEETING_DATES]
    assert EventType.DRUG_TEST_HELD not in learnt
    assert all(redaction.may_learn_event(OFFICE, kind) for kind in EventType)


def test_deadlines_of_meetings_are_for_everybody_and_the_others_go_with_the_stages() -> None:
    codes = {rule.code for rule in RULES}
    nothing, stages = Knows(ALL, frozenset()), Knows(ALL, frozenset({Matter.STAGE_DATES}))

    assert {code for code in codes if redaction.may_learn_deadline(nothing, code)} == {"plan_meeting", "team_meeting"}
    assert {code for code in codes if redaction.may_learn_deadline(stages, code)} == codes


def test_the_timeline_without_the_person_has_stages_and_deadlines() -> None:
    assert {mark for mark in Mark if redaction.may_learn_entry(TEAM, mark)} == {Mark.STAGE, Mark.DEADLINE}
    assert {mark for mark in Mark if redaction.may_learn_entry(OFFICE, mark)} == set(Mark)


@pytest.mark.parametrize(
    ("reader", "member", "on_the_team", "shared"),
    [
        (TEAM, "teacher-7", True, True),
        (TEAM, "nurse-2", True, False),
        (PROTECTED, "teacher-7", True, True),
        (Knows(frozenset()), "nurse-2", False, False),
        (Knows(frozenset()), "teacher-7", True, True),
        (OFFICE, "nurse-2", True, True),
    ],
)
def test_members_know_of_themselves(reader: Knows, member: str, on_the_team: bool, shared: bool) -> None:
    assert redaction.may_learn_member(reader, TEACHER, member) is on_the_team
    assert redaction.may_learn_sharing(reader, TEACHER, member) is shared


def test_outside_the_office_the_dates_of_team_meetings_alone_are_learnt() -> None:
    dates = frozenset({Matter.MEETING_DATES})
    learnt = {kind for kind in MeetingKind if redaction.may_learn_meeting(kind, dates, of_office=False)}

    assert learnt == {MeetingKind.CONFERENCE, MeetingKind.PLAN, MeetingKind.REPLAN, MeetingKind.TEAM}
    assert not any(redaction.may_learn_meeting(kind, frozenset(Matter) - dates, of_office=False) for kind in learnt)
    assert all(redaction.may_learn_meeting(kind, frozenset(), of_office=True) for kind in MeetingKind)


@pytest.mark.parametrize("protection", [Protection.CONFIDENTIAL, Protection.STRICTLY_CONFIDENTIAL])
def test_a_provider_of_a_protected_youth_is_named_to_whoever_may_know_the_address(protection: Protection) -> None:
    without = Knows(ALL - {Disclosure.REACH})

    assert not redaction.may_name_providers(without, protection)
    assert redaction.may_name_providers(OFFICE, protection)
    assert redaction.may_name_providers(without, Protection.NONE)


def task(kind: TaskKind, *who: Actor) -> Task:
    return Task(kind, EventType.ASSIGNED, who, date(2025, 6, 3), None, date(2025, 6, 3), False, "", ())


ASSIGN = task(TaskKind.ASSIGN, Actor.LEADER)
DISPATCH = task(TaskKind.DISPATCH, Actor.PROSECUTION)
ACCEPT = task(TaskKind.ACCEPT_TRANSFER, Actor.LEADER)


@pytest.mark.parametrize(
    ("role", "konfliktrad", "transfer_to", "visible"),
    [
        (Role.COORDINATOR, "oslo", None, [ASSIGN, DISPATCH]),
        (Role.SECRETARIAT, None, None, [ASSIGN, DISPATCH]),
        (Role.PROSECUTION, "oslo", None, [DISPATCH]),
        (Role.TEAM_MEMBER, None, None, []),
        (Role.LEADER, "oslo", "bergen", [ASSIGN, DISPATCH]),
        (Role.LEADER, "bergen", "bergen", [ACCEPT]),
        (Role.SECRETARIAT, None, "bergen", [ASSIGN, DISPATCH, ACCEPT]),
    ],
)
def test_tasks(role: Role, konfliktrad: str | None, transfer_to: str | None, visible: list[Task]) -> None:
    tasks = [ASSIGN, DISPATCH, *([ACCEPT] if transfer_to else [])]

    assert redaction.visible_tasks(tasks, Viewer(role, "somebody", konfliktrad), transfer_to) == visible


MESSAGE = {
    "kind": "indictment",
    "person": {"family_name": "Nord", "national_id": "1", "guardians": [{"name": "A", "contact": "1"}]},
    "terms": {"municipality": "0301", "konfliktrad": "oslo"},
}


def test_a_message_without_reach_has_no_number_contact_or_place_at_any_depth() -> None:
    assert redaction.redact_message(MESSAGE, ALL - {Disclosure.REACH}) == {
        "kind": "indictment",
        "person": {"family_name": "Nord", "guardians": [{"name": "A"}]},
        "terms": {"konfliktrad": "oslo"},
    }
    assert redaction.redact_message(MESSAGE, ALL) == MESSAGE
    assert redaction.redact_message(MESSAGE, ALL - {Disclosure.PERSON}) is None

"""What of a case each viewer may not learn: fields, events, deadlines, timeline, team, meetings, tasks, messages."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.workflow.roads import case_at
from ungdom.store.projection import access_attributes
from ungdom.workflow import redaction
from ungdom.workflow.derived.meetings import MeetingKind
from ungdom.workflow.events import details_schema, read_details
from ungdom.workflow.payloads import WaitReason
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.redaction.details import DETAIL_FIELDS, DETAIL_OVERRIDES
from ungdom.workflow.redaction.fields import ANSWERS, Gate, gates_of
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.rules.escalation import DelayReason
from ungdom.workflow.rules.permissions import Disclosure, Viewer
from ungdom.workflow.rules.sharing import EVENTS_BY_MATTER, Matter
from ungdom.workflow.rules.waits import ledger
from ungdom.workflow.views.task_rules import TaskKind
from ungdom.workflow.views.tasks import Task
from ungdom.workflow.views.timeline import Mark
from ungdom.workflow.vocabulary import Actor, EventType, Protection, Role

ALL = frozenset(Disclosure)
PLACES = {"konfliktrad", "coordinator", "transfer_to", "team"}
TEACHER = Viewer(Role.TEAM_MEMBER, "teacher-7", None)
STATUS = frozenset({Matter.CURRENT_STATUS})

OFFICE = ViewerKnowledge(ALL)
PROTECTED = ViewerKnowledge(ALL - {Disclosure.OFFICE})
NAMELESS = ViewerKnowledge(frozenset())
"""Of the office, and without any disclosure: who is to receive a youth whose address is strictly confidential."""
TEAM = ViewerKnowledge(frozenset({Disclosure.OFFICE}), STATUS | {Matter.MEETING_DATES})


def shared(*matters: Matter) -> ViewerKnowledge:
    """A member of the team with these matters."""
    return ViewerKnowledge(frozenset({Disclosure.OFFICE}), frozenset(matters))


def hidden(schema: str, knowledge: ViewerKnowledge) -> set[str]:
    """The fields of this schema that the viewer may not learn."""
    return {name for name, gates in fields_of(schema).items() if not redaction.may_learn(knowledge, *gates)}


def fields_of(schema: str) -> dict[str, tuple[Gate, ...]]:
    gates = gates_of(schema)
    assert gates is not None
    return gates


def test_the_office_learns_every_field() -> None:
    assert {name for schema in ANSWERS for name in hidden(schema, OFFICE)} == set()
    assert redaction.learns_everything(OFFICE)
    assert not redaction.learns_everything(PROTECTED)
    assert not redaction.learns_everything(shared(*Matter))


@pytest.mark.parametrize("matter", list(Matter))
def test_a_matter_hides_its_own_fields_and_no_others(matter: Matter) -> None:
    of_this = {name for name, gates in fields_of("CaseOut").items() if matter in gates}

    assert hidden("CaseOut", shared(*(set(Matter) - {matter}))) == of_this


def test_a_field_of_two_matters_takes_both() -> None:
    """Lead time runs from the last offence to stages of the case: neither the act nor the stages alone give it."""
    for matter in (Matter.OFFENCE, Matter.STAGE_DATES):
        assert "lead_time_days" in hidden("CaseOut", shared(matter))
    assert "lead_time_days" not in hidden("CaseOut", shared(Matter.OFFENCE, Matter.STAGE_DATES))


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (Disclosure.PERSON, {"person"}),
        (Disclosure.OFFICE, PLACES),
        (Disclosure.LISTED, set()),
        (Disclosure.REACH, set()),
    ],
)
def test_fields_that_a_disclosure_gives_to_the_office(missing: Disclosure, expected: set[str]) -> None:
    assert hidden("CaseOut", ViewerKnowledge(ALL - {missing})) == expected


@pytest.mark.parametrize(
    "shown", ["id", "reference", "version", "state", "phase", "waiting_for", "next_deadline", "open_alerts"]
)
def test_where_a_case_stands_is_hidden_from_nobody_on_the_team(shown: str) -> None:
    assert shown not in hidden("CaseOut", ViewerKnowledge(frozenset(), STATUS))


def test_consent_to_share_gives_the_name_and_the_year_of_birth_and_no_more_of_the_person() -> None:
    named = shared(Matter.NAME_AND_BIRTH_YEAR)

    assert "person" not in hidden("CaseOut", named)
    assert set(fields_of("PersonOut")) - hidden("PersonOut", named) == {
        "given_name",
        "family_name",
        "birth_year",
        "erased",
    }
    assert "reach" in hidden("PersonOut", shared(Matter.NAME_AND_BIRTH_YEAR, Matter.IDENTITY))


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (PROTECTED, {"subject", "source"}),
        (TEAM, {"state_after", "official_status"}),
        (ViewerKnowledge(frozenset(), STATUS), {"subject", "source", "state_after", "official_status"}),
        (ViewerKnowledge(frozenset(), frozenset({Matter.STAGE_DATES})), {"subject", "source"}),
    ],
)
def test_fields_of_an_event(reader: ViewerKnowledge, expected: set[str]) -> None:
    assert hidden("EventOut", reader) == expected


def test_an_event_is_learnt_with_its_matter() -> None:
    learnt = {kind for kind in EventType if redaction.may_learn_event(TEAM, kind)}

    assert learnt == EVENTS_BY_MATTER[Matter.MEETING_DATES]
    assert EventType.DRUG_TEST_HELD not in learnt
    assert all(redaction.may_learn_event(OFFICE, kind) for kind in EventType)


def test_a_correction_is_learnt_with_the_event_before_it_and_after_it() -> None:
    case = case_at("S R2", "plan_meeting_held", "2025-06-10 drug_test_held {result: negative}")
    tested = case.events[-1]
    replaced = {"type": "team_meeting_held", "occurred_on": "2025-06-10", "details": {}}
    details = read_details(
        EventType.CORRECTED, {"corrects": tested.seq, "reason": "wrong_date", "replacement": replaced}
    )
    corrected = replace(tested, seq=tested.seq + 1, type=EventType.CORRECTED, details=details)
    history = [*case.events, corrected]

    assert corrected not in redaction.learnt_events(shared(Matter.STAGE_DATES, Matter.MEETING_DATES), history)
    assert corrected not in redaction.learnt_events(shared(Matter.STAGE_DATES, Matter.DRUG_TESTS), history)
    assert corrected in redaction.learnt_events(
        shared(Matter.STAGE_DATES, Matter.DRUG_TESTS, Matter.MEETING_DATES), history
    )


REGISTERED = {
    "sanction": "youth_sanction",
    "konfliktrad": "oslo",
    "person": "019b8dd0-0000-7000-8000-000000000000",
    "offences": [{"on": "2025-01-18", "statute": "strl. § 271"}],
}


@pytest.mark.parametrize(
    ("reader", "learnt"),
    [
        (OFFICE, set(REGISTERED)),
        (NAMELESS, set()),
        (shared(Matter.STAGE_DATES), {"konfliktrad"}),
        (ViewerKnowledge(frozenset(), frozenset({Matter.SANCTION})), {"sanction"}),
        (shared(Matter.OFFENCE), {"konfliktrad", "offences"}),
        (shared(Matter.IDENTITY), {"konfliktrad", "person"}),
    ],
)
def test_each_detail_of_an_event_goes_with_its_own_matter(reader: ViewerKnowledge, learnt: set[str]) -> None:
    kept = redaction.learnt_details(reader, EventType.CASE_REGISTERED, REGISTERED, Protection.NONE)

    assert set(kept) == learnt
    assert all(kept[name] == REGISTERED[name] for name in kept)


def test_a_provider_with_an_address_stands_in_no_detail_of_a_protected_youth() -> None:
    details = {"measures": [{"measure": "m1", "code": "conversations", "provider": "p"}]}
    reader = shared(Matter.PLAN)
    plain = redaction.learnt_details(reader, EventType.PLAN_APPROVED, details, Protection.NONE)
    protected = redaction.learnt_details(reader, EventType.PLAN_APPROVED, details, Protection.CONFIDENTIAL)

    assert plain == details
    assert protected == {"measures": [{"measure": "m1", "code": "conversations"}]}


def test_a_reason_to_wait_that_may_not_be_learnt_is_other_everywhere() -> None:
    waited = "2025-06-10 wait_started {party: correctional_service, reason: person_investigation}"
    case = case_at("S R2", "plan_meeting_held", waited)
    details = {"party": "correctional_service", "reason": "person_investigation"}
    without, allowed = shared(Matter.STAGE_DATES), shared(Matter.STAGE_DATES, Matter.PERSON_INVESTIGATION)

    def of_the_ledger(knowledge: ViewerKnowledge) -> str | None:
        return ledger(redaction.as_learnt(knowledge, case), date(2025, 6, 20))[-1].reason

    assert of_the_ledger(without) == "other"
    assert of_the_ledger(allowed) == of_the_ledger(OFFICE) == "person_investigation"
    for knowledge, reason in ((without, "other"), (allowed, "person_investigation")):
        kept = redaction.learnt_details(knowledge, EventType.WAIT_STARTED, details, Protection.NONE)
        assert kept == {"party": "correctional_service", "reason": reason}


@pytest.mark.parametrize("place", ["replacement", "insert"])
@pytest.mark.parametrize(
    ("kind", "details", "learnt", "matter"),
    [
        (
            "wait_started",
            {"party": "correctional_service", "reason": "person_investigation"},
            {"party": "correctional_service", "reason": "other"},
            Matter.PERSON_INVESTIGATION,
        ),
        ("postponed", {"reason": "serious_illness", "until": "2025-08-01"}, {"until": "2025-08-01"}, Matter.PROGRESS),
        ("interrupted", {"reason": "serious_illness"}, {}, Matter.PROGRESS),
    ],
)
def test_the_event_in_a_correction_is_learnt_like_the_event_itself(
    place: str, kind: str, details: dict[str, Any], learnt: dict[str, Any], matter: Matter
) -> None:
    """The details of the new event are judged by its own type, and not by that of the correction."""
    event = {"type": kind, "occurred_on": "2025-06-10"}
    given = {"corrects": 7, "reason": "wrong_details", place: event | {"details": details}}
    without, allowed = shared(Matter.STAGE_DATES), shared(Matter.STAGE_DATES, matter)

    def kept(knowledge: ViewerKnowledge) -> dict[str, Any]:
        return redaction.learnt_details(knowledge, EventType.CORRECTED, given, Protection.NONE)

    assert redaction.learnt_details(without, EventType(kind), details, Protection.NONE) == learnt
    assert kept(without) == given | {place: event | {"details": learnt}}
    assert kept(allowed) == kept(OFFICE) == given


def test_a_protected_transfer_in_a_correction_names_no_office() -> None:
    event = {"type": "transfer_decided", "occurred_on": "2025-06-10", "details": {"to": "bergen"}}
    given = {"corrects": 7, "reason": "wrong_details", "replacement": event}
    reader = ViewerKnowledge(frozenset(), frozenset({Matter.STAGE_DATES}))
    kept = redaction.learnt_details(reader, EventType.CORRECTED, given, Protection.STRICTLY_CONFIDENTIAL)

    assert kept == given | {"replacement": event | {"details": {}}}


def test_every_deadline_meeting_mark_and_reason_has_its_matters() -> None:
    assert set(redaction.CLOCK_MATTERS) == {rule.code for rule in RULES}
    assert set(redaction.MEETING_MATTERS) == set(MeetingKind)
    assert set(redaction.MARK_MATTERS) == set(Mark) - {Mark.EVENT, Mark.DEADLINE}
    assert set(redaction.WAIT_MATTERS) == set(WaitReason)


def test_every_detail_of_an_event_has_its_matter() -> None:
    """A field of a payload without a row in `DETAIL_FIELDS` fails here; one that is no field any more as well."""
    listed = [name for names in DETAIL_FIELDS.values() for name in names.split()]

    assert len(listed) == len(set(listed))
    assert set(listed) == {name for kind in EventType for name in named_in(details_schema(kind))}
    assert all(name in named_in(details_schema(kind)) for kind, name in DETAIL_OVERRIDES)


def named_in(schema: Any) -> set[str]:
    """Every name of a property in a JSON Schema, at any depth."""
    if isinstance(schema, list):
        return {name for item in schema for name in named_in(item)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own | {name for inner in schema.values() for name in named_in(inner)}


def test_deadlines_go_with_what_their_days_tell() -> None:
    codes = {rule.code for rule in RULES}

    def learnt(knowledge: ViewerKnowledge) -> set[str]:
        return {code for code in codes if redaction.may_learn_deadline(knowledge, code)}

    assert learnt(OFFICE) == learnt(shared(*Matter)) == codes
    assert learnt(NAMELESS) == codes - {"turns_18"}
    assert learnt(TEAM) == {"plan_meeting", "team_meeting"}
    assert "lead_time" not in learnt(shared(Matter.STAGE_DATES))
    assert "lead_time" in learnt(shared(Matter.STAGE_DATES, Matter.OFFENCE))
    assert not learnt(shared(Matter.STAGE_DATES)) & {"turns_18", "pum_wished", "breach_talk", "complaint_plan"}


def test_alerts_of_stages_are_part_of_the_status_and_the_others_take_their_own_matter() -> None:
    told = {code for code in redaction.CLOCK_MATTERS if redaction.may_learn_alert(TEAM, code)}

    assert {"lead_time", "plan_meeting", "dispatch", "term_end"} <= told
    assert not told & {"turns_18", "pum_wished", "pum_renewal", "breach_talk", "petition", "complaint_plan"}
    assert redaction.may_learn_alert(shared(Matter.CURRENT_STATUS, Matter.PROGRESS), "breach_talk")
    assert not redaction.may_learn_alert(shared(Matter.PROGRESS), "breach_talk")


def test_the_reason_of_a_delay_goes_with_its_matter() -> None:
    assert redaction.may_learn_delay_reason(TEAM, None)
    assert redaction.may_learn_delay_reason(TEAM, DelayReason.CAPACITY)
    assert not redaction.may_learn_delay_reason(TEAM, DelayReason.WAITING_FOR_PERSON_INVESTIGATION)
    assert redaction.may_learn_delay_reason(OFFICE, DelayReason.WAITING_FOR_PERSON_INVESTIGATION)


def test_the_timeline_of_a_member_has_what_they_may_learn_and_no_stage_without_the_stages() -> None:
    assert {mark for mark in Mark if redaction.may_learn_entry(NAMELESS, mark, "executing")} == {
        Mark.STAGE,
        Mark.DEADLINE,
    }
    assert not redaction.may_learn_entry(TEAM, Mark.STAGE, "executing")
    assert redaction.may_learn_entry(TEAM, Mark.EVENT, "team_meeting_held")
    assert not redaction.may_learn_entry(TEAM, Mark.EVENT, "drug_test_held")
    assert redaction.may_learn_entry(TEAM, Mark.DEADLINE, "team_meeting")
    assert not redaction.may_learn_entry(TEAM, Mark.COMES_OF_AGE, "turns_18")
    stages = shared(Matter.STAGE_DATES)
    others = set(Mark) - {Mark.EVENT}
    assert {mark for mark in others if redaction.may_learn_entry(stages, mark, "dispatch")} == {
        Mark.STAGE, Mark.WAIT, Mark.DEADLINE, Mark.TERM_ENDS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "member", "on_the_team", "sharing"),
    [
        (TEAM, "teacher-7", True, True),
        (TEAM, "nurse-2", True, False),
        (PROTECTED, "teacher-7", True, True),
        (ViewerKnowledge(frozenset(), STATUS), "nurse-2", False, False),
        (ViewerKnowledge(frozenset(), STATUS), "teacher-7", True, True),
        (OFFICE, "nurse-2", True, True),
    ],
)
def test_members_know_of_themselves(reader: ViewerKnowledge, member: str, on_the_team: bool, sharing: bool) -> None:
    assert redaction.may_learn_member(reader, TEACHER, member) is on_the_team
    assert redaction.may_learn_sharing(reader, TEACHER, member) is sharing


def test_outside_the_office_the_dates_of_team_meetings_alone_are_learnt() -> None:
    learnt = {kind for kind in MeetingKind if redaction.may_learn_meeting(shared(Matter.MEETING_DATES), kind)}

    assert learnt == {MeetingKind.CONFERENCE, MeetingKind.PLAN, MeetingKind.REPLAN, MeetingKind.TEAM}
    without = shared(*(set(Matter) - {Matter.MEETING_DATES}))
    assert not any(redaction.may_learn_meeting(without, kind) for kind in learnt)
    assert all(redaction.may_learn_meeting(OFFICE, kind) for kind in MeetingKind)


@pytest.mark.parametrize("protection", [Protection.CONFIDENTIAL, Protection.STRICTLY_CONFIDENTIAL])
def test_a_provider_of_a_protected_youth_is_named_to_whoever_may_know_the_address(protection: Protection) -> None:
    without = ViewerKnowledge(ALL - {Disclosure.REACH})

    assert not redaction.may_name_providers(without, protection)
    assert redaction.may_name_providers(OFFICE, protection)
    assert redaction.may_name_providers(without, Protection.NONE)
    assert not redaction.may_name_providers(shared(Matter.PLAN), protection)


def test_a_viewer_learns_as_their_agency_and_the_office_as_itself() -> None:
    case = case_at("S R2", "plan_meeting_held", "2025-06-05 team_member_joined {member: teacher-7, agency: school}")
    facts = access_attributes(case, Protection.NONE)
    day = date(2025, 6, 10)

    teacher = redaction.viewer_knowledge(TEACHER, case, facts, day)
    assert teacher.shared_matters == {Matter.CURRENT_STATUS, Matter.MEETING_DATES}
    prosecution = redaction.viewer_knowledge(Viewer(Role.PROSECUTION, "p", "oslo"), case, facts, day)
    assert prosecution.shared_matters is not None
    assert Matter.OFFENCE in prosecution.shared_matters
    assert Matter.PLAN not in prosecution.shared_matters
    assert redaction.viewer_knowledge(Viewer(Role.LEADER, "l", "oslo"), case, facts, day).shared_matters is None
    assert redaction.may_learn_nothing(
        redaction.viewer_knowledge(Viewer(Role.TEAM_MEMBER, "x", None), case, facts, day)
    )


def test_who_may_learn_nothing_sees_no_case() -> None:
    """A victim learns nothing under the table, a guardian nothing from the day the youth is 18."""
    joined = (
        "2025-06-05 team_member_joined {member: victim-1, agency: victim}",
        "2025-06-05 team_member_joined {member: guardian-1, agency: guardian}",
    )
    case = case_at("S R2", "plan_meeting_held", *joined)
    facts = access_attributes(case, Protection.NONE)

    def nothing(member: str, day: date) -> bool:
        viewer = Viewer(Role.TEAM_MEMBER, member, None)
        return redaction.may_learn_nothing(redaction.viewer_knowledge(viewer, case, facts, day))

    assert nothing("victim-1", date(2025, 6, 10))
    assert not nothing("guardian-1", date(2026, 3, 11))
    assert nothing("guardian-1", date(2026, 3, 12))


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

"""Events that a viewer may not learn of stand in no number, refusal or answer to what they record themselves."""

from typing import Any

import pytest

from tests.api.build import DAY, assert_problem, case_at, etag, events_of, recorded
from tests.service import Client, Service
from ungdom.workflow import redaction
from ungdom.workflow.guards.core import UnmetCondition
from ungdom.workflow.redaction import ViewerKnowledge
from ungdom.workflow.rules.sharing import Matter

OFFICER = {"member": "officer-1", "agency": "police"}
SCHOOL = {"measure": "m1", "code": "education_work_community", "provider": "skole", "hours_a_week": 10}


@pytest.fixture
def office(served: Service) -> Client:
    return served.as_("coordinator", "oslo")


def set_aside(client: Client, case: str, **query: str) -> dict[str, Any]:
    body = {"type": "decision_set_aside", "occurred_on": DAY, "details": {"reason": "complaint_upheld"}}
    done = client.post(f"/v1/cases/{case}/events", body, etag(client, case), params=query)
    assert done.status_code in (200, 201), done.text
    return dict(done.json())


def test_an_inserted_event_names_the_one_before_it_by_the_number_that_the_reader_knows(
    served: Service, office: Client
) -> None:
    case = case_at(office, "executing")
    recorded(office, case, "team_member_joined", DAY, OFFICER)
    meeting = {"present": ["youth", "school"]}
    recorded(office, case, "team_meeting_held", DAY, meeting)
    held = max(event["seq"] for event in events_of(office, case) if event["type"] == "team_meeting_held")
    insert = {"type": "team_meeting_held", "occurred_on": DAY, "details": {"present": ["school"]}}
    body = {"reason": "forgotten", "insert": insert, "after_seq": held}
    done = office.post(f"/v1/cases/{case}/corrections", body, etag(office, case))
    assert done.status_code == 201, done.text

    seen = events_of(served.as_("team_member", subject="officer-1"), case)

    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    known = next(event["seq"] for event in seen if event["type"] == "team_meeting_held")
    (inserted,) = (event["details"] for event in seen if event["type"] == "corrected")
    assert (inserted["insert"]["after_seq"], known < held) == (known, True)
    whole = next(event["details"] for event in events_of(office, case) if event["type"] == "corrected")
    assert whole["insert"]["after_seq"] == held


def test_what_has_happened_since_names_no_event_that_the_viewer_may_not_learn_of(
    served: Service, office: Client
) -> None:
    case, prosecution = case_at(office, "assessment"), served.as_("prosecution", "oslo")
    stale = etag(prosecution, case)
    recorded(office, case, "note_added", DAY, note="Ungdommen møtte ikke.")
    recorded(office, case, "consent_given", DAY, {"by": "youth"})
    body = {"type": "charged", "occurred_on": DAY, "details": {}}

    refused = assert_problem(prosecution.post(f"/v1/cases/{case}/events", body, stale), 412, "stale")

    assert [event["type"] for event in refused["events_since"]] == ["consent_given"]
    assert "note_added" not in {event["type"] for event in events_of(prosecution, case)}


def test_what_follows_from_a_step_is_shown_as_far_as_it_may_be_learnt(served: Service, office: Client) -> None:
    """A decision set aside ends the measures that run: the prosecution learns of the plan on breach alone."""
    case, prosecution = case_at(office, "executing"), served.as_("prosecution", "oslo")
    recorded(office, case, "team_member_joined", DAY, OFFICER)
    recorded(office, case, "plan_approved", DAY, {"measures": [SCHOOL], "notified_on": DAY})
    recorded(office, case, "measure_started", DAY, {"measure": "m1"})
    heard = {"about": ["interruption"], "how": "written"}
    recorded(office, case, "youth_heard", DAY, heard)
    recorded(office, case, "interrupted", DAY, {"reason": "health"})

    tried, done = set_aside(prosecution, case, dry_run="true"), set_aside(prosecution, case)

    ended = {"measure_ended", "team_member_left"}
    everything = {event["type"] for event in events_of(office, case)}
    for answer in (tried, done):
        assert {event["type"] for event in answer["followed_by"]} == {"team_member_left"}
    assert ended <= everything


def test_the_present_value_of_a_condition_is_left_out_where_its_matter_may_not_be_learnt() -> None:
    ground = UnmetCondition("youth_was_heard", "fvl § 16", "2026-01-05", "interruption", ())
    other = UnmetCondition("term_has_run", "krl § 22", "2026-01-05", "2026-07-05", ())
    shared = frozenset({Matter.STAGE_DATES})

    without = redaction.learnt_unmet(ViewerKnowledge(frozenset(), shared), [ground, other])
    told = redaction.learnt_unmet(ViewerKnowledge(frozenset(), shared | {Matter.PROGRESS}), [ground, other])

    assert [condition.current for condition in without] == [None, "2026-01-05"]
    assert told == (ground, other)

"""Each way out of the office: what it carries is what law or consent lets the receiver learn (docs/consent.md)."""

from datetime import date

import pytest

from tests.workflow.roads import case_at
from ungdom.api.calendars import routes as calendar_routes
from ungdom.esas import outbound
from ungdom.notices.dispatch import EVENT_RECORDED
from ungdom.notices.document import with_webhooks
from ungdom.workflow.payloads import Attendee
from ungdom.workflow.rules import sharing
from ungdom.workflow.rules.permissions import may_read_rights, may_subscribe_to_events
from ungdom.workflow.rules.sharing import Ground, Matter
from ungdom.workflow.vocabulary import EventType, Role


@pytest.mark.parametrize("road", ["F R2", "S R2"])
@pytest.mark.parametrize("matter", [Matter.SANCTION, Matter.STAGE_DATES, Matter.IDENTITY])
def test_official_messages_tell_the_police_what_the_law_gives_them(road: str, matter: Matter) -> None:
    """`oppdatertSaksstatus` names the case, its sanction, the stage and a reason code; no plan, no test, no address."""
    found = sharing.may_learn(case_at(road, "plan_meeting_held"), Attendee.POLICE, matter, date(2025, 6, 10))

    assert (found.allowed, found.ground) == (True, Ground.LAW)
    assert set(outbound.CODES) == {
        "tildeltSaksansvarlig", "ungdomsplanSignert", "stansUngdomsreaksjon", "oppstartEtterStans",
        "avsluttetUngdomsreaksjon", "overfoertAnnetKonfliktraad",
    }  # fmt: skip


def test_webhooks_of_the_team_never_tell_which_events_happen() -> None:
    parts: dict[str, dict[str, str]] = {name: {} for name in ("channels", "operations", "servers")}
    sent = with_webhooks({"info": {"tags": []}, **parts, "components": {"messages": {}, "schemas": {}}})
    data = sent["components"]["schemas"]

    assert "type" in data["eventData"]["properties"]  # the type of the event: what a teacher may not learn
    assert set(data["alertData"]["properties"]) & {"sanction", "type", "details"} == set()
    assert not may_subscribe_to_events(Role.TEAM_MEMBER)
    assert may_subscribe_to_events(Role.COORDINATOR)
    assert EVENT_RECORDED == "case.event_recorded"


def test_calendar_feeds_are_of_the_office_alone() -> None:
    assert {role for role in Role if calendar_routes._may_have_feeds(role)} == {Role.COORDINATOR, Role.LEADER}


def test_consents_breaches_and_complaints_are_not_for_the_team() -> None:
    assert {role for role in Role if may_read_rights(role)} == {
        Role.COORDINATOR, Role.LEADER, Role.SECRETARIAT, Role.PROSECUTION, Role.SYSTEM,
    }  # fmt: skip


def test_every_event_has_a_matter() -> None:
    assert {sharing.matter_of(kind) for kind in EventType} == {*sharing.EVENTS_BY_MATTER, Matter.STAGE_DATES}


def test_no_event_is_told_under_two_matters() -> None:
    told = [kind for kinds in sharing.EVENTS_BY_MATTER.values() for kind in kinds]

    assert len(told) == len(set(told))

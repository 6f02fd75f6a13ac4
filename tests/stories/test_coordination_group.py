"""Who is told of delay before there is a team, and who may answer, told over HTTP. krl §§ 22 c, 22 d, 26."""

from datetime import date
from typing import Any

import httpx
import pytest

from tests.service import Client, Service
from tests.stories.places import COORDINATOR, OFFICE
from tests.stories.telling import Story
from ungdom.alerts.sweep import sweep
from ungdom.notices.dispatch import dispatch
from ungdom.notices.group_notices import notify_woken
from ungdom.store import contacts

GROUP = f"/v1/coordination-groups/{OFFICE}"
POLICE = {"agency": "police", "name": "Politikontakt Oslo", "subject": "police-1", "email": "police@etat.example"}
PROSECUTION = {"agency": "prosecution", "name": "Jurist Oslo", "subject": "prosecution-1"}
CORRECTIONAL = {"agency": "correctional_service", "name": "Friomsorgen Oslo", "email": "friomsorg@etat.example"}
SCHOOL = {"agency": "school", "name": "Skolekontakt Oslo", "subject": "school-1"}
ALL = (POLICE, PROSECUTION, CORRECTIONAL, SCHOOL)

CHARGE_WARNED = date(2025, 2, 17)
"""Suspect since 20 January 2025: the charge decision is due on 3 March, and warned of from this day."""
LEAD_WARNED = date(2025, 6, 17)
"""The last offence was on 18 January 2025: execution should begin by 17 July, and is warned of from this day."""
CONSENT = {"scope": ["plan"], "recipients": ["school"]}
ANSWER = {"reason": "capacity", "expected_on": "2025-03-14"}


def put(client: Client, *contacts: dict[str, Any], path: str = GROUP) -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.token}"}
    return client.service.send("PUT", path, headers=headers, json={"contacts": list(contacts)})


def kept(service: Service, *contacts: dict[str, Any]) -> None:
    """The leader writes the group."""
    done = put(leader(service), *contacts)
    assert done.status_code == 200, done.text


def leader(service: Service) -> Client:
    return service.as_("leader", OFFICE)


def coordinator(service: Service) -> Client:
    return service.as_("coordinator", OFFICE)


def contact(service: Service, subject: str) -> Client:
    if subject.startswith("prosecution"):
        return service.as_("prosecution", OFFICE, subject)
    return service.as_("team_member", None, subject)


def night(service: Service, day: date) -> None:
    """The night of that day, the notices are delivered, and then it is eleven o'clock."""
    service.clock.turn_to(day, 2)
    sweep(service.db, day, service.clock)
    notify_woken(service.db, day, service.clock())
    deliver(service)
    service.clock.turn_to(day, 11)


def deliver(service: Service) -> None:
    dispatch(service.db, service.app.state.keys, service.clock())


def inbox(client: Client, code: str | None = None) -> list[dict[str, Any]]:
    done = client.get("/v1/notices")
    assert done.status_code == 200, done.text
    return [item for item in done.json()["items"] if code in (None, item["code"])]


def told(service: Service, code: str, *subjects: str) -> set[str]:
    """Those of these contacts who have a notice of this clock."""
    return {subject for subject in subjects if inbox(contact(service, subject), code)}


def unreached(client: Client, **asked: Any) -> dict[str, Any]:
    done = client.get("/v1/alerts/unreached", **asked)
    assert done.status_code == 200, done.text
    return dict(done.json())


def alert_of(client: Client, code: str) -> dict[str, Any]:
    (alert,) = (item for item in client.get("/v1/alerts").json()["items"] if item["code"] == code)
    return dict(alert)


# --- before the start -----------------------------------------------------------------------------------------


def test_before_the_start_leader_and_the_authority_that_is_waited_for_are_told(served: Service) -> None:
    kept(served, *ALL)
    Story(served, "F R2", "suspect_set")
    night(served, CHARGE_WARNED)

    (notice,) = inbox(contact(served, "prosecution-1"))
    assert (notice["code"], notice["agency"], notice["waiting_for"]) == (
        "charge_decision",
        "prosecution",
        "prosecution",
    )
    assert told(served, "charge_decision", "police-1", "school-1") == set()
    assert [item["code"] for item in inbox(leader(served))] == ["charge_decision"]


def test_a_notice_to_a_contact_holds_reference_stage_days_and_who_is_waited_for_and_opens_no_case(
    served: Service,
) -> None:
    kept(served, POLICE)
    case = Story(served, "F R2", "suspect_set").id
    night(served, LEAD_WARNED)
    police = contact(served, "police-1")

    (notice,) = inbox(police)

    assert (notice["state"], notice["days"], notice["waiting_for"]) == ("investigation", -30, "police")
    assert notice["reference"] == coordinator(served).get(f"/v1/cases/{case}").json()["reference"]
    assert "Rutete" not in str(notice)
    assert "Fiskegrateng" not in str(notice)
    assert notice["link"].endswith(f"/delays/{notice['alert_id']}")
    assert police.get(f"/v1/cases/{case}").status_code == 404
    alert = police.get(f"/v1/alerts/{notice['alert_id']}")
    assert alert.status_code == 200, alert.text
    assert [entry["subject"] for entry in alert.json()["history"]] == [None]
    assert police.get(f"/v1/alerts/{alert_of(coordinator(served), 'charge_decision')['id']}").status_code == 404
    assert police.post(f"/v1/notices/{notice['id']}/read").status_code == 200


def test_the_lead_time_goes_to_those_waited_for_and_once_reported_to_all_fixed_members(served: Service) -> None:
    kept(served, POLICE, PROSECUTION | {"email": "jurist@etat.example"}, CORRECTIONAL, SCHOOL)
    story = Story(served, "F R2", "suspect_set")
    night(served, LEAD_WARNED)
    assert told(served, "lead_time", "police-1", "prosecution-1") == {"police-1"}

    story.on("2025-06-18", "coordination_requested")
    deliver(served)

    assert told(served, "lead_time", "police-1", "prosecution-1", "school-1") == {"police-1", "prosecution-1"}
    assert len(inbox(contact(served, "police-1"), "lead_time")) == 1
    assert unreached(coordinator(served)) == {"counts": {}, "items": [], "next": None}


def test_school_is_told_only_with_the_consent_of_this_youth_and_the_guardian(served: Service) -> None:
    kept(served, POLICE, SCHOOL)
    story = Story(served, "F R2", "coordination_requested")
    night(served, LEAD_WARNED)
    assert told(served, "lead_time", "school-1") == set()

    story.on("2025-06-17", "sharing_consent_given", by="youth", **CONSENT)
    deliver(served)
    assert told(served, "lead_time", "school-1") == set()
    story.on("2025-06-18", "sharing_consent_given", by="guardian", **CONSENT)
    deliver(served)

    assert told(served, "lead_time", "school-1") == {"school-1"}
    assert inbox(contact(served, "school-1"))[0]["agency"] == "school"


def test_after_the_start_it_is_the_team(served: Service) -> None:
    kept(served, *ALL)
    story = Story(served, "S R2", "plan_meeting_held")
    story.on("2025-06-04", "team_member_joined", member="team-1", agency="police")
    before = {subject: len(inbox(contact(served, subject))) for subject in ("police-1", "prosecution-1")}
    night(served, date(2025, 7, 30))  # the team meeting was due on 15 July

    assert {subject: len(inbox(contact(served, subject))) for subject in before} == before
    assert told(served, "team_meeting", "team-1") == {"team-1"}


def test_a_contact_named_later_is_told_at_once_of_what_is_late(served: Service) -> None:
    Story(served, "F R2", "suspect_set")
    night(served, LEAD_WARNED)
    office = coordinator(served)
    assert unreached(office)["counts"] == {"no_contact": 1}
    assert unreached(office)["items"][0]["agencies"] == ["police"]

    kept(served, {"agency": "police", "name": "Vakta"})
    assert unreached(office)["counts"] == {"no_address": 1}
    kept(served, POLICE)

    assert told(served, "lead_time", "police-1") == {"police-1"}
    assert unreached(office)["counts"] == {}


# --- what reached nobody outside --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "contacts", "reason"),
    [
        ("judgment_given", ALL, "no_authority"),  # the parties may appeal
        ("indicted", ALL, "not_in_group"),  # the court
        ("suspect_set", ALL[1:], "no_contact"),  # the police
        ("suspect_set", ({"agency": "police", "name": "Vakta"},), "no_address"),
    ],
)
def test_every_alert_that_reached_nobody_outside_is_listed_with_its_reason(
    served: Service, until: str, contacts: tuple[dict[str, Any], ...], reason: str
) -> None:
    kept(served, *contacts)
    case = Story(served, "S R2 interim", until).id
    night(served, LEAD_WARNED)

    listed = unreached(coordinator(served))

    assert listed["counts"] == {reason: 1}
    (entry,) = listed["items"]
    assert (entry["case"], entry["code"], entry["reason"]) == (case, "lead_time", reason)
    assert unreached(served.as_("secretariat"), konfliktrad=OFFICE, reason=reason)["items"] == [entry]
    assert unreached(coordinator(served), reason="put_off")["items"] == []
    assert unreached(served.as_("leader", "vest"))["items"] == []
    assert served.as_("team_member", None, "police-1").get("/v1/alerts/unreached").status_code == 403


def test_what_is_not_delivered_yet_is_listed_so(served: Service) -> None:
    kept(served, POLICE)
    Story(served, "F R2", "suspect_set")
    served.clock.turn_to(LEAD_WARNED, 2)
    sweep(served.db, LEAD_WARNED, served.clock)
    assert unreached(coordinator(served))["counts"] == {"not_sent": 1}

    deliver(served)

    assert unreached(coordinator(served))["counts"] == {}


def test_what_the_office_puts_off_is_listed_so_and_sent_when_it_wakes(served: Service) -> None:
    Story(served, "F R2", "suspect_set")
    night(served, LEAD_WARNED)
    alert = alert_of(coordinator(served), "lead_time")["id"]
    assert coordinator(served).post(f"/v1/alerts/{alert}/snooze", {"until": "2025-06-20"}).status_code == 200

    kept(served, POLICE)
    assert unreached(coordinator(served))["counts"] == {"put_off": 1}
    assert told(served, "lead_time", "police-1") == set()
    for day in (20, 21):
        night(served, date(2025, 6, day))

    assert told(served, "lead_time", "police-1") == {"police-1"}


# --- who answers ---------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(served: Service) -> tuple[Service, str]:
    """The charge decision is late: the prosecution is waited for. The alert."""
    kept(served, POLICE, PROSECUTION)
    Story(served, "F R2", "suspect_set")
    night(served, CHARGE_WARNED)
    return served, alert_of(coordinator(served), "charge_decision")["id"]


def test_the_party_waited_for_answers_for_its_own_part_and_silences_nobody(waiting: tuple[Service, str]) -> None:
    service, alert = waiting
    prosecution = contact(service, "prosecution-1")
    done = prosecution.post(f"/v1/alerts/{alert}/answer", ANSWER)
    assert done.status_code == 200, done.text

    shown = coordinator(service).get(f"/v1/alerts/{alert}").json()
    assert (shown["state"], shown["quiet_until"], shown["reason"]) == ("open", None, None)
    (part,) = shown["parts"]
    assert (part["agency"], part["reason"], part["expected_on"]) == ("prosecution", "capacity", "2025-03-14")
    deliver(service)
    (notice,) = [item for item in inbox(leader(service)) if item["kind"] == "alert.part_answered"]
    assert (notice["agency"], notice["expected_on"]) == ("prosecution", "2025-03-14")
    night(service, date(2025, 3, 4))
    assert [entry["change"] for entry in coordinator(service).get(f"/v1/alerts/{alert}").json()["history"]] == [
        "raised",
        "part_answered",
        "escalated",
    ]
    assert len(inbox(leader(service))) == 3


def test_nobody_outside_the_office_acknowledges_or_puts_off_and_the_secretariat_answers_nothing(
    waiting: tuple[Service, str],
) -> None:
    service, alert = waiting
    prosecution, secretariat = contact(service, "prosecution-1"), service.as_("secretariat")
    for what, body in (("acknowledge", None), ("snooze", {"until": "2025-02-20"})):
        assert prosecution.post(f"/v1/alerts/{alert}/{what}", body).status_code == 403
        assert secretariat.post(f"/v1/alerts/{alert}/{what}", body).status_code == 403
    assert secretariat.post(f"/v1/alerts/{alert}/answer", ANSWER).status_code == 403
    assert coordinator(service).get(f"/v1/alerts/{alert}").json()["state"] == "open"


def test_a_contact_whose_agency_is_not_waited_for_has_no_part_to_answer_for(served: Service) -> None:
    kept(served, CORRECTIONAL | {"subject": "officer-1"})
    Story(served, "F R2", "coordination_requested")
    night(served, LEAD_WARNED)
    officer, alert = contact(served, "officer-1"), alert_of(coordinator(served), "lead_time")["id"]

    refused = officer.post(f"/v1/alerts/{alert}/answer", ANSWER | {"expected_on": "2025-07-01"})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_waited_for")
    assert coordinator(served).get(f"/v1/alerts/{alert}").json()["parts"] == []


def test_the_answer_of_a_police_member_of_the_team_mutes_the_office_no_more(served: Service) -> None:
    story = Story(served, "S R2", "plan_meeting_held")
    story.on("2025-06-04", "team_member_joined", member="police-9", agency="police")
    night(served, date(2025, 7, 16))  # the team meeting was due on 15 July
    alert = alert_of(coordinator(served), "team_meeting")["id"]

    done = contact(served, "police-9").post(f"/v1/alerts/{alert}/answer", ANSWER | {"expected_on": "2025-09-01"})
    assert done.status_code == 200, done.text

    before = len(inbox(coordinator(served), "team_meeting"))
    night(served, date(2025, 7, 29))
    deliver(served)
    assert len(inbox(coordinator(served), "team_meeting")) > before
    shown = coordinator(served).get(f"/v1/cases/{story.id}").json()["open_alerts"]
    assert [part["agency"] for item in shown if item["id"] == alert for part in item["parts"]] == ["police"]


def test_coordinator_and_leader_answer_for_the_office_until_the_day_they_name(waiting: tuple[Service, str]) -> None:
    service, alert = waiting
    done = leader(service).post(f"/v1/alerts/{alert}/answer", ANSWER)
    assert (done.status_code, done.json()["state"], done.json()["quiet_until"]) == (200, "answered", "2025-03-14")
    before = len(inbox(leader(service), "charge_decision"))

    night(service, date(2025, 3, 4))

    assert len(inbox(leader(service), "charge_decision")) == before


def test_while_the_coordinator_is_away_the_substitute_answers_for_the_office_and_is_told(served: Service) -> None:
    kept(served, PROSECUTION)
    case = Story(served, "F R2", "dispatched")
    case.on("2025-02-17", "received").on("2025-02-18", "assigned")
    night(served, LEAD_WARNED)
    away = {"first_day": "2025-06-17", "last_day": "2025-06-30", "substitute": f"{COORDINATOR}-2"}
    entered = leader(served).post(f"/v1/staff/{COORDINATOR}/absences", away)
    assert entered.status_code == 201, entered.text
    substitute = served.as_("coordinator", OFFICE, f"{COORDINATOR}-2")
    alert = alert_of(substitute, "lead_time")["id"]
    recorded = case.service.as_("leader", OFFICE).record(
        case.id, "wait_started", "2025-06-17", {"party": "prosecution", "reason": "other"}
    )
    assert recorded.status_code == 201, recorded.text

    answered = contact(served, "prosecution-1").post(
        f"/v1/alerts/{alert}/answer", ANSWER | {"expected_on": "2025-07-01"}
    )
    assert answered.status_code == 200, answered.text
    deliver(served)

    assert [item["agency"] for item in inbox(substitute) if item["kind"] == "alert.part_answered"] == ["prosecution"]
    assert [item for item in inbox(coordinator(served)) if item["kind"] == "alert.part_answered"] == []
    done = substitute.post(f"/v1/alerts/{alert}/answer", ANSWER | {"expected_on": "2025-07-01"})
    assert (done.status_code, done.json()["state"]) == (200, "answered")


# --- the transfer --------------------------------------------------------------------------------------------


def test_members_leave_at_a_transfer_unless_the_new_office_keeps_them(served: Service) -> None:
    story = Story(served, "S R2", "plan_meeting_held")
    for member, agency in (("police-9", "police"), ("officer-9", "correctional_service"), ("father", "guardian")):
        story.on("2025-06-04", "team_member_joined", member=member, agency=agency)
    decided = {"to": "vest", "parties_heard": True, "prosecution_told_on": "2025-06-10"}
    story.on("2025-06-10", "transfer_decided", **decided)
    receiving = served.as_("leader", "vest")

    unknown = receiving.record(story.id, "transfer_accepted", "2025-06-10", {"keeps": ["nobody"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_member")
    done = receiving.record(story.id, "transfer_accepted", "2025-06-10", {"keeps": ["officer-9"]})

    assert done.status_code == 201, done.text
    assert [event["type"] for event in done.json()["followed_by"]] == ["team_member_left"]
    team = receiving.get(f"/v1/cases/{story.id}/team").json()["members"]
    assert {member["member"]: member["left"] for member in team} == {
        "police-9": "2025-06-10",
        "officer-9": None,
        "father": None,
    }
    assert contact(served, "police-9").get(f"/v1/cases/{story.id}").status_code == 404
    assert contact(served, "officer-9").get(f"/v1/cases/{story.id}").status_code == 200


def test_contacts_of_the_former_office_learn_no_more_after_a_transfer(served: Service) -> None:
    kept(served, POLICE, PROSECUTION, CORRECTIONAL)
    elsewhere = "/v1/coordination-groups/vest"
    moved = put(served.as_("leader", "vest"), POLICE | {"subject": "police-vest"}, path=elsewhere)
    assert moved.status_code == 200
    story = Story(served, "F R2", "received")
    night(served, LEAD_WARNED)
    assert told(served, "lead_time", "police-1", "police-vest") == {"police-1"}
    decided = {"to": "vest", "parties_heard": True, "prosecution_told_on": "2025-06-18"}
    story.on("2025-06-18", "transfer_decided", **decided)

    done = served.as_("leader", "vest").record(story.id, "transfer_accepted", "2025-06-18")
    assert done.status_code == 201, done.text
    deliver(served)

    assert told(served, "lead_time", "police-1", "police-vest") == {"police-vest"}


# --- keeping the group ---------------------------------------------------------------------------------------


def test_the_leader_keeps_the_own_group_the_secretariat_every_one_and_no_address_is_shown(served: Service) -> None:
    kept(served, *ALL)
    shown = coordinator(served).get(GROUP).json()

    assert shown["missing"] == []
    assert {(entry["agency"], entry["subject"], entry["has_address"]) for entry in shown["contacts"]} == {
        ("police", "police-1", True),
        ("prosecution", "prosecution-1", False),
        ("correctional_service", None, True),
        ("school", "school-1", False),
    }
    assert "etat.example" not in str(shown)
    assert [item["konfliktrad"] for item in leader(served).get("/v1/coordination-groups").json()["items"]] == [OFFICE]
    assert len(served.as_("secretariat").get("/v1/coordination-groups").json()["items"]) == 12
    assert put(served.as_("secretariat"), POLICE).status_code == 200
    refusals = [
        (put(coordinator(served), POLICE), 403, "forbidden_role"),
        (put(served.as_("leader", "vest"), POLICE), 403, "other_office"),
        (put(leader(served), POLICE, path="/v1/coordination-groups/nowhere"), 404, "not_found"),
        (put(leader(served), POLICE, POLICE), 422, "contact_named_twice"),
        (put(leader(served), POLICE | {"subject": f"coordinator-{OFFICE}"}), 422, "contact_is_staff"),
        (put(leader(served), POLICE | {"agency": "court"}), 422, "invalid_input"),
        (put(leader(served), POLICE | {"subject": "contact:1"}), 422, "invalid_input"),
        (put(leader(served), POLICE | {"email": "no address"}), 422, "invalid_input"),
    ]
    assert [(done.status_code, done.json()["code"]) for done, *_ in refusals] == [
        (status, code) for _, status, code in refusals
    ]
    assert [entry["agency"] for entry in leader(served).get(GROUP).json()["contacts"]] == ["police"]


def test_an_address_stays_while_it_is_left_out_and_goes_with_null(served: Service) -> None:
    kept(served, CORRECTIONAL)
    again = {name: value for name, value in CORRECTIONAL.items() if name != "email"}
    assert put(leader(served), again).json()["contacts"][0]["has_address"] is True
    assert put(leader(served), again | {"email": None}).json()["contacts"][0]["reachable"] is False


def test_a_contact_of_two_offices_is_redirected_by_neither(served: Service) -> None:
    kept(served, POLICE)
    elsewhere, path = served.as_("leader", "vest"), "/v1/coordination-groups/vest"
    for changed in ({"email": "other@etat.example"}, {"email": None}, {"language": "en"}):
        refused = put(elsewhere, POLICE | changed, path=path)
        assert (refused.status_code, refused.json()["code"]) == (409, "contact_of_others"), changed
        assert "police-1" in refused.json()["detail"]
        assert elsewhere.get(path).json()["contacts"] == []
    without = {name: value for name, value in POLICE.items() if name != "email"}
    for same in (without, POLICE):
        [listed] = put(elsewhere, same, path=path).json()["contacts"]
        assert (listed["has_address"], listed["language"]) == (True, "nb")
    assert put(leader(served), POLICE | {"email": "new@etat.example"}).json()["code"] == "contact_of_others"

    assert address_of(served, "police-1") == POLICE["email"]
    assert put(elsewhere, path=path).status_code == 200
    kept(served, POLICE | {"email": "new@etat.example"})
    assert address_of(served, "police-1") == "new@etat.example"


def address_of(service: Service, subject: str) -> str | None:
    with service.db.reading() as tx:
        known = contacts.find(tx, service.app.state.keys, subject)
    assert known is not None
    return known.address


def test_the_share_of_lead_time_alerts_that_reached_somebody_outside_is_an_indicator(served: Service) -> None:
    kept(served, POLICE)
    Story(served, "F R2", "suspect_set")
    night(served, LEAD_WARNED)
    Story(served, "F R2", "received")
    kept(served)
    night(served, date(2025, 7, 18))
    period = {"from": "2025-06-01", "to": "2025-07-31"}

    done = leader(served).get("/v1/statistics/indicators", **period)
    assert done.status_code == 200, done.text
    items = done.json()["items"]

    (indicator,) = (item for item in items if item["code"] == "lead_time_alerts_outside")
    (own,) = (figure for figure in indicator["figures"] if figure["konfliktrad"] == OFFICE)
    assert (own["numerator"], own["denominator"]) == (1, 2)

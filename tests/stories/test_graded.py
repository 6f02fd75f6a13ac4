"""A youth whose address becomes protected, told over HTTP: who learns where they are, and from when. frl § 10-4."""

from datetime import date
from typing import Any

import pytest

from tests.api.build import DAY, case_at, recorded
from tests.api.test_outsiders import KNOWN, charged, parked
from tests.api.test_questions import opened
from tests.service import Client, Service
from tests.stories.telling import Story
from tests.stories.test_coordination_group import CHARGE_WARNED, POLICE, PROSECUTION, inbox, kept, night, unreached
from tests.stories.test_persons import ok, read

STRICT = "strictly_confidential"


@pytest.fixture
def leader(served: Service) -> Client:
    return served.as_("leader", "oslo")


def protect(leader: Client, case: str, level: str) -> dict[str, Any]:
    """The leader sets the level of the youth of this case."""
    path = f"/v1/persons/{ok(leader.get(f'/v1/cases/{case}'))['person']['id']}"
    headers = {"If-Match": leader.get(path).headers["ETag"], "Authorization": f"Bearer {leader.token}"}
    body = {"protection": level, "reason": "Vurdert av politiet."}
    return ok(leader.service.send("PATCH", path, json=body, headers=headers))


def place_in_list(client: Client, case: str) -> str | None:
    return next(row["konfliktrad"] for row in ok(client.get("/v1/cases"))["items"] if row["id"] == case)


def test_the_office_is_shown_in_lists_again_as_soon_as_the_level_is_lowered(served: Service, leader: Client) -> None:
    secretariat, colleague = served.as_("secretariat"), served.as_("coordinator", "oslo", "coordinator-oslo-2")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    shown = [(place_in_list(secretariat, case), colleague.get(f"/v1/cases/{case}").status_code)]
    for level in ("confidential", STRICT, "none"):
        protect(leader, case, level)
        shown.append((place_in_list(secretariat, case), colleague.get(f"/v1/cases/{case}").status_code))

    assert shown == [("oslo", 200), (None, 200), (None, 404), ("oslo", 200)]


def test_notes_and_reasons_are_for_those_who_may_know_the_address(served: Service, leader: Client) -> None:
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    recorded(served.as_("coordinator", "oslo"), case, "note_added", DAY, note="Møtes på Kaikanten.")
    protect(leader, case, "confidential")
    person = ok(leader.get(f"/v1/cases/{case}"))["person"]["id"]
    uncleared = (served.as_("secretariat"), served.as_("coordinator", "oslo", "coordinator-oslo-2"))

    for client in uncleared:
        assert ok(client.get(f"/v1/cases/{case}/notes"))["items"] == []
        assert [change["reason"] for change in ok(read(client, person))["history"]] == [None]
    (change,) = ok(read(uncleared[0], person))["history"]
    assert (change["changed_by"], change["konfliktrad"], change["role"]) == (None, None, "leader")
    assert [note["text"] for note in ok(leader.get(f"/v1/cases/{case}/notes"))["items"]] == ["Møtes på Kaikanten."]
    assert [change["reason"] for change in ok(read(leader, person))["history"]] == ["Vurdert av politiet."]


def test_whoever_raises_the_level_is_shown_what_they_may_learn_from_then_on(served: Service, leader: Client) -> None:
    """The second coordinator is not cleared: the answer to their own change has no address any more."""
    colleague = served.as_("coordinator", "oslo", "coordinator-oslo-2")
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    path = f"/v1/persons/{ok(leader.get(f'/v1/cases/{case}'))['person']['id']}"
    headers = {"If-Match": colleague.get(path).headers["ETag"], "Authorization": f"Bearer {colleague.token}"}
    assert ok(colleague.get(path))["reach"] is not None

    body = {"protection": STRICT, "reason": "Opplyst av verge."}
    done = ok(served.send("PATCH", path, json=body, headers=headers))

    assert (done["person"]["protection"], done["person"]["reach"]) == (STRICT, None)
    assert colleague.get(path).status_code == 404


def test_standing_contacts_lose_their_notices_and_get_them_back(served: Service, leader: Client) -> None:
    kept(served, POLICE, PROSECUTION)
    case = Story(served, "F R2", "suspect_set").id
    contact = served.as_("prosecution", "oslo", "prosecution-1")
    assert [one["name"] for one in group_of(leader, case)] == ["Politikontakt Oslo", "Jurist Oslo"]
    night(served, CHARGE_WARNED)
    (notice,) = inbox(contact)

    protect(leader, case, STRICT)
    assert inbox(contact) == []
    assert contact.get(f"/v1/alerts/{notice['alert_id']}").status_code == 404
    (alert,) = unreached(leader, code="charge_decision")["items"] or [None]
    assert alert is None or alert["reason"] == "protected"
    assert group_of(leader, case) == []
    night(served, date(2025, 3, 4))
    assert inbox(contact) == []

    protect(leader, case, "none")
    night(served, date(2025, 3, 17))
    assert {one["code"] for one in inbox(contact)} >= {"charge_decision"}


def group_of(client: Client, case: str) -> list[dict[str, Any]]:
    """The standing contacts that the team view shows."""
    return list(ok(client.get(f"/v1/cases/{case}/team"))["group"])


def test_an_alert_of_a_protected_youth_is_listed_as_such_and_says_of_few_where(served: Service, leader: Client) -> None:
    kept(served, POLICE, PROSECUTION)
    case = Story(served, "F R2", "suspect_set").id
    protect(leader, case, "confidential")
    night(served, CHARGE_WARNED)

    (own,) = unreached(leader, code="charge_decision")["items"]
    (national,) = unreached(served.as_("secretariat"), code="charge_decision")["items"]

    assert (own["reason"], own["konfliktrad"]) == ("protected", "oslo")
    assert (national["reason"], national["konfliktrad"]) == ("protected", None)
    assert unreached(served.as_("secretariat"), code="charge_decision", konfliktrad="oslo")["items"] == []


def test_after_the_start_the_team_view_shows_no_group(served: Service, leader: Client) -> None:
    kept(served, POLICE)
    case = case_at(served.as_("coordinator", "oslo"), "executing")
    assert group_of(leader, case) == []


def test_a_message_that_waits_is_hidden_from_those_who_may_not_see_the_youth_any_more(
    served: Service, leader: Client
) -> None:
    case = opened(served, "oslo", KNOWN)["id"]
    message, colleague = charged(served)["id"], served.as_("coordinator", "oslo", "coordinator-oslo-2")
    assert [row["id"] for row in parked(colleague)] == [message]

    protect(leader, case, STRICT)

    assert parked(colleague) == []
    assert colleague.get(f"/v1/decisions/{message}").status_code == 404
    assert [row["id"] for row in parked(leader)] == [message]

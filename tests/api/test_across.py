"""Plans, meetings, consents, breaches and complaints across cases: the views of one case, a page of cases at a time."""

from datetime import date
from typing import Any

import pytest

from tests.api.build import DAY, case_at, opened, recorded
from tests.api.test_statements import statements
from tests.service import Client, Service

VIEWS = ("plans", "meetings", "consents", "breaches", "complaints")
PAGE = 5
"""Statements of a page: its cases, their files and events, and what the providers in their plans are called."""


def lines(client: Client, view: str, **asked: Any) -> list[dict[str, Any]]:
    found = client.get(f"/v1/{view}", **asked)
    assert found.status_code == 200, found.text
    return found.json()["items"]


def with_everything(client: Client) -> str:
    """A case with a plan, a meeting, consents, a breach and a complaint."""
    case = case_at(client, "executing")
    planned = [{"measure": "m1", "code": "conversation", "provider": "skole"}]
    recorded(client, case, "plan_approved", DAY, {"measures": planned, "notified_on": DAY})
    recorded(client, case, "breach_recorded", DAY, {"kind": "plan"})
    recorded(client, case, "complaint_filed", DAY, {"about": "plan"})
    return case


@pytest.mark.parametrize("view", VIEWS)
def test_a_list_shows_of_each_case_what_its_own_page_shows(served: Service, view: str) -> None:
    office = served.as_("coordinator", "oslo")
    case = with_everything(office)
    opened(office)

    (line,) = lines(office, view)

    assert (line["id"], line["state"]) == (case, "executing")
    assert line["view"] == office.get(f"/v1/cases/{case}/{'plan' if view == 'plans' else view}").json()


def test_cases_without_anything_of_the_kind_are_not_listed(one: Service) -> None:
    office = one.as_("coordinator", "oslo")
    case_at(office, "executing")

    assert lines(office, "breaches") == []
    assert lines(office, "complaints") == []
    assert len(lines(office, "meetings")) == 1


def test_filters_and_pages(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    cases = [case_at(office, "executing") for _ in range(3)]
    case_at(office, "final")

    first = office.get("/v1/meetings", limit=2).json()
    second = office.get("/v1/meetings", limit=2, cursor=first["next"]).json()

    assert [line["id"] for line in first["items"] + second["items"]] == cases
    assert second["next"] is None
    assert len(lines(office, "consents", state="final")) == 1
    assert lines(served.as_("secretariat"), "meetings", konfliktrad="vest") == []
    assert len(lines(office, "meetings", konfliktrad="oslo")) == 3


def test_of_the_past_it_is_as_known_then(served: Service) -> None:
    office = served.as_("coordinator", "oslo")
    case = case_at(office, "executing")
    served.clock.turn_to(date(2026, 2, 2))
    recorded(office, case, "breach_recorded", DAY, {"kind": "plan"})

    assert lines(office, "breaches", known_at="2026-01-31") == []
    assert lines(office, "breaches", valid_at="2026-01-31")[0]["id"] == case


def test_others_see_their_own_and_not_everybody_may(served: Service) -> None:
    with_everything(served.as_("coordinator", "oslo"))

    assert lines(served.as_("coordinator", "vest"), "plans") == []
    assert len(lines(served.as_("secretariat"), "plans")) == 1
    for role in ("analyst", "auditor", "admin", "team_member"):
        assert served.as_(role).get("/v1/plans").status_code == 403


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_takes_as_many_statements_however_long_it_is(one: Service, view: str) -> None:
    office = one.as_("coordinator", "oslo")
    counts = []
    for more in (1, 4):
        for _ in range(more):
            with_everything(office)
        with statements() as said:
            lines(office, view)
        counts.append(len(said))
    assert counts[0] == counts[1] <= PAGE

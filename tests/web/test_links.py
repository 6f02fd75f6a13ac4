"""Links that people are given open a page of the service, below its public address."""

from datetime import date

from icalendar import Calendar

from tests.api.build import case_at
from tests.api.test_alerts import night
from tests.service import Service
from tests.stories import test_coordination_group as coordination_group
from tests.stories.telling import Story
from tests.stories.test_coordination_group import LEAD_WARNED, POLICE, deliver, kept
from tests.web.visiting import Visitor

PUBLIC_URL = "http://127.0.0.1:8000"
OVERDUE = date(2026, 1, 28)
"""The first contact with the youth is two weeks late."""


def test_the_links_of_the_inbox_and_the_calendar_open_the_page_of_the_case(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "preparing")
    night(one, OVERDUE)
    deliver(one)
    notices = client.get("/v1/notices").json()["items"]
    assert notices
    address = client.post("/v1/calendar-feeds").json()["address"]
    calendar = Calendar.from_ical(one.send("GET", address.removeprefix(PUBLIC_URL)).text)
    links = {*(notice["link"] for notice in notices), *(str(entry["url"]) for entry in calendar.events)}
    assert links == {f"{PUBLIC_URL}/cases/{case}"}
    page = Visitor(one).sign_in("coordinator", "oslo").get(f"/cases/{case}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_the_link_of_a_standing_contact_opens_the_page_of_the_alert(one: Service) -> None:
    kept(one, POLICE)
    Story(one, "F R2", "suspect_set")
    coordination_group.night(one, LEAD_WARNED)
    contact = one.as_("team_member", subject=POLICE["subject"])
    [notice] = contact.get("/v1/notices").json()["items"]
    path = notice["link"].removeprefix(PUBLIC_URL)
    assert path == f"/delays/{notice['alert_id']}"
    assert Visitor(one).sign_in("team_member", subject=POLICE["subject"]).get(path).status_code == 200

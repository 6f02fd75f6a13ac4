"""Calendar feeds: what is ahead in one's own cases, for whoever has the address and for nobody else, until revoked."""

import logging
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Event
from sqlalchemy import select

from tests import service as services
from tests.api.build import DAY, HIDDEN, assert_problem, case_at, kept_answers, opened, recorded, without_id
from tests.service import Client, Service, new_case
from ungdom.store import staff as staff_store
from ungdom.store.schema import calendars
from ungdom.store.staff import Staff
from ungdom.workflow.vocabulary import Role

ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/v1/calendar/([A-Za-z0-9_-]{43})\.ics")
PERSONAL = ("Vimsete", "Vaffelpresse", "2009-03-12", "20090312", "120309", "15434811", "Sindig")


def made(client: Client, language: str = "nb", **more: Any) -> dict[str, Any]:
    done = client.post("/v1/calendar-feeds", headers={"Accept-Language": language}, **more)
    assert done.status_code == 201, done.text
    return done.json()


def read(service: Service, address: str, **headers: str) -> httpx.Response:
    """The feed as a calendar program reads it: no token."""
    return service.send("GET", address, headers=headers)


def entries(service: Service, address: str) -> list[Event]:
    answer = read(service, address)
    assert answer.status_code == 200, answer.text
    return Calendar.from_ical(answer.text).events


def days(service: Service, address: str) -> dict[str, date]:
    """Label → day, of one case."""
    return {str(e["summary"]).partition(": ")[2]: e["dtstart"].dt for e in entries(service, address)}


@pytest.fixture
def mine(one: Service) -> Client:
    return one.as_("coordinator", "oslo")


def hires(service: Service, **changed: Any) -> None:
    """The staff list says this of the coordinator in Oslo."""
    known = next(one for one in services.staff() if one.subject == "coordinator-oslo")
    with service.db.writing() as tx:
        staff_store.save_staff(tx, [Staff(**{**{f: getattr(known, f) for f in known.__slots__}, **changed})])


# --- what is in it --------------------------------------------------------------------------------------------------


def test_every_running_clock_of_an_assigned_case_is_an_all_day_entry(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    case = case_at(client, "preparing")
    address = made(client)["address"]

    assert days(served, address) == {
        "Første kontakt med ungdommen": date(2026, 1, 12),
        "Klagefrist for overføringen": date(2026, 1, 26),
        "Ungdomsplanmøte": date(2026, 3, 6),
        "Fra siste lovbrudd til start av gjennomføringen": date(2026, 7, 1),
        "Ungdommen fyller 18 år": date(2027, 3, 12),
    }
    shown = client.get(f"/v1/cases/{case}").json()
    for entry in entries(served, address):
        assert str(entry["summary"]).startswith(f"{shown['reference']}: ")
        assert str(entry["description"]) == f"Saken venter på konfliktrådet.\nhttp://127.0.0.1:8000/cases/{case}"
        assert str(entry["uid"]).startswith(f"{case}-")
        assert entry["sequence"] == shown["version"]
        assert (entry["transp"], entry["class"]) == ("TRANSPARENT", "PRIVATE")
    assert client.get("/v1/calendar-feeds").json()["items"][0]["read_at"] is not None


def test_the_reminder_comes_in_the_morning_of_the_warning_day(one: Service, mine: Client) -> None:
    case_at(mine, "preparing")
    found = {str(e["summary"]).partition(": ")[2]: e for e in entries(one, made(mine)["address"])}
    before = {label: entry.walk("VALARM")[0]["trigger"].dt for label, entry in found.items()}
    morning = timedelta(hours=8)
    assert before["Ungdomsplanmøte"] == morning - timedelta(days=14)
    assert before["Første kontakt med ungdommen"] == morning - timedelta(days=2)
    assert before["Klagefrist for overføringen"] == morning


def test_a_clock_that_is_met_or_moved_leaves_or_moves_its_entry(one: Service, mine: Client) -> None:
    case, address = case_at(mine, "preparing"), made(mine)["address"]
    before = {str(e["uid"]) for e in entries(one, address)}
    recorded(mine, case, "first_contact")
    after = {str(e["uid"]) for e in entries(one, address)}
    assert before - after == {f"{case}-first_contact-{DAY}@ungdom"}
    recorded(mine, case, "plan_meeting_held", DAY, {"present": ["youth", "guardian"]})
    assert days(one, address)["Slutt på gjennomføringstiden"] == date(2026, 7, 5)


def test_an_overdue_clock_stays_on_its_day(one: Service, mine: Client) -> None:
    case_at(mine, "preparing")
    address = made(mine)["address"]
    one.clock.turn_to(date(2026, 4, 1))
    assert days(one, address)["Ungdomsplanmøte"] == date(2026, 3, 6)
    assert "Klagefrist for overføringen" not in days(one, address)


def test_while_the_term_stands_still_its_end_is_in_no_calendar(one: Service, mine: Client) -> None:
    case, address = case_at(mine, "executing"), made(mine)["address"]
    assert "Slutt på gjennomføringstiden" in days(one, address)
    recorded(mine, case, "youth_heard", DAY, {"about": ["interruption"], "how": "spoken"})
    recorded(mine, case, "interrupted", DAY, {"reason": "health"})
    assert "Slutt på gjennomføringstiden" not in days(one, address)


COURT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("suspect_set", {}),
    ("indicted", {"court_received_on": DAY}),
    ("hearing_scheduled", {"hearing_on": "2026-02-10"}),
    ("hearing_scheduled", {"hearing_on": "2026-02-12"}),
)


def test_a_hearing_whose_day_is_set_is_an_entry_until_it_lies_behind(one: Service, mine: Client) -> None:
    case = opened(mine, sanction="youth_sanction")
    for kind, details in COURT:
        recorded(mine, case, kind, DAY, details)
    address = made(mine)["address"]

    assert days(one, address)["Hovedforhandling berammet"] == date(2026, 2, 12)
    one.clock.turn_to(date(2026, 2, 13))
    assert "Hovedforhandling berammet" not in days(one, address)


def test_nothing_in_it_is_of_a_person_or_of_what_they_did(one: Service, mine: Client) -> None:
    case_at(mine, "executing", offences=[{"on": "2026-01-02", "group": "violence", "statute": "strl-271"}])
    address = made(mine)["address"]
    for said in (read(one, address).text, read(one, address).text.replace("\r\n ", "")):
        assert len(entries(one, address)) > 3
        assert [
            word for word in (*PERSONAL, "2026-01-02", "violence", "271", "coordinator", "oslo") if word in said
        ] == []


def test_it_speaks_the_language_it_was_made_in_and_links_to_where_the_service_is(
    sqlite_template: Any, tmp_path: Any
) -> None:
    url = services.sqlite_copy(sqlite_template, tmp_path)
    with Service(url, tmp_path, public_url="https://ungdom.example.no") as running:
        client = running.as_("coordinator", "oslo")
        case = case_at(client, "preparing")
        told = {language: made(client, language)["address"] for language in ("nb", "nn", "en")}
        assert all(address.startswith("https://ungdom.example.no/v1/calendar/") for address in told.values())
        path = told["nn"].removeprefix("https://ungdom.example.no")
        [entry] = [e for e in entries(running, path) if "Ungdomsplanmøte" in e["summary"]]
        assert str(entry["description"]).startswith("Saka ventar på konfliktrådet.")
        assert str(entry["url"]) == f"https://ungdom.example.no/cases/{case}"


# --- whose ----------------------------------------------------------------------------------------------------------


def test_cases_assigned_to_them_are_in_it_and_those_opened_until_they_are_assigned(
    served: Service,
) -> None:
    mine, colleague = (served.as_("coordinator", "oslo", f"coordinator-oslo{n}") for n in ("", "-2"))
    address, theirs = made(mine)["address"], made(colleague)["address"]
    case = case_at(mine, "received")
    other = case_at(colleague, "executing", police_case_numbers=["15434812"])  # assigned to mine
    assert held(served, address) == {case, other}
    assert held(served, theirs) == set()
    recorded(mine, case, "assigned", DAY, {"coordinator": "coordinator-oslo-2"})
    assert held(served, address) == {other}
    assert held(served, theirs) == {case}


def held(service: Service, address: str) -> set[str]:
    return {str(entry["uid"])[:36] for entry in entries(service, address)}


def test_a_protected_youth_is_in_the_calendar_of_the_assigned_only(one: Service, mine: Client) -> None:
    person = new_case()["person"] | {"protection": "strictly_confidential"}
    case = case_at(mine, "executing", person=person)
    address, leader = made(mine)["address"], made(one.as_("leader", "oslo"))["address"]
    assert len(entries(one, address)) > 2
    assert entries(one, leader) == []
    where = {"to": "troms", "parties_heard": True, "prosecution_told_on": DAY}
    recorded(one.as_("leader", "oslo"), case, "transfer_decided", DAY, where)
    recorded(one.as_("secretariat"), case, "transfer_accepted")
    assert entries(one, address) == []


def test_a_closed_case_leaves_the_calendar(one: Service, mine: Client) -> None:
    case, address = case_at(mine, "executing"), made(mine)["address"]
    recorded(mine, case, "lapsed", DAY, {"reason": "limitation"})
    assert entries(one, address) == []


def test_who_no_longer_works_there_or_has_moved_office_reads_nothing_more(one: Service, mine: Client) -> None:
    case_at(mine, "executing")
    address = made(mine)["address"]
    assert entries(one, address)
    hires(one, konfliktrad="troms")
    assert entries(one, address) == []
    hires(one, active_to=date(2026, 1, 4))
    assert entries(one, address) == []
    assert_problem(mine.post("/v1/calendar-feeds"), 403, "feed_not_for_role")
    assert len(mine.get("/v1/calendar-feeds").json()["items"]) == 1  # and can be taken back
    hires(one, active_to=date(2026, 1, 5))
    assert entries(one, address)


@pytest.mark.parametrize("role", ["secretariat", "team_member", "prosecution", "analyst", "auditor", "admin"])
def test_nobody_else_has_feeds(one: Service, role: str) -> None:
    client = one.as_(role)
    for answer in (client.post("/v1/calendar-feeds"), client.get("/v1/calendar-feeds")):
        assert answer.status_code == 403


def test_the_feeds_of_others_are_not_there(one: Service, mine: Client) -> None:
    feed = made(mine)
    colleague = one.as_("coordinator", "oslo", "coordinator-oslo-2")
    assert colleague.get("/v1/calendar-feeds").json()["items"] == []
    hidden = revoked(colleague, feed["id"])
    assert_problem(hidden, 404, "not_found")
    assert hidden.json() | {"trace_id": ""} == revoked(colleague, HIDDEN).json() | {"trace_id": ""}
    assert read(one, feed["address"]).status_code == 200


def revoked(client: Client, feed: str, **headers: str) -> httpx.Response:
    told = {"Authorization": f"Bearer {client.token}", **headers}
    return client.service.send("DELETE", f"/v1/calendar-feeds/{feed}", headers=told)


# --- the address ----------------------------------------------------------------------------------------------------


def test_a_revoked_address_answers_as_one_that_never_was(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    feed, other = made(client), made(client)
    gone_once = [revoked(client, feed["id"], **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in gone_once] == [(204, b"")] * 2
    gone, never = read(served, feed["address"]), read(served, f"/v1/calendar/{'x' * 43}.ics")
    assert_problem(gone, 404, "not_found")
    assert gone.json() | {"trace_id": ""} == never.json() | {"trace_id": ""}
    assert without_id(gone.headers) == without_id(never.headers)
    assert [one["id"] for one in client.get("/v1/calendar-feeds").json()["items"]] == [other["id"]]
    assert read(served, other["address"]).status_code == 200
    assert revoked(client, feed["id"]).status_code == 404


def test_the_secret_has_256_bits_and_is_kept_nowhere(served: Service) -> None:
    client = served.as_("coordinator", "oslo")
    addresses = [made(client, key=f"key-{number}")["address"] for number in range(4)]
    secrets = [match[1] for address in addresses if (match := ADDRESS.fullmatch(address))]
    assert len(set(secrets)) == 4
    with served.db.reading() as tx:
        kept = tx.execute(select(calendars.calendar_feed)).all()
    assert all(len(row.secret_hash) == 32 for row in kept)
    answers = kept_answers(served)
    assert len(answers.splitlines()) == 4
    assert not [secret for secret in secrets if secret in f"{kept}{answers}"]


def test_a_repeated_request_makes_no_second_feed_and_tells_no_address(mine: Client) -> None:
    first, again = mine.post("/v1/calendar-feeds", key="again"), mine.post("/v1/calendar-feeds", key="again")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() | {"address": None}
    assert len(mine.get("/v1/calendar-feeds").json()["items"]) == 1


def test_nothing_is_logged_of_an_address(one: Service, mine: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = made(mine)["address"]
    read(one, address)
    read(one, address.replace("/calendar/", "/calendar/x"))
    secret = ADDRESS.fullmatch(address)[1]  # type: ignore[index]
    said = [r.getMessage() for r in caplog.records if r.name.startswith(("ungdom", "uvicorn", "sqlalchemy"))]
    assert [line for line in said if secret in line] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/calendar/short.ics",
        f"/v1/calendar/{'x' * 42}.ics",
        f"/v1/calendar/{'x' * 44}.ics",
        f"/v1/calendar/{'x' * 43}",
        f"/v1/calendar/{'x' * 43}.ics/",
        f"/v1/calendar/{'x' * 43}.ics/more",
        f"/v1/calendar/../cases/{'x' * 43}.ics",
        "/v1/calendar-feeds",
    ],
)
def test_only_an_address_of_that_shape_is_open_without_a_token(one: Service, path: str) -> None:
    assert one.send("GET", path).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_at_the_address_there_is_only_reading(one: Service, mine: Client, method: str) -> None:
    address = made(mine)["address"]
    assert one.send(method, address).status_code == 405
    assert read(one, address).status_code == 200


def test_the_answer_is_for_nobody_between_and_not_sent_again_unchanged(one: Service, mine: Client) -> None:
    case_at(mine, "executing")
    address = made(mine)["address"]
    answer = read(one, address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    same = read(one, address, **{"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    one.clock.turn_to(date(2026, 1, 6))
    assert read(one, address, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    opened_later = case_at(mine, "executing", "2026-01-06", police_case_numbers=["15434812"])
    assert opened_later in read(one, address, **{"If-None-Match": answer.headers["ETag"]}).text


def test_the_last_reading_is_kept_to_the_hour(one: Service, mine: Client) -> None:
    address = made(mine)["address"]

    def last() -> str | None:
        return mine.get("/v1/calendar-feeds").json()["items"][0]["read_at"]

    assert last() is None
    read(one, address)
    first = last()
    read(one, address)
    assert last() == first
    one.clock.instant += timedelta(hours=1)
    read(one, address)
    assert datetime.fromisoformat(str(last())).astimezone(UTC).hour == 12


def test_the_leader_has_a_calendar_of_the_cases_assigned_to_them(one: Service) -> None:
    leader = one.as_(Role.LEADER, "oslo")
    case = case_at(leader, "received")
    recorded(leader, case, "assigned", DAY, {"coordinator": "leader-oslo"})
    assert len(entries(one, made(leader)["address"])) == 5

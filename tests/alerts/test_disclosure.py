"""T17, for alerts: nothing of a youth stands in what the night keeps, sends or logs. And nobody is told too early."""

import logging
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.api.build import DAY, case_at, opened, recorded
from tests.identifiers import without_identifiers
from tests.service import Client, Service
from tests.stories import histories
from tests.stories.test_worked_histories import correct, open_case, record
from ungdom.jobs import nightly
from ungdom.store.schema.alerts import alert, alert_change
from ungdom.store.schema.job_runs import job_run
from ungdom.store.schema.outbox import outbox

ONE = timedelta(days=1)
PERSON: dict[str, Any] = {
    "given_name": "Vimsete",
    "family_name": "Paraplystativ",
    "born": "2009-03-12",
    "national_id": None,
    "contact": "+47 000 61 234, Gardinstanggata 7",
    "protection": "strictly_confidential",
    "guardians": [{"name": "Sindig Paraplystativ", "contact": "+47 000 62 345"}],
}
SECRET = ("Vimsete", "Paraplystativ", "Sindig", "61 234", "62 345", "Gardinstang", "15434899", "2009-03-12", "0301")


def night(service: Service, day: date) -> None:
    service.clock.turn_to(day, 2)
    nightly.run(service.db, service.clock)


def kept(service: Service) -> list[str]:
    """Every row that nights, moves and answers wrote, as text."""
    tables = (alert, alert_change, outbox, job_run)
    with service.db.reading() as tx:
        return [str(row) for table in tables for row in tx.execute(select(table))]


def test_nothing_of_a_protected_youth_stands_in_alerts_messages_or_logs(
    served: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = served.as_("coordinator", "oslo")
    person = {name: value for name, value in PERSON.items() if value is not None}
    about = {"person": person, "police_case_numbers": ["15434899"], "konfliktrad": None, "municipality": "0301"}
    waits = opened(client, **about)
    recorded(client, waits, "suspect_set")
    case_at(client, "executing", **about | {"police_case_numbers": ["154348991"]})
    for n in range(20, 100, 10):
        night(served, date.fromisoformat(DAY) + n * ONE)
    served.clock.turn_to(date(2026, 4, 10), 11)
    for found in client.get("/v1/alerts").json()["items"]:
        body = {"reason": "waiting_for_youth", "expected_on": "2026-04-20"}
        assert client.post(f"/v1/alerts/{found['id']}/answer", body).status_code == 200
    recorded(client, waits, "lapsed", "2026-04-10", {"reason": "limitation"})

    rows = kept(served)

    assert len([row for row in rows if "alert." in row]) > 5
    whole = without_identifiers("\n".join((*rows, caplog.text)))
    assert [word for word in SECRET if word in whole] == []


def test_the_log_of_a_case_that_cannot_be_read_names_the_case_and_nobody(
    one: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client = one.as_("coordinator", "oslo")
    person = {name: value for name, value in PERSON.items() if value is not None}
    case = opened(client, person=person, police_case_numbers=["15434899"])
    recorded(client, case, "suspect_set")
    with one.db.writing() as tx:
        tx.exec_driver_sql("DROP TRIGGER event_no_update")
        tx.exec_driver_sql("UPDATE event SET details = '{' || details WHERE seq = 1")

    night(one, date(2026, 2, 2))

    assert f"nightly.case_failed case_id={case} " in caplog.text
    assert [word for word in SECRET if word in without_identifiers(caplog.text)] == []


def test_theta_is_told_of_no_clock_before_its_event_was_known(one: Service) -> None:
    history = histories.read("theta")
    told = histories.events(history)
    client, case = open_case(one, histories.registration(history), history)
    day, last = date(2025, 10, 25), date(2026, 4, 30)
    while day <= last:
        night(one, day)
        for line in (line for line in told if line.recorded_on == day):
            one.clock.turn_to(day)
            done = correct(client, case, line) if line.type == "corrected" else record(client, case, line)
            assert done.status_code == 201, done.text
        day += ONE

    raised = list(_raised(client))

    assert {"charge_decision", "breach_talk"} <= {code for code, _, _ in raised}
    for code, due, for_date in raised:
        eve = {"known_at": (for_date - ONE).isoformat()}
        known = client.get(f"/v1/cases/{case}/deadlines", **eve).json()["items"]
        assert any(clock["code"] == code and clock["due"] == due for clock in known), (code, due, for_date)
    for expected in history["expect"]["alerts"]:
        mine = [for_date for code, _, for_date in raised if code == expected["about"]]
        assert mine
        assert min(mine) >= expected["never_before"]


def _raised(client: Client) -> Any:
    """Each time an alert was raised: its clock, its due day, the night."""
    for live in ("true", "false"):
        for found in client.get("/v1/alerts", live=live, limit=200).json()["items"]:
            for line in client.get(f"/v1/alerts/{found['id']}").json()["history"]:
                if line["change"] == "raised":
                    yield found["code"], found["due"], date.fromisoformat(line["for_date"])

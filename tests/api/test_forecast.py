"""Forecasts over HTTP: what is said of a case, to whom, in which language, and with what calibration."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.api.build import case_at, recorded
from tests.service import Client, Service, sqlite_copy
from tests.statistics import waits
from ungdom import clock
from ungdom.analytics.forecast import backtest, probabilities
from ungdom.store import bulk
from ungdom.store.schema.forecasts import forecast_curve
from ungdom.store.session import Database
from ungdom.workflow.vocabulary import State

YESTERDAY = waits.TODAY - timedelta(days=1)


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a synthetic load, its waiting times counted."""
    folder = tmp_path_factory.mktemp("loaded")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        waits.write(running.db, waits.load(400, 3), YESTERDAY)
        probabilities.refresh(running.db, YESTERDAY)
        _as_if_all_were_in_oslo(running.db)
        backtest.save(running.db, YESTERDAY, backtest.run(running.db, YESTERDAY), clock.now())
        yield running


def _as_if_all_were_in_oslo(db: Database) -> None:
    """So small a load holds too few cases of one office: Oslo is given the curves of the country."""
    with db.writing() as tx:
        rows = (
            tx.execute(select(forecast_curve).where(forecast_curve.c.konfliktrad == probabilities.ALL)).mappings().all()
        )
        bulk.upsert(tx, forecast_curve, [dict(row) | {"konfliktrad": "oslo"} for row in rows])


@pytest.fixture
def coordinator(loaded: Service) -> Client:
    return loaded.as_("coordinator", "oslo")


def preparing(client: Client) -> str:
    return case_at(client, "preparing")


def test_a_running_clock_has_a_probability_with_whose_history_and_how_such_forecasts_came_out(
    coordinator: Client,
) -> None:
    case = preparing(coordinator)

    found = coordinator.get(f"/v1/cases/{case}/forecast").json()

    assert (found["on"], found["as_of"]) == ("2026-01-05", "2026-01-04")
    plan = next(one for one in found["items"] if one["code"] == "plan_meeting")
    assert (plan["stage"], plan["waited_days"], plan["stage_days"], plan["days_left"]) == (State.PREPARING, 0, 0, 60)
    assert plan["standing"] == "forecast"
    assert 0 < plan["low"] < plan["probability"] < plan["high"] < 1
    assert plan["at_risk"] >= 30
    assert plan["basis"] == "own_office"
    for calibration in (found["calibration"], plan["calibration"]):
        assert calibration["until"] == "2026-01-04"
        assert sum(one["forecasts"] for one in calibration["bins"]) == calibration["forecasts"]
        assert all(one["forecasts"] >= 30 for one in calibration["bins"])


def test_it_is_said_in_the_language_asked_for(coordinator: Client) -> None:
    case = preparing(coordinator)
    said = {}
    for language in ("nb", "nn", "en"):
        headers = {"Authorization": f"Bearer {coordinator.token}", "Accept-Language": language}
        found = coordinator.service.send("GET", f"/v1/cases/{case}/forecast", headers=headers).json()
        plan = next(one for one in found["items"] if one["code"] == "plan_meeting")
        percent = f"{round(100 * plan['probability'])} %"
        assert percent in plan["message"]
        assert str(plan["at_risk"]) in plan["message"]
        said[language] = (found["note"], plan["message"], plan["standing_label"], plan["basis_label"])
    assert len(set(said.values())) == 3
    assert "nothing about the young person" in said["en"][0]


def test_a_case_is_like_every_other_of_its_stage_whoever_the_youth_is(coordinator: Client) -> None:
    same = []
    for born, offence in (("2009-03-12", "2026-01-02"), ("2008-05-01", "2026-01-02")):
        person = {
            "born": born, "given_name": "Fin", "family_name": "Stilling", "sex": "female",
            "guardians": [{"name": "Sindig Stilling"}],
        }  # fmt: skip
        case = case_at(coordinator, "preparing", person=person, offences=[{"on": offence}])
        same.append(coordinator.get(f"/v1/cases/{case}/forecast").json())
    assert same[0] == same[1]


def test_those_who_must_not_learn_the_office_are_answered_from_the_whole_country(coordinator: Client) -> None:
    person = {
        "born": "2009-03-12", "given_name": "Fin", "family_name": "Stilling", "protection": "confidential",
        "guardians": [{"name": "Sindig Stilling"}],
    }  # fmt: skip
    case = case_at(coordinator, "preparing", person=person, municipality="0301", konfliktrad=None)
    recorded(coordinator, case, "team_member_joined", details={"member": "teacher-7", "agency": "police"})
    mine, member = (
        {one["code"]: one["basis"] for one in client.get(f"/v1/cases/{case}/forecast").json()["items"]}
        for client in (coordinator, coordinator.service.as_("team_member", None, "teacher-7"))
    )
    assert "own_office" in mine.values()
    assert "own_office" not in member.values()
    assert mine.keys() == member.keys()


def test_a_closed_case_has_nothing_to_foretell(coordinator: Client) -> None:
    case = preparing(coordinator)
    recorded(coordinator, case, "consent_withdrawn", details={"by": "youth"})
    assert coordinator.get(f"/v1/cases/{case}/forecast").json()["items"] == []


def test_a_passed_limit_is_said_to_be_passed_and_uncounted_times_to_be_uncounted(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = preparing(client)
    fresh = {item["standing"] for item in client.get(f"/v1/cases/{case}/forecast").json()["items"]}
    one.clock.turn_to(date(2026, 3, 9))
    later = client.get(f"/v1/cases/{case}/forecast").json()
    plan = next(item for item in later["items"] if item["code"] == "plan_meeting")
    assert fresh == {"not_computed"}
    assert (plan["standing"], plan["days_left"], plan["probability"]) == ("passed", -3, None)
    assert (later["as_of"], later["calibration"]) == (None, None)

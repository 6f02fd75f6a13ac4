"""Figures over HTTP: who is told what of whom, in which language, and what the past looked like."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests import pg
from tests.api.build import assert_problem, case_at, places
from tests.api.test_statements import statements
from tests.service import Client, Service, sqlite_copy
from tests.statistics import waits
from ungdom.analytics import case_cache
from ungdom.analytics.indicators import INDICATORS
from ungdom.analytics.queries import indicators as answering
from ungdom.cli import app
from ungdom.settings import BadSettings

YEARS = {"from": "2022-01-01", "to": "2026-01-05"}
INDICATORS_AT, CASELOAD_AT = "/v1/statistics/indicators", "/v1/statistics/caseload"


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a synthetic load, each case told for figures."""
    folder = tmp_path_factory.mktemp("figures")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        yield running


@pytest.fixture
def coordinator(loaded: Service) -> Client:
    return loaded.as_("coordinator", "oslo")


def figures(found: dict[str, Any], code: str) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    (one,) = [one for one in found["items"] if one["code"] == code]
    return {(figure["konfliktrad"], figure["part"]): figure for figure in one["figures"]}


def test_an_office_is_told_of_itself_and_of_the_country_and_the_secretariat_of_all(coordinator: Client) -> None:
    mine = coordinator.get(INDICATORS_AT, **YEARS).json()
    every = coordinator.service.as_("secretariat").get(INDICATORS_AT, **YEARS).json()
    assert [one["code"] for one in mine["items"]] == [one.code for one in INDICATORS]
    code = "coordinated_before_decision"
    own, all_of_them = figures(mine, code), figures(every, code)
    assert own.keys() == {("oslo", None), (None, None)}
    assert len(all_of_them) == 13
    assert own["oslo", None] == all_of_them["oslo", None]
    assert own[None, None] == all_of_them[None, None]
    assert (mine["as_of"]["on"], mine["unread"]) == ("2026-01-05", 0)
    assert sum(one["denominator"] for key, one in all_of_them.items() if key[0]) == own[None, None]["denominator"]


def test_the_country_is_hidden_from_an_office_where_few_of_others_stand_behind(coordinator: Client) -> None:
    mine = coordinator.get(INDICATORS_AT, **YEARS).json()
    every = coordinator.service.as_("secretariat").get(INDICATORS_AT, **YEARS).json()
    few = []
    for code in (one["code"] for one in every["items"]):
        whole = figures(every, code)
        if (None, None) not in whole:  # told in parts alone
            continue
        others = whole[None, None]["denominator"] - whole["oslo", None]["denominator"]
        if 0 < others < 5:
            few.append(code)
            hidden = figures(mine, code)[None, None]
            assert hidden["hidden"], code
            assert {hidden[name] for name in ("numerator", "denominator", "apart", "value", "wait")} == {None}, code
            assert not whole[None, None]["hidden"], code
    assert few


def test_an_administrator_is_told_of_all_and_analysts_of_nothing(loaded: Service) -> None:
    assert loaded.as_("admin").get(INDICATORS_AT, **YEARS).status_code == 200
    for role in ("analyst", "auditor"):
        for path in (INDICATORS_AT, "/v1/statistics/surveys"):
            assert_problem(loaded.as_(role).get(path, **YEARS), 403, "forbidden_role")
        for path in (CASELOAD_AT, f"{INDICATORS_AT}/definitions"):
            assert_problem(loaded.as_(role).get(path), 403, "forbidden_role")


def test_a_median_stands_beside_those_that_wait_and_the_naive_mean(coordinator: Client) -> None:
    one = figures(coordinator.get(INDICATORS_AT, **YEARS).json(), "receipt_to_start")["oslo", None]
    wait = one["wait"]
    assert one["denominator"] == one["numerator"] + wait["waiting"] + wait["left"]
    assert wait["low"] <= one["value"] <= wait["high"]
    assert wait["mean_of_ended"] > 0
    assert wait["within"]["norm"] == "60 days"
    assert 0 <= wait["within"]["value"] <= 1


def test_a_sanction_can_be_asked_for_alone(coordinator: Client) -> None:
    whole, court, other = (
        figures(coordinator.get(INDICATORS_AT, **YEARS, sanction=sanction).json(), "completed_of_received")
        for sanction in (None, "youth_sanction", "youth_follow_up")
    )
    parts = [found["oslo", None]["denominator"] for found in (court, other)]
    assert sum(parts) == whole["oslo", None]["denominator"]


def test_the_past_is_told_as_it_was_known(coordinator: Client) -> None:
    now = coordinator.get(INDICATORS_AT, **YEARS).json()
    then = coordinator.get(INDICATORS_AT, **YEARS, known_at="2024-06-30").json()
    assert then["as_of"] == {"on": "2024-06-30", "known_at": "2024-06-30T23:59:59.999999+02:00"}
    key = ("oslo", None)
    assert (
        figures(then, "completed_of_received")[key]["numerator"]
        < figures(now, "completed_of_received")[key]["numerator"]
    )
    assert coordinator.get(INDICATORS_AT, **YEARS, valid_at="2024-06-30").json()["as_of"]["on"] == "2024-06-30"


def test_a_request_that_tells_too_many_anew_says_what_would_help(
    loaded: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = answering.indicator_query
    monkeypatch.setattr(answering, "indicator_query", lambda *given: question(*given, at_most=3))
    answer = loaded.as_("secretariat").get(INDICATORS_AT, **YEARS, known_at="2023-06-30")
    assert_problem(answer, 422, "too_many_cases")
    assert "3" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, {"(query)/from": "missing", "(query)/to": "missing"}),
        ({"from": "2025-01-01", "to": "2024-12-31"}, {"(query)/to": "ends_before_it_begins"}),
        ({"from": "2025-01-01", "to": "today"}, {"(query)/to": "date_parsing"}),
        ({**YEARS, "sanction": "other"}, {"(query)/sanction": "enum"}),
    ],
    ids=str,
)
def test_a_period_that_is_none_is_refused(coordinator: Client, query: dict[str, str], where: dict[str, str]) -> None:
    found = assert_problem(coordinator.get(INDICATORS_AT, **query), 422, "invalid_input")
    assert {key.rstrip("/"): code for key, code in places(found).items()} == where


def test_definitions_say_what_is_counted_in_the_language_asked_for(coordinator: Client) -> None:
    said = {}
    for language in ("nb", "nn", "en"):
        headers = {"Authorization": f"Bearer {coordinator.token}", "Accept-Language": language}
        found = coordinator.service.send("GET", f"{INDICATORS_AT}/definitions", headers=headers).json()["items"]
        assert [one["code"] for one in found] == [one.code for one in INDICATORS]
        said[language] = [(one["label"], one["group_label"], one["unit_label"], one["period_label"]) for one in found]
    assert len({str(one) for one in said.values()}) == 3


def test_figures_take_the_same_few_statements_whatever_is_read(coordinator: Client) -> None:
    # one for each of cases, alerts, surveys sent out, and answers to them; that somebody is in service is remembered
    assert coordinator.get(CASELOAD_AT).status_code == 200
    for path, query, most in ((INDICATORS_AT, YEARS, 4), (CASELOAD_AT, {}, 1)):
        with statements() as said:
            assert coordinator.get(path, **query).status_code == 200
        assert len(said) <= most, said


# --- caseload -----------------------------------------------------------------------------------------------


def test_an_office_is_told_of_its_own_load_and_the_secretariat_of_all(coordinator: Client) -> None:
    (mine,) = coordinator.get(CASELOAD_AT).json()["items"]
    every = {one["konfliktrad"]: one for one in coordinator.service.as_("secretariat").get(CASELOAD_AT).json()["items"]}
    assert mine == every["oslo"]
    assert mine["load"]["cases"] == sum(one["cases"] for one in mine["load"]["kinds"])
    assigned = sum(one["cases"] for one in mine["coordinators"])
    assert mine["load"]["cases"] == assigned + mine["in_chain"]
    assert (len(mine["weeks"]), len(mine["arrivals"])) == (13, 8)
    country = every[None]
    assert country["load"]["cases"] == sum(one["load"]["cases"] for place, one in every.items() if place)
    assert country["coordinators"] == []


def test_the_load_of_the_past_is_told_from_the_events(coordinator: Client) -> None:
    (then,) = coordinator.get(CASELOAD_AT, valid_at="2025-03-03", known_at="2025-03-03").json()["items"]
    (now,) = coordinator.get(CASELOAD_AT).json()["items"]
    assert then["weeks"][-1]["since"] == "2025-02-25"
    assert then != now


def test_a_case_recorded_now_is_counted_at_once(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case_at(client, "executing")
    (mine,) = client.get(CASELOAD_AT).json()["items"]
    assert [(kind["phase"], kind["cases"]) for kind in mine["load"]["kinds"]] == [("execution", 1)]
    assert [(who["coordinator"], who["weight"]) for who in mine["coordinators"]] == [("coordinator-oslo", 0.8)]
    assert mine["weeks"][-1]["received"] == 1
    found = client.get(INDICATORS_AT, **{"from": "2026-01-05", "to": "2026-01-05"}).json()
    assert figures(found, "completed_of_received")["oslo", None]["denominator"] == 1


# --- the command line ---------------------------------------------------------------------------------------


@pytest.fixture
def url(loaded: Service, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", pg.sqlite_url(loaded.settings.data_dir))
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(loaded.settings.data_dir))
    return pg.sqlite_url(loaded.settings.data_dir)


def test_the_commands_tell_what_the_interface_tells(url: str, loaded: Service) -> None:
    assert url
    run = CliRunner()
    asked = ["indicators", "--from", "2022-01-01", "--until", "2026-01-05", "--known-at", "2026-01-05"]
    told = run.invoke(app, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    over_http = loaded.as_("secretariat").get(INDICATORS_AT, **YEARS, known_at="2026-01-05")
    assert figures(json.loads(told.stdout), "completed_of_received") == figures(
        over_http.json(), "completed_of_received"
    )
    shown = run.invoke(app, [*asked, "--konfliktrad", "oslo", "--refresh"])
    assert shown.exit_code == 0, shown.output
    assert "How many of the cases received have been completed?" in shown.stdout
    load = run.invoke(app, ["caseload", "--konfliktrad", "oslo", "--known-at", "2026-01-05"])
    assert load.exit_code == 0, load.output
    assert "in the chain" in load.stdout
    assert run.invoke(app, ["caseload", "--json", "--valid-at", "2025-03-03"]).exit_code == 0


def test_a_period_that_ends_before_it_began_is_told_on_the_command_line(url: str) -> None:
    assert url
    asked = ["indicators", "--from", "2026-01-02", "--until", "2026-01-01"]
    found = CliRunner().invoke(app, asked)
    assert isinstance(found.exception, BadSettings)
    assert "before" in str(found.exception)

"""Offices compared over HTTP and from the command line: who reads it, and what keeps it from being a ranking."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.api.build import assert_problem
from tests.service import Client, Service, sqlite_copy
from tests.statistics import waits
from ungdom.analytics import case_cache
from ungdom.cli import app
from ungdom.settings import BadSettings
from ungdom.store import reference

PATH = "/v1/statistics/comparison"
YEARS = {"from": "2022-01-01", "to": "2026-01-05"}


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("comparison")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        yield running


@pytest.fixture
def secretariat(loaded: Service) -> Client:
    return loaded.as_("secretariat")


def asked(client: Client, **query: Any) -> dict[str, Any]:
    answer = client.get(PATH, **YEARS, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("statistic", ["p2", "completion.closed"])
def test_offices_stand_in_the_order_of_their_codes_with_words_beside(
    loaded: Service, secretariat: Client, statistic: str
) -> None:
    found = asked(secretariat, statistic=statistic)
    codes = [office["konfliktrad"] for office in found["items"]]
    with loaded.db.reading() as tx:
        assert codes == sorted(reference.konfliktrad_codes(tx))
    enough = [office for office in found["items"] if office["reading"] != "too_few"]
    assert 0 < found["compared"] == len(enough) < len(codes)
    assert found["by_chance_95"] == pytest.approx(0.05 * len(enough), abs=1e-6)
    assert found["covariates"] == ["sanction", "offence_group", "age"]
    assert "rangering" in found["notes"][0]
    assert f"{len(enough)} kontorer" in found["notes"][1]
    assert re.search(r" ligger 0,[12] av dem", found["notes"][1])
    english = loaded.send(
        "GET",
        PATH,
        params=YEARS | {"statistic": statistic},
        headers={"Authorization": f"Bearer {secretariat.token}", "Accept-Language": "en"},
    )
    assert re.search(r" 0\.[12] of them", english.json()["notes"][1])
    assert {test["test"] for test in found["tests"]} == ({"log_rank", "gray"} if statistic == "p2" else {"chi_squared"})
    for office in enough:
        value, limits = office["value"]["value"], office["limits"]
        assert limits["low_998"] <= limits["low_95"] <= office["expected"] <= limits["high_95"] <= limits["high_998"]
        assert office["difference"]["value"] == pytest.approx(value - office["expected"], abs=2e-6)
        assert office["p"] <= office["p_adjusted"] <= 1
        assert (office["reading"] == "within") == (limits["low_95"] <= value <= limits["high_95"])
    few = [office for office in found["items"] if office["reading"] == "too_few"]
    assert {office["value"] for office in few} == {None}


def test_the_figures_are_those_of_the_statistics(secretariat: Client) -> None:
    found = asked(secretariat, statistic="completion.closed", unadjusted=True)
    whole = secretariat.get(
        "/v1/statistics/completion", **YEARS, statistic="completion.closed", by="konfliktrad"
    ).json()
    theirs = {cell["dimensions"]["konfliktrad"]: cell for cell in whole["items"][0]["cells"]}
    compared = [office for office in found["items"] if office["value"]]
    assert compared
    for office in compared:
        cell = theirs[office["konfliktrad"]]
        assert office["value"]["value"] == pytest.approx(cell["estimates"]["share"], abs=1e-4)
        assert office["observed"] == cell["counts"]["completed"]
        assert office["expected"] == found["country"]
    assert found["country"] == pytest.approx(theirs["_T"]["estimates"]["share"], abs=1e-4)
    assert any("Ikke justert" in note for note in found["notes"])
    sizes = [limits["cases"] for limits in found["funnel"]]
    assert sizes == sorted(sizes)
    assert sizes[-1] == max(office["cases"] for office in found["items"])


def test_waits_are_compared_within_the_norm_or_the_days_asked(secretariat: Client) -> None:
    assert asked(secretariat, statistic="p2")["within_days"] == 60
    assert asked(secretariat, statistic="p1")["within_days"] == 365
    within = asked(secretariat, statistic="p2", threshold_days=90, covariates=["sex"])
    assert (within["within_days"], within["covariates"], within["funnel"]) == (90, ["sex"], [])
    assert all(0 <= office["value"]["value"] <= 90 for office in within["items"] if office["value"])
    assert_problem(secretariat.get(PATH, **YEARS, statistic="stage.received"), 422, "invalid_input")
    assert_problem(secretariat.get(PATH, **YEARS, covariates="konfliktrad"), 422, "invalid_input")


@pytest.mark.parametrize("role", ["coordinator", "leader", "auditor", "prosecution", "analyst"])
def test_it_is_for_those_who_see_every_office(loaded: Service, role: str) -> None:
    client = loaded.as_(role, "oslo") if role in ("coordinator", "leader", "prosecution") else loaded.as_(role)
    assert client.get(PATH, **YEARS).status_code == 403


def test_the_command_prints_the_same(loaded: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", str(loaded.db.writer.url))
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    when = ["--from", YEARS["from"], "--until", YEARS["to"], "--valid-at", YEARS["to"]]
    options = ["statistics", "offices", *when, "--statistic", "p2"]
    printed = CliRunner().invoke(app, options)
    assert printed.exit_code == 0, printed.output
    assert "This is no ranking" in printed.output
    told = json.loads(CliRunner().invoke(app, [*options, "--json"]).stdout)["items"]
    found = asked(loaded.as_("secretariat"), statistic="p2", valid_at=YEARS["to"])["items"]
    labels = {"label", "reading_label"}
    assert [{k: v for k, v in one.items() if k not in labels} for one in told] == [
        {k: v for k, v in one.items() if k not in labels} for one in found
    ]
    wrong = CliRunner().invoke(app, ["statistics", "offices", *when, "--covariate", "shoe"])
    assert isinstance(wrong.exception, BadSettings)
    assert "--covariate" in str(wrong.exception)

"""Lead time and completion over HTTP: who is told what, in which form, and as known when."""

import csv
import io
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.api.build import assert_problem
from tests.service import Client, Service, sqlite_copy
from tests.statistics import waits
from ungdom.analytics import case_cache
from ungdom.analytics.definitions import all_definitions
from ungdom.analytics.queries import statistics as live_queries
from ungdom.api.statistics import schemas as statistic_shapes
from ungdom.cli import app
from ungdom.settings import BadSettings

YEARS = {"from": "2022-01-01", "to": "2026-01-05"}
LEAD_TIME, COMPLETION = "/v1/statistics/lead-time", "/v1/statistics/completion"
BOTH = (LEAD_TIME, COMPLETION)


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a synthetic load, each case told for figures."""
    folder = tmp_path_factory.mktemp("statistics")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        yield running


@pytest.fixture
def secretariat(loaded: Service) -> Client:
    return loaded.as_("secretariat")


def cells(found: dict[str, Any], code: str) -> dict[tuple[str, ...], dict[str, Any]]:
    (one,) = [one for one in found["items"] if one["code"] == code]
    return {tuple(cell["dimensions"].values()): cell for cell in one["cells"]}


def asked(client: Client, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(path, **YEARS, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_an_estimate_stands_beside_those_that_wait_and_the_naive_mean(secretariat: Client) -> None:
    found = asked(secretariat, LEAD_TIME)
    assert [one["code"] for one in found["items"]] == ["p1", "p2", "p3"]
    assert (found["published"], found["unread"], found["by"]) == (False, 0, [])
    assert "publis" in found["note"]
    (one,) = cells(found, "p2").values()
    told = one["estimates"]
    assert told["q1"] <= told["median"] <= told["q3"] <= told["p90"]
    assert told["median_low"] <= told["median"] <= told["median_high"]
    assert told["mean_of_ended"] > 0
    assert sum(one["counts"].values()) == one["all"]
    by_then = sum(value for name, value in told.items() if name.endswith("_by"))
    assert by_then == pytest.approx(1, abs=1e-3)
    assert [item["threshold_days"] for item in found["items"]] == [None, 60, 180]


def test_parts_add_up_to_the_whole_by_every_dimension(secretariat: Client) -> None:
    whole = cells(asked(secretariat, LEAD_TIME, statistic="p3"), "p3")[()]
    for by in ("period", "konfliktrad", "police_district", "sanction", "regime", "offence_group", "age", "sex"):
        parts = cells(asked(secretariat, LEAD_TIME, statistic="p3", by=by), "p3")
        assert parts["_T",] == {**whole, "dimensions": {by: "_T"}}
        single = [cell["all"] for (value,), cell in parts.items() if value != "_T" and (by != "period" or "H" in value)]
        assert sum(single) == whole["all"], by
        assert len(single) > 1, by


def test_a_filter_gives_the_cell_of_its_value(secretariat: Client) -> None:
    parts = cells(asked(secretariat, COMPLETION, by=["sanction", "sex"]), "completion.received")
    for sex in ("female", "male"):
        found = asked(secretariat, COMPLETION, sex=sex, sanction="youth_follow_up")
        assert found["where"] == {"sanction": "youth_follow_up", "sex": sex}
        one = cells(found, "completion.received")[()]
        assert {**parts["youth_follow_up", sex], "dimensions": {}} == one


def test_a_threshold_can_be_asked_for_and_the_curve_with_its_steps(secretariat: Client) -> None:
    found = asked(secretariat, LEAD_TIME, statistic="p2", threshold_days=30, curve=True)
    one = cells(found, "p2")[()]
    below = [point for point in one["curve"] if point["days"] <= 30]
    assert one["estimates"]["over"] == pytest.approx(below[-1]["share"], abs=1e-4)
    assert all(point["low"] is None or point["low"] <= point["share"] <= point["high"] for point in one["curve"])
    assert sum(point["ended"] for point in one["curve"]) == one["counts"]["ended"]
    assert cells(asked(secretariat, LEAD_TIME, statistic="p2"), "p2")[()]["curve"] is None


def test_an_office_is_told_of_itself_alone(loaded: Service, secretariat: Client) -> None:
    everywhere = cells(asked(secretariat, LEAD_TIME, by="konfliktrad", statistic="p2"), "p2")
    for role in ("coordinator", "leader"):
        mine = asked(loaded.as_(role, "oslo"), LEAD_TIME, statistic="p2")
        assert mine["where"] == {"konfliktrad": "oslo"}
        assert cells(mine, "p2")[()] == {**everywhere["oslo",], "dimensions": {}}
        for path in BOTH:
            refused = loaded.as_(role, "oslo").get(path, **YEARS, konfliktrad="agder")
            assert_problem(refused, 403, "other_office")


def test_administrators_are_told_and_analysts_only_of_what_is_released(loaded: Service) -> None:
    assert loaded.as_("admin").get(LEAD_TIME, **YEARS).status_code == 200
    for role in ("auditor", "team_member"):
        for path in BOTH:
            assert loaded.as_(role).get(path, **YEARS).status_code == 403
    for path in BOTH:
        assert_problem(loaded.as_("analyst").get(path, **YEARS), 422, "nothing_released")
        assert_problem(loaded.as_("secretariat").get(path, **YEARS, published=True), 422, "nothing_released")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (LEAD_TIME, {"by": ["age", "sex", "regime"]}),
        (LEAD_TIME, {"by": ["age", "age"]}),
        (LEAD_TIME, {"by": "height"}),
        (LEAD_TIME, {"statistic": "p4"}),
        (LEAD_TIME, {"statistic": "completion.closed"}),
        (COMPLETION, {"statistic": "p1"}),
        (LEAD_TIME, {"threshold_days": -1}),
        (LEAD_TIME, {"curve": True, "by": ["age", "sex"]}),
        (LEAD_TIME, {"konfliktrad": "atlantis"}),
        (COMPLETION, {"police_district": "p99"}),
        (COMPLETION, {"age": "12"}),
        (LEAD_TIME, {"format": "csv"}),
        (COMPLETION, {"format": "json-stat"}),
    ],
)
def test_what_cannot_be_answered_is_refused(secretariat: Client, path: str, query: dict[str, Any]) -> None:
    assert_problem(secretariat.get(path, **YEARS, **query), 422, "invalid_input")


def test_one_figure_comes_as_json_stat_and_as_csv(secretariat: Client) -> None:
    for path, statistic, by in (
        (LEAD_TIME, "p3", ["period", "konfliktrad"]),
        (COMPLETION, "completion.started", ["regime", "sex"]),
    ):
        query = {"statistic": statistic, "by": by}
        exact_ones = cells(asked(secretariat, path, **query), statistic)
        dataset = secretariat.get(path, **YEARS, **query, format="json-stat")
        assert dataset.headers["content-type"].startswith("application/json")
        assert (dataset.json()["class"], len(dataset.json()["value"])) == ("dataset", prod(dataset.json()["size"]))
        assert dataset.json()["extension"]["published"] is False
        assert dataset.json()["note"]
        sheet = _sent(secretariat, path, query, "text/csv")
        assert sheet.headers["content-type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(sheet.text)))
        counted = {tuple(row[:2]): int(row[3]) for row in rows[1:] if row[2] == "all"}
        assert {key: count for key, count in counted.items() if count} == {
            key: cell["all"] for key, cell in exact_ones.items()
        }
    assert _sent(secretariat, COMPLETION, {"statistic": "completion.closed"}, "image/png").status_code == 406


def _sent(client: Client, path: str, query: dict[str, Any], accept: str) -> httpx.Response:
    where = str(httpx.QueryParams({**YEARS, **query}))
    headers = {"Authorization": f"Bearer {client.token}", "Accept": accept}
    return client.service.send("GET", f"{path}?{where}", headers=headers)


def test_the_past_is_told_as_it_was_known_and_as_it_was(secretariat: Client) -> None:
    now = cells(asked(secretariat, COMPLETION), "completion.received")[()]
    then = asked(secretariat, COMPLETION, known_at="2024-06-30")
    assert then["as_of"] == {"on": "2024-06-30", "known_at": "2024-06-30T23:59:59.999999+02:00"}
    assert cells(then, "completion.received")[()]["counts"]["completed"] < now["counts"]["completed"]
    earlier = asked(secretariat, COMPLETION, valid_at="2024-06-30")
    assert earlier["as_of"] == {"on": "2024-06-30", "known_at": None}


def test_a_request_that_tells_too_many_anew_says_what_would_help(
    secretariat: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = live_queries.CubeQuery
    monkeypatch.setattr(statistic_shapes, "CubeQuery", lambda **given: question(**given | {"at_most": 3}))
    assert_problem(secretariat.get(LEAD_TIME, **YEARS, known_at="2023-06-30"), 422, "too_many_cases")


def test_definitions_are_one_list_of_every_family(secretariat: Client) -> None:
    found = secretariat.get("/v1/statistics/definitions").json()["items"]
    assert [(one["code"], one["definition"]) for one in found] == [(one.code, one.version) for one in all_definitions()]
    assert {one["family"] for one in found} == {"lead_time", "completion", "recidivism", "indicators", "caseload"}
    stage = next(one for one in found if one["code"] == "stage.received")
    assert stage["label"] == "Hvor lenge er saker i fasen «Mottatt i konfliktrådet»?"
    assert all(one["label"] and one["numerator"] and one["denominator"] and one["source"] for one in found)


# --- the command --------------------------------------------------------------------------------------------


@pytest.fixture
def command(loaded: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("UNGDOM_ENV", "development")
    monkeypatch.setenv("UNGDOM_DATABASE_URL", str(loaded.db.writer.url))
    monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
    return CliRunner()


PERIOD = ["--from", "2022-01-01", "--until", "2026-01-05"]
THEN = ["--valid-at", "2026-01-05"]


def test_the_command_says_what_the_interface_says(command: CliRunner, secretariat: Client) -> None:
    for name, path, more in (
        ("lead-time", LEAD_TIME, ["--statistic", "p2", "--threshold-days", "30"]),
        ("completion", COMPLETION, ["--where", "sanction=youth_follow_up"]),
    ):
        told = command.invoke(app, ["statistics", name, *PERIOD, *THEN, "--by", "konfliktrad", *more, "--json"])
        assert told.exit_code == 0, told.output
        query = dict(zip(more[::2], more[1::2], strict=True))
        named = {
            "statistic": query.get("--statistic"),
            "threshold_days": query.get("--threshold-days"),
            "sanction": "youth_follow_up" if name == "completion" else None,
        }
        heard = asked(secretariat, path, by="konfliktrad", valid_at="2026-01-05", **named)
        said = json.loads(told.stdout)
        assert cells(said, said["items"][0]["code"]) == cells(heard, said["items"][0]["code"])
    shown = command.invoke(app, ["statistics", "lead-time", *PERIOD, "--statistic", "p3"])
    assert "not to be published" in shown.stdout
    assert "mean_of_ended" in shown.stdout


@pytest.mark.parametrize("wrong", [["--by", "height"], ["--where", "height=2"], ["--statistic", "p4"]])
def test_the_command_says_what_is_wrong(command: CliRunner, wrong: list[str]) -> None:
    told = command.invoke(app, ["statistics", "lead-time", *PERIOD, *wrong])
    assert isinstance(told.exception, BadSettings)

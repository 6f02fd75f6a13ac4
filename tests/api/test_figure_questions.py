"""The questions of a directorate over HTTP: their answers, their limits in words, and who reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, sqlite_copy
from tests.statistics import waits
from ungdom.analytics import case_cache

COHORTS, PARTIES = "/v1/statistics/completion/cohorts", "/v1/statistics/waits-by-party"
RELAPSE = "/v1/statistics/recidivism/by-outcome"
YEARS = {"from": "2016-01-01", "to": "2025-12-31"}


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("questions")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        yield running


def asked(service: Service, path: str, office: str | None = None, **query: Any) -> dict[str, Any]:
    answer = service.as_("coordinator" if office else "secretariat", office).get(path, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_running_cases_stand_beside_every_share_of_every_year(loaded: Service) -> None:
    found = asked(loaded, COHORTS, months=24, by="offence_group")
    whole = [one for one in found["items"] if one["value"] == "_T"]
    years = [one["year"] for one in whole]
    assert years == list(range(years[0], years[-1] + 1))
    assert years[0] <= 2016
    figure = asked(loaded, "/v1/statistics/completion", **YEARS, statistic="completion.started", by="period")["items"][
        0
    ]
    by_year = {cell["dimensions"]["period"]: cell["counts"] for cell in figure["cells"]}
    for one in whole:
        assert one["cases"] == one["completed"] + one["otherwise"] + one["running"]
        assert (one["share_within"] is None) == (not one["mature"] or not one["cases"])
        if counts := by_year.get(str(one["year"])):
            assert (one["running"], one["completed"]) == (counts["open"], counts["completed"])
    assert {one["mature"] for one in whole} == {True, False}
    assert found["notes"][0].startswith("En årgang er moden")
    own = asked(loaded, COHORTS, "oslo")
    assert own["konfliktrad"] == "oslo"
    assert sum(one["cases"] for one in own["items"]) < sum(one["cases"] for one in whole)


def test_who_is_waited_for_longest_at_each_office(loaded: Service) -> None:
    found = asked(loaded, PARTIES, **YEARS)
    *offices, country = found["items"]
    assert country["konfliktrad"] is None
    assert [one["konfliktrad"] for one in offices] == sorted(one["konfliktrad"] for one in offices)
    for place in found["items"]:
        days = [party["days"] for party in place["waited_for"]]
        assert days == sorted(days, reverse=True)
        assert place["longest"] == place["waited_for"][0]["party"]
        assert sum(party["share"] for party in place["waited_for"]) == pytest.approx(1, abs=1e-3)
    oslo = next(one for one in offices if one["konfliktrad"] == "oslo")
    assert asked(loaded, PARTIES, "oslo", **YEARS)["items"] == [oslo]
    total = sum(party["days"] for one in offices for party in one["waited_for"])
    assert total == sum(party["days"] for party in country["waited_for"])


def test_relapse_by_outcome_says_what_it_does_not_say(loaded: Service) -> None:
    found = asked(loaded, RELAPSE, **YEARS)
    whole, *groups = found["items"]
    assert (found["code"], found["definition"], whole["outcome"]) == ("closing_2y", 1, "_T")
    assert whole["persons"] == sum(group["persons"] for group in groups)
    assert {"completed", "breach_closed"} <= {group["outcome"] for group in groups}
    for group in found["items"]:
        assert sum(group["counts"].values()) == group["persons"]
        assert group["running"] == group["counts"]["window_open"]
    assert "ingen virkning av å fullføre" in found["notes"][0]
    definitions = loaded.as_("analyst").get("/v1/statistics/definitions").json()["items"]
    assert "landmark" in next(one for one in definitions if one["code"] == "closing_2y")["denominator"]
    assert loaded.as_("leader", "oslo").get(RELAPSE, **YEARS).status_code == 403
    for path in (COHORTS, PARTIES, RELAPSE):
        assert loaded.as_("analyst").get(path, **(YEARS if path != COHORTS else {})).status_code == 403

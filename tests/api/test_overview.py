"""The numbers of a board in one answer: those of the single routes, and the country as released for offices."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.extracts.world import NOW
from tests.service import Service, sqlite_copy
from tests.statistics import waits
from tests.web.visiting import Visitor
from ungdom.analytics import case_cache
from ungdom.api.statistics import overview_routes
from ungdom.release import build, store
from ungdom.release.plan import RELEASE_PLAN, Breakdown, FigureGroup, Finest
from ungdom.store import releases
from ungdom.workflow.calendar import last_moment

PATH = "/v1/statistics/overview"
YEARS = {"from": "2022-01-01", "to": "2025-12-31"}
"""All that is released."""
KNOWN_ON = date(2025, 12, 31)
FEW = ("p1", "completion.received", "completion.started", "completion.closed")
"""The first figures of the rows that are released here."""
NAMES = {"lead_time": ("median", "waiting"), "completion": ("share", "open"), "recidivism": ("km_24", "window_open")}
"""The estimate and the ending that stand for each family."""


def few() -> Iterator[FigureGroup]:
    yield from (replace(one, breakdowns=(Breakdown(Finest.YEAR),)) for one in RELEASE_PLAN if one.codes[0] in FEW)


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("overview")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running, pytest.MonkeyPatch.context() as patch:
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        patch.setattr(build, "RELEASE_PLAN", tuple(few()))
        store.release(running.db, waits.KEYS, last_moment(KNOWN_ON), NOW)
        yield running


def overview(service: Service, role: str, office: str | None = None) -> dict[str, Any]:
    answer = service.as_(role, office).get(PATH, **YEARS)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def whole(service: Service, role: str, path: str, office: str | None = None) -> dict[str, Any]:
    """The first cell of each figure of another route: all cases."""
    items = service.as_(role, office).get(f"/v1/statistics/{path}", **YEARS).json()["items"]
    return {item["code"]: item["cells"][0] for item in items if item["cells"]}


def test_the_secretariat_reads_what_the_single_routes_answer(loaded: Service) -> None:
    found = overview(loaded, "secretariat")
    cells: dict[str, Any] = {}
    for path in ("lead-time", "completion", "recidivism"):
        cells |= whole(loaded, "secretariat", path)
    assert len(found["items"]) == len(cells) == 9
    for item in found["items"]:
        cell, (value, running) = cells[item["code"]], NAMES[item["family"]]
        assert item["exact"]["cases"] == cell["all"]
        assert item["exact"]["value"] == cell["estimates"][value]
        assert item["exact"]["running"] == cell["counts"].get(running, 0)
    closed = next(item for item in found["items"] if item["code"] == "completion.closed")
    assert found["load"]["closed"] == closed["exact"]["cases"]
    assert found["konfliktrad"] is None


def test_an_office_reads_its_own_exactly_and_the_country_as_released(loaded: Service) -> None:
    found = overview(loaded, "coordinator", "oslo")
    assert found["konfliktrad"] == "oslo"
    own = whole(loaded, "coordinator", "lead-time", "oslo")
    answer = loaded.as_("coordinator", "oslo").get("/v1/statistics/lead-time", **YEARS, statistic="p1", published=True)
    (figure,) = answer.json()["items"]
    (country,) = [cell for cell in figure["cells"] if cell["dimensions"]["ending"] == "_T"]
    for item in found["items"][:3]:
        assert item["exact"]["cases"] == own[item["code"]]["all"]
    released = found["items"][0]["released"]
    assert (released["cases"], released["value"]) == (country["cases"], country["estimates"].get("median"))
    assert released["cases"] > found["items"][0]["exact"]["cases"]
    assert [item["exact"] for item in found["items"] if item["family"] == "recidivism"] == [None] * 3
    assert found["released_known_at"].startswith("2025-12-31")
    assert (released["release"], released["known_at"]) == (figure["release"], figure["known_at"])
    assert released["stands"] is None
    assert released["release"] == found["release"]


def test_a_released_number_says_where_it_is_that_of_an_earlier_release(
    loaded: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with loaded.db.reading() as tx:
        newest = releases.newest(tx, None)
    assert newest
    content, then = json.loads(newest.content), "2025-06-30T21:59:59.999999+00:00"
    number = "00000000-0000-5000-8000-000000000001"
    standing = [table for part in content["figures"] for table in part["tables"] if table["figure"] == "p1"]
    for table in standing:
        table |= {"stands": "earlier", "release": number, "known_at": then}
    altered = replace(newest, content=json.dumps(content))
    monkeypatch.setattr(overview_routes.releases, "newest", lambda *_: altered)
    items = {item["code"]: item["released"] for item in overview(loaded, "analyst")["items"]}
    assert (items["p1"]["stands"], items["p1"]["release"]) == ("earlier", number)
    assert items["p1"]["known_at"].startswith("2025-06-30")
    assert (items["p3"]["stands"], items["p3"]["release"]) == (None, str(newest.release_id))
    assert items["p3"]["known_at"].startswith("2025-12-31")
    page = Visitor(loaded).sign_in("analyst").get("/country?since=2022-01-01&until=2025-12-31").text
    assert page.count("som i en tidligere frigivelse") == 1
    answer = Visitor(loaded).sign_in("analyst").get("/country/download?since=2022-01-01&until=2025-12-31")
    lines = {line["figure"]: line for line in csv.DictReader(io.StringIO(answer.text))}
    assert (lines["p1"]["stands"], lines["p1"]["release"]) == ("earlier", number)
    assert lines["p3"]["release"] == str(newest.release_id)
    assert (lines["p3"]["given_from"], lines["p3"]["given_to"]) == ("2022-01-01", "2025-12-31")


def test_days_outside_what_is_released_are_named(loaded: Service) -> None:
    client, visitor = loaded.as_("analyst"), Visitor(loaded).sign_in("analyst")
    wide = client.get(PATH, **{"from": "2019-01-01", "to": "2025-12-31"}).json()
    assert (wide["from"], wide["given"]) == ("2019-01-01", {"since": "2022-01-01", "until": "2025-12-31"})
    before = client.get(PATH, **{"from": "2019-01-01", "to": "2019-12-31"}).json()
    assert before["given"] is None
    assert {item["released"] for item in before["items"]} == {None}
    assert "bare dagene fra" in visitor.get("/country?since=2019-01-01&until=2025-12-31").text
    assert "Ingen dager av denne perioden" in visitor.get("/country?since=2019-01-01&until=2019-12-31").text


def test_an_analyst_reads_nothing_but_what_is_released(loaded: Service) -> None:
    found = overview(loaded, "analyst")
    assert found["load"] is None
    assert [item["exact"] for item in found["items"]] == [None] * 9
    assert any(item["released"] for item in found["items"])

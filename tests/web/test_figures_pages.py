"""Offices side by side, cohorts, relapse and the country: drawn and downloaded as the interface answers them."""

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.service import Client, Service, sqlite_copy
from tests.statistics import waits
from tests.web.visiting import Visitor
from ungdom.analytics import case_cache
from ungdom.release import build, store
from ungdom.release.plan import RELEASE_PLAN, Breakdown, Finest
from ungdom.web.country_page import drawn_shares
from ungdom.web.dataset_table import table_of
from ungdom.web.funnel_svg import LEFT, RIGHT, TOP, WIDTH, draw_funnel
from ungdom.web.interval_svg import ShareInterval, draw_intervals
from ungdom.workflow.calendar import last_moment

PERIOD = {"from": "2022-01-01", "to": "2026-12-31"}
PLAN = tuple(
    replace(
        x,
        breakdowns=(
            Breakdown(Finest.HALF_YEAR),
            Breakdown(Finest.SPAN, ("konfliktrad",)),
            Breakdown(Finest.YEAR, ("age",)),
        ),
    )
    for x in RELEASE_PLAN
    if x.population == "completion.closed"
)
"""One figure by period and office: the whole list takes much longer."""
ASKED = "since=2022-01-01&until=2026-12-31"


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a synthetic load and a release of one figure."""
    folder = tmp_path_factory.mktemp("figures")
    with pytest.MonkeyPatch.context() as patch, Service(sqlite_copy(sqlite_template, folder), folder) as running:
        patch.setattr(build, "RELEASE_PLAN", PLAN)
        waits.write(running.db, waits.load(200, 3), waits.TODAY)
        case_cache.refresh(running.db)
        store.release(running.db, waits.KEYS, last_moment(date(2026, 1, 4)), running.clock())
        yield running


@pytest.fixture
def secretariat(loaded: Service) -> Visitor:
    return Visitor(loaded).sign_in("secretariat")


@pytest.fixture
def client(loaded: Service) -> Client:
    return loaded.as_("secretariat")


def lines_of(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv"), answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("statistic", ["completion.closed", "p3"])
def test_offices_are_drawn_as_they_are_compared(secretariat: Visitor, client: Client, statistic: str) -> None:
    page = secretariat.get(f"/office/comparison?{ASKED}&statistic={statistic}")
    assert page.status_code == 200, page.text
    answer = client.get("/v1/statistics/comparison", **PERIOD, statistic=statistic).json()
    compared = [x for x in answer["items"] if x["value"]]
    assert compared
    assert page.text.count('<g class="office ') == len(compared)
    assert {x["reading"] for x in compared} == set(re.findall(r'<g class="office (\w+)"', page.text))
    assert page.text.count('<path class="limit') >= (4 if statistic == "completion.closed" else 0)
    assert all(note in page.text for note in answer["notes"])
    lines = lines_of(secretariat.get(f"/office/comparison/download?{ASKED}&statistic={statistic}"))
    assert [(x["konfliktrad"], x["cases"], x["reading"]) for x in lines] == [
        (x["konfliktrad"], str(x["cases"]), x["reading"]) for x in answer["items"]
    ]
    plain = secretariat.get(f"/office/comparison?{ASKED}&statistic={statistic}&adjusted=no").text
    assert "Ikke justert" in plain


def test_cohorts_have_a_share_once_they_are_mature(secretariat: Visitor, client: Client) -> None:
    answer = client.get("/v1/statistics/completion/cohorts", months=24, by="sanction").json()["items"]
    page = secretariat.get("/office/cohorts?months=24&by=sanction")
    assert page.status_code == 200, page.text
    young = [x for x in answer if not x["mature"]]
    assert young
    assert page.text.count("ikke moden ennå") == len(young)
    drawn = [x for x in answer if x["value"] == "_T" and x["share_within"] is not None]
    assert page.text.count('<circle class="dot"') == len(drawn) > 3
    lines = lines_of(secretariat.get("/office/cohorts/download?months=24&by=sanction"))
    assert [(x["year"], x["value"], x["cases"]) for x in lines] == [
        (str(x["year"]), x["value"], str(x["cases"])) for x in answer
    ]
    for by in ("konfliktrad", "offence_group", "age"):
        assert secretariat.get(f"/office/cohorts?by={by}").status_code == 200
    assert secretariat.get("/office/cohorts?months=0").status_code == 422


def test_a_number_is_explained_with_parts_that_add_up(loaded: Service, secretariat: Visitor, client: Client) -> None:
    query = {**PERIOD, "statistic": "completion.closed", "age": "17"}
    answer = client.get("/v1/statistics/explanation", **query).json()
    page = secretariat.get(f"/office/explanation?{ASKED}&statistic=completion.closed&age=17")
    assert page.status_code == 200, page.text
    assert page.text.count('<th scope="row">') == len(answer["items"]) + 1 > 2
    assert answer["rows"]["condition"] in html.unescape(page.text)
    lines = lines_of(secretariat.get(f"/office/explanation/download?{ASKED}&statistic=completion.closed&age=17"))
    reasons = ("late_registered", "corrected", "new", "redefined")
    assert [(x["ending"], x["then"], x["now"], *(x[reason] for reason in reasons)) for x in lines[:-1]] == [
        (x["ending"], str(x["then"]), str(x["now"]), *(str(part["net"]) for part in x["parts"]))
        for x in answer["items"]
    ]
    assert lines[-1]["ending"] == "total"
    assert all(int(x["then"]) + sum(int(x[reason]) for reason in reasons) == int(x["now"]) for x in lines)
    assert int(lines[-1]["now"]) == sum(int(x["now"]) for x in lines[:-1]) > 0
    leader = Visitor(loaded).sign_in("leader", "oslo")
    for path in ("curves", "cohorts"):
        assert "/office/explanation?" in leader.get(f"/office/{path}").text
    for code in ("p1", "completion.received"):
        assert leader.get(f"/office/explanation?statistic={code}").status_code == 200
    assert leader.get("/office/explanation?statistic=nordic_2y").status_code == 422
    assert Visitor(loaded).sign_in("analyst").get("/office/explanation").status_code == 403


def test_relapse_by_outcome_is_for_those_who_read_it(loaded: Service, secretariat: Visitor, client: Client) -> None:
    answer = client.get("/v1/statistics/recidivism/by-outcome", **PERIOD).json()["items"]
    page = secretariat.get(f"/office/relapse?{ASKED}")
    assert page.text.count('<th scope="row">') == len(answer) > 2
    lines = lines_of(secretariat.get(f"/office/relapse/download?{ASKED}"))
    assert [(x["outcome"], x["window_open"]) for x in lines] == [
        (x["outcome"], str(x["counts"]["window_open"])) for x in answer
    ]
    leader = Visitor(loaded).sign_in("leader", "oslo")
    for path in ("relapse", "comparison"):
        assert leader.get(f"/office/{path}").status_code == 403
        assert f"/office/{path}" not in leader.get("/office").text
        assert f"/office/{path}" in secretariat.get("/office").text


def test_the_country_is_shown_exact_beside_what_is_released(loaded: Service) -> None:
    for role, office in (("leader", "oslo"), ("secretariat", None), ("analyst", None)):
        visitor, client = Visitor(loaded).sign_in(role, office), loaded.as_(role, office)
        overview = client.get("/v1/statistics/overview", **PERIOD).json()
        page = visitor.get(f"/country?{ASKED}")
        assert page.status_code == 200, page.text
        assert ("Åpne saker" in page.text) is (overview["load"] is not None)
        lines = lines_of(visitor.get(f"/country/download?{ASKED}"))
        wanted = [(x["code"], s, x[s]) for x in overview["items"] for s in ("exact", "released") if x[s]]
        assert [(x["figure"], x["source"]) for x in lines] == [(code, source) for code, source, _ in wanted]
        assert [x["cases"] for x in lines] == ["" if x["cases"] is None else str(x["cases"]) for *_, x in wanted]


def test_the_shares_of_an_office_are_not_drawn_beside_released_ones_of_the_country() -> None:
    def item(label: str, exact: float | None, released: float | None) -> dict[str, Any]:
        numbers = [None if x is None else {"value": x, "low": None, "high": None} for x in (exact, released)]
        return {"label": label, "unit": "share", "exact": numbers[0], "released": numbers[1]}

    drawn = drawn_shares([item("completion", 0.5, 0.6), item("relapse", None, 0.2)])
    assert [(share.label, share.value) for share in drawn] == [("completion", 0.5)]
    assert [share.value for share in drawn_shares([item("completion", None, 0.6), item("relapse", None, 0.2)])] == [
        0.6,
        0.2,
    ]


def test_released_figures_hide_what_the_release_hides(loaded: Service) -> None:
    analyst, client = Visitor(loaded).sign_in("analyst"), loaded.as_("analyst")
    question = {**PERIOD, "statistic": "completion.closed", "by": "age", "format": "json-stat"}
    dataset = client.get("/v1/statistics/completion", **question).json()
    page = analyst.get("/country/released?statistic=completion.closed&by=age")
    assert page.status_code == 200, page.text
    table = table_of(dataset)
    hidden = sum(cell.sign == ":" for _, cells in table.rows for cell in cells)
    assert page.text.count(">:</td>") == hidden > 3
    assert "Vises ikke av konfidensialitetshensyn" in page.text
    numbers = {place: value for place, value in enumerate(dataset["value"]) if value is not None}
    assert len(numbers) == sum(cell.value is not None for _, cells in table.rows for cell in cells)
    lines = lines_of(analyst.get("/country/released/download?statistic=completion.closed&by=age"))
    assert [x["value"] for x in lines if x["value"]] == [str(value) for value in numbers.values()]
    assert '<option value="caseload.open">Hvor mange saker er åpne?</option>' in page.text
    assert analyst.get("/country/released?statistic=plan_adapted").status_code == 422  # not released here
    refused = analyst.get("/country/released?statistic=ssb_5y")
    assert refused.status_code == 422
    assert 'name="statistic"' in refused.text
    assert Visitor(loaded).sign_in("auditor").get("/country/released").status_code == 403


def test_geometry_of_a_funnel_and_of_intervals() -> None:
    limits = {"cases": 20, "low_95": 0.4, "high_95": 0.6, "low_998": 0.3, "high_998": 0.7}
    office = {"cases": 20, "value": {"value": 0.7}, "limits": limits, "reading": "outside_95"}
    few = {"cases": 2, "value": None, "limits": None, "reading": "too_few"}
    drawing = draw_funnel([few, office], [], 0.5)
    assert drawing
    [point] = drawing.points
    assert (point.place, point.x, point.y) == (2, WIDTH - RIGHT, TOP)
    assert point.bars[0][0] == TOP
    assert [value for value, _ in drawing.values] == [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7]
    assert point.bars[1][0] < drawing.country < point.bars[1][1]  # type: ignore[operator]  # it has a value
    funnel = draw_funnel([office], [limits | {"cases": 10}, limits], 0.5)
    assert funnel
    assert funnel.lines["high_998"] == f"M{LEFT + (WIDTH - LEFT - RIGHT) / 2} {TOP}.0L{WIDTH - RIGHT}.0 {TOP}.0"
    assert funnel.points[0].bars == []
    assert draw_funnel([few], [], None) is None
    rows = draw_intervals([ShareInterval("a", 0.0, None, None), ShareInterval("b", 0.5, 0.25, 1.0)])
    assert rows
    assert [row.line is None for row in rows.rows] == [True, False]
    assert rows.rows[1].line == (rows.ticks[1][1], rows.ticks[4][1])
    assert draw_intervals([]) is None

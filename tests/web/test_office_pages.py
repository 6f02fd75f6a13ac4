"""The office, its indicators and curves, and the rules: what the pages draw is what the interface answers."""

import csv
import io
from typing import Any

import pytest

from tests.api.build import case_at
from tests.service import Client, Service
from tests.web.visiting import Visitor
from ungdom.web import office_page
from ungdom.web.curve_svg import LEFT, RIGHT, WIDTH, draw_curves
from ungdom.web.machine_svg import BOX_LEFT, BOX_RIGHT, draw_machine
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import Regime, Role, Sanction

PERIOD = {"from": "2025-01-01", "to": "2026-12-31"}
ASKED = "since=2025-01-01&until=2026-12-31"


@pytest.fixture
def client(one: Service) -> Client:
    coordinator = one.as_("coordinator", "oslo")
    for stage in ("preparing", "executing", "executing"):
        case_at(coordinator, stage, "2026-01-05")
    return one.as_("leader", "oslo")


@pytest.fixture
def leader(one: Service) -> Visitor:
    return Visitor(one).sign_in("leader", "oslo")


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_office_shows_the_load_of_each_person_and_what_will_be_late(
    one: Service, client: Client, leader: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = leader.get("/office")
    assert page.status_code == 200, page.text
    [office] = [x for x in client.get("/v1/statistics/caseload").json()["items"] if x["konfliktrad"] == "oslo"]
    assert [(x["cases"], x["coordinator"]) for x in office["coordinators"]] == [(3, "coordinator-oslo")]
    late = client.get("/v1/worklist/forecast").json()
    assert page.text.count('href="/cases/') == len(late["items"])
    away = {"first_day": "2026-01-01", "last_day": "2030-01-01", "substitute": "leader-oslo"}
    assert client.post("/v1/staff/coordinator-oslo/absences", away).status_code == 201
    monkeypatch.setattr(office_page, "STAFF", 1)  # members on a page of their list
    one.employ(Viewer(Role.COORDINATOR, "a-coordinator", "oslo"))
    assert "er vikar" in leader.get("/office").text
    for role in ("secretariat", "admin"):
        other = Visitor(one).sign_in(role)
        page = other.get("/office")
        assert page.status_code == 200
        assert ("/delays/causes" in page.text) is (other.get("/delays/causes").status_code == 200), role
    for role in ("team_member", "auditor", "analyst"):
        assert Visitor(one).sign_in(role).get("/office").status_code == 403


def test_indicators_have_their_definitions_and_a_file(client: Client, leader: Visitor) -> None:
    page = leader.get(f"/office/indicators?{ASKED}")
    assert page.status_code == 200, page.text
    answer = client.get("/v1/statistics/indicators", **PERIOD).json()["items"]
    definitions = client.get("/v1/statistics/indicators/definitions").json()["items"]
    assert answer
    for item in answer:
        [definition] = [x for x in definitions if x["code"] == item["code"]]
        assert f'id="i-{item["code"]}"' in page.text
        assert definition["numerator"][:12] in page.text
    rows = rows_of(leader.get(f"/office/indicators/download?{ASKED}"))
    figures = [(item["code"], figure) for item in answer for figure in item["figures"]]
    assert [(row["indicator"], row["numerator"]) for row in rows] == [
        (code, "" if figure["numerator"] is None else str(figure["numerator"])) for code, figure in figures
    ]


def test_a_curve_is_drawn_with_its_table_and_its_file(client: Client, leader: Visitor) -> None:
    page = leader.get(f"/office/curves?{ASKED}&statistic=p3")
    assert page.status_code == 200, page.text
    answer = client.get("/v1/statistics/lead-time", **PERIOD, statistic="p3", by="sanction", curve=True).json()
    steps = [point for cell in answer["items"][0]["cells"] for point in cell["curve"] or ()]
    assert steps
    assert page.text.count('<path class="line series-') >= 1
    rows = rows_of(leader.get(f"/office/curves/download?{ASKED}&statistic=p3"))
    assert [(int(row["days"]), float(row["share"])) for row in rows] == [(x["days"], x["share"]) for x in steps]
    assert "Begge straffene" in page.text
    alone = leader.get(f"/office/curves?{ASKED}&statistic=p3&sanction=youth_follow_up")
    assert '<path class="line series-' in alone.text
    assert "Begge straffene" not in alone.text
    assert leader.get("/office/curves?statistic=nothing").status_code == 422
    assert leader.get("/office/curves?since=2026-02-01&until=2026-01-01").status_code == 422
    assert "Ingen saker i perioden" in leader.get("/office/curves?since=2019-01-01&until=2019-02-01").text


def test_the_rules_are_those_of_the_interface_for_each_sanction_and_regime(one: Service) -> None:
    visitor, client = Visitor(one).sign_in("analyst"), one.as_("coordinator", "oslo")
    assert visitor.get("/").headers["location"] == "/rules"
    page = None
    for sanction in Sanction:
        for regime in Regime:
            page = visitor.get(f"/rules?sanction={sanction}&regime={regime}")
            workflow = client.get(f"/v1/workflows/{sanction}/{regime}").json()
            assert page.text.count('<rect class="state') == len(workflow["states"])
            moves = {(source, move["to"]) for move in workflow["moves"] for source in move["sources"]}
            arcs = {(source, target) for source, target in moves if source != target and target in workflow["states"]}
            assert page.text.count('<path class="arc') == len(arcs) > 20
            assert page.text.count("<tbody>") == 3
    assert page is not None
    assert "6 uker" in page.text
    assert visitor.get("/rules?regime=R9").status_code == 422


def test_another_deadline_is_tried_as_in_the_interface(one: Service, client: Client, leader: Visitor) -> None:
    change = {"code": "plan_meeting", "length": {"days": 1}}
    answer = client.post("/v1/deadline-rules/simulate", {"changes": [change], "limit": 50}).json()
    assert answer["items"]
    page = leader.get("/rules/simulation?code=plan_meeting&length=1&unit=days&warn_days=")
    assert page.status_code == 200, page.text
    assert page.text.count('href="/cases/') == len(answer["items"])
    assert f"{answer['cases']['changed']} av {answer['cases']['looked_at']} åpne saker" in page.text
    for wrong in ("length=", "length=x", "length=-1", "length=1&on=2020-01-01", "length=1&since=x"):
        refused = leader.get(f"/rules/simulation?code=plan_meeting&{wrong}")
        assert (refused.status_code, "problem" in refused.text) == (422, True), wrong
        assert '<option value="plan_meeting" selected' in refused.text
    assert leader.get("/rules/simulation?code=nothing&length=1").status_code == 422
    for role, status in (("secretariat", 200), ("admin", 200), ("analyst", 403), ("auditor", 403)):
        visitor = Visitor(one).sign_in(role)
        assert visitor.get("/rules/simulation").status_code == status
        assert ("/rules/simulation" in visitor.get("/rules").text) is (status == 200)


def test_a_curve_begins_whole_and_ends_at_its_last_day() -> None:
    points = [
        {"days": 50, "share": 0.5, "low": 0.2, "high": 0.8, "at_risk": 4, "ended": 2},
        {"days": 100, "share": 0.25, "low": None, "high": None, "at_risk": 2, "ended": 1},
    ]
    drawing = draw_curves({"a": points, "b": []}, 80)
    assert drawing
    [series] = drawing.series
    middle = (LEFT + WIDTH - RIGHT) / 2
    assert series.line == f"M{LEFT} 12.0H{middle}V196.0H{WIDTH - RIGHT}.0V288.0"
    assert series.band.startswith(f"M{middle} ")
    assert [tick for tick, _ in drawing.days] == [0, 30, 60, 90]
    assert [point and point["share"] for point in series.row] == [1.0, 1.0, 0.5, 0.5]
    assert draw_curves({"b": []}, 80) is None


def test_a_move_back_bows_to_the_left_and_several_moves_share_one_arc() -> None:
    moves = [
        {"sources": ["a"], "to": "b", "label": "x"},
        {"sources": ["a", "b"], "to": "b", "label": "y"},
        {"sources": ["b"], "to": "a", "label": "z"},
        {"sources": ["a"], "to": "c", "label": "w"},
        {"sources": ["c"], "to": "PREVIOUS", "label": "v"},
    ]
    drawing = draw_machine(["a", "b", "c"], moves)
    assert [(len(arc.moves), arc.is_back, arc.into_end) for arc in drawing.arcs] == [
        (2, False, False),
        (1, True, False),
        (1, False, True),
    ]
    assert drawing.arcs[0].path.startswith(f"M{BOX_RIGHT} ")
    assert drawing.arcs[1].path.startswith(f"M{BOX_LEFT} ")
    assert [box.is_end for box in drawing.boxes] == [False, False, True]

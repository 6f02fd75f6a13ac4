"""T16 and T34 over the pages: a page shows what the interface answers and no more, and who was shown is in the log."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from tests.access.test_every_answer import Comparison, Watch, compare
from tests.api import sights
from tests.api.build import DAY
from tests.api.sights import VIEWERS, World
from tests.api.test_statements import statements
from tests.service import Service, routes_of, sqlite_copy
from tests.web.visiting import Visitor
from ungdom.store.schema.access import access_log
from ungdom.web import case_page, today
from ungdom.workflow.vocabulary import Role

PARTS = {
    "case": "",
    "tasks": "/tasks",
    "deadlines": "/deadlines",
    "timeline": "/timeline",
    "plan": "/plan",
    "delay": "/delay",
    "lead_time": "/lead-time",
    "events": "/events",
    "options": "/options",
}
"""The parts of the page of a case, and where the interface answers each of them."""
NOBODY = {
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("GET", "/sign-in/start"),
    ("GET", "/sign-in/return"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/language"),
    ("GET", "/static/pages/{name}"),
    ("GET", "/search"),
    ("GET", "/reassign"),
    ("GET", "/rules"),
    ("GET", "/administration"),
    ("GET", "/administration/staff"),
    ("GET", "/administration/nights"),
    ("GET", "/administration/jobs"),
    ("GET", "/administration/jobs/progress"),
    ("GET", "/administration/audit"),
    ("GET", "/administration/contacts"),
    ("GET", "/administration/webhooks"),
    ("GET", "/administration/webhooks/{webhook_id}"),
    ("GET", "/administration/contacts/{konfliktrad}"),
    ("GET", "/survey/{token}"),
    ("POST", "/survey/{token}"),
    ("GET", "/office/comparison/download"),
    ("GET", "/office/cohorts/download"),
    ("GET", "/office/explanation/download"),
    ("GET", "/office/relapse/download"),
    ("GET", "/country/download"),
    ("GET", "/country/released/download"),
}
"""Pages and forms that show no youth: signing in, the language, files, the rules, staff, jobs, a survey, figures."""
SHOWN = {
    ("GET", "/today"),
    ("GET", "/cases/{case_id}"),
    ("GET", "/cases/{case_id}/record/{kind}"),
    ("GET", "/cases/{case_id}/correct/{seq}"),
    ("GET", "/cases/{case_id}/insert"),
    ("GET", "/cases/{case_id}/insert/{kind}"),
    ("GET", "/my-cases"),
    ("GET", "/delays"),
    ("GET", "/delays/causes"),
    ("GET", "/delays/{alert_id}"),
    ("GET", "/office"),
    ("GET", "/office/indicators"),
    ("GET", "/office/indicators/download"),
    ("GET", "/office/curves"),
    ("GET", "/office/curves/download"),
    ("GET", "/administration/access-log"),
    ("GET", "/rules/simulation"),
    ("GET", "/office/comparison"),
    ("GET", "/office/cohorts"),
    ("GET", "/office/explanation"),
    ("GET", "/office/relapse"),
    ("GET", "/country"),
    ("GET", "/country/released"),
}
FIGURES = {
    "/office/comparison": "/v1/statistics/comparison",
    "/office/cohorts": "/v1/statistics/completion/cohorts",
    "/office/explanation": "/v1/statistics/explanation",
    "/office/relapse": "/v1/statistics/recidivism/by-outcome",
    "/country": "/v1/statistics/overview",
    "/country/released": "/v1/statistics/completion",
}
"""Pages of figures, and where the interface answers them."""
LISTS = {
    "/today?whose=office": ("/today", "/v1/worklist"),
    "/my-cases": ("/my-cases", "/v1/cases"),
    "/delays": ("/delays", "/v1/alerts"),
    "/delays/causes": ("/delays/causes", "/v1/delays"),
    "/office": ("/office", "/v1/worklist/forecast"),
    "/office/indicators": ("/office/indicators", "/v1/statistics/indicators"),
    "/office/indicators/download": ("/office/indicators/download", "/v1/statistics/indicators"),
    "/office/curves": ("/office/curves", "/v1/statistics/lead-time"),
    "/administration/access-log": ("/administration/access-log", "/v1/access-log"),
    "/office/curves/download": ("/office/curves/download", "/v1/statistics/lead-time"),
}
LISTS |= {"/rules/simulation?code=plan_meeting&length=1": ("/rules/simulation", "/v1/cases")}
LISTS |= {page: (page, path) for page, path in FIGURES.items()}
"""Pages of many cases: the address, the route, and where the interface answers the same."""
SENT = {
    ("POST", "/cases/{case_id}/record/{kind}"),
    ("POST", "/cases/{case_id}/correct/{seq}"),
    ("POST", "/delays/{alert_id}/acknowledge"),
    ("POST", "/delays/{alert_id}/answer"),
    ("POST", "/delays/{alert_id}/snooze"),
    ("POST", "/cases/{case_id}/insert/{kind}"),
    ("POST", "/search"),
    ("POST", "/reassign"),
    ("POST", "/today/views"),
    ("POST", "/administration/contacts/{konfliktrad}"),
    ("POST", "/administration/webhooks"),
    ("POST", "/administration/webhooks/{webhook_id}/change"),
    ("POST", "/administration/webhooks/{webhook_id}/delete"),
    ("POST", "/administration/webhooks/{webhook_id}/secret"),
    ("POST", "/administration/webhooks/{webhook_id}/replay"),
    ("POST", "/administration/webhooks/{webhook_id}/test"),
    ("POST", "/today/views/{view_id}/delete"),
}
"""Forms that write as routes of the interface do, and the search for a person: the other modules of this folder."""
THEN = ({"known_at": "2026-02-01"}, {"valid_at": DAY})
"""The control of the page of a case: as known on a day, as it stood on a day."""
LATE: dict[str, dict[str, bool]] = {"": {}, "yes": {"overdue": True}, "no": {"overdue": False}}
"""The filter of the page by lateness, and the same in the interface."""
WHO_SEES_A_CASE = set(VIEWERS) - {"off_team", "their_prosecution", "analyst", "auditor", "admin"}
MOST_STATEMENTS = 8
"""Statements of the page of a case, whoever looks and however long its history is."""
COMPARED = ("open", "strict", "leaving", "moved_confidential", "sent")


@pytest.fixture(scope="module")
def world(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pages")
    with Service(sqlite_copy(sqlite_template, folder), folder) as running:
        yield sights.made(running)


def test_every_page_shows_nobody_or_is_looked_at_here(world: World) -> None:
    assert routes_of(world.service.app, pages=True) == NOBODY | SHOWN | SENT


def visitor(world: World, viewer: str) -> Visitor:
    role, office, subject = VIEWERS[viewer]
    return Visitor(world.service).sign_in(role, office, subject)


def drawn_values(monkeypatch: pytest.MonkeyPatch, module: Any) -> list[dict[str, Any]]:
    """What the templates of this page are given from now on."""
    given: list[dict[str, Any]] = []
    drawn = module.answer

    def watched(request: Any, template: str, values: dict[str, Any], *more: Any, **named: Any) -> Any:
        given.append(values)
        return drawn(request, template, values, *more, **named)

    monkeypatch.setattr(module, "answer", watched)
    return given


def test_a_page_of_a_case_shows_what_the_interface_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given, wrong, pages, withheld = drawn_values(monkeypatch, case_page), [], 0, 0
    for viewer in VIEWERS:
        browser, client = visitor(world, viewer), world.as_(viewer)
        for kind in COMPARED:
            case = world.cases[kind].id
            page, answer = browser.get(f"/cases/{case}"), client.get(f"/v1/cases/{case}")
            if page.status_code != answer.status_code:
                wrong.append(f"{viewer} {kind}: page {page.status_code}, interface {answer.status_code}")
            if page.status_code != 200:
                continue
            pages += 1
            shown = given.pop()
            wrong += [f"{viewer} {kind} {part}" for part in different_parts(client, case, shown)]
            for then in THEN:
                assert browser.get(f"/cases/{case}?{urlencode(then)}").status_code == 200
                wrong += [f"{viewer} {kind} {part} {then}" for part in different_parts(client, case, given.pop(), then)]
            if not any(event["details"] for event in shown["events"]["items"]):  # a form would delete what it lacks
                withheld += 1
                assert shown["correctable"] == [], (viewer, kind)

    assert wrong == []
    assert pages >= 20
    assert withheld > 0


def test_a_page_of_a_case_takes_at_most_eight_statements_whoever_looks(world: World) -> None:
    taken: dict[tuple[str, str], int] = {}
    for viewer in VIEWERS:
        browser = visitor(world, viewer)
        for kind, known in world.cases.items():
            browser.get(f"/cases/{known.id}")
            with statements() as counted:
                page = browser.get(f"/cases/{known.id}")
            if page.status_code == 200:
                taken[viewer, kind] = len(counted)
    assert {viewer for viewer, _ in taken} == WHO_SEES_A_CASE
    assert {seen: count for seen, count in taken.items() if count > MOST_STATEMENTS} == {}


def different_parts(
    client: Any, case: str, shown: dict[str, Any], then: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """The parts that the page shows in another way than the interface answers; of another day no steps at all."""
    for part, path in PARTS.items():
        answer = client.get(f"/v1/cases/{case}{path}", **({} if part == "options" else then))
        wanted = answer.json() if answer.status_code == 200 else None
        if part == "options" and then:
            wanted = {"items": []}
        if part == "options" and wanted:
            wanted = {"items": [item | {"details_schema": {}} for item in wanted["items"]]}
        if shown[part] != wanted:
            yield part


def test_every_page_with_a_persons_data_is_in_the_log(world: World, figure: Callable[[str], None]) -> None:
    watch, found, leaks = Watch(world), Comparison(), []
    for viewer in VIEWERS:
        browser, client = visitor(world, viewer), world.as_(viewer)
        addresses = {f"/cases/{case.id}": ("/cases/{case_id}", f"/v1/cases/{case.id}") for case in world.cases.values()}
        addresses |= {
            f"/cases/{world.cases[kind].id}/record/note_added": (
                "/cases/{case_id}/record/{kind}",
                f"/v1/cases/{world.cases[kind].id}",
            )
            for kind in COMPARED
        }
        more = {"correct/1": "correct/{seq}", "insert": "insert", "insert/first_contact": "insert/{kind}"}
        addresses |= {
            f"/cases/{world.cases[kind].id}/{end}": (
                f"/cases/{{case_id}}/{route}",
                f"/v1/cases/{world.cases[kind].id}",
            )
            for kind in COMPARED
            for end, route in more.items()
        }
        addresses |= LISTS
        addresses |= {f"/delays/{x}": ("/delays/{alert_id}", f"/v1/alerts/{x}") for x in world.alerts.values()}
        for address, (route, path) in addresses.items():
            is_case = path.startswith("/v1/cases/")
            allowed = {path.rpartition("/")[2]} if is_case else watch.shown_in(client.get(path))
            watch.new_rows()
            page = browser.get(address)
            assert page.status_code in (200, 403, 404, 422), (viewer, address, page.text)
            if page.status_code != 200:
                assert watch.new_rows() == []
                continue
            compare(watch, viewer, f"GET {route}", page, found)
            shown = watch.shown_in(page)
            leaks += [f"{viewer} {route} shows {case}" for case in shown - allowed]

    assert (found.wrong, leaks) == ([], [])
    assert found.answers > 50
    figure(f"T34 pages: {found.answers} pages with persons' data in the log, {found.silent} without, 0 missing")


def test_the_log_says_of_a_form_what_its_reader_may_learn(world: World) -> None:
    browser, client = visitor(world, "prosecution"), world.as_("prosecution")
    case = next(x.id for x in world.cases.values() if client.get(f"/v1/cases/{x.id}").status_code == 200)
    [kind, *_] = (option["type"] for option in client.get(f"/v1/cases/{case}/options").json()["items"])
    for path in (f"/cases/{case}", f"/cases/{case}/record/{kind}"):
        assert browser.get(path).status_code == 200
    query = select(access_log.c.matters).where(access_log.c.role == Role.PROSECUTION).order_by(access_log.c.position)
    with world.service.db.reading() as tx:
        [*_, page, form] = tx.execute(query).scalars()
    assert set(form) <= set(page)


def test_the_list_of_today_is_the_worklist_and_counts_what_it_lists(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = drawn_values(monkeypatch, today)
    for viewer in ("mine", "leader", "their_leader", "secretariat", "prosecution"):
        browser, client = visitor(world, viewer), world.as_(viewer)
        assert browser.get("/today?whose=office").status_code == 200
        shown = given.pop()
        listed = client.get("/v1/worklist", total=True, limit=25).json()
        assert shown["work"]["items"] == listed["items"]
        assert shown["work"]["total"] == listed["total"]
        for kind in shown["kinds_to_do"]:
            for late, overdue in LATE.items():
                asked_for = {"whose": "office", "kind": kind["kind"], **({"late": late} if late else {})}
                assert browser.get(f"/today?{urlencode(asked_for)}").status_code == 200
                narrowed = client.get("/v1/worklist", total=True, limit=25, kind=kind["kind"], **overdue).json()
                assert given.pop()["work"]["total"] == narrowed["total"], (viewer, kind, late)
                assert late or narrowed["total"] == kind["cases"]
        assert browser.get("/today?whose=office&late=yes").status_code == 200
        late_ones = client.get("/v1/worklist", total=True, limit=25, overdue=True).json()
        assert given.pop()["work"]["total"] == late_ones["total"]


def test_whoever_has_no_worklist_is_told_so(world: World) -> None:
    for viewer in ("on_team", "analyst", "admin"):
        page = visitor(world, viewer).get("/today")
        assert page.status_code == world.as_(viewer).get("/v1/worklist").status_code == 403
        assert '<main id="main"' in page.text

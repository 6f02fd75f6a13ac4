"""Sessions, forms, languages and files of the pages, over HTTP; and what no template may contain."""

import ast
import gzip
import hashlib
import re
import threading
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.api.build import case_at
from tests.api.issuing import ec
from tests.api.test_alerts import night
from tests.api.test_statements import statements
from tests.service import Service, sqlite_copy
from tests.web.page_texts import TEMPLATES
from tests.web.visiting import SAME_ORIGIN, ProductionService, Visitor, openid_access
from ungdom import web
from ungdom.store.errors import Unavailable
from ungdom.store.schema.access import access_log
from ungdom.store.session import Database
from ungdom.store.web_sessions import SEEN_RESOLUTION
from ungdom.web import assets, formats, page
from ungdom.web.staff_names import StaffNames
from ungdom.workflow.rules.access import AccessPurpose
from ungdom.workflow.rules.permissions import Viewer
from ungdom.workflow.vocabulary import State

SOURCE = Path(str(web.__file__)).parent
PICK = {"subject": "coordinator-oslo", "next": "/today"}
UNKNOWN = "018f0000-0000-7000-8000-000000000000"
WEIGHT = 150_000
STATEMENTS = 8


def signed_in(service: Service) -> Visitor:
    visitor = Visitor(service)
    assert visitor.post("/sign-in", PICK).headers["location"] == "/today"
    return visitor


# --- sessions -------------------------------------------------------------------------------------------------------


def test_whoever_has_not_signed_in_is_sent_to_sign_in_and_back(served: Service) -> None:
    visitor = Visitor(served)
    sent = visitor.get("/today?kind=make_plan")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/today%3Fkind%3Dmake_plan")
    assert 'value="/today?kind=make_plan"' in visitor.get(sent.headers["location"]).text
    assert visitor.post("/sign-in", PICK | {"next": "/today?kind=make_plan"}).headers["location"] == (
        "/today?kind=make_plan"
    )
    assert visitor.get("/today").status_code == 200


def test_a_script_whose_session_is_over_sends_the_browser_to_sign_in(one: Service) -> None:
    answer = Visitor(one).get("/today?late=yes", **{"HX-Request": "true", "X-Fragment": "work"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=/today%3Flate%3Dyes")
    assert "location" not in answer.headers
    assert answer.content == b""


def test_a_session_ends_when_it_is_not_used_and_in_any_case(served: Service) -> None:
    visitor, sessions = signed_in(served), served.app.state.sessions
    served.clock.instant += sessions.idle - timedelta(minutes=1)
    assert visitor.get("/today").status_code == 200
    served.clock.instant += sessions.idle - timedelta(minutes=1)
    assert visitor.get("/today").status_code == 200
    served.clock.instant += sessions.idle
    assert visitor.get("/today").status_code == 303

    visitor, began = signed_in(served), served.clock.instant
    while served.clock.instant + SEEN_RESOLUTION * 20 < began + sessions.longest:
        served.clock.instant += SEEN_RESOLUTION * 20
        assert visitor.get("/today").status_code == 200
    served.clock.instant = began + sessions.longest
    assert visitor.get("/today").status_code == 303


def test_signing_out_ends_the_session_and_everywhere_ends_all(served: Service) -> None:
    first, second = signed_in(served), signed_in(served)
    stolen = dict(first.cookies)
    assert first.post("/sign-out", {"key": first.key()}).status_code == 303
    assert Visitor(served, stolen).get("/today").status_code == 303
    assert second.get("/today").status_code == 200

    third = signed_in(served)
    assert third.post("/sign-out", {"key": third.key(), "everywhere": "yes"}).status_code == 303
    assert second.get("/today").status_code == 303


def test_a_cookie_is_no_token_of_the_interface(one: Service) -> None:
    visitor = signed_in(one)
    assert visitor.get("/v1/worklist").status_code == 401
    assert one.as_("coordinator", "oslo").get("/today").status_code == 303  # nor a token one of a page


def test_in_production_nobody_is_picked_and_the_cookie_is_bound_to_the_host(
    sqlite_template: Path, tmp_path: Path
) -> None:
    access = openid_access(tmp_path, "https://login.example.no", ec("staff"))
    with ProductionService(sqlite_copy(sqlite_template, tmp_path), tmp_path, access_file=access) as service:
        visitor = Visitor(service)
        assert visitor.get("/").status_code == 200
        assert "coordinator-oslo" not in visitor.get("/sign-in").text
        with statements() as sent:
            assert visitor.post("/sign-in", PICK).status_code == 403
        assert sent == []
        visitor.sign_in("coordinator", "oslo")
        assert list(visitor.cookies) == ["__Host-ungdom"]
        assert visitor.get("/today").status_code == 200


def test_signing_in_again_ends_the_session_before(one: Service) -> None:
    visitor = signed_in(one)
    earlier = dict(visitor.cookies)
    assert visitor.post("/sign-in", {"subject": "leader-oslo", "next": "/today"}).status_code == 303
    assert visitor.get("/today").status_code == 200
    assert Visitor(one, earlier).get("/today").status_code == 303


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}]
)
def test_a_form_of_another_site_is_refused(one: Service, headers: dict[str, str]) -> None:
    assert Visitor(one).post("/sign-in", PICK, headers).status_code == 403
    visitor = signed_in(one)
    assert visitor.post("/sign-out", {"key": visitor.key()}, headers).status_code == 403
    assert visitor.get("/today").status_code == 200


def test_a_form_needs_the_key_of_its_session(one: Service) -> None:
    visitor, other = signed_in(one), signed_in(one)
    for key in ("", "x", other.key()):
        assert visitor.post("/sign-out", {"key": key}).status_code == 403
    assert visitor.post("/sign-out", {"key": visitor.key()}, {"Origin": "http://ungdom.test"}).status_code == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test/today", "/\\evil.test", "/today\n", "/sign-in", "/v1/cases", "today", ""],
)
def test_nobody_is_sent_elsewhere_after_signing_in(one: Service, target: str) -> None:
    assert Visitor(one).post("/sign-in", PICK | {"next": target}).headers["location"] == "/today"


def test_a_link_on_another_site_leads_to_the_page_in_two_steps(one: Service) -> None:
    answer = Visitor(one).get("/today?late=yes", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/today?late=yes"' in answer.text


def test_a_form_sent_after_the_session_ended_says_that_nothing_was_saved(one: Service) -> None:
    answer = Visitor(one).post("/sign-out", {})
    assert answer.status_code == 401
    assert "ingenting er lagret" in answer.text


# --- languages, errors, the root ------------------------------------------------------------------------------------


def test_the_language_is_chosen_once(one: Service) -> None:
    visitor = Visitor(one, language="de")
    assert 'lang="nb"' in visitor.get("/sign-in").text
    assert visitor.post("/language", {"language": "nn", "next": "/today"}).headers["location"] == "/today"
    assert 'lang="nn"' in visitor.get("/sign-in").text
    assert visitor.get("/cases/nothing").status_code == 303
    visitor.sign_in("coordinator", "oslo")
    missing = visitor.get("/cases/018f0000-0000-7000-8000-000000000000")
    assert missing.status_code == 404
    assert '<html lang="nn"' in missing.text
    assert missing.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("target", "gone_to"),
    [
        ("/", "/"),
        ("/sign-in?next=/today%3Flate%3Dyes", "/sign-in?next=/today%3Flate%3Dyes"),
        ("/today?late=yes", "/today?late=yes"),
        ("/survey/0123456789", "/survey/0123456789"),
        ("/survey", "/sign-in"),
        ("/sign-in/start", "/sign-in"),
        ("//evil.test", "/sign-in"),
        ("https://evil.test/", "/sign-in"),
    ],
)
def test_another_language_is_chosen_on_the_page_that_is_shown(one: Service, target: str, gone_to: str) -> None:
    answer = Visitor(one).post("/language", {"language": "nn", "next": target})
    assert answer.headers["location"] == gone_to


def test_a_query_that_is_wrong_is_a_page_as_well(one: Service) -> None:
    answer = signed_in(one).get("/today?kind=nothing")
    assert answer.status_code == 422
    assert "<main" in answer.text


@pytest.mark.parametrize("path", ["/sign-in/x", "/sign-out", "/today?kind=nothing", "/cases/nothing"])
def test_head_has_the_status_of_the_page_that_get_draws(one: Service, path: str) -> None:
    visitor = signed_in(one)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    head = one.send("HEAD", path, headers={"Cookie": cookie, "Accept": "text/html"})
    assert head.status_code == visitor.get(path).status_code >= 400
    assert head.content == b""


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff", b"&".join([b"a=1"] * (page.MOST_FIELDS + 1))])
@pytest.mark.parametrize("path", ["/sign-in", "/language", "/sign-out", "/cases/{case}/record/plan_meeting_held"])
def test_a_body_that_is_no_form_is_a_page_that_says_so(one: Service, path: str, body: bytes) -> None:
    visitor = signed_in(one)
    headers = SAME_ORIGIN | {
        "Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = one.send("POST", path.format(case=UNKNOWN), content=body, headers=headers)
    assert answer.status_code == 422
    assert "Skjemaet kan ikke leses" in answer.text


def test_the_root_is_for_people_a_page_and_for_programs_the_documentation(one: Service) -> None:
    assert one.send("GET", "/").headers["location"] == "/docs"
    assert "Ungdomskoordinator" in Visitor(one).get("/").text
    assert signed_in(one).get("/").headers["location"] == "/today"


def test_an_error_that_nobody_foresaw_is_a_page_without_a_traceback(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = signed_in(one)
    monkeypatch.setattr("ungdom.web.today.worklist_and_kinds", lambda *_: 1 / 0)
    answer = visitor.get("/today")
    assert answer.status_code == 500
    assert "<main" in answer.text
    assert "ZeroDivision" not in answer.text


def test_a_problem_is_drawn_beside_the_event_loop_and_without_names_where_the_database_is_away(
    one: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, beside_the_loop, names_of = signed_in(one), [], StaffNames.of

    class Away(Database):
        def __init__(self) -> None: ...

        def reading(self) -> Any:
            raise Unavailable("pool_exhausted")

    def names(staff_names: StaffNames, viewer: Viewer) -> Mapping[str, str]:
        beside_the_loop.append(threading.current_thread() is not loop)
        return names_of(staff_names, viewer)

    loop = one.portal.beside().call(threading.current_thread)
    monkeypatch.setattr(one.app.state, "staff_names", StaffNames(Away()))
    monkeypatch.setattr(StaffNames, "of", names)
    assert visitor.get("/today?kind=nothing").status_code == 422
    assert beside_the_loop == [True]


def test_an_emergency_access_opens_the_page_and_is_reviewed_from_the_list_of_today(one: Service) -> None:
    case, path = case_at(one.as_("coordinator", "oslo"), "registered"), "/cases/{}"
    night(one, date(2026, 6, 1))
    reader = Visitor(one).sign_in("coordinator", "troms")
    assert reader.get(path.format(case)).status_code == 404
    client = one.as_("coordinator", "troms")
    taken = client.post(f"/v1/cases/{case}/emergency-access", {"code": "danger", "reason": "Meldt savnet.", "hours": 2})
    assert taken.status_code == 201, taken.text
    page_of_case = reader.get(path.format(case))
    assert page_of_case.status_code == 200
    assert 'id="late"' in page_of_case.text
    assert 'href="/delays/' not in page_of_case.text
    assert f"/cases/{case}/record/" not in page_of_case.text
    assert f"/cases/{case}/correct/" not in page_of_case.text
    with one.db.reading() as tx:
        logged = tx.execute(select(access_log.c.purpose).where(access_log.c.route == "GET /cases/{case_id}")).all()
    assert [row.purpose for row in logged] == [AccessPurpose.EMERGENCY_DANGER]
    assert reader.get(f"/cases/{case}/record/note_added").status_code == 404
    assert 'href="/delays/' in signed_in(one).get(path.format(case)).text

    leader = Visitor(one).sign_in("leader", "oslo")
    work = leader.get("/today?whose=office").text
    assert "Nødtilganger som du" in work
    assert path.format(case) in work[work.index("Nødtilganger som du") : work.index('<table class="ds-table work">')]
    assert "Nødtilganger som du" not in signed_in(one).get("/today?whose=office").text


# --- what a page consists of ----------------------------------------------------------------------------------------


def test_a_fragment_is_a_part_of_its_page(one: Service) -> None:
    case_at(one.as_("coordinator", "oslo"), "preparing")
    visitor = signed_in(one)
    pages = visitor.get("/today"), visitor.get("/today", **{"X-Fragment": "work"})
    whole, part = (re.sub(r'name="key" value="[^"]+"', "", page.text) for page in pages)  # each form has its own
    assert part.strip().startswith('<div id="work">')
    assert part.strip() in whole
    assert "<html" not in part


def test_a_page_has_its_policy_and_is_stored_nowhere(one: Service) -> None:
    for path in ("/", "/sign-in", "/today", "/cases/018f0000-0000-7000-8000-000000000000"):
        headers = signed_in(one).get(path).headers if path != "/" else Visitor(one).get(path).headers
        assert headers["content-security-policy"] == page.POLICY
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_a_case_takes_at_most_eight_statements_however_long_its_history_is(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "executing")
    visitor = signed_in(one)
    visitor.get(f"/cases/{case}")
    with statements() as short:
        assert visitor.get(f"/cases/{case}").status_code == 200
    for _ in range(12):
        assert client.record(case, "team_meeting_held", "2026-01-05", {"present": ["youth"]}).status_code == 201
    with statements() as long:
        assert visitor.get(f"/cases/{case}").status_code == 200
    assert len(long) == len(short) <= STATEMENTS, short


def test_a_page_weighs_at_most_150_kilobytes(one: Service) -> None:
    case = case_at(one.as_("coordinator", "oslo"), "executing")
    visitor = signed_in(one)
    for path in ("/today", f"/cases/{case}"):
        html = visitor.get(path, **{"Accept-Encoding": "gzip"})
        names = set(re.findall(rf'{assets.PREFIX}([a-z0-9.]+)"', html.text))
        files = [assets.assets().by_published_name[name] for name in names]
        weight = len(gzip.compress(html.content)) + sum(len(x.compressed or x.plain) for x in files)
        assert len(names) == 7
        assert weight <= WEIGHT, (path, weight)


def test_a_file_is_kept_for_good_under_the_hash_of_its_content(one: Service) -> None:
    url = assets.assets().url("pages.css")
    answer = one.send("GET", url)
    assert hashlib.sha256(answer.content).hexdigest()[:12] in url
    assert "immutable" in answer.headers["cache-control"]
    assert assets.assets().published_names["inter.woff2"] in answer.text
    assert one.send("GET", url, headers={"Accept-Encoding": "identity"}).content == answer.content
    assert one.send("GET", f"{assets.PREFIX}pages.000000000000.css").status_code == 404


def test_the_files_of_others_are_those_of_the_list() -> None:
    folder = SOURCE / "static" / "vendored"
    listed = tomllib.loads((folder / "vendored.toml").read_text(encoding="utf-8"))
    for name, entry in listed.items():
        packed = folder / f"{name}.gz"
        content = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert entry["licence"] in ("MIT", "0BSD", "OFL-1.1")
    others = {file.name.removesuffix(".gz") for file in folder.iterdir()} - {"vendored.toml"}
    assert {name for name in others if not name.endswith(".LICENSE.txt")} == set(listed)


def test_a_due_day_is_marked_by_the_days_that_are_left() -> None:
    marks = {days: formats.urgency(days) for days in (None, -1, 0, 1, formats.SOON_DAYS, formats.SOON_DAYS + 1)}
    assert [*marks.values()] == ["none", "over", "today", "soon", "soon", "later"]
    compared = re.compile(r"\bdays(?:_left)?\s*[<>=]=?\s*\d")
    assert [file.name for file in TEMPLATES.glob("*.html") if compared.search(file.read_text(encoding="utf-8"))] == []


FORBIDDEN = re.compile(
    r"hx-on|hx-live|\bjs:|javascript:|<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|https?://|\|\s*safe"
)
"""What the policy forbids, or does without effect; addresses of other hosts; text that is not escaped."""


def test_no_template_has_what_the_policy_forbids() -> None:
    found = {file.name: FORBIDDEN.findall(file.read_text(encoding="utf-8")) for file in TEMPLATES.glob("*.html")}
    assert len(found) > 5
    assert {name: hits for name, hits in found.items() if hits} == {}
    assert FORBIDDEN.search('<a hx-on:click="x" style="a">')


def test_no_page_decides_by_the_state_of_a_case() -> None:
    """Neither a template nor a module of the pages compares with a state: what is possible is what the rules answer."""
    states = {str(state) for state in State}
    words = re.compile("|".join(rf"""["']{re.escape(state)}["']""" for state in sorted(states)))
    in_templates = {file.name: words.findall(file.read_text(encoding="utf-8")) for file in TEMPLATES.glob("*.html")}
    in_code = {
        file.name: [
            node.lineno
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if (isinstance(node, ast.Constant) and node.value in states)
            or (isinstance(node, ast.Name) and node.id == "State")
        ]
        for file in SOURCE.glob("*.py")
    }
    assert min(len(in_templates), len(in_code)) > 5
    assert {name: hits for name, hits in (in_templates | in_code).items() if hits} == {}


def test_the_list_of_today_says_how_long_a_case_has_waited_and_for_whom(one: Service) -> None:
    client = one.as_("coordinator", "oslo")
    case = case_at(client, "preparing", "2026-01-05")
    one.clock.turn_to(date(2026, 1, 15))
    [row] = client.get("/v1/worklist").json()["items"]
    assert (row["waiting_for"], row["waiting_since"], row["waiting_days"]) == ("konfliktrad", "2026-01-05", 10)
    assert "10 dager" in signed_in(one).get("/today").text
    started = {"party": "youth", "reason": "no_show"}
    assert client.record(case, "wait_started", "2026-01-12", started).status_code == 201
    [row] = client.get("/v1/worklist").json()["items"]
    assert (row["waiting_for"], row["waiting_since"], row["waiting_days"]) == ("youth", "2026-01-12", 3)

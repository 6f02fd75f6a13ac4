"""Trying rules over HTTP and from the command line; `docs/deadlines-simulate.md` is followed word for word."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import fork, pg
from tests.api.build import assert_problem, rows
from tests.process import UNGDOM, environment
from tests.service import Client, Service
from tests.simulation.test_reading import DAY, four, poison
from tests.store import cases as c
from ungdom import cli, texts
from ungdom.demo.load import load
from ungdom.store.session import Database
from ungdom.texts.places import field_problem
from ungdom.workflow.rules.deadlines import RULES

PATH = "/v1/deadline-rules/simulate"
TEXT = (Path(__file__).parents[2] / "docs" / "deadlines-simulate.md").read_text(encoding="utf-8")
[BODY] = [json.loads(found) for found in re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)]
[FILE] = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.M | re.S)
[CLOCKS] = [json.loads(found) for found in re.findall(r"^```json clocks\n(.*?)^```$", TEXT, re.M | re.S)]


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    returncode: int | str | None
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def example(one: Service) -> Service:
    """The four cases of the page, on its day."""
    four(one.db)
    one.clock.turn_to(DAY)
    return one


@pytest.fixture
def office(one: Service) -> Client:
    return one.as_("leader", "oslo")


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_example_of_the_page_is_answered_as_it_says(example: Service) -> None:
    said = example.as_("secretariat").post(PATH, BODY).json()

    assert [
        {name: one[name] for name in expected} for one, expected in zip(said["clocks"], CLOCKS, strict=True)
    ] == CLOCKS
    assert said["cases"] == {"looked_at": 4, "changed": 4, "unread": 0, "unread_references": []}
    assert said["on"] == "2026-03-23"
    [overdue], [green] = ([one for one in said["items"] if one["turns"] == turn] for turn in ("overdue", "green"))
    assert [overdue[name] for name in ("konfliktrad", "due_before", "due_after")] == [
        "oslo",
        "2026-04-03",
        "2026-03-19",
    ]
    assert [green[name] for name in ("konfliktrad", "due_before", "due_after")] == ["troms", "2026-01-01", "2026-04-01"]
    assert said["items"][:2] == [overdue, green] or said["items"][:2] == [green, overdue]


def test_the_dates_of_the_page_are_those_of_its_cases(example: Service) -> None:
    said = example.as_("secretariat").post(PATH, BODY).json()

    told = [line.split("|")[5:7] for line in TEXT.splitlines() if re.match(r"\| [A-D] \|", line)]
    dates = {tuple(cell.strip().split(", ")) for cells in told for cell in cells}
    assert {(one["due_before"], one["due_after"]) for one in said["items"]} == dates
    assert len(dates) == 8


def test_the_file_of_the_page_says_what_its_body_says(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(FILE)
    (tmp_path / "b.json").write_text(json.dumps(BODY))
    toml, plain = (run("a.toml", "--json"), run("b.json", "--json"))

    assert (toml.returncode, plain.returncode) == (0, 0), toml.stderr
    assert json.loads(toml.stdout) == json.loads(plain.stdout)


def test_every_clock_without_a_length_is_named_on_the_page(example: Service) -> None:
    rules = example.as_("secretariat").get("/v1/deadline-rules").json()["items"]

    named = re.search(r"set by an order or by the term \((.*?)\)", TEXT.replace("\n", " "))
    assert named
    assert re.findall(r"`(\w+)`", named[1]) == [rule["code"] for rule in rules if not rule["lengths"]]


# --- over HTTP --------------------------------------------------------------------------------------------------


def test_the_report_says_whose_a_changed_length_is(office: Client) -> None:
    changes = [{"code": code, "length": {"days": 9}} for code in ("charge_decision", "plan_meeting", "ec_review")]
    said = office.post(PATH, {"changes": changes}, headers={"Accept-Language": "en"}).json()

    assert {one["code"]: one["standing"] for one in said["rules_after"]} == {
        "charge_decision": "statute", "plan_meeting": "norm", "ec_review": "norm",
    }  # fmt: skip
    assert said["rules_after"][0]["standing_label"] == "Statute: the office cannot change the length"
    assert said["rules_before"][0]["lengths"] == [{"from": "2014-07-01", "length": "6 weeks"}]


def test_weeks_are_named_over_new_year(example: Service) -> None:
    said = example.as_("leader", "oslo").post(PATH, BODY | {"on": "2026-12-31"}).json()

    weeks = said["konfliktrad"][0]["weeks"]
    assert [week["week"] for week in weeks[:3]] == ["2026-W53", "2027-W01", "2027-W02"]
    assert weeks[0]["monday"] == "2026-12-28"


def test_nothing_is_written_with_a_key_or_without(example: Service) -> None:
    client, before = example.as_("leader", "oslo"), rows(example)
    first, again = client.post(PATH, BODY, key="trial-1"), client.post(PATH, BODY, key="trial-1")

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert rows(example) == before


def test_an_administrator_gets_the_counts_of_the_secretariat_and_no_case(example: Service) -> None:
    admin, secretariat = (example.as_(role).post(PATH, BODY).json() for role in ("admin", "secretariat"))

    assert admin["items"] == []
    assert admin["left_out"] == len(secretariat["items"]) == 8
    same = ("cases", "clocks", "konfliktrad", "notices")
    assert {name: admin[name] for name in same} == {name: secretariat[name] for name in same}


@pytest.mark.parametrize("role", ["team_member", "analyst", "auditor"])
def test_others_are_not_let_in(one: Service, role: str) -> None:
    assert_problem(one.as_(role).post(PATH, BODY), 403, "forbidden_role")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"changes": []}, "/changes", "too_short"),
    ({"changes": [{"code": "plan_meeting", "length": {}}]}, "/changes/0/length", "missing"),
    ({"changes": [{"code": "plan_meeting", "length": {"days": -1}}]}, "/changes/0/length/days", "greater_than_equal"),
    ({"changes": [{"code": "plan_meeting", "length": {"years": 21}}]}, "/changes/0/length/years", "less_than_equal"),
    ({"changes": [{"code": "plan_meeting", "warn_days": 366}]}, "/changes/0/warn_days", "less_than_equal"),
    ({"changes": [{"code": "plan_meeting", "binding": True}]}, "/changes/0/binding", "extra_forbidden"),
    ({"changes": [{"code": "plan_meeting", "moves": True}]}, "/changes/0/moves", "extra_forbidden"),
    ({"changes": [{"code": "plan_meeting", "warn_days": 1, "regimes": ["R9"]}]}, "/changes/0/regimes/0", "enum"),
    ({"changes": [{"code": "plan_meeting", "warn_days": 1, "sanctions": []}]}, "/changes/0/sanctions", "too_short"),
    ({"changes": [{"code": "no_such", "warn_days": 1}]}, "/changes/0/code", "unknown_clock"),
    ({"changes": [{"code": "term_end", "length": {"days": 1}}]}, "/changes/0/length", "clock_without_length"),
    ({"changes": [{"code": "plan_meeting"}]}, "/changes/0", "changes_nothing"),
    (
        {"changes": [{"code": "appeal", "warn_days": 1, "sanctions": ["youth_follow_up"]}]},
        "/changes/0",
        "selects_nothing",
    ),
    ({"changes": [{"code": "appeal", "warn_days": 1}] * 2}, "/changes/1", "overlapping_changes"),
    ({"changes": [{"code": "appeal", "warn_days": 1}], "on": "2026-01-04"}, "/on", "day_has_passed"),
    ({"changes": [{"code": "appeal", "warn_days": 1}], "limit": 1001}, "/limit", "less_than_equal"),
]


@pytest.mark.parametrize(("body", "pointer", "code"), WRONG, ids=[f"{place} {code}" for _, place, code in WRONG])
def test_what_is_wrong_is_named_by_its_place_in_every_language(
    office: Client, body: dict[str, Any], pointer: str, code: str
) -> None:
    for language in ("nb", "nn", "en"):
        answer = office.post(PATH, body, headers={"Accept-Language": language})
        [found] = assert_problem(answer, 422, "invalid_input")["errors"]
        assert (found["pointer"], found["code"]) == (pointer, code)
        limits = {
            "/changes/0/length/days": 0,
            "/changes/0/length/years": 20,
            "/changes/0/warn_days": 365,
            "/limit": 1000,
        }
        values = {"limit": limits[pointer]} if code.endswith("_equal") else {}
        assert found["detail"] == field_problem(language, pointer, code, found.get("allowed", ()), values)["detail"]
        assert found["detail"] != texts.invalid(language, "other")


def test_a_clock_that_there_is_not_is_answered_with_those_there_are(office: Client) -> None:
    [found] = office.post(PATH, {"changes": [{"code": "no_such", "warn_days": 1}]}).json()["errors"]

    assert found["allowed"] == sorted({rule.code for rule in RULES})


# --- from the command line --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A synthetic load as of today, written as the demo is."""
    url = pg.sqlite_url(tmp_path_factory.mktemp("load"))
    db = Database.open(url)
    db.upgrade()
    load(db, c.KEYS, cases=120, seed=2, today=date.today())  # noqa: DTZ011  # the command reads the clock of the machine
    yield url
    db.close()


@pytest.fixture
def run(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as it is typed, in this process: starting one for every word that is wrong takes minutes."""

    def command(*arguments: str, url: str = database) -> Done:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("UNGDOM_ENV", "development")
        monkeypatch.setenv("UNGDOM_DATABASE_URL", url)
        monkeypatch.setenv("UNGDOM_DATA_DIR", str(tmp_path))
        monkeypatch.setattr(sys, "argv", ["ungdom", "simulate", "rules", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Done(ended.value.code, said.out, said.err)

    return command


def test_the_command_shows_tables_and_how_far_it_has_come(database: str, tmp_path: Path) -> None:
    (tmp_path / "changes.toml").write_text(FILE)
    told = [str(UNGDOM), "simulate", "rules", "changes.toml", "--limit", "1"]
    done = fork.run(
        told,
        env=environment(database, tmp_path),
        cwd=tmp_path,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    for title in ("open case(s) on", "Changed clocks", "Due, before → after", "Notices, if nothing", "more clock(s)"):
        assert title in done.stdout
    assert re.search(r"cases (\d+) of \1", done.stderr)


def test_the_command_answers_as_json_and_its_counts_add_up(run: Run, tmp_path: Path) -> None:
    (tmp_path / "changes.toml").write_text(FILE)
    said = json.loads(run("changes.toml", "--json", "--on", "2090-01-01").stdout)

    counts = [both for one in said["konfliktrad"] for both in (one["overdue"], *one["weeks"], one["later"])]
    assert sum(both["before"] for both in counts) == sum(both["after"] for both in counts) > 0
    assert sum(one["cases"] for one in said["konfliktrad"]) == said["cases"]["looked_at"] > 10
    assert said["on"] == "2090-01-01"


@pytest.mark.parametrize(
    ("name", "text", "arguments", "told"),
    [
        ("a.toml", '[[changes]]\ncode = "x"\nwarn_days = 1', (), "/changes/0/code: There is no clock with this code."),
        ("a.toml", "changes = 3", (), "/changes: A list belongs here."),
        ("a.toml", FILE, ("--on", "2014-07-01"), "/on: The day lies before today."),
        ("a.toml", FILE, ("--on", "soon"), "/on: This is not a date."),
        ("a.toml", "changes = [", (), "is neither JSON (named .json) nor TOML"),
        ("a.json", "[]", (), "holds no table of changes"),
    ],
)
def test_a_file_that_is_off_is_told_in_one_line(
    run: Run, tmp_path: Path, name: str, text: str, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / name).write_text(text)
    done = run(name, *arguments)

    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_days_in_toml_are_days(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[changes]]\ncode = "plan_meeting"\nlength = { days = 45 }\nsince = 2026-01-01\n')
    said = json.loads(run("a.toml", "--json").stdout)

    assert said["rules_after"][0]["lengths"][-1] == {"from": "2026-01-01", "length": "45 days"}


def test_the_command_ends_with_1_when_a_case_could_not_be_read(run: Run, tmp_path: Path) -> None:
    url = pg.sqlite_url(tmp_path)
    db = Database.open(url)
    db.upgrade()
    first, *_ = four(db)
    poison(db, first)
    db.close()
    (tmp_path / "changes.toml").write_text(FILE)
    done = run("changes.toml", url=url)

    assert done.returncode == 1
    assert f"1 case(s) could not be read: {first.reference}" in done.stdout


def test_a_file_that_is_not_there_is_told_in_one_line(run: Run) -> None:
    done = run("none.toml")

    assert (done.returncode, done.stderr.strip()) == (
        2,
        "ungdom: none.toml cannot be opened: No such file or directory",
    )

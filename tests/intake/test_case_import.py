"""`ungdom import cases`: running cases of another system with their histories, each wholly or not at all, and once."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import fork, pg, service
from tests.process import environment
from tests.service import Service
from ungdom import cli, clock
from ungdom.cli.case_csv import details_of_cell
from ungdom.cli.importing_cases import TEMPLATE
from ungdom.message.sound import StrictJsonError
from ungdom.store import outbox, staff
from ungdom.store.schema import metadata
from ungdom.store.schema.access import access_entry, access_log, access_pending
from ungdom.store.schema.cases import case_file
from ungdom.store.schema.outbox import outbox as outbox_table
from ungdom.store.schema.persons import person
from ungdom.store.session import Database

Line = dict[str, Any]
Imports = Callable[..., tuple[int, list[Line]]]
GIVEN = ("", "Prikkete", "Lodden", "Rutete", "Bulkete", "Luftig")
FAMILY = ("", "Sykkelpumpe", "Regnjakke", "Kaffekopp", "Teskje", "Skohorn")
ROOT = Path(__file__).parents[2]
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return service.sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
    return pg.sqlalchemy_url(request.getfixturevalue("pg_database")(service.fill))


@pytest.fixture
def plain_url(tmp_path: Path, sqlite_template: Path) -> str:
    return service.sqlite_copy(sqlite_template, tmp_path)


def variables(url: str, folder: Path) -> dict[str, str]:
    return environment(url, folder) | {"UNGDOM_PEOPLE_KEYS": service.KEY}


@dataclass
class Typed:
    """A command as it is typed, in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    folder: Path

    def __call__(self, url: str, *arguments: str) -> tuple[int, str, str]:
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setattr(sys, "argv", ["ungdom", "import", "cases", *arguments])
        for name, value in variables(url, self.folder).items():
            self.monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = self.capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Typed:
    return Typed(monkeypatch, capsys, tmp_path)


@pytest.fixture
def imports(typed: Typed, tmp_path: Path) -> Imports:
    """`imports(url, cases, "--dry-run")`: exit code and report, a line per case."""

    def run(url: str, cases: list[Line], *options: str) -> tuple[int, list[Line]]:
        (tmp_path / "cases.ndjson").write_text("".join(json.dumps(case) + "\n" for case in cases))
        code, said, _ = typed(url, "cases.ndjson", "--json", "--language", "en", *options)
        return code, [json.loads(line) for line in said.splitlines()]

    return run


@pytest.fixture
def office(url: str, tmp_path: Path) -> Iterator[Service]:
    with Service(url, tmp_path) as running:
        running.clock.instant = clock.now()
        yield running


def case(number: int = 1, **changed: Any) -> Line:
    """A case of the other system, with a youth of its own."""
    made = deepcopy(TEMPLATE) | {"key": f"A-{number}", "police_case_numbers": [f"154{number:05}"]}
    name = {"given_name": GIVEN[number], "family_name": FAMILY[number]}
    made["person"] |= {**name, "born": f"2009-0{number}-1{number}"}
    return made | changed


def counted(url: str) -> dict[str, int]:
    """The rows of every table but the access log, which also holds that a repeated import read the cases it names."""
    db = Database.open(url)
    with db.reading() as tx:
        tables = [table for table in metadata.sorted_tables if table not in (access_log, access_entry, access_pending)]
        counts = {table.name: tx.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    db.close()
    return counts


# --- what is imported -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_the_printed_template_is_imported_and_the_office_goes_on_from_there(
    url: str, typed: Typed, tmp_path: Path, office: Service, form: str
) -> None:
    code, template, _ = typed(url, "--template", form)
    (tmp_path / f"cases.{form}").write_text(template)
    assert code == 0

    code, report, _ = typed(url, f"cases.{form}", "--json", "--source", "old-system")
    line = json.loads(report)

    assert (code, line["outcome"], line["state"], line["key"]) == (0, "imported", "received", "A-2025-17")
    leader = office.as_("leader", "oslo")
    shown = leader.get(f"/v1/cases/{line['case']}").json()
    assert (shown["reference"], shown["state"], shown["received_on"]) == (line["reference"], "received", "2025-03-05")
    assert shown["person"]["given_name"] == "Vimsete"
    history = leader.get(f"/v1/cases/{line['case']}/events").json()["items"]
    assert [event["occurred_on"] for event in history][:3] == ["2025-02-03", "2025-02-03", "2025-02-10"]
    assert {event["recorded_at"][:10] for event in history} == {str(clock.now().date())}
    assert {event["source"] for event in history} == {"old-system"}
    (note,) = leader.get(f"/v1/cases/{line['case']}/notes").json()["items"]
    assert (note["text"], note["youth_may_read"]) == ("Fra papirmappen.", True)
    done = leader.record(line["case"], "assigned", "2025-03-07", {"coordinator": "coordinator-oslo"})
    assert done.status_code == 201, done.text


def test_again_it_imports_nothing_and_other_content_changes_nothing(url: str, imports: Imports) -> None:
    first = imports(url, [case(1), case(2)])
    before = counted(url)

    again = imports(url, [case(1), case(2), case(2)])
    changed = imports(url, [case(1, sanction="youth_sanction")])

    assert [line["outcome"] for line in first[1]] == ["imported"] * 2
    assert (again[0], [line["outcome"] for line in again[1]]) == (1, ["already", "already", "repeated"])
    assert [line["case"] for line in again[1][:2]] == [line["case"] for line in first[1]]
    assert (changed[0], changed[1][0]["outcome"]) == (1, "changed")
    assert counted(url) == before


def test_the_same_case_from_another_source_is_refused_as_a_duplicate_unless_the_file_says_it_is_none(
    url: str, imports: Imports
) -> None:
    assert imports(url, [case(1)])[0] == 0
    other = case(1)
    other["events"][5]["details"] = {"not_a_duplicate": True}

    (refused,), (accepted,) = (imports(url, [line], "--source", "another")[1] for line in (case(1), other))

    assert (refused["outcome"], [unmet["code"] for unmet in refused["unmet"]]) == ("refused", ["is_not_a_duplicate"])
    assert accepted["outcome"] == "imported"


def test_a_dry_run_says_the_same_and_writes_nothing(url: str, imports: Imports) -> None:
    bad = case(2)
    bad["events"][4]["details"] = {"length": {"months": 9}, "guilt_proven": False}
    before = counted(url)

    tried = imports(url, [case(1), bad], "--dry-run")

    assert counted(url) == before
    real = imports(url, [case(1), bad])
    assert (tried[0], [line["outcome"] for line in tried[1]]) == (1, ["importable", "refused"])
    assert (real[0], [line["outcome"] for line in real[1]]) == (1, ["imported", "refused"])
    assert tried[1][1] == real[1][1]


def test_a_history_that_is_no_legal_walk_is_refused_with_every_condition_and_who_can_fix_it(
    url: str, imports: Imports
) -> None:
    bad = case(1)
    del bad["events"][2:4]  # nobody has consented
    bad["events"][2]["details"] = {"length": {"months": 18}, "guilt_proven": False}
    before = counted(url)

    code, (line, good) = imports(url, [bad, case(2)])

    assert (code, line["outcome"], line["event"], line["type"]) == (1, "refused", 2, "transferred_to_follow_up")
    assert len(line["unmet"]) >= 3
    assert all(unmet["who_can_fix"] and unmet["law"] and len(unmet["message"]) > 20 for unmet in line["unmet"])
    assert good["outcome"] == "imported"
    after = counted(url)
    assert (after["case_file"], after["person"]) == (before["case_file"] + 1, before["person"] + 1)


def test_partners_are_not_told_again_what_happened_before(url: str, imports: Imports) -> None:
    history = case(1)
    history["events"] += [
        {"type": "assigned", "occurred_on": "2025-03-07", "details": {"coordinator": "coordinator-oslo"}},
        {"type": "plan_meeting_held", "occurred_on": "2025-04-07", "details": {"present": ["youth", "guardian"]}},
        {"type": "plan_signed", "occurred_on": "2025-04-07", "details": {"by": ["youth", "guardian"]}},
    ]
    code, (line,) = imports(url, [history])

    assert (code, line["state"]) == (0, "executing"), line
    db = Database.open(url)
    with db.reading() as tx:
        kinds = set(tx.scalars(select(outbox_table.c.kind)))
        told = tx.scalar(select(func.count()).select_from(outbox_table))
    db.close()
    assert told == len(history["events"]) + 1
    assert kinds.isdisjoint(outbox.STATUS_KINDS)


# --- whose case it is -------------------------------------------------------------------------------------------


def test_who_is_known_to_the_office_is_one_person_and_elsewhere_a_question_that_the_report_does_not_tell(
    url: str, imports: Imports, office: Service
) -> None:
    known, elsewhere = case(1), case(2, konfliktrad="troms")
    assert imports(url, [known, elsewhere])[0] == 0
    same = case(3, person=known["person"], police_case_numbers=known["police_case_numbers"])
    same["events"] = same["events"][:2]
    other = case(4, person=elsewhere["person"], police_case_numbers=elsewhere["police_case_numbers"])
    other["events"] = other["events"][:2]

    _, lines = imports(url, [same, other])

    assert [line["outcome"] for line in lines] == ["imported"] * 2
    assert set(lines[0]) == set(lines[1])
    assert counted(url)["person"] == 3
    questions = office.as_("secretariat").get("/v1/persons/questions").json()["items"]
    assert len(questions) == 1


def test_a_protected_youth_is_seen_by_the_leader_until_the_case_is_assigned(
    url: str, imports: Imports, office: Service
) -> None:
    guarded = case(1)
    guarded["person"] |= {"protection": "strictly_confidential"}
    _, (line,) = imports(url, [guarded])

    assert office.as_("leader", "oslo").get(f"/v1/cases/{line['case']}").status_code == 200
    assert office.as_("coordinator", "oslo").get(f"/v1/cases/{line['case']}").status_code == 404


def test_a_protected_case_is_imported_with_its_assignment_to_somebody_who_is_cleared(
    url: str, imports: Imports, office: Service
) -> None:
    histories = [case(1), case(2)]
    for history in histories:
        history["person"] |= {"protection": "strictly_confidential"}
    for history, coordinator in zip(histories, ("leader-oslo", "coordinator-oslo-2"), strict=True):
        assigned = {"type": "assigned", "occurred_on": "2025-03-07", "details": {"coordinator": coordinator}}
        history["events"].append(assigned)
    with office.db.reading() as tx:
        cleared = {subject: staff.find(tx, subject).cleared for subject in ("leader-oslo", "coordinator-oslo-2")}  # type: ignore[union-attr]
    assert cleared == {"leader-oslo": True, "coordinator-oslo-2": False}

    _, (imported, refused) = imports(url, histories)

    assert (imported["outcome"], imported["state"]) == ("imported", "preparing"), imported
    shown = office.as_("leader", "oslo").get(f"/v1/cases/{imported['case']}").json()
    assert shown["coordinator"] == "leader-oslo"
    assert (refused["type"], [unmet["code"] for unmet in refused["unmet"]]) == ("assigned", ["coordinator_is_cleared"])


# --- what cannot be read ----------------------------------------------------------------------------------------


def test_fields_that_are_wrong_are_named_and_nothing_of_them_is_repeated(plain_url: str, imports: Imports) -> None:
    wrong = case(1)
    wrong["person"] |= {"born": "Hemmelig", "national_id": "1234"}
    wrong["events"][0] = {"type": "Hemmelig", "occurred_on": "2025-02-03"}
    shape = case(2)
    shape["events"][2]["details"] = {"by": "Hemmelig"}

    code, lines = imports(plain_url, [wrong, shape, case(3, key="01812345678"), case(4, more=1)])

    assert code == 1
    assert [line["outcome"] for line in lines] == ["invalid"] * 4
    assert {error["pointer"] for error in lines[0]["errors"]} == {
        "/person/born", "/person/national_id", "/events/0/type",
    }  # fmt: skip
    assert [error["pointer"] for error in lines[1]["errors"]] == ["/events/2/details/by"]
    assert (lines[2]["key"], lines[2]["errors"][0]["code"]) == (None, "import_key")
    assert lines[3]["errors"][0]["pointer"] == "/more"
    assert "Hemmelig" not in json.dumps(lines)
    assert "01812345678" not in json.dumps(lines)


def test_lines_that_are_no_json_and_unknown_offices_stop_nothing(plain_url: str, typed: Typed, tmp_path: Path) -> None:
    lines = ["{", "[]", json.dumps(case(1, konfliktrad="atlantis")), "", json.dumps(case(2))]
    (tmp_path / "cases.ndjson").write_text("\n".join(lines))

    code, said, _ = typed(plain_url, "cases.ndjson", "--report", "report.ndjson", "--language", "en")
    report = [json.loads(line) for line in (tmp_path / "report.ndjson").read_text().splitlines()]

    assert (code, said) == (1, "cases 4, invalid 2, refused 1, imported 1\n")
    assert [(line["row"], line["outcome"]) for line in report] == [
        (1, "invalid"), (2, "invalid"), (3, "refused"), (5, "imported"),
    ]  # fmt: skip
    assert (report[2]["code"], "atlantis" in report[2]["detail"]) == ("unknown_konfliktrad", True)


def test_csv_takes_lines_of_cases_in_any_order_and_either_separator(
    plain_url: str, typed: Typed, tmp_path: Path
) -> None:
    _, template, _ = typed(plain_url, "--template", "csv")
    rows = list(csv.DictReader(io.StringIO(template)))
    other = [row | {"case": "B-1", "police_case_numbers": row["police_case_numbers"] and "15499999"} for row in rows]
    other[0]["given_name"] = "Stripete"
    other[3]["details"] = "by=youth"
    other[5]["details"] = "length.months=9 | guilt_proven=true"
    mixed = [row for pair in zip(rows, other, strict=True) for row in pair]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(mixed)
    (tmp_path / "cases.csv").write_text(text.getvalue(), encoding="utf-8-sig")

    code, said, _ = typed(plain_url, "cases.csv", "--json")

    assert [json.loads(line)["outcome"] for line in said.splitlines()] == ["imported"] * 2, said
    assert code == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("case,type\nA-1,received\n", "the file lacks the columns occurred_on"),
        ("case,type,occurred_on,shoe_size\n", "the file has unknown columns shoe_size"),
        ("case,type,occurred_on\nÅ-1".encode("latin-1"), "the file is not UTF-8"),
    ],
    ids=["lacks", "unknown", "latin-1"],
)
def test_a_csv_file_of_another_form_is_refused_in_a_sentence(
    plain_url: str, typed: Typed, tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    (tmp_path / "cases.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    code, _, error = typed(plain_url, "cases.csv")
    assert code == 2
    assert sentence in error


def test_a_line_that_comes_before_its_case_or_cannot_be_read_is_told_with_its_line(
    plain_url: str, typed: Typed, tmp_path: Path
) -> None:
    (tmp_path / "cases.csv").write_text("case,type,occurred_on,details\nA-1,received,2025-03-05,=3\n,received,x,\n")
    code, said, _ = typed(plain_url, "cases.csv", "--json")
    first, second = (json.loads(line) for line in said.splitlines())
    assert code == 1
    assert (first["row"], first["errors"][0]["code"]) == (2, "csv_first_line")
    assert (second["row"], second["key"]) == (3, None)


@pytest.mark.parametrize(
    ("cell", "details"),
    [
        ("", {}),
        ('{"by": "youth"}', {"by": "youth"}),
        ("by=youth", {"by": "youth"}),
        ('length.months=6 | present=["youth"]', {"length": {"months": 6}, "present": ["youth"]}),
        ("by=youth|on=2025-02", {"by": "youth", "on": "2025-02"}),
    ],
)
def test_details_in_a_cell(cell: str, details: dict[str, Any]) -> None:
    assert details_of_cell(cell) == details


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("{", "json_invalid"),
        ("by", "json_invalid"),
        ("by=youth|by.more=1", "json_invalid"),
        ('{"by": "youth", "by": "guardian"}', "json_repeated_name"),
        ('{"by":' * 100_000, "json_too_deep"),
        ("by=" + "[" * 100_000, "json_too_deep"),
        ("by=" + "[" * 40 + "]" * 40, "json_too_deep"),
        (".".join(["by"] * 2_000) + "=1", "json_too_deep"),
    ],
    ids=["open", "no-value", "two-shapes", "repeated", "deep", "deep-value", "deep-lists", "deep-name"],
)
def test_details_in_a_cell_that_cannot_be_read(cell: str, kind: str) -> None:
    with pytest.raises(StrictJsonError) as refused:
        details_of_cell(cell)
    assert refused.value.kind == kind


def test_a_cell_nested_too_deeply_is_invalid_with_its_place_and_stops_no_other_case(
    plain_url: str, typed: Typed, tmp_path: Path
) -> None:
    _, template, _ = typed(plain_url, "--template", "csv")
    rows = list(csv.DictReader(io.StringIO(template)))
    other = [row | {"case": "B-1", "police_case_numbers": row["police_case_numbers"] and "15499999"} for row in rows]
    other[2]["details"] = '{"by":' * 5_000
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows([*other, *rows])
    (tmp_path / "cases.csv").write_text(text.getvalue())

    code, report, _ = typed(plain_url, "cases.csv", "--json", "--language", "en")

    invalid, imported = (json.loads(line) for line in report.splitlines())
    assert (code, invalid["outcome"], imported["outcome"]) == (1, "invalid", "imported")
    [error] = invalid["errors"]
    assert (error["pointer"], error["code"]) == ("/events/1/details", "json_invalid")
    assert "at most 32 levels" in error["detail"]


def test_a_header_over_the_longest_cell_is_refused_in_a_sentence(plain_url: str, typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("c" * 131_073 + ",type\n")
    earlier = csv.field_size_limit(10**9)  # a library may have raised the limit of the process
    try:
        code, _, error = typed(plain_url, "cases.csv")
    finally:
        kept = csv.field_size_limit(earlier)
    assert (code, "the file is not CSV" in error, kept) == (2, True, 10**9)


def test_an_event_on_behalf_of_somebody_who_cannot_do_it_names_who_can(plain_url: str, imports: Imports) -> None:
    wrong = case(1)
    wrong["events"][4]["on_behalf_of"] = "court"

    code, (refused,) = imports(plain_url, [wrong])

    assert (code, refused["outcome"], refused["event"], refused["type"]) == (
        1, "refused", 4, "transferred_to_follow_up",
    )  # fmt: skip
    assert (refused["code"], refused["who_can"]) == ("forbidden_role", ["prosecution"])
    assert "on behalf of prosecution" in refused["detail"].lower().replace("the ", "")


# --- killed on the way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["ungdom.store.case_imports:add", "after:ungdom.store.case_imports:add"])
def test_killed_in_the_middle_it_goes_on_and_imports_nothing_twice(
    url: str, imports: Imports, tmp_path: Path, place: str
) -> None:
    assert imports(url, [case(1), case(2)])[0] == 0
    cases = [case(number) for number in range(1, 6)]
    (tmp_path / "cases.ndjson").write_text("".join(json.dumps(line) + "\n" for line in cases))
    command = [sys.executable, "-m", "tests.killed_at", place, "import", "cases", str(tmp_path / "cases.ndjson")]
    killed = fork.run(command, env=variables(url, tmp_path), cwd=ROOT, timeout=120)
    assert killed.returncode == -9, killed.stderr

    _, lines = imports(url, cases)

    outcomes = [line["outcome"] for line in lines]
    assert outcomes == ["already"] * 2 + ["imported"] * 3
    db = Database.open(url)
    with db.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(case_file)) == 5
        assert tx.scalar(select(func.count()).select_from(person)) == 5
    db.close()

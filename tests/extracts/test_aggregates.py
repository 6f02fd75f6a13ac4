"""The extract of aggregates: released numbers, the same as in every other answer, and nothing of what is hidden."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.api.build import assert_problem
from tests.extracts import world
from tests.extracts.world import NOW, THEN, TODAY
from tests.process import environment
from tests.service import KEY, Client, Service
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.dimensions import StatisticDimension
from ungdom.cli import app
from ungdom.extracts import build, manifest
from ungdom.extracts.catalogue import extract
from ungdom.extracts.errors import NoRelease
from ungdom.extracts.writers import Form
from ungdom.store import releases
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment, oslo_date
from ungdom.workflow.vocabulary import Role

WHERE = "/v1/extracts/aggregates"
ALL = {"from": "2022-01-01", "to": "2026-12-31"}
ASKED = {"p2": "lead-time", "completion.closed": "completion", "nordic_2y": "recidivism"}
DIMENSIONS = (*map(str, StatisticDimension), "ending")
OTHERS = tuple(code for code in DIMENSIONS if code not in ("period", "ending"))
Key = tuple[str, ...]


@pytest.fixture
def service(copy_url: str, tmp_path: Path) -> Iterator[Service]:
    """The service with the load and two releases, on the day after it. It has no key for pseudonyms."""
    with Service(copy_url, tmp_path, extract_keys=()) as running:
        running.clock.instant = NOW
        yield running


@pytest.fixture
def analyst(service: Service) -> Client:
    return service.as_(Role.ANALYST)


def taken(client: Client, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(WHERE, format="ndjson", **asked)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


# --- the same numbers ------------------------------------------------------------------------------------------


def test_every_number_is_that_of_the_released_table_cell_by_cell(
    analyst: Client, figure: Callable[[str], None]
) -> None:
    mine: dict[tuple[str, Key], dict[tuple[Key, str], dict[str, Any]]] = {}
    for row in taken(analyst):
        codes = tuple(code for code in DIMENSIONS if row[code] is not None)
        table = mine.setdefault((row["figure"], codes), {})
        key = (tuple(row[code] for code in codes), row["measure"])
        assert key not in table
        table[key] = row
    found: Counter[str] = Counter()
    for (code, codes), table in mine.items():
        for form in ("csv", "json-stat"):
            found += compared(table, lines(analyst, code, codes, form))
    tables = {codes for _, codes in mine}
    assert {("period", "ending"), ("period", "konfliktrad", "ending")} <= tables  # those that there always are
    assert tables <= {("period", "ending"), *(("period", one, "ending") for one in OTHERS)}
    assert min(found[one] for one in ("shown", "hidden", "not there")) > 50, found
    figure(f"aggregates: {len(mine)} tables compared with their CSV and JSON-stat answers: {dict(found)}")


Line = tuple[Key, str, float | None, str]


def lines(analyst: Client, code: str, codes: Key, form: str) -> list[Line]:
    """Every number that the published answer of this table has, with its symbol."""
    by = [one for one in codes if one != "ending"]
    answer = analyst.get(f"/v1/statistics/{ASKED[code]}", **ALL, statistic=code, by=by, format=form)
    assert answer.status_code == 200, answer.text
    told = [*_of_csv(answer.text)] if form == "csv" else [*_of_json_stat(answer.json())]
    assert told
    return told


def _of_csv(text: str) -> Iterator[Line]:
    for row in csv.reader(io.StringIO(text).readlines()[1:]):
        *key, name, value, sign, _release, _known_at, _stands, _from, _to = row
        yield tuple(key), name, float(value) if value else None, sign


def _of_json_stat(said: dict[str, Any]) -> Iterator[Line]:
    """Numbers in the order of the product of all dimensions, read anew from the standard."""
    indexes = [said["dimension"][one]["category"]["index"] for one in said["id"]]
    for place, value in enumerate(said["value"]):
        rest, key = place, []
        for index in reversed(indexes):
            rest, at = divmod(rest, len(index))
            key.append(index[at])
        *values, name = reversed(key)
        yield tuple(values), name, value, said["status"].get(str(place), "")


def compared(table: dict[tuple[Key, str], dict[str, Any]], told: list[Line]) -> Counter[str]:
    """How many numbers of each kind are the same. What no row tells is zero, or is no number there either."""
    found: Counter[str] = Counter()
    seen = 0
    for key, name, value, sign in told:
        row = table.get((key, name))
        seen += row is not None
        if row is None:
            assert value == 0 or (value is None and name != "cases"), (key, name, value)
            assert sign != ":" or key[-1] != TOTAL
        elif sign == ":":
            assert (row["status"], row["value"]) == ("hidden", None)
        else:
            assert row["value"] == value, (key, name)
            assert (row["status"] == "shown") is (value is not None)
        found["not there" if row is None else row["status"]] += 1
    assert seen == len(table)
    return found


def test_a_hidden_number_has_no_value_in_any_form(db: Database) -> None:
    raw = {form: world.raw(db, world.order("aggregates"), form) for form in Form}
    told = {
        Form.CSV: list(csv.DictReader(io.StringIO(raw[Form.CSV].decode()))),
        Form.CSV_BOM: list(csv.DictReader(io.StringIO(raw[Form.CSV_BOM].decode("utf-8-sig")))),
        Form.NDJSON: [json.loads(line) for line in raw[Form.NDJSON].splitlines()],
        Form.PARQUET: pq.read_table(pa.BufferReader(raw[Form.PARQUET])).to_pylist(),
        Form.ARROW: pa.ipc.open_file(raw[Form.ARROW]).read_all().to_pylist(),
        Form.ARROWS: pa.ipc.open_stream(raw[Form.ARROWS]).read_all().to_pylist(),
    }
    for form, rows in told.items():
        hidden = {row["value"] for row in rows if row["status"] == "hidden"}
        assert hidden == ({""} if form in (Form.CSV, Form.CSV_BOM) else {None})
        assert all(row["value"] not in ("", None) for row in rows if row["status"] == "shown")
        assert Counter(row["status"] for row in rows) == Counter(row["status"] for row in told[Form.CSV])
        assert [str(row["row"]) for row in rows] == [str(n) for n in range(1, len(rows) + 1)]


def test_it_is_made_of_what_was_released_and_of_no_exact_count(db: Database) -> None:
    with db.reading() as tx:
        kept = releases.newest(tx)
        every = releases.all_with_exact(tx)
    assert kept is not None
    assert (kept.exact, bool(every[-1].exact)) == ("", True)
    assert [row.value for row in extract("aggregates").rows_of(kept) if row.status == "hidden" and row.value] == []
    assert not any(column.named for column in extract("aggregates").columns)
    stood = {row["figure"] for row in world.rows(db, world.order("aggregates")) if row["stands"] == "earlier"}
    tables = [table for part in json.loads(kept.content)["figures"] for table in part["tables"]]
    assert stood == {table["figure"] for table in tables if table.get("stands") == "earlier"}


# --- who takes it out, and what is logged ----------------------------------------------------------------------


def test_whoever_reads_published_figures_takes_it_out_without_a_purpose_and_nobody_else(service: Service) -> None:
    for role, office in (("analyst", None), ("coordinator", "oslo"), ("leader", "oslo"), ("secretariat", None)):
        answer = service.as_(role, office).get(WHERE)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, Form.CSV.media_type)
        where = answer.headers["Link"].partition(">")[0].removeprefix("<")
        assert service.as_(role, office).get(where).json()["order"]["extract"] == "aggregates"
    assert service.as_("admin").get(WHERE).status_code == 200
    for role, office in (("auditor", None), ("team_member", None), ("prosecution", "oslo")):
        assert_problem(service.as_(role, office).get(WHERE), 403, "forbidden_role")
    pulls = service.as_("auditor").get("/v1/extracts/pulls").json()["items"]
    assert [one["role"] for one in pulls] == ["admin", "secretariat", "leader", "coordinator", "analyst"]
    assert {(one["extract"], one["purpose"], one["status"]) for one in pulls} == {
        ("aggregates", "published", "finished")
    }
    assert {one["order"]["key_version"] for one in pulls} == {None}


def test_known_at_takes_the_newest_release_of_that_time(service: Service, analyst: Client) -> None:
    then, between, now = (
        {(row["release"], row["known_at"]) for row in taken(analyst, **asked)}
        for asked in ({"known_at": str(THEN)}, {"known_at": "2025-12-31"}, {})
    )
    releases_listed = analyst.get("/v1/releases").json()["items"]
    listed = {(one["id"], table["known_at"][:10]) for one in releases_listed for table in one["tables"]}
    assert then == between != now
    assert then | now == listed
    assert_problem(analyst.get(WHERE, known_at="2025-01-01"), 422, "nothing_released")
    assert_problem(analyst.get(WHERE, purpose="demo"), 422, "invalid_input")
    body = {"extract": "aggregates", "purpose": "demo", "format": "csv"}
    assert_problem(analyst.post("/v1/extracts/jobs", body), 422, "invalid_input")
    assert "aggregates" not in service.as_("analyst").get("/v1/extracts").json()["purposes"][0]["dates"]


# --- built again -----------------------------------------------------------------------------------------------


def test_its_manifest_leads_to_the_same_bytes_after_a_later_release(
    service: Service, analyst: Client, tmp_path: Path
) -> None:
    answer = analyst.get(WHERE, format="parquet")
    said = analyst.get(answer.headers["Link"].partition(">")[0].removeprefix("<")).json()
    world.release(service.db, oslo_date(NOW), NOW.replace(day=8))
    desk = service.app.state.extracts
    order = manifest.order_of(said, desk.keys, desk.purposes, TODAY)
    made = build.rebuild(service.db, order, said, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == answer.content
    assert made.files["aggregates.parquet"].sha256 == said["files"][0]["sha256"]
    assert analyst.get(WHERE, format="parquet").content != answer.content


def test_a_register_without_that_release_gives_nothing(db: Database) -> None:
    for day in (THEN.replace(day=1), TODAY.replace(day=4)):
        with pytest.raises(NoRelease):
            world.raw(db, world.order("aggregates", known_on=day))


def test_the_command_writes_it_and_builds_it_again(
    copy_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (environment(copy_url, tmp_path) | {"UNGDOM_PEOPLE_KEYS": KEY}).items():
        monkeypatch.setenv(name, value)

    def run(*more: str) -> Result:
        return CliRunner().invoke(app, ["extract", *more])

    out = tmp_path / "aggregates.csv"
    made = run("aggregates", "--format", "csv", "--out", str(out))
    assert made.exit_code == 0, made.output
    said = tmp_path / "aggregates.csv.manifest.json"
    assert json.loads(said.read_text())["order"]["known_at"] == last_moment(TODAY).astimezone(NOW.tzinfo).isoformat()
    again = run("--rebuild", str(said), "--out", str(tmp_path / "again.csv"))
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()
    old = run("aggregates", "--known-at", "2025-01-01", "--out", str(tmp_path / "old.csv"))
    assert (old.exit_code, "no tables had been released" in old.output) == (1, True)
    assert run("cases", "--out", str(tmp_path / "cases.csv")).exit_code != 0

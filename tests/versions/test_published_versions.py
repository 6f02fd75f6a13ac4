"""A published version never changes: a difference needs a new version, and the failure says where and what to write."""

import dataclasses
import re
from pathlib import Path

import pytest

from tests.versions import rows
from ungdom.extracts import catalogue
from ungdom.workflow import table

PUBLISHED, CURRENT = rows.published(), rows.current()
HELP = {
    "table": "rows of a published table are frozen: in src/ungdom/workflow/table.py add a new version to VERSIONS; "
    "a new row needs since=<new version>, a new guard from_version(<new version>, …), and a row that is changed "
    "until=<new version> beside a new row with since=<new version>",
    "extract": "raise the version of the extract in src/ungdom/extracts/catalogue.py "
    "and say in docs/extracts.md what changed",
    "definition": "raise the version of the figure in its row (lead_times.py, completions.py, "
    "recidivism/definitions.py or indicators/ in src/ungdom/analytics) and add to its `changed` what is different",
}
ADD = "then `python -m tests.versions.rows` adds the new version to tests/versions/published.json"


def differences(version: str, before: rows.Rows, now: rows.Rows) -> list[str]:
    """One sentence per row that was changed, added or removed."""
    changed = [
        f"changed: {name}\n  published: {text}\n  now: {now[name]}"
        for name, text in before.items()
        if name in now and now[name] != text
    ]
    removed = [f"removed: {name}" for name in before if name not in now]
    added = [f"added: {name}" for name in now if name not in before]
    return [f"{version}: {text}" for text in (*changed, *removed, *added)]


def explained(version: str, found: list[str]) -> str:
    """The failure: every row, what to write, and the command."""
    return "\n".join([*found, HELP[version.partition(" ")[0]], ADD])


@pytest.mark.parametrize("version", sorted(PUBLISHED))
def test_a_published_version_is_what_it_was(version: str) -> None:
    now = CURRENT.get(version)
    if now is None:  # an older version of an extract or a figure: the code has the newest one only
        kind, name, number = version.rsplit(" ", 2) if version.count(" ") > 1 else (version, "", "")
        newest = [int(other.rsplit(" ", 1)[1]) for other in CURRENT if other.startswith(f"{kind} {name} ")]
        assert newest, f"{version} is gone: {HELP[version.partition(' ')[0]]}"
        assert newest[0] > int(number), f"{version} is gone and no higher version stands in its place"
    else:
        found = differences(version, PUBLISHED[version], now)
        assert not found, explained(version, found)


def test_every_version_in_use_is_published() -> None:
    missing = sorted(CURRENT.keys() - PUBLISHED.keys())
    assert not missing, f"{', '.join(missing)}: {ADD}"


def test_a_version_differs_from_the_one_before() -> None:
    before = [(version, _version_before(version)) for version in PUBLISHED]
    same = [version for version, older in before if older in PUBLISHED and PUBLISHED[version] == PUBLISHED[older]]
    places = "src/ungdom/workflow/table.py, src/ungdom/extracts/columns/ or src/ungdom/analytics/"

    assert [older for _, older in before if older in PUBLISHED]
    assert same == [], f"nothing is different in {', '.join(same)}: take the version back, or change {places}"


def _version_before(version: str) -> str:
    name, _, number = version.rpartition(" ")
    if name == "table":
        return f"{name} {dict(zip(table.VERSIONS[1:], table.VERSIONS, strict=False)).get(number)}"
    return f"{name} {int(number) - 1}"


def test_every_version_of_an_extract_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "extracts.md").read_text(encoding="utf-8")
    explained = {
        f"extract {name} {number}" for name, number in re.findall(r"^\| `(\w+)` \| (\d+) \| .+\|$", page, re.M)
    }

    assert explained == {version for version in CURRENT.keys() | PUBLISHED.keys() if version.startswith("extract ")}, (
        "the table *Versions* in docs/extracts.md has a row per version of an extract and says what changed"
    )


def test_every_kind_of_version_is_looked_at() -> None:
    assert {version.partition(" ")[0] for version in PUBLISHED} == set(HELP)
    assert {f"table {version}" for version in table.VERSIONS} <= PUBLISHED.keys()
    assert all(len(PUBLISHED[version]) > 1 for version in PUBLISHED)


def test_a_changed_law_of_a_row_is_named_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(table.MOVES[1], law="strpl § 250")
    monkeypatch.setattr(table, "MOVES", (table.MOVES[0], row, *table.MOVES[2:]))
    version = f"table {table.VERSION}"

    [difference] = differences(version, PUBLISHED[version], rows.current()[version])

    assert "changed: suspect_set: registered → investigation" in difference
    assert "strpl § 250" in difference
    assert "since=" in explained(version, [difference])


def test_a_row_without_since_is_named_in_every_published_table(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dataclasses.replace(table.MOVES[1], sources=(table.REG, table.INV))
    monkeypatch.setattr(table, "MOVES", (*table.MOVES, row))
    now = rows.current()

    found = [differences(v, PUBLISHED[v], now[v]) for v in (f"table {version}" for version in table.VERSIONS)]

    assert len(found) == len(table.VERSIONS)
    assert all(len(one) == 1 and "added: suspect_set: registered, investigation" in one[0] for one in found)


def test_a_column_that_is_added_without_a_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    first = catalogue.EXTRACTS[0]
    column = dataclasses.replace(first.columns[-1], name="another")
    wider = dataclasses.replace(first, columns=(*first.columns, column))
    monkeypatch.setattr(rows, "EXTRACTS", (wider, *catalogue.EXTRACTS[1:]))
    version = f"extract {first.name} {first.version}"

    assert differences(version, PUBLISHED[version], rows.current()[version]) == [f"{version}: added: another"]

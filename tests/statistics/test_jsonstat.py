"""A cube as JSON-stat and as CSV says the same to independent readers, and nothing of a hidden cell."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jsonstat_validator import validate_jsonstat
from pyjstat import pyjstat

from ungdom import texts
from ungdom.analytics.cubes import TOTAL, CellStatus, Cube, CubeCell, Dimension
from ungdom.analytics.jsonstat import CONTENTS, DatasetMetadata, Sign, Unit, csv_text, dataset

PERIOD = Dimension("period", ("2025", "2025H1", "2025H2"), {"2025H1": "2025", "2025H2": "2025"})
PLACE = Dimension("konfliktrad", ("oslo", "sor_vest"))
WHOLE = (TOTAL, TOTAL)
SECRET = {"started": 3, "left": 1}
CUBE = Cube(
    figure="lead_time_start",
    version=2,
    dimensions=(PERIOD, PLACE),
    outcomes=("started", "left"),
    estimates=("median", "share_over"),
    cells={
        ("2025H1", "oslo"): CubeCell({"started": 41, "left": 6}, {"median": 96.5, "share_over": 0.12345}),
        ("2025H1", "sor_vest"): CubeCell(SECRET, {"median": 77.0, "share_over": 0.5}, CellStatus.PRIMARY),
        ("2025H2", "sor_vest"): CubeCell({"started": 12}, {"median": None}, CellStatus.PROVISIONAL),
        ("2025H2", TOTAL): CubeCell({"started": 12}, {"median": 90.0}, CellStatus.SECONDARY),
        WHOLE: CubeCell({"started": 70, "left": 9}, {"median": 99.0, "share_over": 0.0}),
    },
)
TOLD = DatasetMetadata(
    title="Days from receipt to start",
    source="ungdom",
    updated=datetime(2026, 4, 1, 5, tzinfo=UTC),
    known_at=datetime(2026, 3, 31, 21, 59, 59, 999999, tzinfo=UTC),
    dimensions={"period": "Half-year", "konfliktrad": "Mediation service", CONTENTS: "Contents"},
    values={"konfliktrad": {"oslo": "Oslo", TOTAL: "All"}, CONTENTS: {"median": "Median"}},
    units={"median": Unit("days", 1), "share_over": Unit("share", 3), "started": Unit("cases")},
    signs={sign: texts.label("en", sign) for sign in Sign},
    notes=("Cases that are not finished are counted.",),
    more={"release": "2026-03-31"},
)
SENT = json.loads(json.dumps(dataset(CUBE, TOLD)))
NAMES = ("period", "konfliktrad", CONTENTS)


def by_key() -> dict[tuple[str, ...], tuple[float | None, str]]:
    """What the JSON-stat says of each key, as its standard says that it is read."""
    values = [SENT["dimension"][code]["category"]["index"] for code in SENT["id"]]
    found: dict[tuple[str, ...], tuple[float | None, str]] = {}
    for place, value in enumerate(SENT["value"]):
        rest, key = place, []
        for choices in reversed(values):
            rest, at = divmod(rest, len(choices))
            key.append(choices[at])
        found[tuple(reversed(key))] = (value, SENT["status"].get(str(place), ""))
    return found


def test_it_is_a_dataset_by_the_standard() -> None:
    assert validate_jsonstat(SENT)
    assert SENT["role"] == {"time": ["period"], "geo": ["konfliktrad"], "metric": [CONTENTS]}
    assert SENT["size"] == [4, 3, 5]
    assert SENT["dimension"]["period"]["category"]["child"] == {TOTAL: ["2025"], "2025": ["2025H1", "2025H2"]}
    assert SENT["extension"] == {
        "figure": "lead_time_start",
        "definition": 2,
        "known_at": "2026-03-31T21:59:59.999999Z",
        "status_label": {sign.symbol: texts.label("en", sign) for sign in Sign},
        "release": "2026-03-31",
    }


@pytest.mark.filterwarnings("ignore:Shouldn't use this function anymore:DeprecationWarning")  # pyjstat of itself
def test_an_independent_reader_finds_every_number_where_it_belongs() -> None:
    frame = pyjstat.Dataset.read(json.dumps(SENT)).write("dataframe", naming="id")
    theirs = {tuple(row[:3]): None if row[3] != row[3] else row[3] for row in frame.itertuples(index=False)}
    assert theirs == {key: value for key, (value, _) in by_key().items()}
    assert theirs["2025H1", "oslo", "started"] == 41
    assert theirs["2025H1", "oslo", "all"] == 47
    assert theirs[TOTAL, TOTAL, "median"] == 99


def test_csv_says_the_same_number_by_number() -> None:
    names, *lines = csv.reader(io.StringIO(csv_text(CUBE, TOLD), newline=""))
    assert names == [*NAMES, "value", "status"]
    found = {tuple(line[:3]): (float(line[3]) if line[3] else None, line[4]) for line in lines}
    assert found == by_key()


@pytest.mark.parametrize("key", [("2025H1", "sor_vest"), ("2025H2", TOTAL)])
def test_a_hidden_cell_tells_nothing_and_not_why(key: tuple[str, str]) -> None:
    told = [by_key()[(*key, name)] for name in SENT["dimension"][CONTENTS]["category"]["index"]]
    assert told == [(None, ":")] * 5
    other = CellStatus.SECONDARY if CUBE.cells[key].status is CellStatus.PRIMARY else CellStatus.PRIMARY
    emptied = replace(CUBE, cells={**CUBE.cells, key: CubeCell(status=other)})
    assert json.loads(json.dumps(dataset(emptied, TOLD))) == SENT


def test_what_is_not_reached_and_what_cannot_be_are_told_apart() -> None:
    found = by_key()
    assert found["2025H2", "sor_vest", "median"] == (None, "..")
    assert found["2025H2", "sor_vest", "started"] == (12, "*")
    assert found["2025H2", "oslo", "median"] == (None, ".")
    assert found["2025H2", "oslo", "started"] == (0, "")


def test_numbers_have_the_decimals_of_their_unit() -> None:
    found = by_key()
    assert found["2025H1", "oslo", "share_over"] == (0.123, "")
    assert found["2025H1", "oslo", "median"] == (96.5, "")
    unit = SENT["dimension"][CONTENTS]["category"]["unit"]["share_over"]
    assert unit == {"label": "share", "decimals": 3}


def test_a_cube_of_one_count_has_no_sum_beside_it() -> None:
    one = Cube("open_cases", 1, (PLACE,), ("open",), (), {("oslo",): CubeCell({"open": 5})})
    made = dataset(one, TOLD)
    assert made["dimension"][CONTENTS]["category"]["index"] == ["open"]
    assert made["value"] == [5, 0, 0]

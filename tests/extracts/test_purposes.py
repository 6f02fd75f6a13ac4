"""Purposes: nothing is taken out for one that is not there, is over, is not for this extract, or is not for you."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests import pg, process
from tests.extracts import world
from tests.extracts.world import NOW
from tests.service import settings_of
from ungdom.extracts import purposes
from ungdom.extracts.columns.column import Dates
from ungdom.extracts.errors import ExtractsError, NoExtract, NoPurpose, NotForPurpose, PurposeOver
from ungdom.extracts.order import OrderRequest
from ungdom.settings import BadSettings, from_environment

FILE = """
[[purpose]]
name = "lead-time-2026"
ordered_by = "Sekretariatet for konfliktrådene"
basis = "konfliktrådsforskriften"
until = 2026-12-31
extracts = ["cases", "events"]
dates = "month"

[[purpose]]
name = "recidivism"
ordered_by = "a research institute"
basis = "straffeprosessloven § 479"
until = 2027-06-30
extracts = ["cases", "measures"]
without = ["guardians"]
analysts = ["analyst-1"]

[purpose.dates]
cases = "days_since_last_offence"
measures = "quarter"
"""


def loaded(tmp_path: Path, text: str = FILE) -> purposes.Purposes:
    (tmp_path / "purposes.toml").write_text(text)
    environ = {"UNGDOM_PURPOSES_FILE": str(tmp_path / "purposes.toml")}
    return purposes.load(from_environment(process.environment(pg.sqlite_url(tmp_path), tmp_path) | environ))


def test_the_file_says_who_ordered_what_until_when_and_how_exact(tmp_path: Path) -> None:
    first, second = loaded(tmp_path)
    assert first.dates == {"cases": Dates.MONTH, "events": Dates.MONTH}
    assert second.dates == {"cases": Dates.OFFSET, "measures": Dates.QUARTER}
    assert (first.until, second.without, second.analysts) == (date(2026, 12, 31), {"guardians"}, {"analyst-1"})


REFUSED = [
    ("cases", "nothing", None, NOW, NoPurpose),
    ("nothing", "recidivism", None, NOW, NoExtract),
    ("events", "recidivism", None, NOW, NotForPurpose),
    ("cases", "recidivism", "analyst-2", NOW, NoPurpose),
    ("cases", "lead-time-2026", None, NOW + timedelta(days=365), PurposeOver),
]


@pytest.mark.parametrize(("name", "purpose", "subject", "now", "error"), REFUSED)
def test_what_was_not_ordered_is_refused(
    tmp_path: Path, name: str, purpose: str, subject: str | None, now: object, error: type[ExtractsError]
) -> None:
    desk = world.desk(*loaded(tmp_path))
    with pytest.raises(error):
        desk.order(OrderRequest(name, purpose, subject=subject), now)  # type: ignore[arg-type]  # instants of the table


def test_who_it_was_ordered_for_gets_it(tmp_path: Path) -> None:
    desk = world.desk(*loaded(tmp_path))
    assert desk.order(OrderRequest("cases", "recidivism", subject="analyst-1"), NOW).dates is Dates.OFFSET
    last_day = NOW.replace(2026, 12, 31)
    assert desk.order(OrderRequest("cases", "lead-time-2026", subject="analyst-2"), last_day).dates is Dates.MONTH


WRONG = [
    (FILE.replace('"month"', '"week"'), "dates"),
    (FILE.replace('"events"]', '"nothing"]'), "extracts: nothing"),
    (FILE.replace('"guardians"', '"case"'), "without: case"),
    (FILE.replace('measures = "quarter"', ""), "dates: measures"),
    (FILE.replace('name = "recidivism"', 'name = "lead-time-2026"'), "stands twice"),
    (FILE.replace("until = 2026-12-31", ""), "until"),
    ("purpose = 3", "purpose"),
    ("[[", "purposes.toml"),
]


@pytest.mark.parametrize(("text", "named"), WRONG)
def test_a_file_that_is_off_is_named_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        loaded(tmp_path, text)


def test_without_a_file_there_is_one_purpose_in_development_and_none_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "access.toml").touch()
    development, production = (
        settings_of(pg.sqlite_url(tmp_path), tmp_path, env, access_file=tmp_path / "access.toml")
        for env in ("development", "production")
    )
    assert [one.name for one in purposes.load(development)] == ["demo"]
    assert list(purposes.load(production)) == []

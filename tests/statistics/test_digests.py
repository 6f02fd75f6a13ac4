"""Digests on a database: what is kept is what the events say, now and as they stood."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.api.test_statements import statements
from tests.service import sqlite_copy
from tests.statistics import waits
from ungdom.alerts.sweep import sweep
from ungdom.analytics import case_cache, case_summaries, caseload
from ungdom.analytics.case_cache import CaseSelection, TooManyCases, summarise
from ungdom.analytics.case_summaries import CaseSummary
from ungdom.analytics.indicators import INDICATORS
from ungdom.analytics.indicators.figures import Figure
from ungdom.analytics.queries.indicators import indicator_query, read_indicators
from ungdom.demo import coordination_groups
from ungdom.demo.case_generator import GeneratedCase
from ungdom.notices.dispatch import dispatch
from ungdom.store.schema.figures import case_figures
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment
from ungdom.workflow.engine import effective, fold
from ungdom.workflow.errors import IllegalHistory

TODAY = waits.TODAY
EARLIER = date(2025, 3, 3)
NOW = last_moment(TODAY)


@cache
def told() -> tuple[GeneratedCase, ...]:
    return tuple(waits.load(220, 3))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The load on SQLite, written once."""
    folder = tmp_path_factory.mktemp("written")
    made = Database.open(sqlite_copy(sqlite_template, folder), synchronous="OFF")
    waits.write(made, told(), TODAY)
    made.close()
    return folder / "ungdom.sqlite"


@pytest.fixture
def db(written: Path, tmp_path: Path) -> Iterator[Database]:
    made = Database.open(sqlite_copy(written, tmp_path), synchronous="OFF")
    yield made
    made.close()


def read(db: Database, **asked: object) -> list[str]:
    """Every digest, as written; in one order."""
    with db.reading() as tx:
        return sorted(case_summaries.dump(one) for one in case_cache.read(tx, CaseSelection(**asked)))  # type: ignore[arg-type]


def as_told(valid_at: date | None = None, known_at: datetime | None = None) -> list[str]:
    """The same from the histories themselves, folded here."""
    return sorted(case_summaries.dump(one) for one in _as_told(valid_at, known_at))


def _as_told(valid_at: date | None, known_at: datetime | None) -> Iterator[CaseSummary]:
    for one in told():
        known = [e for e in one.events if e.recorded_at <= min(known_at or NOW, NOW)]
        kept = [e for e in effective(known) if valid_at is None or e.occurred_on <= valid_at]
        try:
            yield summarise(fold(one.case.youth, kept))
        except IllegalHistory:
            continue


def test_a_digest_is_read_as_it_was_written() -> None:
    assert len(told()) == 220
    for one in told():
        made = summarise(one.case)
        assert case_summaries.load(case_summaries.dump(made)) == made


def test_either_database_keeps_and_reads_them(database_url: str) -> None:
    db = Database.open(database_url, synchronous="OFF")
    db.upgrade()
    waits.write(db, told()[-40:], TODAY)
    before = read(db)
    case_cache.refresh(db)
    assert read(db, at_most=0) == before
    assert read(db, known_at=last_moment(EARLIER), valid_at=EARLIER, since=EARLIER - timedelta(days=365))
    db.close()


def test_what_is_read_is_what_the_events_say_kept_or_not(db: Database) -> None:
    expected = as_told()
    assert read(db) == expected
    counts = case_cache.refresh(db)
    assert counts == {"cases": len(expected)}
    assert read(db, at_most=0) == expected  # nothing is told anew


def test_the_past_is_read_as_it_was_known_and_as_it_was(db: Database) -> None:
    case_cache.refresh(db)
    known = last_moment(EARLIER)
    assert read(db, known_at=known) == as_told(known_at=known)
    assert read(db, valid_at=EARLIER) == as_told(valid_at=EARLIER)
    assert read(db, valid_at=EARLIER, known_at=known) == as_told(EARLIER, known)


def test_only_cases_that_went_on_are_told_anew(db: Database) -> None:
    case_cache.refresh(db)
    assert case_cache.refresh(db) == {"cases": 0}
    with db.writing() as tx:
        places = [told()[n].case_id for n in range(3)]
        tx.execute(update(case_figures).where(case_figures.c.case_id.in_(places)).values(version=0, body="[]"))
    assert read(db) == as_told()  # a digest of an older version is not looked at
    with pytest.raises(TooManyCases):
        read(db, at_most=2)
    assert case_cache.refresh(db) == {"cases": 3}


def test_digests_of_other_definitions_are_not_looked_at(db: Database) -> None:
    case_cache.refresh(db)
    with db.writing() as tx:
        tx.execute(update(case_figures).values(defined="older", body="[]"))
    assert read(db) == as_told()


def test_no_person_stands_in_a_digest(db: Database) -> None:
    case_cache.refresh(db)
    with db.reading() as tx:
        bodies = "".join(tx.scalars(select(case_figures.c.body)))
    assert bodies
    assert len(told()) == 220
    for one in told():
        assert str(one.person.person_id) not in bodies
        assert one.person.personalia.family_name not in bodies


def test_indicators_take_four_statements_however_many_cases_there_are(db: Database) -> None:
    case_cache.refresh(db)
    notify(db)
    asked = indicator_query((date(2025, 1, 1), TODAY), NOW, "oslo", at_most=0)
    with statements() as said, db.reading() as tx:
        read_indicators(tx, asked)
    assert len(said) <= 4, said  # the digests, the alerts, the counts and the answers of surveys


def test_the_demo_gives_figures_for_every_indicator(db: Database, figure: Callable[[str], None]) -> None:
    case_cache.refresh(db)
    notify(db)
    with db.reading() as tx:
        made = read_indicators(tx, indicator_query((date(2014, 7, 1), TODAY), NOW, at_most=0))
    country = [one for one in made.figures if one.konfliktrad is None and one.indicator.counting]
    assert INDICATORS
    for one in country:
        figure(_shown(one, made.cases))
    for indicator in INDICATORS:
        mine = [one for one in country if one.indicator is indicator]
        assert bool(mine) == bool(indicator.counting)
        assert all(one.denominator > 0 for one in mine), indicator.code


def notify(db: Database) -> None:
    """The alerts of one night, delivered to the coordination groups of the demo and to everybody else."""
    with db.writing() as tx:
        coordination_groups.write(tx, waits.KEYS)
    sweep(db, TODAY, lambda: NOW - timedelta(hours=1))
    dispatch(db, waits.KEYS, NOW - timedelta(hours=1))


def _shown(one: Figure, cases: int) -> str:
    value = "–" if one.value is None else f"{one.value:.3f}" if one.wait is None else f"{one.value:.1f} days"
    part = f" {one.part}" if one.part else ""
    return f"indicator {one.indicator.code}{part}: {one.numerator} of {one.denominator}, {value} ({cases} cases)"


def test_the_offices_add_up_to_the_country(db: Database) -> None:
    case_cache.refresh(db)
    with db.reading() as tx:
        made = read_indicators(tx, indicator_query((date(2014, 7, 1), TODAY), NOW, at_most=0))
    country = [one for one in made.figures if one.konfliktrad is None and one.indicator.counting]
    assert {one.indicator for one in country} == {one for one in INDICATORS if one.counting}
    for one in country:
        offices = [
            other.denominator
            for other in made.figures
            if other.konfliktrad and (other.indicator, other.part) == (one.indicator, one.part)
        ]
        assert sum(offices) == one.denominator, one.indicator.code


def test_what_was_expected_of_the_chain_came(figure: Callable[[str], None]) -> None:
    """Asked on a Monday each half year with what was known then; held against what is known now."""
    loaded = waits.load(400, 5)
    expected, came, inside, weeks = 0.0, 0, 0, 0
    for half in range(3):
        day = date(2025, 9, 1) - timedelta(weeks=26 * half)
        cases = [(one, waits.known(one, day)) for one in loaded]
        then = [(one, summarise(fold(one.case.youth, known))) for one, known in cases if known]
        ahead, _ = caseload.count_caseload((made for _, made in then), day).arrivals(None)
        received = [one.case.events for one, made in then if made.received is None and made.closed is None]
        days = [e.occurred_on for events in received for e in events if e.type == "received"]
        for week in ahead:
            arrived = sum(week.since <= on < week.since + timedelta(days=7) for on in days)
            expected, came, weeks = expected + week.expected, came + arrived, weeks + 1
            inside += week.low <= arrived <= week.high
    figure(f"arrivals foretold: {expected:.0f} expected, {came} came; {inside} of {weeks} weeks within their limits")
    assert inside >= 0.8 * weeks
    assert abs(expected - came) < 2 * expected**0.5  # two standard deviations of what arrives by chance

"""Rows of extracts are those that the statistics count: what an analyst adds up is what is published."""

from collections import Counter
from datetime import date

from tests.extracts import world
from tests.extracts.world import TODAY
from ungdom.analytics import case_reader
from ungdom.analytics.case_cache import CaseSelection
from ungdom.analytics.queries.recidivism import person_histories
from ungdom.analytics.recidivism.spells import recidivism_spells
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.store.session import Database
from ungdom.workflow.calendar import last_moment

EARLIER = date(2025, 3, 3)


def test_cases_are_the_rows_that_lead_time_is_counted_from(db: Database) -> None:
    for known_on, day in ((TODAY, TODAY), (TODAY, EARLIER), (EARLIER, EARLIER)):
        asked = world.order("cases", known_on, day)
        name = asked.pseudonyms.pseudonymiser(PseudonymKind.CASE)
        with db.reading() as tx:
            kept = list(case_reader.read(tx, CaseSelection(day, last_moment(known_on)), last_moment(TODAY)))
        expected = {
            name(one.case_id): (one.facts.p3, one.facts.total_days, one.facts.state, one.facts.age_group)
            for one in kept
        }
        found = {
            row["case"]: (row["p3_days"], row["total_days"], row["state"], row["age"]) for row in world.rows(db, asked)
        }
        assert found == expected
        assert found


def test_the_days_of_a_case_add_up_to_its_life_and_to_its_lead_time(db: Database) -> None:
    rows = world.rows(db, world.order("cases"))
    assert any(row["p3_days"] is not None for row in rows)
    for row in rows:
        told = {
            kind: sum(days for name, days in row.items() if name.startswith(f"{kind}_"))
            for kind in ("stage", "wait", "wait_before_start")
        }
        assert told["stage"] == row["total_days"]
        assert told["wait"] - told["wait_before_start"] == row["total_days"]
        if row["p3_days"] is not None:
            assert told["wait_before_start"] + row["unreported_days"] == row["p3_days"]


def test_spells_are_those_that_recidivism_is_counted_from(db: Database) -> None:
    asked = world.order("recidivism")
    with db.reading() as tx:
        told = list(recidivism_spells(person_histories(tx, CaseSelection(TODAY, last_moment(TODAY)), TODAY), TODAY))
    name = asked.pseudonyms.pseudonymiser(PseudonymKind.CASE)
    expected = Counter(
        (name(one.case_id), one.definition, one.index_date.isoformat(), str(one.outcome), one.at_risk_days)
        for one in told
    )
    rows = world.rows(db, asked)
    assert expected == Counter(
        (row["case"], row["definition"], row["origin_on"], row["outcome"], row["at_risk_days"]) for row in rows
    )
    assert len({row["outcome"] for row in rows}) > 1

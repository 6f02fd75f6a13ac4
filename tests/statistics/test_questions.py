"""Relapse by outcome, completion by mature cohort, days by party: on data whose truth is known, and counted by hand."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tests.statistics import waits
from tests.statistics.lives import case_at, life, observed, on
from ungdom.analytics import case_facts
from ungdom.analytics.cubes import TOTAL
from ungdom.analytics.definitions import BY_OUTCOME, COMPLETION_BY_CODE
from ungdom.analytics.dimensions import Subject
from ungdom.analytics.mature_cohorts import CohortSeries, cohort_series, party_waits
from ungdom.analytics.recidivism.by_outcome import relapse_by_outcome
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import RecidivismSpell, recidivism_spells
from ungdom.workflow.vocabulary import State

DAY = waits.TODAY
COMPLETED = case_at("F R2", "plan_meeting_held", "2025-07-01 completed")


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    return [Subject(case_facts.facts_of(one.case, DAY)) for one in waits.load(250, 3)]


def test_it_begins_at_the_closing_and_knows_the_outcome_there() -> None:
    before, after = observed("final_decision", "2026-01-10", offence="2025-06-01"), observed(
        "final_decision", "2026-09-01", offence="2026-03-01"
    )  # fmt: skip
    (spell,) = recidivism_spells([life(COMPLETED, observed=[before])], on("2027-08-01"), [BY_OUTCOME])
    assert (spell.index_date, spell.outcome) == (on("2025-07-01"), Relapse.NOT_RELAPSED)  # the act was before it
    (spell,) = recidivism_spells([life(COMPLETED, observed=[after])], on("2027-08-01"), [BY_OUTCOME])
    assert (spell.outcome, spell.relapsed_on) == (Relapse.RELAPSED, on("2026-03-01"))
    running = case_at("F R2", "plan_meeting_held")
    dead = case_at("F R2", "plan_meeting_held", "2025-04-10 lapsed {reason: death}")
    assert list(recidivism_spells([life(running), life(dead)], on("2027-08-01"), [BY_OUTCOME])) == []


def spells_from(acts: np.ndarray, again: np.ndarray, at_closing: bool) -> list[RecidivismSpell]:
    """Executions of a year, ended 60 days after an act in it; followed for two years from the closing or the start."""
    (spell,) = recidivism_spells([life(COMPLETED)], on("2027-08-01"), [BY_OUTCOME])
    found = []
    for act, later in zip(acts, again, strict=True):
        closed_early = act <= 365
        state = State.BREACH_CLOSED if closed_early else State.COMPLETED
        first = (later if closed_early else act - 365) if at_closing else act
        relapsed = first <= 730
        end = int(min(first, 730))
        found.append(
            replace(
                spell,
                relapsed_on=spell.index_date + timedelta(days=end) if relapsed else None,
                outcome=Relapse.RELAPSED if relapsed else Relapse.NOT_RELAPSED,
                at_risk=((0, end),),
                facts=replace(spell.facts, state=state),
            )
        )
    return found


def test_completing_protects_nobody_here_and_only_the_landmark_says_so(figure: Callable[[str], None]) -> None:
    """Everybody commits acts at one rate; whoever does during the year is closed for it, the others complete."""
    rng = np.random.default_rng(4)
    acts, again = np.ceil(rng.exponential(700, 4_000)), np.ceil(rng.exponential(700, 4_000))
    period = (on("2025-01-01"), on("2025-12-31"))
    shares = {}
    for at_closing in (True, False):
        cells = relapse_by_outcome(spells_from(acts, again, at_closing), on("2027-08-01"), period)
        shares[at_closing] = [cells[group].estimates["km_24"] or 0 for group in (State.COMPLETED, State.BREACH_CLOSED)]
        assert cells[TOTAL].total == sum(cells[group].total for group in (State.COMPLETED, State.BREACH_CLOSED))
    truth = 1 - np.exp(-730 / 700)
    figure(
        f"relapse within two years, in truth {truth:.0%} whatever the outcome: from the closing {shares[True][0]:.0%} "
        f"of completed, {shares[True][1]:.0%} of others; from the start {shares[False][0]:.0%}, {shares[False][1]:.0%}"
    )
    assert shares[True] == pytest.approx([truth, truth], abs=0.03)
    assert shares[False][0] < truth - 0.1
    assert shares[False][1] == pytest.approx(1)


def test_a_cohort_has_a_share_when_its_last_case_has_been_followed_so_long(subjects: list[Subject]) -> None:
    definition = COMPLETION_BY_CODE["completion.started"]
    series = CohortSeries(definition, 24, DAY, lambda subject: subject.facts.age_group)
    found = cohort_series(series, subjects)
    started = [one.facts for one in subjects if one.facts.started and one.facts.state is not State.LAPSED]
    by_year = {cohort.year: cohort for cohort in found if cohort.value == TOTAL}
    assert set(by_year) == set(range(min(one.started.year for one in started if one.started), max(by_year) + 1))
    for year, cohort in by_year.items():
        own = [one for one in started if one.started and one.started.year == year]
        assert cohort.cases == len(own) == cohort.completed + cohort.otherwise + cohort.running
        assert cohort.running == sum(one.closed is None for one in own)
        assert cohort.mature == (year <= 2023)
        assert (cohort.share_within[0] is None) == (not cohort.mature or not cohort.cases)
        parts = [other for other in found if other.year == year and other.value != TOTAL]
        for name in ("cases", "completed", "running", "within"):
            assert sum(getattr(part, name) for part in parts) == getattr(cohort, name)
    assert any(
        cohort.mature and cohort.within < cohort.completed for cohort in found
    )  # completed later than in two years
    assert any(cohort.running for cohort in by_year.values())
    assert cohort_series(CohortSeries(definition, 24, DAY), []) == []


def test_days_by_party_are_those_of_the_cases(subjects: list[Subject]) -> None:
    """Each day before the start counts once, for one party; two periods add up to both."""
    whole = party_waits(subjects, date(2014, 1, 1), DAY)
    expected: defaultdict[str, int] = defaultdict(int)
    for subject in subjects:
        facts = subject.facts
        last = facts.started or facts.until
        for wait in facts.wait_intervals:
            expected[str(wait.kind)] += max(0, (min(wait.until or facts.until, last) - wait.since).days)
    assert {party: wait.days for party, wait in whole[TOTAL].items()} == {k: v for k, v in expected.items() if v}
    for party, wait in whole[TOTAL].items():
        assert wait.days == sum(
            waits[party].days for place, waits in whole.items() if place != TOTAL and party in waits
        )
        assert 0 < wait.cases <= len(subjects)
    first = party_waits(subjects, date(2014, 1, 1), date(2022, 6, 30))[TOTAL]
    second = party_waits(subjects, date(2022, 7, 1), DAY)[TOTAL]
    assert first
    for party, wait in whole[TOTAL].items():
        assert wait.days == (first[party].days if party in first else 0) + (
            second[party].days if party in second else 0
        )

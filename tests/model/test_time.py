"""T7: the stages and the waits of a case tile its life, day for day; and what holds of time whatever happens."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from tests.model.strategies import walk
from tests.samples import THOROUGH
from tests.workflow.build import event
from tests.workflow.roads import YOUTH, events, lines, read, walked
from ungdom.demo import case_generator
from ungdom.workflow import engine, legality
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import days_between
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ProposedEvent
from ungdom.workflow.rules import offices
from ungdom.workflow.rules.waits import default_party, stages
from ungdom.workflow.views.lead_time import CaseLeadTime, lead_time
from ungdom.workflow.vocabulary import EventType, Party

E = EventType
TODAY = date(2026, 11, 20)
SEED = 7
ALL = 100_000
SHARES = 20
SHARE = range(ALL // SHARES) if THOROUGH else range(300)
"""Of each share the first 300 cases, every one of the 100,000 with the thorough profile (`make thorough`)."""
SAMPLED = 20
"""One in so many is looked at more closely."""


# --- T7 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", range(SHARES))
def test_stages_and_waits_tile_every_case(share: int, figure: Callable[[str], None]) -> None:
    days = 0
    first = share * ALL // SHARES
    for number in range(first, first + len(SHARE)):
        rng = random.Random(f"{SEED}:{number}")  # noqa: S311 - a case that can be told again
        told = case_generator.generate_case(number, rng, TODAY, ALL)
        days += assert_tiles(told.case, TODAY)
        if number % SAMPLED == 0:
            assert_more(told.case, told.events, rng)
    assert days > len(SHARE)
    figure(f"T7: cases {first}-{first + len(SHARE) - 1}, {days} days, stages and waits tile exactly")


def assert_tiles(case: Case, day: date) -> int:
    """Fails unless both ledgers cover the life of the case with no gap and no overlap. Its days."""
    time = lead_time(case, day)
    bounds = (case.registered_on, case.closed_on or max(day, case.entered_on))

    assert days_between(*bounds) == time.total_days
    assert _covers([(stage.since, stage.until) for stage in time.stages], bounds)
    assert _covers([(wait.since, wait.until) for wait in time.waits], bounds)
    assert sum(time.stage_days.values()) == sum(time.wait_days.values()) == time.total_days
    assert all(wait.days > 0 for wait in time.waits)
    assert _explains_p3(case, time)
    if case.has(E.TRANSFER_ACCEPTED):
        assert_offices_tile(case, day, time)
    return time.total_days


def assert_offices_tile(case: Case, day: date, time: CaseLeadTime) -> None:
    """Fails unless each day of a transferred case is one office's, stage by stage and wait by wait."""
    shares = offices.shares(case, day)
    assert _covers([(one.tenure.since, one.tenure.until) for one in shares], (case.registered_on, time.until))
    assert sum(one.tenure.days for one in shares) == time.total_days
    assert sum((Counter(one.stage_days) for one in shares), Counter()) == +Counter(time.stage_days)
    assert sum((Counter(one.wait_days) for one in shares), Counter()) == +Counter(time.wait_days)
    assert all(sum(one.stage_days.values()) == sum(one.wait_days.values()) == one.tenure.days for one in shares)


def _covers(spans: list[tuple[date, date]], bounds: tuple[date, date]) -> bool:
    if not spans:
        return bounds[0] == bounds[1]
    joined = all(before[1] == after[0] and before[0] <= before[1] for before, after in pairwise(spans))
    return joined and (spans[0][0], spans[-1][1]) == bounds


def _explains_p3(case: Case, time: CaseLeadTime) -> bool:
    if time.p3 is None or case.last_offence > case.registered_on:
        return time.p3 is not None or time.p3_by_party is None
    return time.p3 == time.unreported_days + sum((time.p3_by_party or {}).values())


def assert_more(case: Case, events: tuple[Event, ...], rng: random.Random) -> None:
    """The slower comparisons: day by day, folded again, and as read on an earlier day."""
    assert engine.fold(case.youth, events) == case
    assert lead_time(case, TODAY).wait_days == day_by_day(case, TODAY)
    earlier = case.registered_on + timedelta(days=rng.randrange(days_between(case.registered_on, TODAY) + 1))
    assert_prefix(case, events, earlier)


def day_by_day(case: Case, day: date) -> dict[Party, int]:
    """The ledger once more, the plain way: for each day, who has it."""
    until = case.closed_on or max(day, case.entered_on)
    life = range(days_between(case.registered_on, until))
    return dict(Counter(_whose(case, case.registered_on + timedelta(days=n)) for n in life))


def _whose(case: Case, day: date) -> Party:
    running = [
        (started.occurred_on, started.seq, started.details.party)
        for started, ended in case.waits()
        if isinstance(started.details, d.WaitStarted)
        if started.occurred_on <= day and (ended is None or day < ended.occurred_on)
    ]
    here = [stint for stint in case.intervals if stint.since <= day][-1]
    return max(running)[2] if running else default_party(case, here)


def assert_prefix(case: Case, events: tuple[Event, ...], day: date) -> None:
    """Read on an earlier day the case has the same stages, the last of them cut off there."""
    kept = [e for e in engine.effective(events) if e.occurred_on <= day]
    then = stages(engine.fold(case.youth, kept), day)
    now = stages(case, max(day, TODAY))

    assert then[:-1] == now[: len(then) - 1]
    if then and then[-1].open:
        last = now[len(then) - 1]
        assert (then[-1].state, then[-1].since) == (last.state, last.since)
        assert then[-1].until == day <= last.until


# --- whatever happens -------------------------------------------------------------------------------------------


PINS = frozenset({"execution_regime_pinned"})


Step = tuple[Case | None, Case, Event, date]


@cache
def steps(seed: int) -> tuple[Step, ...]:
    """What one random history records, the same for every test here."""
    return tuple(walked_steps(seed))


def walked_steps(seed: int, without: frozenset[str] = frozenset()) -> Iterator[Step]:
    """What one random history records: the case before and after, the event, the day it is."""
    case: Case | None = None
    without |= {"corrected"}
    for model, (kind, on, details, (role, subject), today) in walk(random.Random(seed), 40, without):  # noqa: S311 - a walk that can be walked again
        new = event(len(case.events) + 1 if case else 1, kind, on, details, today, role, subject)
        after = _next(case, Youth(model.born, model.guardians), new, today)
        if after is not None:
            yield case, after, new, today
            case = after


def _next(case: Case | None, youth: Youth, new: Event, today: date) -> Case | None:
    if case is None:
        return engine.fold(youth, [new]) if engine.decide_registration(youth, new).allowed else None
    step = ProposedEvent(new.type, new.occurred_on, today, new.details, new.role, new.subject)
    return engine.apply(case, new) if engine.decide(case, step).allowed else None


@pytest.mark.parametrize("share", range(4))
def test_walks_tile_on_every_day_and_fold_as_they_were_told(share: int) -> None:
    for seed in range(share * 125, (share + 1) * 125):
        for _, case, _, today in steps(seed):
            assert_tiles(case, today)
            assert_tiles(case, today + timedelta(days=400))
        assert engine.fold(case.youth, case.events) == case
        assert lead_time(case, today).wait_days == day_by_day(case, today)


CHANGES_THE_TERM = (E.APPEAL_DECIDED,)


def test_no_event_but_a_new_judgment_ever_brings_the_end_nearer() -> None:
    interruptions = 0
    for seed in range(500):
        for before, after, new, today in steps(seed):
            if before is None or before.planned_end is None or new.type in CHANGES_THE_TERM:
                continue
            for day in (today, today + timedelta(days=30), today + timedelta(days=900)):
                was, is_ = before.adjusted_end(day), after.adjusted_end(day)
                assert was is not None
                assert is_ is not None
                if new.type is E.INTERRUPTED:
                    assert is_ >= was, (seed, new, day)
                    interruptions += 1
                assert after.planned_end == before.planned_end
    assert interruptions > 100


def test_the_end_never_comes_nearer_as_days_go_by() -> None:
    started = 0
    for seed in range(250):
        for _, case, _, today in steps(seed):
            if case.start is not None:
                ends = [case.adjusted_end(today + timedelta(days=n)) for n in (0, 1, 7, 60, 400)]
                assert ends == sorted(ends, key=lambda end: end or date.min)
                started += 1
    assert started > 1_000


def test_a_reading_on_an_earlier_day_has_a_prefix_of_the_stages() -> None:
    readings = 0
    for seed in range(500):
        *_, (_, case, _, _) = walked_steps(seed, PINS)
        if _assigned_late(case):
            continue
        for stint in case.intervals[1:]:
            for day in (stint.since - timedelta(days=1), stint.since, stint.since + timedelta(days=1)):
                if case.registered_on <= day <= case.entered_on:
                    assert_prefix(case, case.events, day)
                    readings += 1
    assert readings > 1000


def _assigned_late(case: Case) -> bool:
    """Whether a coordinator was recorded after the case had moved on from where that happened."""
    return any(event.occurred_on < stint.since
               for stint in case.intervals for event in case.all(E.ASSIGNED) if event.seq > stint.seq)  # fmt: skip


def test_a_pin_counts_from_its_own_day_so_no_earlier_reading_misses_it() -> None:
    pin = read("2024-10-20 execution_regime_pinned {regime: R0, reason: more_lenient_law}")
    before = [*lines("S R1", "assigned"), pin, read("2024-10-15/2024-10-21 youth_conference_held")]
    after = [*lines("S R1", "assigned"), pin, read("2024-10-20/2024-10-21 youth_conference_held")]

    broken = legality.first_illegal_step(YOUTH, events("S R1", before))
    assert broken is not None
    assert [no.code for no in broken.unmet] == ["wrong_regime"]
    assert legality.first_illegal_step(YOUTH, events("S R1", after)) is None


def test_a_reading_on_an_earlier_day_keeps_a_late_change_of_coordinator_a_fact() -> None:
    told = lines("S R2", "assigned")
    interim = {"interim_conditions": ["abstinence"], "interim_from": "2025-05-25"}
    told[5] = told[5]._replace(details=told[5].details | interim)
    late = ("2025-05-25 interim_conditions_started", "2025-06-03 plan_meeting_held {present: [youth, guardian, "
            "correctional_service, police]}", "2025-05-20/2025-06-10 assigned {coordinator: berit}")  # fmt: skip
    history = events("S R2", [*told, *map(read, late)])

    assert_prefix(walked(YOUTH, history), tuple(history), date(2025, 5, 28))

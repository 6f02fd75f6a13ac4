"""Generates one synthetic case, from the first act until it is closed or today is reached. Pure.

Every step is checked by the engine, and a step that it refuses is left out, so that every history is legal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from ungdom.demo import (
    breach,
    court,
    execution,
    investigation,
    measures,
    mistakes,
    parameters,
    people,
    planning,
)
from ungdom.demo.parameters import DemoOffice
from ungdom.demo.random_draws import RandomDraws, working
from ungdom.demo.simulator import CaseSimulator, HistoryEnded
from ungdom.store.ids import uuid7
from ungdom.store.people import NewPerson
from ungdom.store.schema.cases import NumberKind
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import OSLO
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.table import VERSION
from ungdom.workflow.vocabulary import Actor, EventType, Role, Sanction, State

E, S = EventType, State
RANDOM_BITS = 74
MOST_STAGES = 120
"""The simulation of a case stops after this many stages."""

STAGES: dict[State, Callable[[CaseSimulator], None]] = {
    S.REGISTERED: investigation.registered,
    S.INVESTIGATION: investigation.investigation,
    S.ASSESSMENT: investigation.assessment,
    S.AWAITING_DECISION: investigation.awaiting_decision,
    S.IN_COURT: court.in_court,
    S.JUDGED: court.judged,
    S.APPEALED: court.appealed,
    S.FINAL: court.final,
    S.DISPATCHED: court.dispatched,
    S.RECEIVED: planning.received,
    S.PREPARING: planning.preparing,
    S.INTERIM_CONDITIONS: planning.interim_conditions,
    S.POSTPONED: planning.postponed,
    S.EXECUTING: execution.executing,
    S.ELECTRONIC_CONTROL: execution.electronic_control,
    S.BREACH_TALK: breach.breach_talk,
    S.TIGHTENED: breach.tightened,
    S.INTERRUPTED: breach.interrupted,
    S.REFERRED: breach.referred,
    S.BREACH_IN_COURT: breach.breach_in_court,
    S.RESUMPTION_REVIEW: breach.resumption_review,
    S.TERM_EXPIRED: breach.term_expired,
}
"""The function that simulates each state."""


@dataclass(frozen=True, slots=True)
class GeneratedCase:
    """A generated case. `person`: still without a national number; `numbered`: whether one is to be assigned.

    `refused`: the number of proposed steps that the engine refused; none of them is among the events.
    """

    case_id: UUID
    person: NewPerson
    numbered: bool
    sanction: Sanction
    konfliktrad: str
    numbers: tuple[tuple[NumberKind, str], ...]
    events: tuple[Event, ...]
    case: Case
    refused: int


def generate_case(case_number: int, rng: Random, today: date, cases: int | None = None) -> GeneratedCase:
    """The case with that number (from 0) of so many, drawn from `rng`. The same arguments give the same case."""
    draws = RandomDraws(rng)
    at = registration(case_number, cases or national(today), today)
    office = draws.pick(tuple((office, office.share) for office in parameters.OFFICES))
    case_id, person_id = (uuid7(at, rng.getrandbits(RANDOM_BITS)) for _ in range(2))
    begun = _registration(draws, at, office, person_id)
    person = people.invent(draws, person_id, begun.offences[-1].last_day, office.code)
    begun = replace(begun, offences=_chargeable(begun.offences, person.born))
    pace = _pace(office) * parameters.PACE.get(at.year, 1.0)
    youth = Youth(person.born, person.guardians)
    simulator = CaseSimulator(youth, _first_event(begun, at, office), draws, today, pace)
    mistakes.plan(simulator)
    _plan_lapse(simulator)
    _simulate(simulator)
    return GeneratedCase(
        case_id=case_id,
        person=person,
        numbered=not draws.happens(parameters.NO_NATIONAL_ID),
        sanction=begun.sanction,
        konfliktrad=office.code,
        numbers=_case_numbers(case_number, at.year, office, simulator),
        events=tuple(simulator.events),
        case=simulator.case,
        refused=simulator.refused,
    )


def with_national_id(generated: GeneratedCase, register: people.NationalIdRegister) -> GeneratedCase:
    """The case with a national number for its youth, if one is to be assigned."""
    return replace(generated, person=register.with_national_id(generated.person)) if generated.numbered else generated


def _simulate(simulator: CaseSimulator) -> None:
    for _ in range(MOST_STAGES):
        try:
            STAGES[simulator.state](simulator)
        except HistoryEnded:
            if not _reopens(simulator):
                break
    simulator.finish()
    measures.close(simulator)
    simulator.end_what_runs()


def _reopens(simulator: CaseSimulator) -> bool:
    try:
        return simulator.case.is_closed and execution.reopened(simulator)
    except HistoryEnded:
        return False


# --- when -------------------------------------------------------------------------------------------------------


def national(today: date) -> int:
    """The number of cases registered in the country until that day."""
    return round(sum(weight for _, weight in _years(today)))


def registration(case_number: int, cases: int, today: date) -> datetime:
    """The instant at which that case was registered. The yearly shares do not depend on the total number of cases."""
    years = _years(today)
    left = (case_number + 0.5) / cases * sum(weight for _, weight in years)
    for year, weight in years:
        if left < weight:
            return _instant(year, left / weight, today)
        left -= weight
    return _instant(years[-1][0], 1.0, today)


def _years(today: date) -> list[tuple[int, float]]:
    last = max(parameters.REGISTERED)
    years = range(parameters.FIRST_DAY.year, today.year + 1)
    bounds = {year: _bounds(year, date.max) for year in years}
    return [
        (year, parameters.REGISTERED[min(year, last)] * ((min(today, end) - start).days / (end - start).days))
        for year, (start, end) in bounds.items()
    ]


def _bounds(year: int, today: date) -> tuple[date, date]:
    return max(parameters.FIRST_DAY, date(year, 1, 1)), min(today, date(year, 12, 31))


def _instant(year: int, share: float, today: date) -> datetime:
    first, last = _bounds(year, today)
    days = (last - first).days * share
    day = working(first + timedelta(days=int(days)))
    while day > today:
        day = working(day - timedelta(days=7))
    hour = datetime(day.year, day.month, day.day, 8, tzinfo=OSLO).astimezone(UTC)
    return hour + timedelta(seconds=int(days % 1 * 28_000))


# --- beginning --------------------------------------------------------------------------------------------------


def _pace(office: DemoOffice) -> float:
    """The time to receipt at this office, relative to the mean of the country."""
    return (office.p1 - parameters.P1_FIXED) / (parameters.P1_MEAN - parameters.P1_FIXED)


def _registration(draws: RandomDraws, at: datetime, office: DemoOffice, person_id: UUID) -> d.CaseRegistered:
    _, share = max(since for since in parameters.SANCTION_SHARE.items() if since[0] <= at.year)
    sanction = Sanction.YOUTH_SANCTION if draws.happens(share) else Sanction.YOUTH_FOLLOW_UP
    lag = draws.days(parameters.ACT_TO_REGISTERED, _pace(office))
    return d.CaseRegistered(
        sanction=sanction,
        konfliktrad=office.code,
        person=person_id,
        offences=_acts(draws, at.astimezone(OSLO).date() - timedelta(days=lag), sanction),
        repeated_or_serious=draws.happens(parameters.SERIOUS[sanction]),
        table=VERSION,
    )


def _acts(draws: RandomDraws, last: date, sanction: Sanction) -> tuple[d.Offence, ...]:
    offences: list[d.Offence] = []
    for _ in range(draws.pick(parameters.ACTS)):
        group, statute = draws.pick(parameters.OFFENCES[sanction])
        lasted = last + timedelta(days=0) if draws.happens(parameters.ACT_LASTED) else None
        began = last - timedelta(days=draws.rng.randrange(2, 20)) if lasted else last
        offences.insert(0, d.Offence(on=began, until=lasted, group=group, statute=statute))
        last = began - timedelta(days=1 + draws.days(parameters.ACTS_APART))
    return tuple(offences)


def _chargeable(acts: tuple[d.Offence, ...], born: date) -> tuple[d.Offence, ...]:
    """The acts since the fifteenth birthday, the age of criminal responsibility; at least one."""
    first = date(born.year + 15, born.month, min(born.day, 28)) + timedelta(days=3)
    return tuple(act for act in acts if act.on >= first) or (d.Offence(on=acts[-1].last_day),)


def _first_event(begun: d.CaseRegistered, at: datetime, office: DemoOffice) -> Event:
    return Event(
        seq=1,
        type=E.CASE_REGISTERED,
        occurred_on=at.astimezone(OSLO).date(),
        recorded_at=at,
        actor=Actor.POLICE,
        role=Role.PROSECUTION,
        subject=f"prosecution-{office.code}",
        source="police",
        details=begun,
    )


def _plan_lapse(simulator: CaseSimulator) -> None:
    """Plan the lapse of a few cases, by death or limitation."""
    drawn = simulator.draws.rng.random()
    if drawn > parameters.DEATH + parameters.LIMITATION:
        return
    why = d.LapseReason.DEATH if drawn < parameters.DEATH else d.LapseReason.LIMITATION
    on = simulator.draws.between(simulator.since, simulator.since + timedelta(days=420))

    def lapse(simulator: CaseSimulator) -> None:
        if not simulator.case.is_closed:
            simulator.move(E.LAPSED, max(on, simulator.since), d.Lapsed(reason=why), Actor.PROSECUTION)

    simulator.plan(on, lapse)


def _case_numbers(
    number: int, year: int, office: DemoOffice, simulator: CaseSimulator
) -> tuple[tuple[NumberKind, str], ...]:
    police = (NumberKind.POLICE, str(12_000_000 + number * 31))
    if not simulator.case.has(E.INDICTED):
        return (police,)
    return police, (NumberKind.COURT, f"{year % 100:02}-{100_000 + number * 7 % 900_000:06}ENE-{office.short}")

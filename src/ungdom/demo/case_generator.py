"""One synthetic case, told from the first act until it is closed or today is reached. Nothing is written here.

The engine is asked before every step and a step it refuses is left out, so that every history is a legal walk.
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
"""A story that has not come to rest after so many stages is broken off."""

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
"""What happens next in each state."""


@dataclass(frozen=True, slots=True)
class GeneratedCase:
    """A case as told. `person`: without a national number as yet; `numbered`: whether they shall have one.

    `refused`: steps that were proposed and that the engine refused; none of them is among the events.
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
    """The case with that number (from 0) of so many, by chance from `rng`. The same arguments tell the same case."""
    chance = RandomDraws(rng)
    at = registration(case_number, cases or national(today), today)
    office = chance.pick(tuple((office, office.share) for office in parameters.OFFICES))
    case_id, person_id = (uuid7(at, rng.getrandbits(RANDOM_BITS)) for _ in range(2))
    begun = _registration(chance, at, office, person_id)
    person = people.invent(chance, person_id, begun.offences[-1].last_day, office.code)
    begun = _of_age(begun, person.born)
    pace = _pace(office) * parameters.PACE.get(at.year, 1.0)
    youth = Youth(person.born, person.guardians)
    simulator = CaseSimulator(youth, _first_event(begun, at, office), chance, today, pace)
    mistakes.plan(simulator)
    _plan_lapse(simulator)
    _simulate(simulator)
    return GeneratedCase(
        case_id=case_id,
        person=person,
        numbered=not chance.happens(parameters.NO_NATIONAL_ID),
        sanction=begun.sanction,
        konfliktrad=office.code,
        numbers=_case_numbers(case_number, at.year, office, simulator),
        events=tuple(simulator.events),
        case=simulator.case,
        refused=simulator.refused,
    )


def with_national_id(generated: GeneratedCase, register: people.NationalIdRegister) -> GeneratedCase:
    """The case with a national number for its youth, if there shall be one."""
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


def _reopens(simulator: CaseSimulator) -> bool:
    try:
        return simulator.case.is_closed and execution.reopened(simulator)
    except HistoryEnded:
        return False


# --- when -------------------------------------------------------------------------------------------------------


def national(today: date) -> int:
    """How many cases the country has registered until that day."""
    return round(sum(weight for _, weight in _years(today)))


def registration(case_number: int, cases: int, today: date) -> datetime:
    """The instant at which that case of so many was registered: the years keep their shares, whatever the number."""
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
    return [(year, parameters.REGISTERED[min(year, last)] * _elapsed(year, today)) for year in years]


def _elapsed(year: int, today: date) -> float:
    first, last = _bounds(year, date.max)
    return (min(today, last) - first).days / (last - first).days


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


# --- how it begins ----------------------------------------------------------------------------------------------


def _pace(office: DemoOffice) -> float:
    """How slow the road to receipt is there, beside the country's mean."""
    return (office.p1 - parameters.P1_FIXED) / (parameters.P1_MEAN - parameters.P1_FIXED)


def _registration(chance: RandomDraws, at: datetime, office: DemoOffice, person_id: UUID) -> d.CaseRegistered:
    _, share = max(since for since in parameters.SANCTION_SHARE.items() if since[0] <= at.year)
    sanction = Sanction.YOUTH_SANCTION if chance.happens(share) else Sanction.YOUTH_FOLLOW_UP
    lag = chance.days(parameters.ACT_TO_REGISTERED, _pace(office))
    return d.CaseRegistered(
        sanction=sanction,
        konfliktrad=office.code,
        person=person_id,
        offences=_acts(chance, at.astimezone(OSLO).date() - timedelta(days=lag), sanction),
        repeated_or_serious=chance.happens(parameters.SERIOUS[sanction]),
        table=VERSION,
    )


def _acts(chance: RandomDraws, last: date, sanction: Sanction) -> tuple[d.Offence, ...]:
    offences: list[d.Offence] = []
    for _ in range(chance.pick(parameters.ACTS)):
        group, statute = chance.pick(parameters.OFFENCES[sanction])
        lasted = last + timedelta(days=0) if chance.happens(parameters.ACT_LASTED) else None
        began = last - timedelta(days=chance.rng.randrange(2, 20)) if lasted else last
        offences.insert(0, d.Offence(on=began, until=lasted, group=group, statute=statute))
        last = began - timedelta(days=1 + chance.days(parameters.ACTS_APART))
    return tuple(offences)


def _of_age(begun: d.CaseRegistered, born: date) -> d.CaseRegistered:
    """Without the acts before the fifteenth birthday: nobody is charged with those."""
    first = date(born.year + 15, born.month, min(born.day, 28)) + timedelta(days=3)
    acts = tuple(act for act in begun.offences if act.on >= first)
    return replace(begun, offences=acts or (d.Offence(on=begun.offences[-1].last_day),))


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
    """Death, rarely, and limitation more rarely still."""
    drawn = simulator.chance.rng.random()
    if drawn > parameters.DEATH + parameters.LIMITATION:
        return
    why = d.LapseReason.DEATH if drawn < parameters.DEATH else d.LapseReason.LIMITATION
    on = simulator.chance.between(simulator.since, simulator.since + timedelta(days=420))

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

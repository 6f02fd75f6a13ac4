"""What becomes of the case: the steps of a message decided one after the other, and written only when all of them hold.

Everything goes through the door that coordinators use (`casework`): the same permissions, conditions and promises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import UUID, uuid5

from ungdom import casework
from ungdom.casework import NewCase, Recorded, Who
from ungdom.intake import meaning
from ungdom.intake.identity import Match
from ungdom.intake.meaning import Wanted
from ungdom.intake.words import Draft, Held, Outcome, Reason, Sender, thing
from ungdom.message import Message, Opening, Person
from ungdom.store import identity as questions
from ungdom.store import journal, people, records, reference
from ungdom.store.ids import uuid7
from ungdom.store.journal import Chapter, Stored
from ungdom.store.people import Newcomer
from ungdom.store.sealing import Keys
from ungdom.store.session import Connection
from ungdom.store.tables import NumberKind, Protection
from ungdom.workflow import engine
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import Unmet
from ungdom.workflow.permissions import OtherOffice, Viewer
from ungdom.workflow.vocabulary import Actor, Regime, Role, Sanction, State

NOT_YET = frozenset({"wrong_state", "case_is_closed"})
NOT_TWICE = frozenset({"wrong_state", "not_recorded_yet"})


def who_is(sender: Sender) -> Who:
    """The sending system as a recorder of events."""
    return Who(Viewer(Role.SYSTEM, sender.source, None), sender.source)


def of_case(stored: Stored) -> Draft:
    """A draft of the case as it stands."""
    case = engine.fold(stored.youth, stored.events)
    return Draft(kept=stored, stored=stored, before=case, case=case)


def opened(
    tx: Connection,
    keys: Keys,
    sender: Sender,
    message: Message,
    match: Match | None,
    message_id: UUID,
    now: datetime,
) -> Draft:
    """A draft of a new case, with the steps that the sender told of. The person is created when not known.

    `match`: how the person of the message compares with those stored, as `matching.find` has it. Raises `Held` when the
    place is not known or a condition is not met.
    """
    opening, said = message.opening, message.person
    if opening is None or said is None or match is None:
        raise Held(Reason.UNKNOWN_CASE)
    case_id = uuid7(message.sent_at, uuid5(message_id, "case").int & (1 << 74) - 1)
    newcomer, person_id, youth = _person(tx, keys, said, opening, match, uuid5(message_id, "person"))
    try:
        done = casework.open_case(
            tx, who_is(sender), case_id, _new_case(message, opening, person_id, youth), now, dry_run=True
        )
    except casework.Unknown:
        raise Held(Reason.UNKNOWN_PLACE) from None
    except casework.Refused as error:
        unmet = error.decision.unmet
        raise Held(Reason.CONDITIONS_UNMET, days_of(unmet), unmet) from None
    first = replace(done.stored, events=[], version=0)
    draft = Draft(kept=first, stored=first, before=None, case=done.after, newcomer=newcomer, doubts=match.doubts)
    return with_event(draft, done)


def decided(tx: Connection, sender: Sender, draft: Draft, steps: Sequence[Wanted], now: datetime) -> Draft:
    """The draft with these steps, each found in the history or decided anew. Raises `Held`."""
    for place, wanted in enumerate(steps):
        draft = step(tx, sender, draft, wanted, place, now)
    return draft


def step(tx: Connection, sender: Sender, draft: Draft, wanted: Wanted, place: int, now: datetime) -> Draft:
    """The draft with this step, found in the history or decided anew. Raises `Held`."""
    found = found_in(draft, wanted)
    if found is None:
        return with_event(draft, _taken(tx, sender, draft, wanted, now), place)
    return replace(draft, places={**draft.places, place: found.seq})


def write(tx: Connection, keys: Keys, draft: Draft, numbers: Iterable[tuple[NumberKind, str]], now: datetime) -> None:
    """Write what the draft holds: person, events, the current row, promises and numbers together. Raises `Stale`."""
    if draft.newcomer is not None:
        people.create_people(tx, keys, [draft.newcomer], now)
    if draft.kept.version == 0:
        chapter = Chapter(draft.kept, draft.events, draft.case, draft.promises, list(dict.fromkeys(numbers)))
        journal.append_many(tx, [chapter])
        who = draft.kept
        questions.raise_questions(tx, who.person_id, draft.doubts, who.case_id, draft.events[0].subject, now)
        return
    if len(draft.events) == 1:
        journal.append(tx, draft.kept, draft.events[0], draft.case, draft.promises)
    elif draft.events:
        journal.append_many(tx, [Chapter(draft.kept, draft.events, draft.case, draft.promises)])
    journal.add_numbers(tx, draft.kept.case_id, list(dict.fromkeys(numbers)))


def check_authority(sender: Sender, steps: Sequence[Wanted], *sanctions: Sanction) -> None:
    """A system tells only of what its own authority does, in a case of one of these sanctions. Raises `Held`."""
    mine = meaning.speaks_for(sender.authorities)
    for wanted in steps:
        actors = {actor for one in sanctions for actor in engine.actors_of(one, wanted.entry.type)}
        if wanted.own and actors and not mine & actors:
            raise Held(Reason.NOT_YOUR_AUTHORITY, outcome=Outcome.REJECTED)


# --- one step -----------------------------------------------------------------------------------------------


def found_in(draft: Draft, wanted: Wanted) -> Event | None:
    """The event of the history that says this already; one event is one step."""
    known = [event for event in draft.case.all(wanted.entry.type) if event.seq not in draft.places.values()]
    if wanted.once:
        return known[-1] if known else None
    return next((event for event in known if says(event, wanted)), None)


def says(event: Event, wanted: Wanted) -> bool:
    """The event is what this step tells of."""
    entry = wanted.entry
    alike = (event.type, event.occurred_on) == (entry.type, entry.occurred_on)
    return alike and meaning.same(event.details, entry.details)


def _taken(tx: Connection, sender: Sender, draft: Draft, wanted: Wanted, now: datetime) -> Recorded:
    entry = replace(wanted.entry, on_behalf_of=_actor(sender, draft, wanted))
    try:
        return casework.take(tx, who_is(sender), draft.stored, draft.case, entry, now, dry_run=True)
    except casework.Refused as error:
        raise _held(draft, wanted, error.decision.unmet) from None
    except (casework.NotPermitted, OtherOffice):
        raise Held(Reason.CONTRADICTS_STATE, (thing("case", draft.kept.case_id),)) from None


def _actor(sender: Sender, draft: Draft, wanted: Wanted) -> Actor | None:
    actors = engine.actors_of(draft.case.sanction, wanted.entry.type)
    mine = meaning.speaks_for(sender.authorities)
    return next((actor for actor in actors if actor in mine), None)


def with_event(draft: Draft, done: Recorded, place: int | None = None) -> Draft:
    placed = draft.places if place is None else {**draft.places, place: done.event.seq}
    return replace(
        draft,
        stored=done.stands,
        case=done.after,
        events=(*draft.events, done.event),
        promises=(*draft.promises, *casework.promises(done.stored, done.after, done.event)),
        places=placed,
    )


def _held(draft: Draft, wanted: Wanted, unmet: tuple[Unmet, ...]) -> Held:
    waits = (thing("case", draft.kept.case_id), *days_of(unmet))
    state = next((no for no in unmet if no.code in NOT_YET), None)
    twice = not draft.case.is_closed and _is_otherwise(draft, wanted, unmet)
    if twice and wanted.entry.type in _ONCE:
        return Held(Reason.RECORDED_OTHERWISE, waits, unmet)
    if state is not None and _can_still_come(draft.case, state.needed):
        return Held(Reason.TOO_EARLY, waits, unmet)
    if twice:
        return Held(Reason.RECORDED_OTHERWISE, waits, unmet)
    return Held(Reason.CONTRADICTS_STATE if state else Reason.CONDITIONS_UNMET, waits, unmet)


_ONCE = frozenset(row.event for row in engine.ROWS if any(guard.code == "not_recorded_yet" for guard in row.guards))
"""What happens once in a case, in whatever state it is."""


def days_of(unmet: Iterable[Unmet]) -> tuple[str, ...]:
    """The days on which these conditions can be met."""
    return tuple(sorted({thing("day", no.earliest) for no in unmet if no.earliest is not None}))


def _can_still_come(case: Case, needed: object) -> bool:
    """The case is open and can still come into one of these states."""
    states = {State(one) for one in needed} if isinstance(needed, list) else set()
    terms = case.sanctioned.terms if case.sanctioned else None
    interim = case.sanctioned is None or bool(terms and terms.interim_conditions)
    return not case.is_closed and case.state not in states and bool(states & _ahead(case.sanction, interim)[case.state])


def _is_otherwise(draft: Draft, wanted: Wanted, unmet: Iterable[Unmet]) -> bool:
    """The case has this step, with another day or content, and has no room for a second one."""
    full = any(no.code in NOT_TWICE for no in unmet)
    known = (event.seq for event in draft.case.all(wanted.entry.type))
    return full and any(seq not in draft.places.values() for seq in known)


@cache
def _ahead(sanction: Sanction, interim: bool) -> dict[State, frozenset[State]]:
    """The states that can come after each, under any regime; closed cases opened again left out.

    `interim`: the judgment holds conditions that run before the plan, or may hold some.
    """
    rows = [row for regime in Regime for row in engine.rows_of(sanction, regime)]
    onward = {(source, row.target) for row in rows if isinstance(row.target, State) for source in row.sources}
    onward |= {(source, State.INTERIM_CONDITIONS) for source, target in onward if target is State.EXECUTING}
    onward = {(s, t) for s, t in onward if interim or t is not State.INTERIM_CONDITIONS}
    ahead: dict[State, frozenset[State]] = {state: frozenset() for state in State}
    for _ in State:
        ahead = {one: frozenset({t for s, t in onward if s is one for t in (t, *ahead[t])}) for one in State}
    return ahead


# --- opening ------------------------------------------------------------------------------------------------


def _person(
    tx: Connection, keys: Keys, said: Person, opening: Opening, match: Match, person_id: UUID
) -> tuple[Newcomer | None, UUID, Youth]:
    person = people.read_person(tx, keys, records.hold(tx, match.known)) if match.known else None
    if person is not None:
        return None, person.person_id, person.youth
    new = Newcomer(
        person_id=person_id,
        personalia=people.personalia_of(said, opening.municipality),
        born=said.born,
        guardians=len(said.guardians),
        protection=Protection(said.protection),
    )
    return new, person_id, Youth(new.born, new.guardians)


def _new_case(message: Message, opening: Opening, person_id: UUID, youth: Youth) -> NewCase:
    return NewCase(
        sanction=opening.sanction,
        occurred_on=opening.registered_on,
        person=person_id,
        youth=youth,
        offences=opening.offences,
        municipality=opening.municipality,
        konfliktrad=opening.konfliktrad,
        repeated_or_serious=opening.repeated_or_serious,
        numbers=numbers_of(message),
    )


def numbers_of(message: Message) -> tuple[tuple[NumberKind, str], ...]:
    """The numbers of police and court that the message gives the case."""
    police = [(NumberKind.POLICE, number) for number in message.police_case_numbers]
    court = [(NumberKind.COURT, message.court_case_number)] if message.court_case_number else []
    return tuple(dict.fromkeys([*police, *court]))


def office_of(tx: Connection, message: Message) -> str | None:
    """The konfliktråd that a message about an unknown case names, or whose municipality it names."""
    opening = message.opening
    if opening is None:
        return None
    serving = reference.konfliktrad_of(tx, opening.municipality) if opening.municipality else None
    named = opening.konfliktrad if opening.konfliktrad in reference.konfliktrad_codes(tx) else None
    return named or serving

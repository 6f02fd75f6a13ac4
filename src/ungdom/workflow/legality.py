"""Which steps of a recorded history were not allowed when they were recorded. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ungdom.workflow.answers import IllegalStep
from ungdom.workflow.calendar import oslo_date
from ungdom.workflow.case import Case, Youth
from ungdom.workflow.engine import decide, decide_registration, initial_case, version_of, with_changes, with_event
from ungdom.workflow.errors import IllegalHistory
from ungdom.workflow.events import Event
from ungdom.workflow.guards.core import ExternalFacts, ProposedEvent, UnmetCondition
from ungdom.workflow.history import effective
from ungdom.workflow.table import MOVES
from ungdom.workflow.vocabulary import Actor, EventType

E = EventType
NO_EXTERNAL_FACTS: Mapping[int, ExternalFacts] = {}


def first_illegal_step(
    youth: Youth,
    events: Sequence[Event],
    facts_by_seq: Mapping[int, ExternalFacts] = NO_EXTERNAL_FACTS,
    version: str | None = None,
) -> IllegalStep | None:
    """The first step of this history that was not allowed on the day it was recorded; None when it is a legal walk."""
    return next(illegal_steps(youth, events, facts_by_seq, version), None)


def illegal_steps(
    youth: Youth,
    events: Sequence[Event],
    facts_by_seq: Mapping[int, ExternalFacts] = NO_EXTERNAL_FACTS,
    version: str | None = None,
) -> Iterator[IllegalStep]:
    """Every step of this history that was not allowed, each judged as if those before it had been.

    After a move to which no row of the table fits nothing more is judged.
    `facts_by_seq`: what is known from outside about the events with these numbers. `version`: of the table, as in
    `fold`.
    """
    history = effective(events)
    if not history or history[0].type is not E.CASE_REGISTERED:
        seq = events[0].seq if events else 1
        unmet = UnmetCondition(
            "case_begins_with_registration", "arkivlova § 9", None, E.CASE_REGISTERED, (Actor.COORDINATOR,)
        )
        yield IllegalStep(seq, history[0].type if history else E.CASE_REGISTERED, (unmet,))
        return
    table_of = version or version_of(history)
    registration = decide_registration(youth, history[0], table_of)
    if registration.unmet:
        yield IllegalStep(history[0].seq, history[0].type, registration.unmet)
    yield from _illegal_steps_after(initial_case(youth, history[0], table_of), history[1:], facts_by_seq)


def _illegal_steps_after(
    case: Case, events: Iterable[Event], facts_by_seq: Mapping[int, ExternalFacts]
) -> Iterator[IllegalStep]:
    for event in events:
        today = oslo_date(event.recorded_at)
        facts = facts_by_seq.get(event.seq, ExternalFacts())
        step = ProposedEvent(
            event.type, event.occurred_on, today, event.details, event.role, event.subject, facts, event.actor
        )
        decision = decide(case, step)
        if decision.unmet:
            yield IllegalStep(event.seq, event.type, decision.unmet)
        try:
            case = with_event(case, event)
        except IllegalHistory:
            if any(row.event is event.type for row in MOVES):
                return
            case = with_changes(case, {"events": (*case.events, event)})

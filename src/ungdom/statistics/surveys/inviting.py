"""Inviting and answering. The token goes to whoever asked for it once, and nothing leads from an answer to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from ungdom.statistics.surveys import (
    ASK_WITHIN,
    MOMENTS,
    MONTHS_OPEN,
    TRIES,
    Moment,
    Questionnaire,
    SurveyKind,
    month_of,
    months_on,
    newest,
    of_version,
)
from ungdom.store import surveys
from ungdom.store.session import Connection, Database
from ungdom.store.surveys import Group, Invitation
from ungdom.workflow.case import Case
from ungdom.workflow.daycount import after, quarter_of
from ungdom.workflow.details import By
from ungdom.workflow.events import Event


class NotDue(Exception):
    """Nobody is to be asked on that occasion now: it has not come, has passed, or all have their invitation."""


class NoSuchInvitation(Exception):
    """No invitation can be used with this token. Whether there ever was one is not told."""


class DoesNotFit(Exception):
    """The answers are not those of the questionnaire."""


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody to be asked. `on`: the day of the event; `until`: the last day to hand over an invitation.

    `wanted`: invitations there should be: one, or one for each guardian; `handed`: those that were handed over.
    """

    kind: SurveyKind
    respondent: By
    seq: int
    on: date
    until: date
    wanted: int
    handed: int


def due(tx: Connection, case_id: UUID, case: Case, day: date) -> list[Due]:
    """Everybody to be asked in this case on that day, also those who have their invitation."""
    return to_be_asked(case, day, surveys.handed(tx, case_id))


def to_be_asked(case: Case, day: date, handed: dict[tuple[int, By], int]) -> list[Due]:
    """The same, with what was handed over by event and respondent. Pure."""
    found = ((moment, event) for moment in MOMENTS for event in _events(moment, case))
    return [one for moment, event in found for one in _asked(moment, event, case, day, handed)]


def _events(moment: Moment, case: Case) -> Iterator[Event]:
    if moment.events:
        yield from list(case.all(*moment.events))[: 1 if moment.first else None]
    elif case.start and case.state in moment.into:
        yield from (event for event in case.events if event.seq == case.stints[-1].seq)


def _asked(moment: Moment, event: Event, case: Case, day: date, handed: dict[tuple[int, By], int]) -> Iterator[Due]:
    on = event.occurred_on
    until = after(on, ASK_WITHIN.on(on))
    wanted = {By.YOUTH: 1, By.GUARDIAN: case.guardians_on(day)}
    for respondent, count in wanted.items():
        if on <= day <= until and count:
            so_far = handed.get((event.seq, respondent), 0)
            yield Due(moment.kind, respondent, event.seq, on, until, count, so_far)


def invite(
    tx: Connection, case_id: UUID, case: Case, konfliktrad: str, asked: tuple[SurveyKind, By], day: date
) -> tuple[str, Due, date]:
    """A token for whoever is to be asked on this occasion, what it is for, and the last day it can be used.

    Raises `NotDue`.
    """
    waiting = [one for one in due(tx, case_id, case, day) if (one.kind, one.respondent) == asked]
    for one in waiting:
        if one.handed < one.wanted and surveys.mark_handed(tx, case_id, one.seq, one.respondent, one.wanted):
            month = month_of(day)
            expires = months_on(month, MONTHS_OPEN) - timedelta(days=1)
            group = Group(konfliktrad, case.sanction, one.kind, one.respondent, quarter_of(day))
            return surveys.invite(tx, group, newest(one.kind).version, month, expires), one, expires
    raise NotDue


def questionnaire(tx: Connection, token: str, day: date) -> tuple[Invitation, Questionnaire]:
    """What whoever has this token is asked. Raises `NoSuchInvitation`."""
    found = surveys.found(tx, token, day, TRIES)
    if found is None:
        raise NoSuchInvitation
    return found, of_version(found.version)


def answer(db: Database, token: str, given: dict[str, int], day: date) -> None:
    """Keep the answers, and let go of the invitation, in one transaction. Raises `NoSuchInvitation`, `DoesNotFit`.

    Answers that do not fit are counted, so that a token bears only a few.
    """
    with db.writing() as tx:
        found, asked = questionnaire(tx, token, day)
        fits = set(given) == set(asked.questions)
        taken = surveys.take(tx, found, _in_order(asked, given), uuid4()) if fits else surveys.count_try(tx, found)
    if not fits:
        raise DoesNotFit
    if not taken:
        raise NoSuchInvitation


def _in_order(asked: Questionnaire, given: dict[str, int]) -> dict[str, int]:
    """As the questionnaire has them: the order in which they were sent would be somebody's own."""
    return {question: given[question] for question in asked.questions}

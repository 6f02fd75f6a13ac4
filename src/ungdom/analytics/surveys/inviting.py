"""Invitations and answers. The token is handed once to whoever requested it, and no answer can be linked to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from ungdom.analytics.surveys import (
    ASK_WITHIN,
    MAX_TRIES,
    MONTHS_OPEN,
    OCCASIONS,
    Questionnaire,
    SurveyKind,
    SurveyOccasion,
    add_months,
    month_of,
    newest_questionnaire,
    questionnaire_of_version,
)
from ungdom.store import surveys
from ungdom.store.session import Connection, Database
from ungdom.store.surveys import Invitation, SurveyGroup
from ungdom.workflow.calendar import after, quarter_of
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.payloads import By


class NotDue(Exception):
    """Nobody can be asked on that occasion now: it has not come, has passed, or all have their invitation."""


class NoSuchInvitation(Exception):
    """No invitation can be used with this token. Whether there ever was one is not disclosed."""


class DoesNotFit(Exception):
    """The answers do not match the questionnaire."""


@dataclass(frozen=True, slots=True)
class DueInvitation:
    """A respondent to be asked. `on`: the day of the event; `until`: the last day to hand over an invitation.

    `needed`: required number of invitations: one, or one for each guardian; `handed_over`: those that were handed over.
    """

    kind: SurveyKind
    respondent: By
    seq: int
    on: date
    until: date
    needed: int
    handed_over: int


def read_due_invitations(tx: Connection, case_id: UUID, case: Case, day: date) -> list[DueInvitation]:
    """Every respondent to be asked in this case on that day, including those who have their invitation."""
    return due_invitations(case, day, surveys.handed_over(tx, case_id))


def due_invitations(case: Case, day: date, handed: dict[tuple[int, By], int]) -> list[DueInvitation]:
    """The same, given the invitations handed over by event and respondent. Pure."""
    invitations: list[DueInvitation] = []
    for occasion in OCCASIONS:
        for event in occasion_events(occasion, case):
            invitations += _due_on_occasion(occasion, event, case, day, handed)
    return invitations


def occasion_events(occasion: SurveyOccasion, case: Case) -> list[Event]:
    """The events of the case that give cause for this survey."""
    if occasion.events:
        return list(case.all(*occasion.events))[: 1 if occasion.first else None]
    if case.start and case.state in occasion.into:
        return [event for event in case.events if event.seq == case.intervals[-1].seq]
    return []


def _due_on_occasion(
    occasion: SurveyOccasion, event: Event, case: Case, day: date, handed: dict[tuple[int, By], int]
) -> Iterator[DueInvitation]:
    on = event.occurred_on
    until = after(on, ASK_WITHIN.on(on))
    needed = {By.YOUTH: 1, By.GUARDIAN: case.guardians_on(day)}
    for respondent, count in needed.items():
        if on <= day <= until and count:
            so_far = handed.get((event.seq, respondent), 0)
            yield DueInvitation(occasion.kind, respondent, event.seq, on, until, count, so_far)


def invite(
    tx: Connection, case_id: UUID, case: Case, konfliktrad: str, occasion: tuple[SurveyKind, By], day: date
) -> tuple[str, DueInvitation, date]:
    """A token for the respondent of this occasion, the invitation it is for, and the last day it can be used.

    Raises `NotDue`.
    """
    waiting = [
        invitation
        for invitation in read_due_invitations(tx, case_id, case, day)
        if (invitation.kind, invitation.respondent) == occasion
    ]
    for invitation in waiting:
        if invitation.handed_over < invitation.needed and surveys.count_handover(
            tx, case_id, invitation.seq, invitation.respondent, invitation.needed
        ):
            month = month_of(day)
            expires = add_months(month, MONTHS_OPEN) - timedelta(days=1)
            group = SurveyGroup(konfliktrad, case.sanction, invitation.kind, invitation.respondent, quarter_of(day))
            return (
                surveys.invite(tx, group, newest_questionnaire(invitation.kind).version, month, expires),
                invitation,
                expires,
            )
    raise NotDue


def read_invitation(tx: Connection, token: str, day: date) -> tuple[Invitation, Questionnaire]:
    """The invitation and questionnaire of this token. Raises `NoSuchInvitation`."""
    invitation = surveys.find_usable_invitation(tx, token, day, MAX_TRIES)
    if invitation is None:
        raise NoSuchInvitation
    return invitation, questionnaire_of_version(invitation.version)


def answer(db: Database, token: str, given: dict[str, int], day: date) -> None:
    """Store the answers and delete the invitation in one transaction. Raises `NoSuchInvitation`, `DoesNotFit`.

    Invalid answers are counted, so that a token allows only a few.
    """
    with db.writing() as tx:
        invitation, questionnaire = read_invitation(tx, token, day)
        fits = set(given) == set(questionnaire.questions)
        # stored in the order of the questionnaire: the order of submission could identify the respondent
        accepted = (
            surveys.accept_answers(
                tx, invitation, {question: given[question] for question in questionnaire.questions}, uuid4()
            )
            if fits
            else surveys.count_try(tx, invitation)
        )
    if not fits:
        raise DoesNotFit
    if not accepted:
        raise NoSuchInvitation

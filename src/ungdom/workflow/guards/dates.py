"""Conditions of the dates in the details of an event. They hold for every row, as those of the event's own date do.

A date that fits its type may still be impossible: a service before the judgment, a charge in the future, a hearing in
twenty years. Each refusal names the date and the one that it is held against.
"""

from collections.abc import Iterator
from datetime import date

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import after
from ungdom.workflow.case import Case
from ungdom.workflow.guards.core import Guard, ProposedEvent, Violation, condition, detail, from_version, not_after
from ungdom.workflow.vocabulary import Actor

PAST: dict[type[d.Details], tuple[str, ...]] = {
    d.TransferredToFollowUp: ("notified_on",),
    d.JudgmentGiven: ("served_on",),
    d.FollowUpByJudgment: ("served_on",),
    d.AppealDecided: ("served_on", "terms.served_on"),
    d.ConsentGiven: ("explained_on",),
    d.PlanApproved: ("notified_on",),
    d.ConversionFinal: ("judged_on",),
}
"""The dates of what can only have happened, where no condition of the row says more.

An indictment may be recorded before the court has received it.
"""

FROM_THE_EVENT_ON: dict[type[d.Details], tuple[str, ...]] = {
    d.TransferredToFollowUp: ("notified_on",),
    d.JudgmentGiven: ("served_on", "interim_from"),
    d.FollowUpByJudgment: ("served_on",),
    d.AppealDecided: ("served_on", "terms.served_on"),
    d.PumOrdered: ("wished_by",),
    d.HearingScheduled: ("hearing_on",),
    d.ConsentGiven: ("until",),
    d.PlanApproved: ("notified_on",),
}
"""The dates of what follows the event, or what it begins: a service, a notice, a hearing, the last day of a consent."""

NO_DETAILS = d.Details()

PERIODS: dict[type[d.Details], tuple[tuple[str, str], ...]] = {
    d.StayAbroadPermitted: (("since", "until"),),
    d.StayAbroadRefused: (("since", "until"),),
    d.ClosedAfterNewOffence: (("offence_on", "decided_on"),),
}
"""Two dates of which the second is not before the first."""


@condition("arkivlova § 9", Actor.COORDINATOR)
def detail_date_has_come(_case: Case, step: ProposedEvent) -> Violation | None:
    """No date in the details of what can only have happened is in the future."""
    future = (day for day in _named(step.details, PAST) if day > step.today)
    return next((not_after(day, step.today) for day in future), None)


@condition("arkivlova § 9", Actor.COORDINATOR)
def detail_date_follows_the_event(_case: Case, step: ProposedEvent) -> Violation | None:
    """No service, notice, hearing or last day is before the day of the event that it follows."""
    early = (day for day in _named(step.details, FROM_THE_EVENT_ON) if day < step.on)
    return next((Violation(day, step.on) for day in early), None)


@condition("arkivlova § 9", Actor.COORDINATOR)
def end_is_not_before_its_beginning(_case: Case, step: ProposedEvent) -> Violation | None:
    """No period in the details ends before it begins."""
    periods = PERIODS.get(type(step.details or NO_DETAILS), ())
    pairs = ((_values(step.details, first), _values(step.details, last)) for first, last in periods)
    wrong = ((last, first) for first, last in pairs if first and last and last < first)
    return next((Violation(last, first) for last, first in wrong), None)


@condition("arkivlova § 9", Actor.COORDINATOR)
def detail_date_is_not_before_birth(case: Case, step: ProposedEvent) -> Violation | None:
    """No date in the details is before the youth was born."""
    early = (day for day in _all_dates(step.details) if day < case.youth.born)
    return next((Violation(day, case.youth.born) for day in early), None)


@detail(d.HearingScheduled, law.HEARING_AHEAD.source, Actor.COURT)
def hearing_is_within_two_years(_case: Case, step: ProposedEvent, hearing: d.HearingScheduled) -> Violation | None:
    """The hearing is at most two years ahead of the day on which it was scheduled."""
    last = after(step.on, law.HEARING_AHEAD.on(step.on))
    late = hearing.hearing_on is not None and hearing.hearing_on > last
    return Violation(hearing.hearing_on, last) if late else None


@detail(d.Indicted, law.INDICTMENT_RECEIVED.source, Actor.PROSECUTION, Actor.COURT)
def court_received_within_sixty_days(_case: Case, step: ProposedEvent, indicted: d.Indicted) -> Violation | None:
    """The court received the indictment at most 60 days after it."""
    last = after(step.on, law.INDICTMENT_RECEIVED.on(step.on))
    return Violation(indicted.court_received_on, last) if indicted.court_received_on > last else None


DATE_GUARDS: tuple[Guard, ...] = tuple(
    from_version("2026-11-30", guard)
    for guard in (
        detail_date_has_come,
        detail_date_follows_the_event,
        end_is_not_before_its_beginning,
        detail_date_is_not_before_birth,
        hearing_is_within_two_years,
        court_received_within_sixty_days,
    )
)
"""Checked for every row, from the version of 30 November 2026 on."""


def _named(details: d.Details | None, table: dict[type[d.Details], tuple[str, ...]]) -> Iterator[date]:
    values = (_values(details, name) for name in table.get(type(details or NO_DETAILS), ()))
    return (day for day in values if day is not None)


def _values(details: object, name: str) -> date | None:
    """The date in this field; a dot leads into a part. None where it is not said."""
    value = details
    for part in name.split("."):
        value = getattr(value, part, None)
    return value if isinstance(value, date) else None


def _all_dates(value: object) -> Iterator[date]:
    """Every date in the details, wherever it stands."""
    if isinstance(value, date):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _all_dates(part)
    else:
        for name in getattr(value, "__dataclass_fields__", ()):
            yield from _all_dates(getattr(value, name))

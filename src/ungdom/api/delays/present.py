"""Explanations of delay as they go out: the figures, and the sentences that say which waits made the difference."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from ungdom import texts
from ungdom.api.http.schemas import AsOfOut, Output
from ungdom.cases import CaseView
from ungdom.texts import Language
from ungdom.workflow.calendar import Length, days_between
from ungdom.workflow.payloads import WaitReason
from ungdom.workflow.rules.deadlines import DeadlineStatus
from ungdom.workflow.views import delay as w
from ungdom.workflow.views.delay import CauseShare, Counterfactual, Delay, DelaySummary, WaitCause
from ungdom.workflow.vocabulary import Party, State


class PartOut(Output):
    """Days of one party for one reason in one state; `reason` null: no wait recorded, the default of the state."""

    party: Party
    reason: WaitReason | None
    state: State
    days: int


class CounterfactualOut(Output):
    """The day the clock would have stopped (or its age would be counted to) without these days, nothing else changed.

    `within`: whether that day is the due day or earlier.
    """

    days: int
    on: date
    within: bool


class CauseOut(CounterfactualOut):
    """One thing waited for: a recorded wait (`reason`), or the default of a `state`."""

    party: Party
    reason: WaitReason | None
    state: State | None
    label: str
    made_difference: bool


class PartyOut(CounterfactualOut):
    """Everything that one party was waited for."""

    party: Party
    label: str


class InvestigationOut(CounterfactualOut):
    """Days that a person investigation was out; they lie inside the parts and are not added.

    `recorded_days`: as many of them as a recorded wait for it has.
    """

    recorded_days: int


class ClockDelayOut(Output):
    """One clock, explained. `before_registration_days` and the days of the parts add up to `days` exactly.

    Those causes made the difference without which it would have been in time: the fewest that suffice, the longest
    ones where there is a choice. None did where it was in time, or where it would have been late without any wait.
    """

    code: str
    label: str
    binding: bool
    law: str
    begun_on: date
    due: date
    until: date
    status: DeadlineStatus
    days: int
    allowed_days: int
    over_days: int | None
    before_registration_days: int
    parts: list[PartOut]
    causes: list[CauseOut]
    parties: list[PartyOut]
    person_investigation: InvestigationOut | None
    sentences: list[str]


class DelayOut(Output):
    """Why it took as long as it did. An arithmetic counterfactual: days are taken away and nothing else changes."""

    as_of: AsOfOut
    start: ClockDelayOut
    clocks: list[ClockDelayOut]


class DelayShareOut(Output):
    """What one cause or party did in these cases.

    `days`: in all of them. `cases`: how many have such days. `made_difference_in`: in how many of the delayed ones it
    is among the fewest waits that made the difference; `share`: of all delayed ones.
    """

    party: Party
    label: str
    days: int
    cases: int
    made_difference_in: int
    share: float | None


class CauseShareOut(DelayShareOut):
    """The same for one cause: a recorded wait (`reason`), or the default of a `state`."""

    reason: WaitReason | None
    state: State | None


class GroupOut(Output):
    """Delay of the cases that started or were received in the period, as far as this viewer may see them.

    `over_norm`: past the norm, started or still waiting. `beyond_waits`: of these, late without any wait. With `next`
    there are more cases than one answer looks at: the figures of the pages add up, the shares do not.
    """

    as_of: AsOfOut
    since: date | None
    until: date | None
    cases: int
    started: int
    over_norm: int
    beyond_waits: int
    before_registration_days: int
    causes: list[CauseShareOut]
    parties: list[DelayShareOut]
    next: str | None


def delay_out(read: CaseView, language: Language, known_at: datetime | None) -> DelayOut:
    """The case explained."""
    return DelayOut(
        as_of=AsOfOut(on=read.on, known_at=known_at),
        start=_clock_out(w.start_delay(read.case, read.on), language),
        clocks=[_clock_out(delay, language) for delay in w.clock_delays(read.case, read.on)],
    )


def group_out(
    group: DelaySummary,
    as_of: AsOfOut,
    period: tuple[date | None, date | None],
    language: Language,
    following: str | None,
) -> GroupOut:
    """A group explained."""
    return GroupOut(
        as_of=as_of,
        since=period[0],
        until=period[1],
        cases=group.cases,
        started=group.started,
        over_norm=group.over,
        beyond_waits=group.beyond,
        before_registration_days=group.before_days,
        causes=[_cause_share_out(cause, share, group, language) for cause, share in group.causes.items()],
        parties=[
            DelayShareOut(party=party, label=texts.label(language, party), **_share_values(share, group))
            for party, share in group.parties.items()
        ],
        next=following,
    )


def _cause_share_out(cause: WaitCause, share: CauseShare, group: DelaySummary, language: Language) -> CauseShareOut:
    label = waited_for(cause, language)
    return CauseShareOut(**_cause_values(cause), label=label[0].upper() + label[1:], **_share_values(share, group))


def _share_values(share: CauseShare, group: DelaySummary) -> dict[str, Any]:
    part = round(share.decisive / group.over, 4) if group.over else None
    return {"days": share.days, "cases": share.cases, "made_difference_in": share.decisive, "share": part}


def _clock_out(delay: Delay, language: Language) -> ClockDelayOut:
    clock = delay.clock
    return ClockDelayOut(
        code=clock.code,
        label=texts.text(language, "deadline", clock.code),
        binding=clock.binding,
        law=clock.law,
        begun_on=clock.begun_on,
        due=clock.due,
        until=delay.until,
        status=clock.status,
        days=delay.days,
        allowed_days=allowed_days(delay),
        over_days=delay.over,
        before_registration_days=delay.before,
        parts=[PartOut.model_validate(part) for part in delay.parts],
        causes=[_cause_out(cause, counterfactual, delay, language) for cause, counterfactual in delay.causes.items()],
        parties=[
            PartyOut(party=party, label=texts.label(language, party), **_counterfactual_values(counterfactual))
            for party, counterfactual in delay.parties.items()
        ],
        person_investigation=_investigation_out(delay),
        sentences=list(sentences(delay, language)),
    )


def _cause_out(cause: WaitCause, counterfactual: Counterfactual, delay: Delay, language: Language) -> CauseOut:
    label = waited_for(cause, language)
    return CauseOut(
        **_cause_values(cause),
        label=label[0].upper() + label[1:],
        made_difference=cause in delay.decisive,
        **_counterfactual_values(counterfactual),
    )


def _cause_values(cause: WaitCause) -> dict[str, Any]:
    return {"party": cause.party, "reason": cause.reason, "state": cause.state}


def _counterfactual_values(counterfactual: Counterfactual) -> dict[str, Any]:
    return {"days": counterfactual.days, "on": counterfactual.on, "within": counterfactual.within}


def _investigation_out(delay: Delay) -> InvestigationOut | None:
    investigation = delay.investigation
    return (
        InvestigationOut(recorded_days=investigation.recorded, **_counterfactual_values(investigation.without))
        if investigation
        else None
    )


def allowed_days(delay: Delay) -> int:
    """Days that the clock allows, after moving off days that are not working days."""
    return days_between(delay.clock.begun_on, delay.clock.due)


# --- in words -------------------------------------------------------------------------------------------------------


def sentences(delay: Delay, language: Language) -> Iterator[str]:
    """What can be said of the clock: how it went, what made the difference, and the person investigation beside."""
    yield _progress_sentence(delay, language)
    if delay.decisive:
        yield _difference_sentence(delay, language)
    elif delay.passed:
        before = _days_text(language, delay.before)
        yield texts.text(language, "delay", "beyond_waits", days=before)
    if delay.investigation:
        out = _days_text(language, delay.investigation.without.days)
        yield texts.text(language, "delay", "investigation_out", days=out)


def waited_for(cause: WaitCause, language: Language) -> str:
    """What was waited for, for the middle of a sentence: «venting på personundersøkelsen (kriminalomsorgen)»."""
    party = texts.render(language, cause.party)
    if cause.reason is not None:
        waiting = texts.text(language, "waiting", cause.reason)
        return texts.text(language, "delay", "recorded", waiting=waiting, party=party)
    state = texts.render(language, cause.state)
    return texts.text(language, "delay", "by_default", party=party, state=state)


def _progress_sentence(delay: Delay, language: Language) -> str:
    clock = delay.clock
    progress = "ended" if clock.status is DeadlineStatus.ENDED else "stopped" if clock.stopped_on else "running"
    key = f"start_{progress}" if clock.code == w.HEADLINE else f"clock_{progress}"
    values = {"days": _days_text(language, delay.days), "allowed": _days_text(language, allowed_days(delay))}
    return texts.text(language, "delay", key, clock=texts.text(language, "deadline", clock.code), **values)


def _difference_sentence(delay: Delay, language: Language) -> str:
    parts = [_days_of_cause(delay, cause, language) for cause in delay.decisive]
    progress = "stopped" if delay.clock.stopped_on else "running"
    key = f"without_start_{progress}" if delay.clock.code == w.HEADLINE else f"without_clock_{progress}"
    clock = texts.text(language, "deadline", delay.clock.code)
    values = {"waits": _joined_with_and(language, parts), "allowed": _days_text(language, allowed_days(delay))}
    return texts.text(language, "delay", key, clock=clock, **values)


def _days_text(language: Language, days: int) -> str:
    return texts.render(language, Length(days=days))


def _joined_with_and(language: Language, parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} {texts.text(language, 'word', 'and')} {last}" if first else last


def _days_of_cause(delay: Delay, cause: WaitCause, language: Language) -> str:
    days = delay.causes[cause].days
    return texts.text(
        language, "delay", "day_of" if days == 1 else "days_of", days=days, wait=waited_for(cause, language)
    )

"""Explanations of delay as schemas: the figures, and sentences that name the waits that made the difference."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from ungdom import texts
from ungdom.api.delays.schemas import (
    CauseOut,
    CauseShareOut,
    ClockDelayOut,
    DelayOut,
    DelayShareOut,
    GroupOut,
    InvestigationOut,
    PartOut,
    PartyOut,
)
from ungdom.api.http.present import from_source
from ungdom.api.http.schemas import AsOfOut
from ungdom.cases import CaseView
from ungdom.texts import Language
from ungdom.workflow import redaction
from ungdom.workflow.calendar import Length, days_between
from ungdom.workflow.rules.deadlines import HEADLINE, DeadlineStatus
from ungdom.workflow.views import delay as w
from ungdom.workflow.views.delay import CauseShare, Counterfactual, Delay, DelaySummary, WaitCause


def delay_out(read: CaseView, language: Language, known_at: datetime | None) -> DelayOut:
    """The case explained."""
    return DelayOut(
        as_of=AsOfOut(on=read.on, known_at=known_at),
        start=_clock_out(w.start_delay(read.case, read.on), language),
        clocks=[
            _clock_out(delay, language)
            for delay in w.clock_delays(read.case, read.on)
            if redaction.may_learn_deadline(read, delay.clock.code)
        ],
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
        causes=[
            CauseShareOut(
                **_cause_values(cause), label=_capitalised(waited_for(cause, language)), **_share_values(share, group)
            )
            for cause, share in group.causes.items()
        ],
        parties=[
            DelayShareOut(party=party, label=texts.label(language, party), **_share_values(share, group))
            for party, share in group.parties.items()
        ],
        next=following,
    )


def _share_values(share: CauseShare, group: DelaySummary) -> dict[str, Any]:
    part = round(share.decisive / group.over, 4) if group.over else None
    return {"days": share.days, "cases": share.cases, "made_difference_in": share.decisive, "share": part}


def _clock_out(delay: Delay, language: Language) -> ClockDelayOut:
    clock = delay.clock
    return from_source(
        ClockDelayOut,
        clock,
        label=texts.text(language, "deadline", clock.code),
        until=delay.until,
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
    return CauseOut(
        **_cause_values(cause),
        label=_capitalised(waited_for(cause, language)),
        made_difference=cause in delay.decisive,
        **_counterfactual_values(counterfactual),
    )


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


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
    """Sentences about the deadline: days used, the waits that made the difference, and the person investigation."""
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
    key = f"start_{progress}" if clock.code == HEADLINE else f"clock_{progress}"
    values = {"days": _days_text(language, delay.days), "allowed": _days_text(language, allowed_days(delay))}
    return texts.text(language, "delay", key, clock=texts.text(language, "deadline", clock.code), **values)


def _difference_sentence(delay: Delay, language: Language) -> str:
    *first, last = [_days_of_cause(delay, cause, language) for cause in delay.decisive]
    waits = f"{', '.join(first)} {texts.text(language, 'word', 'and')} {last}" if first else last
    progress = "stopped" if delay.clock.stopped_on else "running"
    key = f"without_start_{progress}" if delay.clock.code == HEADLINE else f"without_clock_{progress}"
    clock = texts.text(language, "deadline", delay.clock.code)
    values = {"waits": waits, "allowed": _days_text(language, allowed_days(delay))}
    return texts.text(language, "delay", key, clock=clock, **values)


def _days_text(language: Language, days: int) -> str:
    return texts.render(language, Length(days=days))


def _days_of_cause(delay: Delay, cause: WaitCause, language: Language) -> str:
    days = delay.causes[cause].days
    return texts.text(
        language, "delay", "day_of" if days == 1 else "days_of", days=days, wait=waited_for(cause, language)
    )

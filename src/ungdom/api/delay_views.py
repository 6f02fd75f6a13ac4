"""Explanations of delay as they go out: the figures, and the sentences that say which waits made the difference."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from ungdom import texts
from ungdom.api import schemas as s
from ungdom.casework import Read
from ungdom.texts import Language
from ungdom.workflow import delay as w
from ungdom.workflow.daycount import Length, days_between
from ungdom.workflow.deadlines import DeadlineStatus
from ungdom.workflow.delay import Cause, Delay, Group, Share, Without
from ungdom.workflow.details import WaitReason
from ungdom.workflow.vocabulary import Party, State


class PartOut(s.Output):
    """Days of one party for one reason in one state; `reason` null: no wait recorded, the default of the state."""

    party: Party
    reason: WaitReason | None
    state: State
    days: int


class WithoutOut(s.Output):
    """The day the clock would have stopped (or its age would be counted to) without these days, nothing else changed.

    `within`: whether that day is the due day or earlier.
    """

    days: int
    on: date
    within: bool


class CauseOut(WithoutOut):
    """One thing waited for: a recorded wait (`reason`), or the default of a `state`."""

    party: Party
    reason: WaitReason | None
    state: State | None
    label: str
    made_difference: bool


class PartyOut(WithoutOut):
    """Everything that one party was waited for."""

    party: Party
    label: str


class InvestigationOut(WithoutOut):
    """Days that a person investigation was out; they lie inside the parts and are not added.

    `recorded_days`: as many of them as a recorded wait for it has.
    """

    recorded_days: int


class ClockDelayOut(s.Output):
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


class DelayOut(s.Output):
    """Why it took as long as it did. An arithmetic counterfactual: days are taken away and nothing else changes."""

    as_of: s.AsOfOut
    start: ClockDelayOut
    clocks: list[ClockDelayOut]


class DelayShareOut(s.Output):
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


class GroupOut(s.Output):
    """Delay of the cases that started or were received in the period, as far as this viewer may see them.

    `over_norm`: past the norm, started or still waiting. `beyond_waits`: of these, late without any wait. With `next`
    there are more cases than one answer looks at: the figures of the pages add up, the shares do not.
    """

    as_of: s.AsOfOut
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


def delay_out(read: Read, language: Language, known_at: datetime | None) -> DelayOut:
    """The case explained."""
    return DelayOut(
        as_of=s.AsOfOut(on=read.on, known_at=known_at),
        start=_clock_out(w.of_start(read.case, read.on), language),
        clocks=[_clock_out(one, language) for one in w.of_clocks(read.case, read.on)],
    )


def group_out(
    found: Group, as_of: s.AsOfOut, period: tuple[date | None, date | None], language: Language, following: str | None
) -> GroupOut:
    """A group explained."""
    return GroupOut(
        as_of=as_of,
        since=period[0],
        until=period[1],
        cases=found.cases,
        started=found.started,
        over_norm=found.over,
        beyond_waits=found.beyond,
        before_registration_days=found.before_days,
        causes=[_cause_share(cause, share, found, language) for cause, share in found.causes.items()],
        parties=[
            DelayShareOut(party=party, label=texts.label(language, party), **_share(share, found))
            for party, share in found.parties.items()
        ],
        next=following,
    )


def _cause_share(cause: Cause, share: Share, found: Group, language: Language) -> CauseShareOut:
    label = waited_for(cause, language)
    return CauseShareOut(**_named(cause), label=label[0].upper() + label[1:], **_share(share, found))


def _share(share: Share, found: Group) -> dict[str, Any]:
    part = round(share.decisive / found.over, 4) if found.over else None
    return {"days": share.days, "cases": share.cases, "made_difference_in": share.decisive, "share": part}


def _clock_out(one: Delay, language: Language) -> ClockDelayOut:
    clock = one.clock
    return ClockDelayOut(
        code=clock.code,
        label=texts.text(language, "deadline", clock.code),
        binding=clock.binding,
        law=clock.law,
        begun_on=clock.begun_on,
        due=clock.due,
        until=one.until,
        status=clock.status,
        days=one.days,
        allowed_days=allowed(one),
        over_days=one.over,
        before_registration_days=one.before,
        parts=[PartOut.model_validate(part) for part in one.parts],
        causes=[_cause_out(cause, without, one, language) for cause, without in one.causes.items()],
        parties=[
            PartyOut(party=party, label=texts.label(language, party), **_without(without))
            for party, without in one.parties.items()
        ],
        person_investigation=_investigation_out(one),
        sentences=list(sentences(one, language)),
    )


def _cause_out(cause: Cause, without: Without, one: Delay, language: Language) -> CauseOut:
    label = waited_for(cause, language)
    return CauseOut(
        **_named(cause),
        label=label[0].upper() + label[1:],
        made_difference=cause in one.decisive,
        **_without(without),
    )


def _named(cause: Cause) -> dict[str, Any]:
    return {"party": cause.party, "reason": cause.reason, "state": cause.state}


def _without(without: Without) -> dict[str, Any]:
    return {"days": without.days, "on": without.on, "within": without.within}


def _investigation_out(one: Delay) -> InvestigationOut | None:
    out = one.investigation
    return InvestigationOut(recorded_days=out.recorded, **_without(out.without)) if out else None


def allowed(one: Delay) -> int:
    """Days that the clock allows, after moving off days that are not working days."""
    return days_between(one.clock.begun_on, one.clock.due)


# --- in words -------------------------------------------------------------------------------------------------------


def sentences(one: Delay, language: Language) -> Iterator[str]:
    """What can be said of the clock: how it went, what made the difference, and the person investigation beside."""
    yield _how_it_went(one, language)
    if one.decisive:
        yield _difference(one, language)
    elif one.passed:
        before = _count(language, one.before)
        yield texts.text(language, "delay", "beyond_waits", days=before)
    if one.investigation:
        out = _count(language, one.investigation.without.days)
        yield texts.text(language, "delay", "investigation_out", days=out)


def waited_for(cause: Cause, language: Language) -> str:
    """What was waited for, for the middle of a sentence: «venting på personundersøkelsen (kriminalomsorgen)»."""
    party = texts.render(language, cause.party)
    if cause.reason is not None:
        said = texts.text(language, "waiting", cause.reason)
        return texts.text(language, "delay", "recorded", waiting=said, party=party)
    state = texts.render(language, cause.state)
    return texts.text(language, "delay", "by_default", party=party, state=state)


def _how_it_went(one: Delay, language: Language) -> str:
    clock = one.clock
    told = "ended" if clock.status is DeadlineStatus.ENDED else "stopped" if clock.stopped_on else "running"
    key = f"start_{told}" if clock.code == w.HEADLINE else f"clock_{told}"
    given = {"days": _count(language, one.days), "allowed": _count(language, allowed(one))}
    return texts.text(language, "delay", key, clock=texts.text(language, "deadline", clock.code), **given)


def _difference(one: Delay, language: Language) -> str:
    parts = [_days_of(one, cause, language) for cause in one.decisive]
    told = "stopped" if one.clock.stopped_on else "running"
    key = f"without_start_{told}" if one.clock.code == w.HEADLINE else f"without_clock_{told}"
    clock = texts.text(language, "deadline", one.clock.code)
    given = {"waits": _both(language, parts), "allowed": _count(language, allowed(one))}
    return texts.text(language, "delay", key, clock=clock, **given)


def _count(language: Language, days: int) -> str:
    return texts.render(language, Length(days=days))


def _both(language: Language, parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} {texts.text(language, 'word', 'and')} {last}" if first else last


def _days_of(one: Delay, cause: Cause, language: Language) -> str:
    days = one.causes[cause].days
    return texts.text(
        language, "delay", "day_of" if days == 1 else "days_of", days=days, wait=waited_for(cause, language)
    )

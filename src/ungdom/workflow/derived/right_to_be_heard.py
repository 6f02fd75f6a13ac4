"""The steps of the office before which the youth must be heard, and whether that was done. Pure.

Grunnloven § 104, barnekonvensjonen art. 12. From R1 on, krl § 22 e makes these steps single decisions (enkeltvedtak),
so that fvl §§ 16 and 17 apply: a party affected adversely must be notified in advance and may comment. For decisions of
the prosecution or the court, those authorities hear the youth themselves. `STEPS` is the table;
docs/decisions/0021-consent-and-hearing.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.case import Case
from ungdom.workflow.events import Event
from ungdom.workflow.vocabulary import EventType, Regime, Sanction

E, A = EventType, d.HeardAbout
LAW = "Grunnloven § 104; fvl §§ 16, 17"


@dataclass(frozen=True, slots=True)
class HearingRule:
    """One row: a step, the details it applies to, and the grounds after which the youth must be heard about it.

    `talk`: a breach talk held after the ground counts as a hearing. `always`: required also if no ground is
    recorded. `since`: the first version of the table that requires it.
    """

    step: EventType
    about: d.HeardAbout
    grounds: tuple[EventType, ...]
    condition: Callable[[d.Details | None], bool]
    sanctions: tuple[Sanction, ...] = tuple(Sanction)
    talk: bool = True
    always: bool = False
    since: str = ""


@dataclass(frozen=True, slots=True)
class HeardStatus:
    """Whether the youth has been heard about a step.

    `ground`: the newest ground. `hearing`: the hearing after it; None if there is none yet.
    """

    about: d.HeardAbout
    ground: Event | None
    hearing: Event | None

    @property
    def how(self) -> d.HeardHow | None:
        """The form of the hearing; a breach talk is oral. None if the youth was not heard."""
        if self.hearing is None:
            return None
        details = self.hearing.details
        return details.how if isinstance(details, d.YouthHeard) else d.HeardHow.SPOKEN


def _always(_details: d.Details | None) -> bool:
    return True


def _interrupted_for(*reasons: d.InterruptionReason) -> Callable[[d.Details | None], bool]:
    return lambda details: details is None or (isinstance(details, d.Interrupted) and details.reason in reasons)


def _resumed_on(ground: d.PetitionGround) -> Callable[[d.Details | None], bool]:
    return lambda details: (
        details is None or (isinstance(details, d.ReferredForResumption) and details.ground is ground)
    )


BREACHES = (E.BREACH_RECORDED, E.BREACH_TALK_MISSED)
OFFENCES = (E.NEW_OFFENCE_RECORDED,)
S, F = (Sanction.YOUTH_SANCTION,), (Sanction.YOUTH_FOLLOW_UP,)
P, I = d.PetitionGround, d.InterruptionReason  # noqa: E741  # short names keep the rows readable

# Read by lawyers: one row per step and ground.
# fmt: off
STEPS: tuple[HearingRule, ...] = (
    HearingRule(E.INTERRUPTED, A.INTERRUPTION, grounds=(E.BREACH_TALK_MISSED,),
         condition=_interrupted_for(I.MISSED_TALK)),
    HearingRule(E.INTERRUPTED, A.INTERRUPTION, grounds=BREACHES,
         condition=_interrupted_for(I.NEW_BREACH_AFTER_TALK)),
    HearingRule(E.INTERRUPTED, A.INTERRUPTION, grounds=(E.RESUMED,),
         condition=_interrupted_for(I.HEALTH, I.WEIGHTY_GROUNDS), always=True, since="2026-11-30"),
    HearingRule(E.REPLAN_MEETING_HELD, A.NEW_PLAN, grounds=BREACHES,
         condition=_always, since="2026-11-30"),
    HearingRule(E.REFERRED_FOR_BREACH, A.REFERRAL, grounds=BREACHES,
         condition=_always, sanctions=S),
    HearingRule(E.REFERRED_FOR_RESUMPTION, A.RESUMPTION, grounds=BREACHES,
         condition=_resumed_on(P.BREACH), sanctions=F),
    HearingRule(E.REFERRED_FOR_RESUMPTION, A.RESUMPTION, grounds=OFFENCES,
         condition=_resumed_on(P.NEW_OFFENCE), sanctions=F, talk=False),
    HearingRule(E.REFERRED_FOR_RESUMPTION, A.RESUMPTION, grounds=BREACHES + OFFENCES,
         condition=_resumed_on(P.BREACH_AND_NEW_OFFENCE), sanctions=F),
    HearingRule(E.DRUG_BAN_IMPOSED, A.DRUG_BAN, grounds=(*BREACHES, *OFFENCES, E.DRUG_BAN_LIFTED),
         condition=_always, talk=False, always=True),
    HearingRule(E.PLAN_FAILED, A.PLAN_FAILURE, grounds=(E.RECEIVED, E.POSTPONEMENT_ENDED),
         condition=_always, sanctions=S, talk=False, always=True),
)
# fmt: on
"""The steps that require a hearing.

Conditions after a breach, set in the breach talk, have no row: the youth is heard there. An interruption because of a
complaint and the new plan meeting after an upheld one have none either: the complaint is what the youth or a guardian
says (fvl § 16 third paragraph letter c).
"""


def is_required(case: Case, day: date) -> bool:
    """Whether steps of that day are single decisions, which require a hearing: from R1 on. krl § 22 e."""
    return case.execution_regime(day) is not Regime.R0


def heard_status(case: Case, rule: HearingRule, day: date) -> HeardStatus:
    """Whether the youth was heard about this step by that day, after every known ground."""
    grounds = list(case.all(*rule.grounds))
    last, since = max((g.order for g in grounds), default=0), max((g.occurred_on for g in grounds), default=date.min)
    talks = case.all(E.YOUTH_HEARD, E.BREACH_TALK_HELD)
    after = (e for e in talks if e.order > last and since <= e.occurred_on <= day and _is_hearing(e, rule))
    return HeardStatus(rule.about, grounds[-1] if grounds else None, next(after, None))


def missing_hearing(case: Case, step: EventType, details: d.Details | None, day: date) -> HeardStatus | None:
    """The hearing that is missing before this step; None if there was one or none is required.

    Without details: None if at least one variant of the step needs no further hearing.
    """
    if details is None and step is E.INTERRUPTED and _may_stop_unheard(case):
        return None
    rules = [rule for rule in _rules(case) if rule.step is step and rule.condition(details)]
    statuses = [status for rule in rules if (status := heard_status(case, rule, day)).ground or rule.always]
    return statuses[0] if statuses and all(status.hearing is None for status in statuses) else None


def heard_statuses(case: Case, day: date) -> list[HeardStatus]:
    """For each step that follows a recorded breach or new offence, whether the youth has been heard about it."""
    rules = [rule for rule in _rules(case) if not rule.always and case.sanction in rule.sanctions]
    by_ground = [(status.ground.seq, status) for rule in rules if (status := heard_status(case, rule, day)).ground]
    return list({status.about: status for _, status in sorted(by_ground, key=lambda pair: pair[0])}.values())


def _may_stop_unheard(case: Case) -> bool:
    """Whether the execution may be interrupted for a reason without a row: a charge, or an open complaint."""
    charged = any(new.charged_on for _, new in case.payloads(d.NewOffenceRecorded))
    filed, decided = (sum(1 for _ in case.all(kind)) for kind in (E.COMPLAINT_FILED, E.COMPLAINT_DECIDED))
    return charged or filed > decided


def _rules(case: Case) -> Iterator[HearingRule]:
    return (rule for rule in STEPS if law.holds(case.table, rule.since, None))


def _is_hearing(event: Event, rule: HearingRule) -> bool:
    if isinstance(event.details, d.YouthHeard):
        return rule.about in event.details.about
    return rule.talk and event.type is E.BREACH_TALK_HELD

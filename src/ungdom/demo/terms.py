"""The terms of decisions: length, subsidiary prison, interim conditions, by the law of the day."""

from datetime import date

from ungdom.demo import parameters
from ungdom.demo.random_draws import RandomDraws
from ungdom.workflow import law
from ungdom.workflow import payloads as d
from ungdom.workflow.calendar import Length
from ungdom.workflow.vocabulary import Regime

FOLLOW_UP = {"4m": Length(months=4), "6m": Length(months=6), "9m": Length(months=9), "12m": Length(years=1)}
SANCTION = {
    "6m": Length(months=6),
    "9m": Length(months=9),
    "12m": Length(years=1),
    "18m": Length(months=18),
    "24m": Length(years=2),
}
GRAVE = (Length(months=30), Length(years=3))
SHORTEST = Length(days=120)
"""From R1 on."""
SUBSIDIARY = (Length(days=60), Length(days=90), Length(days=120), Length(months=6), Length(months=8), Length(years=1))
INTERIM = tuple(d.InterimCondition)


def transfer(draws: RandomDraws, on: date) -> d.TransferredToFollowUp:
    """A transfer by the prosecution."""
    return d.TransferredToFollowUp(length=_follow_up(draws, on), guilt_proven=True, notified_on=on)


def follow_up_by_judgment(draws: RandomDraws, on: date) -> d.FollowUpByJudgment:
    """A follow-up as a condition of a suspended sentence."""
    return d.FollowUpByJudgment(length=_follow_up(draws, on), suspended_sentence=True, served_on=_served(draws, on))


def judgment(draws: RandomDraws, on: date) -> d.JudgmentGiven:
    """A judgment to a youth sanction."""
    regime = law.REGIME.on(on)
    grave = draws.happens(parameters.GRAVE)
    interim: tuple[d.InterimCondition, ...] = ()
    if regime is Regime.R2 and draws.happens(parameters.INTERIM):
        interim = tuple(draws.rng.sample(INTERIM, draws.rng.randrange(1, 3)))
    beside = regime is not Regime.R0 and draws.happens(parameters.PRISON_BESIDE)
    return d.JudgmentGiven(
        length=draws.rng.choice(GRAVE) if grave else _sanction(draws, regime),
        subsidiary_prison=Length(months=27) if grave else draws.rng.choice(SUBSIDIARY),
        served_on=_served(draws, on),
        prison_would_exceed_two_years=grave,
        suitable_reaction=None if regime is Regime.R0 else True,
        lives_in_norway=True,
        interim_conditions=interim,
        interim_from=on if interim else None,
        unconditional_prison=Length(months=draws.rng.randrange(1, 7)) if beside else None,
    )


def _follow_up(draws: RandomDraws, on: date) -> Length:
    length = FOLLOW_UP[draws.pick(parameters.FOLLOW_UP_LENGTHS)]
    return SHORTEST if length.months == 4 and law.REGIME.on(on) is not Regime.R0 else length  # noqa: PLR2004  # 4m


def _sanction(draws: RandomDraws, regime: Regime) -> Length:
    if regime is not Regime.R0 and draws.happens(parameters.SHORTEST):
        return SHORTEST
    return SANCTION[draws.pick(parameters.SANCTION_LENGTHS)]


def _served(draws: RandomDraws, on: date) -> date | None:
    return on if draws.happens(parameters.SERVED_AT_ONCE) else None

"""What a cube of lead time or completion is told with: the words of its dimensions, values and numbers."""

from collections.abc import Mapping
from datetime import datetime

from ungdom import texts
from ungdom.api.statistic_shapes import question_of
from ungdom.statistics.cubes import TOTAL, Cube
from ungdom.statistics.definitions import RECIDIVISM_BY_CODE, Definition
from ungdom.statistics.families import ENDING, RELEASED_ENDINGS
from ungdom.statistics.frames import SEXES, UNKNOWN, StatisticDimension
from ungdom.statistics.indicators import IndicatorUnit
from ungdom.statistics.jsonstat import ALL, CONTENTS, Sign, Told, Unit
from ungdom.statistics.lead_times import BY_THEN, MEAN, QUANTILES
from ungdom.store import reference, tables
from ungdom.store.session import Connection
from ungdom.workflow.vocabulary import OffenceGroup, Regime, Sanction, State

SOURCE = "Konfliktrådet"
LIMITS = ("_low", "_high", BY_THEN)
"""What may stand behind the name of an estimate."""
D = StatisticDimension
Places = Mapping[str, Mapping[str, str]]


def places(tx: Connection, language: texts.Language) -> Places:
    """The names of every konfliktråd and police district."""
    return {
        D.KONFLIKTRAD: reference.names(tx, tables.konfliktrad, language),
        D.POLICE_DISTRICT: reference.names(tx, tables.police_district, language),
    }


def told(  # each decides a word of it
    cube: Cube, one: Definition, language: texts.Language, named: Places, known: datetime, released: bool = False
) -> Told:
    """The words for this cube. `named`: of `places`; `known`: when what it says was known.

    `released`: its numbers are whole days and per cent, and its endings a dimension.
    """
    numbers = (*cube.outcomes, ALL, *cube.estimates)
    values = {str(code): _values(code, language) | dict(named.get(code, {})) for code in D}
    named_numbers = {name: _number(name, language) for name in numbers}
    return Told(
        title=question_of(one, language),
        source=SOURCE,
        updated=known,
        known_at=known,
        dimensions={str(code): texts.label(language, code) for code in D}
        | {one: _number(one, language) for one in (CONTENTS, ENDING)},
        values=values | {CONTENTS: named_numbers, ENDING: _endings(language)},
        units={name: _unit(name, cube, language, released) for name in numbers},
        signs={sign: texts.label(language, sign) for sign in Sign},
    )


def _values(code: StatisticDimension, language: texts.Language) -> dict[str, str]:
    members = {D.SANCTION: Sanction, D.REGIME: Regime, D.OFFENCE_GROUP: OffenceGroup}.get(code, ())
    named = {str(one): texts.label(language, one) for one in members}
    sexes = {sex: _number(sex, language) for sex in SEXES} if code is D.SEX else {}
    return {TOTAL: _number(ALL, language), UNKNOWN: _number(UNKNOWN, language), **named, **sexes}


def _number(name: str, language: texts.Language) -> str:
    """What a count or an estimate is called: `median_low` from the words of `median` and of `low`."""
    limit = next((limit for limit in LIMITS if name.endswith(limit)), None)
    if limit:
        return texts.text(language, "statistic_number", limit[1:], of=_number(name.removesuffix(limit), language))
    if name in set(State):
        return texts.label(language, State(name))
    return texts.text(language, "statistic_number", name)


def _endings(language: texts.Language) -> dict[str, str]:
    return {TOTAL: _number(ALL, language), **{one: _number(one, language) for one in RELEASED_ENDINGS}}


def _unit(name: str, cube: Cube, language: texts.Language, released: bool) -> Unit:
    if name not in cube.estimates:
        counted = "persons" if cube.figure in RECIDIVISM_BY_CODE else "cases"
        return Unit(texts.text(language, "statistic_number", counted))
    of_days = name == MEAN or name.split("_", maxsplit=1)[0] in QUANTILES
    unit, exact, coarse = (IndicatorUnit.DAYS, 1, 0) if of_days else (IndicatorUnit.SHARE, 4, 2)
    return Unit(texts.label(language, unit), coarse if released else exact)

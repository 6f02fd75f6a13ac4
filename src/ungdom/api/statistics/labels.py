"""Labels of statistics as JSON-stat and CSV: dimensions, values, numbers and units."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from ungdom import texts
from ungdom.analytics.cubes import TOTAL, Cube
from ungdom.analytics.definition_types import IndicatorUnit
from ungdom.analytics.definitions import RECIDIVISM_BY_CODE, RELEASED_DEFINITIONS, RELEASED_INDICATORS
from ungdom.analytics.dimensions import SEXES, UNKNOWN, StatisticDimension
from ungdom.analytics.indicators.cohorts import ONE_PART_EACH
from ungdom.analytics.jsonstat import ALL, CONTENTS, DatasetMetadata, Sign, Unit, csv_text, dataset
from ungdom.analytics.lead_times import BY_THEN, MEAN, QUANTILES
from ungdom.api.http.formats import TableFormat
from ungdom.api.http.responses import ApiResponse
from ungdom.api.statistics.present import question_of
from ungdom.release.plan import ENDING, RELEASED_ENDINGS
from ungdom.store import reference
from ungdom.store.schema.reference import konfliktrad, police_district
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
        D.KONFLIKTRAD: reference.names(tx, konfliktrad, language),
        D.POLICE_DISTRICT: reference.names(tx, police_district, language),
    }


def labels_for(
    cube: Cube,
    language: texts.Language,
    place_names: Places,
    known_at: datetime,
    released: bool = False,
) -> DatasetMetadata:
    """The labels of this cube. `place_names`: of `places`; `known_at`: the instant of knowledge of its data.

    `released`: its numbers are whole days and percentages, and its endings are a dimension.
    """
    numbers = (*cube.outcomes, ALL, *cube.estimates)
    values = {str(code): _values(code, language) | dict(place_names.get(code, {})) for code in D}
    named_numbers = {name: _number(name, language) for name in numbers}
    endings = {TOTAL: _number(ALL, language), **{ending: _number(ending, language) for ending in RELEASED_ENDINGS}}
    return DatasetMetadata(
        title=question_of(RELEASED_DEFINITIONS[cube.figure], language),
        source=SOURCE,
        updated=known_at,
        known_at=known_at,
        dimensions={str(code): texts.label(language, code) for code in D}
        | {definition: _number(definition, language) for definition in (CONTENTS, ENDING)},
        values=values | {CONTENTS: named_numbers, ENDING: endings},
        units={name: _unit(name, cube, language, released) for name in numbers},
        signs={sign: texts.label(language, sign) for sign in Sign},
    )


def table_response(cube: Cube, labels: DatasetMetadata, form: TableFormat) -> ApiResponse:
    """One figure with its labels, as CSV or JSON-stat."""
    body = csv_text(cube, labels) if form is TableFormat.CSV else json.dumps(dataset(cube, labels), ensure_ascii=False)
    return ApiResponse(200, body.encode(), {"Content-Type": form.media_type})


def _values(code: StatisticDimension, language: texts.Language) -> dict[str, str]:
    members = {D.SANCTION: Sanction, D.REGIME: Regime, D.OFFENCE_GROUP: OffenceGroup}.get(code, ())
    named = {str(member): texts.label(language, member) for member in members}
    sexes = {sex: _number(sex, language) for sex in SEXES} if code is D.SEX else {}
    return {TOTAL: _number(ALL, language), UNKNOWN: _number(UNKNOWN, language), **named, **sexes}


def _number(name: str, language: texts.Language) -> str:
    """What a count or an estimate is called: `median_low` from the words of `median` and of `low`."""
    limit = next((limit for limit in LIMITS if name.endswith(limit)), None)
    if limit:
        return texts.text(language, "statistic_number", limit[1:], of=_number(name.removesuffix(limit), language))
    kinds: tuple[type[StrEnum], ...] = (State, *ONE_PART_EACH)
    for kind in kinds:
        if name in {*kind}:
            return texts.label(language, kind(name))
    return texts.text(language, "statistic_number", name)


def _unit(name: str, cube: Cube, language: texts.Language, released: bool) -> Unit:
    if name not in cube.estimates:
        counted = "persons" if cube.figure in RECIDIVISM_BY_CODE else "cases"
        if cube.figure in RELEASED_INDICATORS:
            counted = "counted_units"
        return Unit(texts.text(language, "statistic_number", counted))
    of_days = name == MEAN or name.split("_", maxsplit=1)[0] in QUANTILES
    unit, exact, coarse = (IndicatorUnit.DAYS, 1, 0) if of_days else (IndicatorUnit.SHARE, 4, 2)
    return Unit(texts.label(language, unit), coarse if released else exact)

"""How likely a case is to pass a limit, given how long it has waited already. Of time only, never of the youth.

`refresh` counts the curves from every case of the last years, once a night or when told to, and keeps them in
`forecast_curve`; a question about one case reads a few rows of that table. Method and limits: docs/forecast.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, delete, select, tuple_

from ungdom.lazy import lazy
from ungdom.statistics import past
from ungdom.statistics.curves import (
    WINDOW,
    Forecast,
    ForecastStanding,
    Key,
    counted,
    every_key,
    foretell,
    history,
    rungs,
)
from ungdom.statistics.past import Report
from ungdom.statistics.spells import Question, Spell, question, spells
from ungdom.statistics.survival import Curve, Days
from ungdom.store import bulk
from ungdom.store.forecast_tables import forecast_curve
from ungdom.store.session import Connection, Database
from ungdom.workflow.case import Case
from ungdom.workflow.vocabulary import Sanction, State

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazy("numpy")

C = forecast_curve.c
_PLACE = tuple(forecast_curve.primary_key)
ALL = ""
"""How the table writes both sanctions, and the whole country."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """Everything foretold of one case. `as_of`: the curves hold what was known at the end of that day; None: none."""

    as_of: date | None
    answers: tuple[Forecast, ...]


def of_case(tx: Connection, case: Case, day: date, konfliktrad: str | None) -> Foretold:
    """Each running clock of a case that can be foretold, asked on that day.

    `konfliktrad`: the office whose own history may be used; None where the reader must not learn which it is.
    """
    waiting = [spell for spell in spells(case) if spell.waits and spell.since <= day]
    asked = [question(spell, day, konfliktrad) for spell in waiting]
    found = _read(tx, asked)
    as_of = _as_of(tx)
    return Foretold(as_of, tuple(_answer(one, found, as_of) for one in asked))


def _answer(asked: Question, found: dict[Key, Curve], as_of: date | None) -> Forecast:
    answer = foretell(asked, found.get)
    if answer.standing is ForecastStanding.TOO_FEW and as_of is None:
        return Forecast(asked, ForecastStanding.NOT_COMPUTED)
    return answer


def refresh(db: Database, day: date, report: Report = lambda _done, _all: None) -> dict[str, int]:
    """Count the curves anew from what was known at the end of that day, and keep them; how many cases and curves.

    Two at once do no harm: the same day gives the same rows.
    """
    found: list[Spell] = []
    cases = 0
    for known in past.cases(db, [day], day - WINDOW, report):
        found += known.then.get(day, [])
        cases += 1
    then = history(found, day)
    curve = counted(then)
    rows = [_row(key, made, day) for key in every_key(then) if (made := curve(key))]
    with db.writing() as tx:
        bulk.upsert(tx, forecast_curve, rows)
        tx.execute(delete(forecast_curve).where(C.as_of != day))
    return {"cases": cases, "spells": len(found), "curves": len(rows)}


def _row(key: Key, curve: Curve, day: date) -> dict[str, Any]:
    return {
        **dict(zip((column.name for column in _PLACE), _place(key), strict=True)),
        "as_of": day,
        "last": curve.last,
        "days": _text(curve.days),
        "at_risk": _text(curve.at_risk),
        "ended": _text(curve.ended),
    }


def _text(numbers: Days) -> str:
    return json.dumps(numbers.tolist(), separators=(",", ":"))


def _numbers(text: str) -> Days:
    return np.array(json.loads(text), dtype=np.int64)


def _as_of(tx: Connection) -> date | None:
    return tx.scalar(select(C.as_of).limit(1))


def _read(tx: Connection, asked: list[Question]) -> dict[Key, Curve]:
    """The curves that may answer these questions, in one query."""
    places = sorted({_place(key) for one in asked for _, key in rungs(one)})
    if not places:
        return {}
    rows = tx.execute(select(forecast_curve).where(tuple_(*_PLACE).in_(places)))
    return {_key(row): _curve(row) for row in rows}


def _place(key: Key) -> tuple[str, str, str, str, int]:
    return key.clock, str(key.stage), key.sanction or ALL, key.konfliktrad or ALL, key.landmark


def _key(row: Row[Any]) -> Key:
    sanction = Sanction(row.sanction) if row.sanction else None
    return Key(row.clock, State(row.stage), sanction, row.konfliktrad or None, row.landmark)


def _curve(row: Row[Any]) -> Curve:
    return Curve(_numbers(row.days), _numbers(row.at_risk), _numbers(row.ended), row.last)

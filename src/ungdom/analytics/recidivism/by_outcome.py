"""Relapse after a case is closed, by how it was closed: a landmark at the closing. Pure.

Counted from the start, those who complete have by definition lived through the whole execution without an act that
ended it (immortal time), and look better for that alone. Counted from the closing, everybody's outcome is known on the
first day, and nobody's later acts decide which group they are in. Source: Anderson, Cain and Gelber 1983.
"""

from collections.abc import Iterable
from datetime import date

from ungdom.analytics.cubes import TOTAL, CubeCell
from ungdom.analytics.outcomes import outcome
from ungdom.analytics.recidivism.cubes import SpellColumns, table
from ungdom.analytics.recidivism.definitions import BY_OUTCOME
from ungdom.analytics.recidivism.spells import RecidivismSpell


def relapse_by_outcome(spells: Iterable[RecidivismSpell], day: date, period: tuple[date, date]) -> dict[str, CubeCell]:
    """Persons by outcome and the estimates, for each way of closing and for all of them."""
    columns: dict[str, SpellColumns] = {TOTAL: SpellColumns(BY_OUTCOME)}
    for spell in spells:
        for group in (TOTAL, outcome(spell.facts)):
            columns.setdefault(group, SpellColumns(BY_OUTCOME)).add(spell, "")
    return {group: table(grouped, (), day, period).at(()) for group, grouped in columns.items()}

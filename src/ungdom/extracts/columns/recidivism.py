"""The extract of recidivism: one row per person, index case and definition (`analytics.recidivism.spells`).

A spell belongs to the case of its index date. Rows of different definitions are never added up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ungdom.analytics.definitions import RECIDIVISMS
from ungdom.analytics.recidivism.rules import Relapse
from ungdom.analytics.recidivism.spells import RecidivismSpell, recidivism_spells
from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.columns.shared import CASE, OFFICE_NORM, PERSON, PLACE
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.extracts.snapshots import CaseSnapshot
from ungdom.workflow.calendar import days_between

T = ColumnType
DEFINITIONS = tuple(definition.code for definition in RECIDIVISMS)
DEFINED = "docs/statistics.md"


@dataclass(frozen=True, slots=True)
class SpellRow:
    """One spell, with its index case."""

    snapshot: CaseSnapshot
    spell: RecidivismSpell

    @property
    def id(self) -> bytes:
        """Unique over all spells: a case is the index case of at most one spell per definition."""
        return self.spell.case_id.bytes + self.spell.definition.encode()


def rows_of(snapshot: CaseSnapshot) -> Iterator[SpellRow]:
    """The spells with this index case, in the order of the definitions."""
    histories = [snapshot.person_history] if snapshot.person_history else []
    return (
        SpellRow(snapshot, spell)
        for spell in recidivism_spells(histories, snapshot.day)
        if spell.case_id == snapshot.stored.case_id
    )


# One line per row keeps the table readable.
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("spell", T.STRING, "the spell", OFFICE_NORM, lambda row: row.id, named=PseudonymKind.SPELL),
    PERSON,
    CASE,
    *PLACE,
    Column("definition", T.STRING, "which definition of recidivism; rows of two definitions are never added up",
           DEFINED, lambda row: row.spell.definition, vocabulary=DEFINITIONS),
    Column("definition_version", T.INTEGER, "version of that definition", DEFINED, lambda row: row.spell.version),
    Column("origin_on", T.DATE, "day from which it is counted: decision, start or completion, by the definition",
           DEFINED, lambda row: row.spell.index_date),
    Column("window_end_on", T.DATE, "last day of the window", DEFINED, lambda row: row.spell.window_end),
    Column("seen_until_on", T.DATE, "last day under observation: of the relapse, the window, the day asked, the death, "
           "or the departure without return", DEFINED, lambda row: row.spell.seen_until),
    Column("relapsed_on", T.DATE, "day of the first relapse: a charge, or an act, by the definition", DEFINED,
           lambda row: row.spell.relapsed_on, nullable=True),
    Column("decided_on", T.DATE, "day on which that relapse was decided with finality", DEFINED,
           lambda row: row.spell.decided_on, nullable=True),
    Column("act_day_known", T.BOOLEAN, "whether the day of the act is known; otherwise that of the decision stands for "
           "it", DEFINED, lambda row: row.spell.dated),
    Column("matured", T.BOOLEAN, "whether the whole window was over by the day asked", DEFINED,
           lambda row: row.spell.matured),
    Column("outcome", T.STRING, "how it came out, the reason of censoring among them", DEFINED,
           lambda row: row.spell.outcome, words=(Relapse,)),
    Column("seen_days", T.INTEGER, "from the origin to the last day under observation", DEFINED,
           lambda row: days_between(row.spell.index_date, row.spell.seen_until), unit="days"),
    Column("at_risk_days", T.INTEGER, "of these, in the country", DEFINED,
           lambda row: row.spell.at_risk_days, unit="days"),
)
# fmt: on

"""Columns that several extracts share: case, person, and the columns that large extracts are partitioned by."""

from ungdom.extracts.columns.column import Column, ColumnType
from ungdom.extracts.offices import KONFLIKTRAD, WITHHELD
from ungdom.extracts.pseudonyms import PseudonymKind
from ungdom.workflow.rules.deadlines import RULES
from ungdom.workflow.vocabulary import Sanction

T = ColumnType
OFFICE_NORM = "office norm"

CLOCKS = tuple(rule.code for rule in RULES)
"""The codes of every clock."""

# One line per row keeps the table readable.
# fmt: off
CASE = Column(
    "case", T.STRING, "the case; the same in every extract of one purpose and key version", OFFICE_NORM,
    lambda row: row.snapshot.stored.case_id, named=PseudonymKind.CASE)
PERSON = Column(
    "person", T.STRING, "the youth; the same in every case of theirs, and nothing to do with the pseudonyms of cases",
    OFFICE_NORM, lambda row: row.snapshot.stored.person_id, named=PseudonymKind.PERSON)
PLACE = (
    Column("year", T.INTEGER, "year in which the case was registered; large extracts are parted by it", OFFICE_NORM,
           lambda row: row.snapshot.year, unit="year"),
    Column("konfliktrad", T.STRING, "konfliktråd that has the case; one, so that a case that moved is counted once; "
           "`withheld` while the address of the youth is protected", "krl § 13, frl § 10-4",
           lambda row: row.snapshot.konfliktrad, vocabulary=(*KONFLIKTRAD, WITHHELD)),
    Column("sanction", T.STRING, "ungdomsstraff or ungdomsoppfølging", "strl § 52 a, strpl § 71 a",
           lambda row: row.snapshot.case.sanction, words=(Sanction,)),
)
# fmt: on
